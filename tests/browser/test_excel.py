"""From a filtered list to a table in a spreadsheet: the address and the password, in a few clicks."""

import re
import subprocess

import pytest

pytestmark = pytest.mark.browser


def save_for_excel(page, name):
    page.goto("/invoices?status=overdue")
    page.get_by_text("Save this view").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Save and use in Excel").click()
    page.get_by_role("heading", name=f"Use “{name}” in Excel").wait_for()


def make_a_password(page, server):
    if page.get_by_label("Your password").count():
        page.get_by_label("Your password").fill(server.password)
    page.get_by_role("button", name="Make a password").click()
    page.get_by_role("heading", name=re.compile("^The password “Excel: ")).wait_for()


def fetched(address, password=""):
    """The status and the text that `curl` gets, which asks as any program does."""
    signed_in = ["--user", f"excel:{password}"] if password else []
    command = ["curl", "--silent", "--write-out", "%{http_code}", *signed_in, address]
    text = subprocess.run(command, check=True, capture_output=True, timeout=30).stdout.decode("utf-8-sig")
    return int(text[-3:]), text[:-3]


def test_a_list_is_fetched_with_what_two_pages_show(open_page, server, with_javascript):
    name = f"Late {'with' if with_javascript else 'without'} scripts"
    with open_page(java_script_enabled=with_javascript) as page:
        save_for_excel(page, name)
        make_a_password(page, server)
        password = page.get_by_label("Password", exact=True).input_value()
        address = page.get_by_label(f"Address of {name}").input_value()

    assert fetched(address)[0] == 401
    status, text = fetched(address, password)
    headings, *rows = text.splitlines()
    assert (status, headings[:22]) == (200, "Invoice No,Customer ID")
    assert rows
    assert all(",Overdue," in row for row in rows)


def test_a_password_can_be_revoked_beside_the_view(open_page, server):
    with open_page() as page:
        save_for_excel(page, "Short-lived")
        make_a_password(page, server)
        password = page.get_by_label("Password", exact=True).input_value()
        address = page.get_by_label("Address of Short-lived").input_value()
        page.get_by_role("link", name="Back to the addresses").click()
        page.get_by_role("button", name="Revoke Excel: Short-lived").click()
        page.get_by_text("The token Excel: Short-lived no longer counts.").wait_for()
        page.get_by_role("heading", name="Use “Short-lived” in Excel").wait_for()

    assert fetched(address, password)[0] == 401
