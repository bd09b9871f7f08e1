"""Files are kept by the browser for ever, since their address changes with what is in them."""

import re
from pathlib import Path

import pytest

import app


def test_the_files_of_a_page_are_there_and_never_change(stranger):
    page = stranger.get("/sign-in").text

    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)

    assert len(addresses) > 5
    for address in addresses:
        assert stranger.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_file_at_an_address_of_yesterday_is_asked_for_anew(stranger):
    assert stranger.get("/static/000000000000/css/base.css").headers["Cache-Control"] == "no-cache"


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
    for folder in Path(app.__path__[0], "static", "vendor").iterdir():
        assert (folder / "LICENSE").is_file()
