"""Monday's work by the keyboard alone and with the mouse, and how much it takes; docs/user-guide.md tells it.

Names and amounts are typed anyway: only keys and clicks that lead somewhere or decide something are counted.
"""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

KEYS_AT_MOST = 20
CLICKS_AT_MOST = 6


@dataclass
class Hands:
    page: Page
    pressed: list[str] = field(default_factory=list)
    typed: int = 0

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed.append(key)

    def write(self, text):
        self.page.keyboard.type(text)
        self.typed += len(text)


def shows(page, heading):
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)


def test_mondays_work_is_done_by_the_keyboard_alone(open_page, debts):
    first, second, third = next(debts), next(debts), next(debts)
    with open_page() as page:
        page.goto("/")
        hands = Hands(page)

        # Whom to call? They stand on the dashboard; the first is opened, and left again.
        hands.press("j", "Enter")
        expect(page.get_by_role("heading", name="Contact")).to_be_visible()
        hands.press("g", "d")
        shows(page, "What is owed")

        # The bank statement: one invoice in full, two invoices at once, a part.
        for debt, amount in ((first, "100.00"), (second, "150.00"), (third, "40.00")):
            hands.press("r")
            shows(page, "Record a payment")
            hands.write(debt.customer)
            hands.press("Enter")
            shows(page, f"Payment from {debt.customer}")
            hands.write(amount)
            expect(page.get_by_role("row", name=f"Applied {amount}")).to_be_visible()
            hands.press("Enter")
            expect(page.get_by_role("status").first).to_contain_text(f"Recorded {amount} USD")
            shows(page, debt.customer)

        # The last was a mistake.
        hands.press("u")
        expect(page.get_by_role("status").first).to_have_text("The payment was voided.")
        shows(page, third.customer)

        # A statement for another customer.
        hands.press("g", "c")
        shows(page, "Customers")
        hands.press("/")
        hands.write(second.customer)
        expect(page.locator("tbody tr")).to_have_count(1)
        hands.press("ArrowDown", "Enter")
        shows(page, second.customer)
        hands.press("s")
        shows(page, "Statement of account")
        expect(page.get_by_role("row", name="Outstanding").first).to_contain_text("80.00")

        print(f"\nMonday: {len(hands.pressed)} keys, and {hands.typed} signs of names and amounts: {hands.pressed}")
        assert len(hands.pressed) <= KEYS_AT_MOST


def test_three_payments_are_recorded_with_the_mouse(open_page, debts):
    clicks = []
    with open_page() as page:
        page.goto("/")

        def click(target):
            target.click()
            clicks.append(target)

        for debt, amount in ((next(debts), "100.00"), (next(debts), "150.00"), (next(debts), "40.00")):
            click(page.get_by_role("link", name="Record a payment").last)
            page.get_by_label("Who paid?").fill(debt.customer)
            page.keyboard.press("Enter")
            page.get_by_label("Received").fill(amount)
            expect(page.get_by_role("row", name=f"Applied {amount}")).to_be_visible()
            click(page.get_by_role("button", name="Record the payment"))
            expect(page.get_by_role("status").first).to_contain_text(f"Recorded {amount} USD")

    assert len(clicks) <= CLICKS_AT_MOST
