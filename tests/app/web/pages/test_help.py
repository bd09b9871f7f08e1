"""The keys are listed on every page, and the guide is read within the product, from the files of the documentation."""

import re
from pathlib import Path

import pytest

from app.web.pages.help import PAGES, document

ROOT = Path(__file__).parents[4]
ANCHORS = {path: document(name).contents for name, path in PAGES.items()}


def test_the_keys_have_a_page_of_their_own(browser):
    page = browser.get("/invoices").click("Keyboard")

    assert page.request.path == "/help"
    assert "these keys" in page.text


def test_each_key_of_the_frame_leads_somewhere_that_the_sheet_names(browser):
    page = browser.get("/help").text

    keys = set(re.findall(r'data-key="([^"]+)"', page))

    assert keys == {"/", "?", "r", "g d", "g i", "g p", "g c", "g m", "g u", "g a", "g s", "g y", "g o"}
    for key in keys:
        assert " ".join(f"<kbd>{one}</kbd>" for one in key.split()) in page


@pytest.mark.parametrize(("name", "path"), PAGES.items())
def test_each_page_is_made_of_the_file_that_the_documentation_has(browser, name, path):
    source = (ROOT / f"docs/{name}.md").read_text()
    title, *sections = re.findall(r"^##? (.+)$", source, re.MULTILINE)

    page = browser.get(path).html

    assert [heading.text for heading in page.select("main h1, .guide__text h2")] == [title, *sections]
    assert [link.text for link in page.select(".guide__contents .list:not(.guide__others) a")] == sections


@pytest.mark.parametrize("path", PAGES.values())
def test_each_link_of_the_guide_leads_somewhere(browser, path):
    page = browser.get(path).html
    links = {link["href"] for link in page.select("main a")}

    for href in links:
        file, _, place = href.partition("#")
        target = browser.get(file).html if file else page
        assert not place or target.select(f'[id="{place}"]'), href


def test_nothing_of_the_files_is_shown_as_it_is_written(browser):
    for path in PAGES.values():
        text = browser.get(path).html.select_one(".guide__text").get_text()

        assert re.findall(r"\]\(|\*\*|<picture|\|---", text) == []


def test_there_are_no_pictures_and_no_empty_tables(browser):
    text = browser.get("/guide").html.select_one(".guide__text")

    assert text.select("img, picture") == []
    assert all(table.get_text(strip=True) for table in text.select("table"))


def test_drawings_of_another_program_are_shown(browser):
    drawings = browser.get("/guide/excel").html.select(".guide__text img")

    assert [drawing["alt"].partition(",")[0] for drawing in drawings] == [
        "Drawing of the dialog From Web",
        "Drawing of the dialog Access Web content",
    ]
    assert [browser.get(drawing["src"]).content_type for drawing in drawings] == ["image/svg+xml", "image/svg+xml"]


def test_the_guide_is_linked_from_every_page_and_from_the_sheet_of_keys(browser):
    page = browser.get("/customers").html

    assert page.select_one('.layout__footer a[href="/guide"]').text == "Guide"
    assert page.select_one('dialog a[href="/guide"]').text == "guide"


def test_each_link_into_the_guide_leads_to_a_section_that_there_is():
    templates = "".join(path.read_text() for path in (ROOT / "app/templates").rglob("*.html"))

    linked = re.findall(r'href="(/guide[\w/]*)#([\w-]+)"', templates)

    assert len(linked) >= 3
    assert [(path, place) for path, place in linked if place not in ANCHORS[path]] == []


def test_the_files_of_the_guide_are_those_of_the_documentation():
    assert {path.name: path.resolve() for path in (ROOT / "app/guide").iterdir()} == {
        f"{name}.md": ROOT.resolve() / f"docs/{name}.md" for name in PAGES
    }
