"""Files are kept by the browser for ever, since their address changes with what is in them."""

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

import app


def test_the_files_of_a_page_are_there_and_never_change(stranger):
    page = stranger.get("/sign-in").text

    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)

    assert len(addresses) > 4
    for address in addresses:
        assert stranger.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_file_at_an_address_of_yesterday_is_asked_for_anew(stranger):
    assert stranger.get("/static/000000000000/css/base.css").headers["Cache-Control"] == "no-cache"


def test_a_stylesheet_finds_its_fonts(stranger):
    page = stranger.get("/sign-in").text
    stylesheet = re.search(r'href="(/static/\w+/css/)site\.css"', page).group(1)
    fonts = re.findall(r'url\("([^"]+)"\)', stranger.get(f"{stylesheet}site.css").text)

    assert fonts == ["../vendor/inter/inter-latin.woff2", "../vendor/inter/inter-latin-ext.woff2"]
    for font in fonts:
        answer = stranger.get(urljoin(stylesheet, font))
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert stylesheet.replace("css/", "vendor/inter/inter-latin.woff2") in page


@pytest.mark.parametrize("path", ["../settings.py", "..%2fsettings.py", "css", "css/", "missing.css", "/etc/passwd"])
def test_nothing_outside_the_folder_is_served(stranger, path):
    assert stranger.get(f"/static/0/{path}", expect_errors=True).status_int == 404


def test_no_template_holds_a_style_or_a_script_of_its_own():
    for template in Path(app.__path__[0], "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)|javascript:|hx-on|hx-vals=.js", text), (
            template
        )


def test_what_others_made_comes_with_its_licence():
    folders = [path for path in Path(app.__path__[0], "static", "vendor").iterdir() if path.is_dir()]

    assert {folder.name for folder in folders} == {"chart", "htmx", "inter"}
    for folder in folders:
        assert (folder / "LICENSE").is_file()


def test_all_components_are_in_one_stylesheet_which_begins_with_what_they_build_upon(stranger):
    page = stranger.get("/sign-in").text
    answer = stranger.get(re.search(r'href="(/static/\w+/css/site\.css)"', page).group(1))

    assert answer.headers["Content-Type"] == "text/css; charset=UTF-8"
    assert answer.text.index("@font-face") < answer.text.index("--paper:") < answer.text.index(".badge")
