"""Each workflow as n8n's editor shows it, which are the pictures of the documentation."""

import os
import shutil
from pathlib import Path

import pytest
from support.browsers import launched

WORKFLOWS = [
    "invoices-inbox",
    "invoices-folder",
    "invoices-overdue-digest",
    "invoices-month-end",
    "invoices-payments-in",
]


@pytest.fixture(scope="module")
def editor(started):
    """A page of n8n's editor, signed in as its owner."""
    address = f"http://localhost:{started.n8n.port}"
    with launched() as browser:
        page = browser.new_page(base_url=address, viewport={"width": 1600, "height": 800}, device_scale_factor=1)
        page.goto("/signin")
        page.get_by_label("Email").fill(started.n8n.environment["N8N_INSTANCE_OWNER_EMAIL"])
        page.locator("input[type=password]").fill((started.n8n.secrets / "owner_password").read_text().strip())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/home/**", timeout=60_000)
        yield page


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_editor_shows_a_workflow_without_an_unknown_node(editor, tmp_path, name):
    editor.goto(f"/workflow/{name}")
    editor.locator("[data-test-id=canvas-node]").first.wait_for(timeout=90_000)
    editor.keyboard.press("1")
    editor.locator(".vue-flow__viewport").wait_for()
    picture = tmp_path / f"{name.replace('invoices-', 'workflow-')}.png"
    editor.wait_for_function("document.getAnimations().every((one) => one.playState !== 'running')", timeout=30_000)
    hidden = "[data-test-id=execute-workflow-button] { visibility: hidden }"  # it stands before what is below it
    editor.locator(".vue-flow").first.screenshot(path=picture, style=hidden)
    if "SCREENSHOTS" in os.environ:
        shutil.copy(picture, Path(os.environ["SCREENSHOTS"]))

    assert picture.stat().st_size > 10_000
    assert editor.get_by_text("Install this node to use it").count() == 0
