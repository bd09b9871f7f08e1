"""A login that ends is announced in time, in all tabs, and nothing that was typed is lost."""

import pytest
from playwright.sync_api import expect
from support.axe import violations_everywhere

from app import clock
from app.store.access import logins, users
from app.store.db import database

pytestmark = pytest.mark.browser

PASSWORD = "seven green umbrellas"


@pytest.fixture
def person(command, request):
    """The address of a user of the test's own."""
    email = f"{abs(hash(request.node.name))}@example.com"
    command("create-user", "--email", email, "--role", "accountant", "--password-stdin", says=PASSWORD)
    return email


def sign_in(page, email):
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="What is owed").wait_for()


def warning(page):
    return page.get_by_text("You will soon be signed out.")


def end(page):
    return page.get_by_text("You were signed out, and what you typed is kept")


def test_two_minutes_before_a_login_ends_every_tab_says_so_and_one_keeps_it_for_all(open_page):
    with open_page() as page:
        page.context.clock.install()
        page.goto("/help")
        other = page.context.new_page()
        other.goto("/guide")
        page.context.clock.fast_forward("26:30")
        expect(warning(page)).to_be_hidden()
        page.context.clock.fast_forward("02:20")
        expect(warning(page)).to_be_visible()
        expect(warning(other)).to_be_visible()

        page.get_by_role("button", name="Stay signed in").click()

        expect(warning(page)).to_be_hidden()
        expect(warning(other)).to_be_hidden()
        page.context.clock.fast_forward("26:00")
        expect(end(other)).to_be_hidden()


def test_what_was_typed_is_sent_after_signing_in_in_another_tab(browser, server, person, debt):
    context = browser.new_context(base_url=server.address)
    context.set_default_timeout(10_000)
    context.clock.install()
    page = context.new_page()
    page.goto("/sign-in")
    sign_in(page, person)
    page.goto(f"/invoices?q={debt.numbers[0]}")
    page.get_by_role("link", name=debt.numbers[0], exact=True).click()
    page.locator("summary", has_text="Record a payment").click()
    page.locator("#payment").get_by_label("Amount").fill("12.34")
    end_logins_of(person, server)
    context.clock.fast_forward("31:00")
    expect(end(page)).to_be_visible()

    with context.expect_page() as opened:
        page.get_by_role("link", name="sign in in another tab").click()
    sign_in(opened.value, person)
    expect(end(page)).to_be_hidden()
    page.get_by_role("button", name="Record the payment").click()
    page.get_by_role("button", name="Send again").click()

    page.get_by_text(f"Recorded 12.34 USD for invoice {debt.numbers[0]}.").wait_for()
    context.close()


def test_whoever_wants_to_stay_too_late_keeps_the_page_with_what_was_typed(browser, server, person):
    context = browser.new_context(base_url=server.address)
    context.set_default_timeout(10_000)
    context.clock.install()
    page = context.new_page()
    page.goto("/sign-in")
    sign_in(page, person)
    page.goto("/invoices/new")
    page.get_by_label("Number", exact=True).fill("TYPED-1")
    context.clock.fast_forward("29:00")
    end_logins_of(person, server)

    page.get_by_role("button", name="Stay signed in").click()

    expect(end(page)).to_be_visible()
    expect(page.get_by_label("Number", exact=True)).to_have_value("TYPED-1")
    context.close()


@pytest.mark.emulated
def test_axe_finds_nothing_serious_where_the_end_is_announced_and_said(open_page):
    with open_page() as page:
        page.context.clock.install()
        page.goto("/help")
        page.context.clock.fast_forward("28:50")
        expect(warning(page)).to_be_visible()
        found = violations_everywhere(page)
        page.context.clock.fast_forward("02:00")
        expect(end(page)).to_be_visible()

        assert found + violations_everywhere(page) == []


@pytest.mark.emulated
def test_without_scripts_nothing_is_said_of_it(open_page):
    with open_page(java_script_enabled=False) as page:
        page.goto("/help")

        expect(warning(page)).to_be_hidden()
        expect(end(page)).to_be_hidden()


def end_logins_of(person, server):
    database.open_database(f"sqlite:///{server.data_dir}/invoices.sqlite3")
    with database.connection():
        logins.revoke_all_of(users.find_by_email(person).id, clock.utc_now())
