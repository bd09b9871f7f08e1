"""Signing in with a code, as a person does it with a telephone beside the browser."""

from contextlib import contextmanager

import pytest
from support import browsers
from support.axe import violations
from support.codes import code_at, key_on

from app import clock
from app.actions import second_factors
from app.store.access import logins, users
from app.store.db import database

pytestmark = pytest.mark.browser

PASSWORD = "seven green umbrellas"
SECRET = "JBSWY3DPEHPK3PXP" * 2


@pytest.fixture
def person(command, request):
    """The address of a user of the test's own."""
    email = f"{abs(hash(request.node.name))}@example.com"
    command("create-user", "--email", email, "--role", "accountant", "--password-stdin", says=PASSWORD)
    return email


@pytest.fixture
def secured(person, server):
    """The address of a user whose app makes codes of SECRET."""
    database.open_database(f"sqlite:///{server.data_dir}/invoices.sqlite3")
    with database.connection():
        second_factors.enable(users.find_by_email(person), SECRET, 0, [], clock.utc_now())
    return person


@pytest.fixture
def window(browser, server):
    """Open a window in which nobody is signed in."""

    @contextmanager
    def opened(**options):
        browsers.skip_what_firefox_lacks(options)
        context = browser.new_context(base_url=server.address, **options)
        context.set_default_timeout(10_000)
        yield context.new_page()
        context.close()

    return opened


def say_who(page, email, password=PASSWORD):
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def type_code(page, key, button, password=None):
    """Type what the app shows, and once more if it showed the next one by the time that the form arrived."""
    for _ in range(2):
        page.get_by_label("Code", exact=True).fill(code_at(key, clock.utc_now()))
        if password:
            page.get_by_label("Current password").fill(password)
        with page.expect_navigation():
            page.get_by_role("button", name=button).click()
        if not page.locator(".form__error").count():
            return


def test_a_code_after_the_password_signs_in(window, secured, with_javascript):
    with window(java_script_enabled=with_javascript) as page:
        say_who(page, secured)
        page.get_by_role("heading", name="One more step").wait_for()

        type_code(page, SECRET, "Sign in")

        page.get_by_role("heading", name="What is owed").wait_for()


def test_the_second_step_is_set_up_and_a_recovery_code_signs_in(window, person, with_javascript):
    with window(java_script_enabled=with_javascript) as page:
        say_who(page, person)
        page.get_by_role("link", name=person).click()
        page.get_by_role("link", name="Set up two-step sign-in").click()
        page.get_by_role("img", name="The key as a picture").wait_for()
        type_code(page, key_on(page.content()), "Set it up", PASSWORD)
        codes = page.locator(".codes code").all_inner_texts()
        assert len(codes) == 10

        page.get_by_role("button", name="Sign out").click()
        say_who(page, person)
        page.get_by_label("Code", exact=True).fill(codes[4])
        page.get_by_role("button", name="Sign in", exact=True).click()

        page.get_by_text("9 of 10 are left").wait_for()


def test_a_password_is_chosen_by_a_link(window, person, command, with_javascript):
    link = command("reset-link", "--email", person).strip()
    with window(java_script_enabled=with_javascript) as page:
        page.goto(link)
        page.get_by_label("New password", exact=True).fill("seven blue umbrellas")
        page.get_by_label("Repeat new password").fill("seven blue umbrellas")
        page.get_by_role("button", name="Set the password").click()

        page.get_by_role("heading", name="What is owed").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_way_in(window, secured, command, theme):
    link = command("reset-link", "--email", secured).strip()
    found = []
    with window(color_scheme=theme) as page:
        page.goto("/forgot-password")
        found += violations(page)
        page.goto(link)
        page.get_by_role("button", name="Set the password").click()
        page.get_by_text("A password must have").wait_for()
        found += violations(page)
        say_who(page, secured, "not the right one")
        found += violations(page)
        say_who(page, secured)
        found += violations(page)
        type_code(page, SECRET, "Sign in")
        for path in ("/account", "/account/second-factor"):
            page.goto(path)
            page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
            found += violations(page)

    assert found == []


def test_who_was_signed_out_while_typing_sends_it_after_signing_in(window, person, server, debt, with_javascript):
    with window(java_script_enabled=with_javascript) as page:
        say_who(page, person)
        page.goto(f"/invoices?q={debt.numbers[0]}")
        page.get_by_role("link", name=debt.numbers[0], exact=True).click()
        page.locator("summary", has_text="Record a payment").click()
        page.locator("#payment").get_by_label("Amount").fill("12.34")
        end_logins_of(person, server)
        page.get_by_role("button", name="Record the payment").click()

        page.get_by_text("You were signed out, and nothing was saved yet.").wait_for()
        page.get_by_label("E-mail").fill(person)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("button", name="Send again").click()

        page.get_by_text(f"Recorded 12.34 USD for invoice {debt.numbers[0]}.").wait_for()


def end_logins_of(person, server):
    database.open_database(f"sqlite:///{server.data_dir}/invoices.sqlite3")
    with database.connection():
        logins.revoke_all_of(users.find_by_email(person).id, clock.utc_now())
