"""Signing in by a provider, confirming there, and signing out, as a person does it."""

import os
from pathlib import Path

import pytest
from support.axe import violations
from support.oidc_provider import running_oidc_server
from support.ports import free_port
from support.server import running_server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The dashboard, whose users may sign in by a certified server."""
    port = free_port()
    redirect = f"http://127.0.0.1:{port}/sign-in/provider/callback"
    with running_oidc_server(tmp_path_factory.mktemp("oidc"), redirect) as oidc, pytest.MonkeyPatch.context() as patch:
        patch.setattr("support.server.free_port", lambda: port)
        for name, value in {**oidc.settings(), "OIDC_ONLY": "viewer"}.items():
            patch.setenv(name, value)
        with running_server(tmp_path_factory.mktemp("data")) as running:
            oidc.has(ann={"email": running.email, "email_verified": True}, eve={"email": "eve@example.com"})
            yield running


@pytest.fixture(params=[1280, 390])
def page(request, browser, server):
    """A window in which nobody is signed in, as wide as a screen or a telephone."""
    context = browser.new_context(base_url=server.address, viewport={"width": request.param, "height": 800})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def picture(page, name):
    if folder := os.environ.get("OIDC_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}-{page.viewport_size['width']}.png"))


def sign_in_there(page, name):
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill("x")
    page.locator("[type=submit]").click()
    if page.url.startswith("http://127.0.0.1") and "/interaction/" in page.url:
        page.locator("[type=submit]").click()


def test_a_person_signs_in_by_the_provider_confirms_there_and_signs_out(page, server):
    page.goto("/invoices")
    picture(page, "sign-in")
    assert violations(page) == []
    page.get_by_role("link", name="Sign in with Example Ltd").click()
    sign_in_there(page, "ann")
    page.wait_for_url("**/invoices")

    page.goto("/users/new")
    email = f"bob{page.viewport_size['width']}@example.com"
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Role").select_option("accountant")
    picture(page, "step-up")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in at the provider again, in a new tab").click()
    sign_in_there(opened.value, "ann")
    opened.value.get_by_role("heading", name="Confirmed").wait_for()
    picture(opened.value, "confirmed")
    opened.value.close()
    page.get_by_role("button", name="Invite").click()
    page.get_by_text(email).first.wait_for()

    page.goto("/account")
    page.evaluate("document.querySelector('form[action=\"/sign-out\"]').submit()")
    page.get_by_role("heading", name="Signed out").wait_for()
    picture(page, "signed-out")
    assert violations(page) == []
    page.goto("/invoices")
    assert page.get_by_role("link", name="Sign in with Example Ltd").is_visible()


def test_a_person_without_a_user_reads_why_on_the_sign_in_page(page, server):
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign in with Example Ltd").click()

    sign_in_there(page, "eve")

    page.get_by_text(
        "Example Ltd does not say that the e-mail address eve@example.com is verified: ask an admin."
    ).wait_for()
    picture(page, "refused")
    assert violations(page) == []
