"""An open browser is not enough to change who may sign in: the user proves again who they are."""

import pytest
from support.browser import PASSWORD, Browser, path_of
from support.codes import code_at
from support.records import a_passkey, a_user, a_webhook

from app.actions import second_factors
from app.domain.permissions import Role
from app.store.access import audit_entries, second_factor, users
from app.store.db import tables
from app.web.application import build
from app.web.guard import Guard, Route, StepUp

SECRET = "JBSWY3DPEHPK3PXP" * 2
WITHIN_MINUTES = {
    "/automation",
    "/users",
    "/users/<user_id:id>",
    "/users/<user_id:id>/activate",
    "/users/<user_id:id>/deactivate",
    "/users/<user_id:id>/link",
    "/users/<user_id:id>/provider",
    "/users/<user_id:id>/second-factor",
    "/users/<user_id:id>/passkeys/<passkey_id:id>/remove",
    "/account/passkeys",
    "/account/passkeys/<passkey_id:id>/remove",
    "/account/passkeys/begin",
    "/tokens",
    "/excel",
    "/views/<view_id:id>/excel",
    "/webhooks",
    "/webhooks/<endpoint_id:id>",
    "/webhooks/<endpoint_id:id>/off",
    "/webhooks/<endpoint_id:id>/on",
    "/webhooks/<endpoint_id:id>/remove",
    "/webhooks/<endpoint_id:id>/secret",
}
EACH_TIME = {
    "/account/password",
    "/account/second-factor",
    "/account/second-factor/codes",
    "/account/second-factor/remove",
}
GUARDED = sorted(WITHIN_MINUTES | EACH_TIME)
FORM = {
    "email": "eve@example.com",
    "name": "Eve",
    "role": "admin",
    "sees": "everything",
    "right:read": "yes",
    "days": "365",
    "url": "https://hooks.example.com/",
    "type:payment.recorded": "yes",
    "password": "seven green umbrellas",
    "password_again": "seven green umbrellas",
    "recipients": "eve@example.com",
}


@pytest.fixture
def posted(settings, clock, sqlite, monkeypatch):
    """The routes that write, by their path."""
    routes = []
    around = Guard.around

    def noting(self, route):
        routes.append(route)
        return around(self, route)

    monkeypatch.setattr(Guard, "around", noting)
    build(settings, clock)
    return {route.path: route for route in routes if route.method == "POST"}


@pytest.fixture
def secured(user, clock):
    """The user of the browser, with a second factor."""
    second_factor.set_secret(user.id, SECRET, 0)
    return users.get(user.id)


@pytest.fixture
def bob(user):
    """Another admin, whose number is that of a view of the browser's user too."""
    tables.SavedViewModel.create(id=2, user=user.id, name="Late", parameters="{}")
    a_webhook()
    a_webhook(active=False)
    other = a_user("bob@example.com", Role.ADMIN, "Bob", users.password_hash_of(user.id))
    a_passkey(other, id=2)
    return other


def send(browser, path, **form):
    return browser.post(path, {"csrf_token": browser.csrf_token(), **form}, expect_errors=True)


def access():
    """All that lets somebody in, or sends somebody what customers owe, as it is stored."""
    kept = (
        tables.UserModel,
        tables.OneTimeLinkModel,
        tables.ApiTokenModel,
        tables.RecoveryCodeModel,
        tables.PasskeyModel,
        tables.WebhookEndpointModel,
        tables.AutomationModel,
    )
    return [list(model.select().order_by(model.id).dicts()) for model in kept]


def test_the_routes_that_ask_again_are_these(posted):
    assert {path for path, route in posted.items() if callable(route.step_up)} == WITHIN_MINUTES
    assert {path for path, route in posted.items() if route.step_up is StepUp.BY_HANDLER} == EACH_TIME


def test_a_route_that_writes_has_to_say_whether_it_asks_again():
    with pytest.raises(ValueError, match=r"POST /things must say whether it needs a step-up\."):
        Route("POST", "/things", lambda context: context)


@pytest.mark.parametrize("path", GUARDED)
def test_without_password_nothing_is_changed(browser, bob, path):
    before = access()

    answer = send(browser, path_of(path).replace("/1", "/2"), **FORM)

    assert answer.status_int == 422
    assert access() == before


@pytest.mark.parametrize("path", GUARDED)
def test_a_wrong_password_changes_nothing(browser, bob, path):
    before = access()

    answer = send(browser, path_of(path).replace("/1", "/2"), **FORM, current="wrong horse battery", code="000000")

    assert answer.status_int == 422
    assert access() == before


@pytest.mark.parametrize("path", sorted(WITHIN_MINUTES))
@pytest.mark.parametrize("code", ["", "000000"])
def test_where_there_is_a_second_factor_a_password_alone_changes_nothing(browser, secured, bob, path, code):
    before = access()

    answer = send(browser, path_of(path).replace("/1", "/2"), **FORM, current=PASSWORD, code=code)

    assert answer.status_int == 422
    assert access() == before


def test_who_types_the_password_in_the_same_form_is_done(browser, bob):
    send(browser, f"/users/{bob.id}/deactivate", current=PASSWORD)

    assert not users.get(bob.id).active


def test_who_types_password_and_code_is_done(browser, secured, bob, clock):
    send(browser, f"/users/{bob.id}/deactivate", current=PASSWORD, code=code_at(SECRET, clock()))

    assert not users.get(bob.id).active


def test_for_ten_minutes_nothing_more_is_asked_and_then_again(browser, bob, clock):
    send(browser, f"/users/{bob.id}/deactivate", current=PASSWORD)

    clock.advance(minutes=9, seconds=59)
    assert send(browser, f"/users/{bob.id}/activate").status_int == 303
    clock.advance(seconds=1)
    assert send(browser, f"/users/{bob.id}/deactivate").status_int == 422


def test_what_was_proved_in_one_browser_counts_in_no_other(app, browser, bob):
    other = Browser(app)
    other.sign_in()
    send(other, f"/users/{bob.id}/deactivate", current=PASSWORD)

    assert send(browser, f"/users/{bob.id}/activate").status_int == 422


@pytest.mark.parametrize("page", ["/users/new", "/users/2", "/tokens"])
def test_a_page_asks_for_password_and_code_until_both_were_right(browser, secured, bob, clock, page):
    assert {"current", "code"} <= asked_on(browser.get(page))

    send(browser, f"/users/{bob.id}/deactivate", current=PASSWORD, code=code_at(SECRET, clock()))

    assert not {"current", "code"} & asked_on(browser.get(page))


def test_a_page_asks_for_no_code_without_a_second_factor(browser):
    assert "current" in asked_on(browser.get("/tokens"))
    assert "code" not in asked_on(browser.get("/tokens"))


def asked_on(page):
    return {name for form in page.forms.values() for name in form.fields}


def test_a_code_counts_for_one_step_up(app, browser, secured, bob, clock):
    other = Browser(app)
    page = other.sign_in()
    page.forms[0]["code"] = code = code_at(SECRET, clock())
    page.forms[0].submit()

    assert send(other, f"/users/{bob.id}/deactivate", current=PASSWORD, code=code).status_int == 422


def test_another_password_ends_what_was_proved_before(browser, bob):
    send(browser, f"/users/{bob.id}/deactivate", current=PASSWORD)
    new = "seven green umbrellas"
    send(browser, "/account/password", current=PASSWORD, password=new, password_again=new)

    assert send(browser, f"/users/{bob.id}/activate").status_int == 422


def test_what_was_typed_stays_when_the_password_was_wrong(browser):
    form = next(form for form in browser.get("/users/new").forms.values() if "role" in form.fields)
    form["email"], form["role"], form["current"] = "eve@example.com", "viewer", "wrong horse battery"

    page = form.submit(expect_errors=True)
    again = next(form for form in page.forms.values() if "role" in form.fields)

    assert "This is not your current password." in page
    assert "horse" not in page
    assert (again["email"].value, again["role"].value) == ("eve@example.com", "viewer")


def test_a_code_that_was_typed_is_not_shown_again(browser, secured):
    page = send(browser, "/tokens", **FORM, current=PASSWORD, code="135790")

    assert "This code is wrong, or was used already" in page
    assert "135790" not in page


def test_what_a_user_sees_stays_ticked_when_the_password_for_a_link_was_wrong(browser, bob):
    page = send(browser, f"/users/{bob.id}/link", current="wrong horse battery")
    form = next(form for form in page.forms.values() if "role" in form.fields)

    assert (form["role"].value, form["sees"].value, form["name"].value) == ("admin", "everything", "Bob")
    assert page.html.select_one("#link").has_attr("open")


def test_an_empty_password_is_asked_for_and_counts_as_no_guess(browser, bob):
    tried = [send(browser, f"/users/{bob.id}/link") for _ in range(8)]

    assert {answer.status_int for answer in tried} == {422}
    assert "Please type your password." in tried[0]


def test_the_password_is_guessed_as_slowly_here(browser, bob):
    tried = [send(browser, f"/users/{bob.id}/link", current="wrong horse battery").status_int for _ in range(7)]

    assert tried == [422] * 6 + [429]


def test_who_proved_again_who_they_are_is_recorded(browser, user, bob):
    send(browser, f"/users/{bob.id}/link", current="wrong horse battery")
    send(browser, f"/users/{bob.id}/link", current=PASSWORD)

    entries = audit_entries.of_subject(f"user:{user.id}")
    assert [entry.action for entry in entries] == ["step_up.passed", "step_up.refused", "session.started"]


@pytest.mark.parametrize("what", ["link", "second-factor"])
def test_nobody_goes_round_the_account_page_by_the_own_number(browser, user, bob, clock, what):
    second_factors.enable(bob, SECRET, 0, [], clock())
    send(browser, f"/users/{bob.id}/deactivate", current=PASSWORD)
    before = access()

    answer = send(browser, f"/users/{user.id}/{what}")

    assert answer.status_int == 409
    assert "Your own password and two-step sign-in are changed on your account page: go to /account." in answer
    assert access() == before


def test_the_page_of_the_own_number_leads_to_the_account_page(browser, user):
    page = browser.get(f"/users/{user.id}")

    assert page.html.find("main").find("a", string="your account page")["href"] == "/account"
    assert f"/users/{user.id}/link" not in page
    assert f"/users/{user.id}/second-factor" not in page
