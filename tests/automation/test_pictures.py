"""Each workflow as n8n's editor shows it, which are the pictures of the documentation."""

import os
import shutil
from pathlib import Path

import pytest
from support.browsers import launched

# The workflow alone: the editor's buttons and tabs would stand before its nodes.
ALONE = "body { visibility: hidden } .vue-flow__viewport { visibility: visible }"
EXTENT = """() => {
  const shown = [...document.querySelectorAll('.vue-flow__node, .vue-flow__edge path')];
  const boxes = shown.map((one) => one.getBoundingClientRect());
  const x = Math.min(...boxes.map((one) => one.left)), y = Math.min(...boxes.map((one) => one.top));
  const right = Math.max(...boxes.map((one) => one.right)), bottom = Math.max(...boxes.map((one) => one.bottom));
  return { x: x - 30, y: y - 15, width: right - x + 60, height: bottom - y + 50 };
}"""
AS_SHIPPED = """(address) => {
  const texts = document.createTreeWalker(document.querySelector('.vue-flow__viewport'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(address, 'http://proxy:8088');
}"""

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
        page = browser.new_page(base_url=address, viewport={"width": 1400, "height": 900}, device_scale_factor=2)
        page.goto("/signin")
        page.get_by_label("Email").fill(started.n8n.environment["N8N_INSTANCE_OWNER_EMAIL"])
        page.locator("input[type=password]").fill((started.n8n.secrets / "owner_password").read_text().strip())
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/home/**", timeout=60_000)
        yield page


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_editor_shows_a_workflow_without_an_unknown_node(editor, started, tmp_path, name):
    editor.goto(f"/workflow/{name}")
    editor.locator("[data-test-id=canvas-node]").first.wait_for(timeout=90_000)
    editor.keyboard.press("1")
    editor.locator(".vue-flow__viewport").wait_for()
    picture = tmp_path / f"{name.replace('invoices-', 'workflow-')}.png"
    editor.wait_for_function("document.getAnimations().every((one) => one.playState !== 'running')", timeout=30_000)
    editor.evaluate(AS_SHIPPED, started.proxy.address)
    editor.screenshot(path=picture, style=ALONE, clip=editor.evaluate(EXTENT))
    if "SCREENSHOTS" in os.environ:
        shutil.copy(picture, Path(os.environ["SCREENSHOTS"]))

    assert picture.stat().st_size > 10_000
    assert editor.get_by_text("Install this node to use it").count() == 0
