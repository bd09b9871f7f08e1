"""Passkeys in a real browser, whose authenticator is Chromium's own virtual one."""

from contextlib import contextmanager

import pytest
from support import browsers
from support.axe import violations
from support.server import running_server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browsers.CHOSEN == "firefox", reason="Only Chromium has a virtual authenticator."),
]

PASSWORD = "seven green umbrellas"
SIZES = {"desktop": {"width": 1280, "height": 800}, "telephone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The dashboard at a name, as no passkey is made for an IP address."""
    with running_server(tmp_path_factory.mktemp("data"), "localhost") as running:
        yield running


@pytest.fixture
def person(command, request):
    """The address of a user of the test's own."""
    email = f"{abs(hash(request.node.name))}@example.com"
    command("create-user", "--email", email, "--role", "accountant", "--password-stdin", says=PASSWORD)
    return email


@pytest.fixture(params=SIZES.values(), ids=SIZES)
def window(browser, server, request):
    """Open a window with a device that keeps passkeys, in which nobody is signed in; a complaint fails the test."""

    @contextmanager
    def opened():
        context = browser.new_context(base_url=server.address, viewport=request.param)
        context.set_default_timeout(10_000)
        page = context.new_page()
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        context.close()
        assert complaints == []

    return opened


def plug_in(page):
    """Give the page a device that keeps passkeys and always knows its user; return how to talk to it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def by_password(page, email):
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_a_passkey(page, name):
    page.goto("/account/passkeys")
    if page.get_by_label("Your password").count():
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text(f"The passkey {name} signs you in from now on.").wait_for()


def sign_out(page):
    page.context.clear_cookies()


def test_a_passkey_is_added_and_signs_in_with_nothing_typed(window, person):
    with window() as page:
        plug_in(page)
        by_password(page, person)
        page.get_by_role("heading", name="What is owed").wait_for()
        add_a_passkey(page, "My laptop")
        sign_out(page)

        page.goto("/sign-in?next=/account")
        page.get_by_text(f"You sign in as {person}").wait_for()

        assert page.url.endswith("/account")


def test_the_button_signs_in_where_the_browser_offers_nothing_by_itself(window, person):
    with window() as page:
        plug_in(page)
        page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false;")
        by_password(page, person)
        add_a_passkey(page, "My laptop")
        sign_out(page)
        page.goto("/sign-in")

        page.get_by_role("button", name="Sign in with a passkey").click()

        page.get_by_role("heading", name="What is owed").wait_for()


def test_after_the_password_the_passkey_is_asked_for(window, person):
    with window() as page:
        plug_in(page)
        page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false;")
        by_password(page, person)
        add_a_passkey(page, "My laptop")
        sign_out(page)
        by_password(page, person)
        page.get_by_role("heading", name="One more step").wait_for()

        page.get_by_role("button", name="Use your passkey").click()

        page.get_by_role("heading", name="What is owed").wait_for()


def test_a_passkey_is_removed_after_it_was_used_once_more(window, person):
    with window() as page:
        plug_in(page)
        page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false;")
        by_password(page, person)
        add_a_passkey(page, "My laptop")
        sign_out(page)
        page.goto("/sign-in?next=/account/passkeys")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.locator("summary", has_text="Remove My laptop").click()

        page.locator("details.action").get_by_role("button", name="Use your passkey").click()

        page.get_by_text("The passkey no longer signs you in: delete it on your device too.").wait_for()


def test_a_device_that_does_not_know_its_user_is_said_so_and_the_password_is_still_there(window, person):
    with window() as page:
        session, device = plug_in(page)
        page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false;")
        by_password(page, person)
        add_a_passkey(page, "My laptop")
        sign_out(page)
        session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
        page.goto("/sign-in")

        page.get_by_role("button", name="Sign in with a passkey").click()

        page.get_by_text("No passkey was used: please try again.").wait_for()
        assert page.get_by_role("button", name="Sign in", exact=True).is_enabled()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_where_passkeys_are(window, person, theme):
    found = []
    with window() as page:
        page.emulate_media(color_scheme=theme)
        plug_in(page)
        page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false;")
        by_password(page, person)
        page.goto("/account/passkeys")
        found += violations(page)
        add_a_passkey(page, "My laptop")
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        found += violations(page)
        page.goto("/account")
        found += violations(page)
        sign_out(page)
        by_password(page, person)
        page.get_by_role("heading", name="One more step").wait_for()
        found += violations(page)
        page.goto("/sign-in")
        found += violations(page)

    assert found == []


def test_without_javascript_the_password_signs_in_and_no_passkey_is_offered(browser, server, person):
    context = browser.new_context(base_url=server.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    offered = page.get_by_role("button", name="Sign in with a passkey").count()
    by_password(page, person)
    heading = page.get_by_role("heading", name="What is owed")
    heading.wait_for()
    context.close()

    assert offered == 0
