"""An admin invites somebody to see one customer, who then finds nothing else."""

import pytest
from playwright.sync_api import expect
from support import browsers

pytestmark = pytest.mark.browser

PASSWORD = "seventeen green lamps"


def invited(page, email, customer, password):
    """Invite somebody who is to see the customer only, and return the link."""
    page.goto("/users")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Role").select_option("viewer")
    page.get_by_label("Only these").check()
    page.locator("#customer").fill(customer)
    for asked_again in page.get_by_label("Your password").all():  # not within ten minutes of the last time
        asked_again.fill(password)
    page.get_by_role("button", name="Invite").click()
    return page.get_by_label("The link").input_value()


def test_somebody_who_is_invited_to_see_one_customer_finds_no_other(
    browser, server, open_page, login, debt, with_javascript
):
    email = f"eve-{with_javascript}@example.com"
    with open_page(java_script_enabled=with_javascript) as page:
        link = invited(page, email, debt.customer, server.password)
    with browser.new_context(base_url=server.address, java_script_enabled=with_javascript) as context:
        newcomer = context.new_page()
        newcomer.goto(link)
        for field in newcomer.locator("input[type=password]").all():
            field.fill(PASSWORD)
        newcomer.locator("main button").first.click()
        newcomer.wait_for_load_state()

    login(email, PASSWORD)
    with open_page(email, java_script_enabled=with_javascript) as page:
        page.goto("/")
        expect(page.get_by_text(f"You see {debt.customer}: every figure")).to_be_visible()
        page.goto("/customers")
        expect(page.locator("tbody tr")).to_have_count(1)
        page.goto("/invoices?all=yes")
        expect(page.locator("td.table__lead")).to_have_count(3)


@pytest.mark.skipif(browsers.CHOSEN == "firefox", reason="Firefox lets no test read the clipboard")
def test_a_link_that_is_shown_once_is_copied_with_one_click(server, open_page, debt):
    with open_page() as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        link = invited(page, "copied@example.com", debt.customer, server.password)
        page.get_by_role("button", name="Copy").click()

        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == link
