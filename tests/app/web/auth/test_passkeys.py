"""Passkeys: registered on the account's page, used to sign in and to prove again who somebody is."""

import json
from dataclasses import replace

import pytest
from support.authenticator import Authenticator, changed, signature_of_another
from support.browser import PASSWORD, QUICK_HASH, Browser
from support.codes import code_at
from support.records import a_user
from support.settings import settings_of

from app.actions import second_factors
from app.actions import users as user_actions
from app.actions.credentials import passkeys as passkey_actions
from app.domain.permissions import Role
from app.settings import AppSettings
from app.store.access import audit_entries, passkeys, users
from app.store.access.audit_entries import AuditFilter
from app.store.db import tables
from app.web.application import build

PAGE = "/account/passkeys"
SECRET = "JBSWY3DPEHPK3PXP" * 2
REFUSED = "This passkey does not sign you in: please try again, or sign in another way."


def step_up(browser, clock):
    tables.LoginModel.update(stepped_up_at=clock()).execute()


def register(browser, clock, authenticator=None, name="Laptop"):
    """Register a passkey in the browser of a user, and return its authenticator."""
    step_up(browser, clock)
    made, sent = (authenticator or Authenticator()).created(browser.get(f"{PAGE}/new").json)
    browser.post(PAGE, {"csrf_token": browser.csrf_token(), "name": name, "passkey": sent}, status=303)
    clock.advance(seconds=1)
    return made


def send(browser, sent, wanted="/", **more):
    form = {"csrf_token": browser.get("/sign-in").forms[0]["csrf_token"].value, "passkey": sent, "next": wanted, **more}
    return browser.post("/sign-in/passkey", form, expect_errors=True)


def options(browser):
    browser.get("/sign-in")
    return browser.get("/sign-in/passkey").json


def sign_in(browser, authenticator, wanted="/", **how):
    return send(browser, authenticator.used(options(browser), **how), wanted)


def reasons():
    return [entry.after.get("reason") for entry in entries("session.refused")]


def entries(action):
    return audit_entries.matching(AuditFilter(action=action), 50)


@pytest.fixture
def passkey(browser, clock):
    """The authenticator of a passkey of the browser's user."""
    return register(browser, clock)


def test_a_passkey_signs_in_without_an_email_and_without_a_code(passkey, user, app, clock):
    second_factors.enable(user, SECRET, 0, [], clock())
    stranger = Browser(app)

    done = sign_in(stranger, passkey, "/invoices")

    assert done.location == "/invoices"
    assert "ann@example.com" in stranger.get("/account").text


def test_the_page_lists_the_passkey_and_when_it_was_last_used(passkey, app, browser):
    other = Browser(app)
    before = browser.get(PAGE).text

    sign_in(other, passkey)

    assert "<h2>Laptop</h2>" in before
    assert "Never" in before
    assert "Never" not in other.get(PAGE).text


def test_a_user_has_several_passkeys_and_each_signs_in(passkey, browser, app, clock):
    second = register(browser, clock, name="Telephone")

    assert sign_in(Browser(app), passkey).status_int == 303
    assert sign_in(Browser(app), second).status_int == 303


def test_a_new_passkey_is_not_made_on_a_device_that_has_one(passkey, browser):
    known = [one["id"] for one in browser.get(f"{PAGE}/new").json["excludeCredentials"]]

    assert known == [one.credential_id for one in passkeys.of_user(1)]


def test_passkeys_must_be_discoverable_and_verify_their_user(browser):
    wanted = browser.get(f"{PAGE}/new").json["authenticatorSelection"]

    assert wanted == {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"}


def test_the_options_of_signing_in_name_no_user_and_no_passkey(passkey, app):
    found = options(Browser(app))

    assert found["allowCredentials"] == []
    assert found["userVerification"] == "required"


def test_without_a_step_up_no_passkey_is_added(browser):
    _, sent = Authenticator().created(browser.get(f"{PAGE}/new").json)

    answer = browser.post(
        PAGE, {"csrf_token": browser.csrf_token(), "name": "Mine", "passkey": sent}, expect_errors=True
    )

    assert answer.status_int == 422
    assert passkeys.of_user(1) == []


def test_adding_and_removing_are_audited_by_name(passkey, browser):
    tables.LoginModel.update(stepped_up_at=tables.LoginModel.last_seen_at).execute()
    browser.post(f"{PAGE}/1/remove", {"csrf_token": browser.csrf_token()}, status=303)

    assert [entry.after for entry in entries("passkey.registered")] == [{"passkey": "Laptop"}]
    assert [entry.after for entry in entries("passkey.removed")] == [{"passkey": "Laptop"}]


def test_a_removed_passkey_does_not_sign_in(passkey, browser, app, clock):
    step_up(browser, clock)
    browser.post(f"{PAGE}/1/remove", {"csrf_token": browser.csrf_token()}, status=303)

    answer = sign_in(Browser(app), passkey)

    assert answer.status_int == 422
    assert REFUSED in answer.text


def test_adding_a_passkey_ends_the_users_other_logins(user, app, browser, clock):
    elsewhere = Browser(app)
    elsewhere.sign_in()

    register(browser, clock)

    assert elsewhere.get("/").location.startswith("/sign-in")
    assert browser.get("/").status_int == 200


WRONG = {
    "another site": {"origin": "https://evil.example"},
    "http instead of https": {"origin": "https://localhost"},
    "another port": {"origin": "http://localhost:8080"},
    "a subdomain": {"origin": "http://www.localhost"},
    "another relying party": {"rp_id": "evil.example"},
    "nobody verified": {"is_verified": False},
    "a frame of another site": {"client_data": {"crossOrigin": True}},
    "a frame whose top is another site": {"client_data": {"topOrigin": "https://evil.example"}},
    "another ceremony": {"client_data": {"type": "webauthn.get.payment"}},
    "another challenge": {"client_data": {"challenge": "AAAA"}},
    "no challenge": {"client_data": {"challenge": None}},
    "another user": {"user_handle": "AAAA"},
    "no user": {"user_handle": None},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_passkey_used_wrongly_is_refused_with_one_sentence_and_audited(passkey, app, wrong):
    stranger = Browser(app)

    answer = sign_in(stranger, replace(passkey, **wrong))

    assert answer.status_int == 422
    assert REFUSED in answer.text
    assert len(reasons()) == 1
    assert "session" not in stranger.cookies


@pytest.mark.parametrize("wrong", [case for name, case in WRONG.items() if "user" not in name])
def test_a_passkey_made_wrongly_is_not_registered(browser, clock, wrong):
    step_up(browser, clock)
    wrong = wrong | ({"client_data": {"type": "webauthn.get"}} if "type" in str(wrong) else {})
    _, sent = Authenticator(**wrong).created(browser.get(f"{PAGE}/new").json)

    answer = browser.post(
        PAGE, {"csrf_token": browser.csrf_token(), "name": "Mine", "passkey": sent}, expect_errors=True
    )

    assert answer.status_int == 422
    assert "The passkey could not be added: please try again." in answer.text
    assert passkeys.of_user(1) == []


def test_a_wrong_signature_is_refused(passkey, app):
    stranger = Browser(app)

    answer = send(stranger, signature_of_another(passkey.used(options(stranger))))

    assert REFUSED in answer.text


@pytest.mark.parametrize(
    "sent",
    ["", "null", "[]", "{}", "x" * 30_000, '{"id": 1, "response": {"clientDataJSON": 5}}', "[" * 9_000],
)
def test_what_cannot_be_read_is_refused(passkey, app, sent):
    assert REFUSED in send(Browser(app), sent).text


@pytest.mark.parametrize("name", ["authenticatorData", "signature", "userHandle", "clientDataJSON"])
@pytest.mark.parametrize("value", [None, 5, "", "A", "____", [], {}])
def test_a_broken_part_is_refused(passkey, app, name, value):
    stranger = Browser(app)

    answer = send(stranger, changed(passkey.used(options(stranger)), **{name: value}))

    assert REFUSED in answer.text


def test_the_same_signature_counts_once(passkey, app):
    stranger = Browser(app)
    sent = passkey.used(options(stranger))
    copied = Browser(app)
    copied.set_cookie("form", stranger.cookies["form"])
    first = send(stranger, sent)

    again = send(copied, sent)

    assert first.status_int == 303
    assert REFUSED in again.text
    assert reasons() == ["a passkey's signature that was used before"]


def test_a_challenge_counts_only_in_the_browser_that_asked_for_it(passkey, app):
    sent = passkey.used(options(Browser(app)))

    assert REFUSED in send(Browser(app), sent).text
    assert reasons() == ["the challenge was not made for this browser"]


def test_a_challenge_lasts_for_five_minutes(passkey, app, clock):
    stranger = Browser(app)
    sent = passkey.used(options(stranger))
    clock.advance(minutes=5)

    assert REFUSED in send(stranger, sent).text
    assert reasons() == ["the challenge is too old"]


def test_a_challenge_of_a_step_up_does_not_sign_in(passkey, browser):
    sent = passkey.used(browser.get(f"{PAGE}/step-up").json)

    form = {"csrf_token": browser.csrf_token(), "passkey": sent}

    assert REFUSED in browser.post("/sign-in/passkey", form, expect_errors=True).text


def test_a_counter_that_goes_up_signs_in(passkey, app, clock):
    sign_in(Browser(app), passkey, sign_count=7)
    clock.advance(seconds=1)

    assert sign_in(Browser(app), passkey, sign_count=8).status_int == 303


@pytest.mark.parametrize("count", [0, 6, 7])
def test_a_counter_that_does_not_go_up_is_refused_and_audited(passkey, app, clock, count):
    sign_in(Browser(app), passkey, sign_count=7)
    clock.advance(seconds=1)

    assert REFUSED in sign_in(Browser(app), passkey, sign_count=count).text
    assert reasons() == ["the passkey's counter went back: it may have been copied"]


def test_a_wrong_signature_says_nothing_of_the_counter(passkey, app, clock):
    sign_in(Browser(app), passkey, sign_count=7)
    clock.advance(seconds=1)
    stranger = Browser(app)

    send(stranger, signature_of_another(passkey.used(options(stranger), sign_count=1)))

    assert "counter" not in reasons()[0]


def test_a_deactivated_users_passkey_is_gone_also_after_reactivation(passkey, user, app, clock):
    boss = a_user("boss@example.com", Role.ADMIN, "Boss", QUICK_HASH)
    user_actions.deactivate(user.id, boss, clock())

    assert REFUSED in sign_in(Browser(app), passkey).text
    user_actions.activate(user.id, boss, clock())
    assert REFUSED in sign_in(Browser(app), passkey).text


def test_an_unknown_passkey_gets_the_sentence_of_a_wrong_one(app, user):
    unknown = replace(Authenticator(), user_handle="AAAA")

    assert REFUSED in sign_in(Browser(app), unknown).text


def test_failed_attempts_at_a_passkey_have_to_wait(passkey, app):
    wrong = replace(passkey, origin="https://evil.example")
    for _ in range(6):
        sign_in(Browser(app), wrong)

    answer = sign_in(Browser(app), passkey)

    assert answer.status_int == 429
    assert "There were too many attempts" in answer.text


def test_passkeys_that_are_made_up_are_counted_by_address(app, user):
    statuses = [sign_in(Browser(app), replace(Authenticator(), user_handle="AAAA")).status_int for _ in range(22)]

    assert statuses == [422] * 21 + [429]


def test_a_form_of_another_site_is_refused(passkey, app):
    stranger = Browser(app)
    sent = passkey.used(options(stranger))

    answer = stranger.post("/sign-in/passkey", {"passkey": sent}, expect_errors=True)

    assert answer.status_int == 403
    assert "session" not in stranger.cookies


def test_a_passkey_of_another_user_is_not_registered_again(passkey, app, browser, clock):
    a_user("eve@example.com", Role.VIEWER, "Eve", QUICK_HASH)
    eve = Browser(app)
    eve.sign_in("eve@example.com")
    step_up(eve, clock)
    _, sent = passkey.created(eve.get(f"{PAGE}/new").json)

    answer = eve.post(PAGE, {"csrf_token": eve.csrf_token(), "name": "Mine", "passkey": sent}, expect_errors=True)

    assert "This passkey is registered already" in answer.text
    assert [one.user_id for one in map(passkeys.find, [p.credential_id for p in passkeys.of_user(1)])] == [1]


def test_the_new_passkey_of_another_login_is_not_registered(app, browser, user, clock):
    other = Browser(app)
    other.sign_in()
    step_up(browser, clock)
    _, sent = Authenticator().created(other.get(f"{PAGE}/new").json)

    answer = browser.post(
        PAGE, {"csrf_token": browser.csrf_token(), "name": "Mine", "passkey": sent}, expect_errors=True
    )

    assert answer.status_int == 422
    assert passkeys.of_user(user.id) == []


def test_a_user_has_at_most_twenty_passkeys(browser, clock):
    for number in range(passkey_actions.MOST):
        register(browser, clock, name=f"Key {number}")
    step_up(browser, clock)
    _, sent = Authenticator().created(browser.get(f"{PAGE}/new").json)

    answer = browser.post(
        PAGE, {"csrf_token": browser.csrf_token(), "name": "One more", "passkey": sent}, expect_errors=True
    )

    assert "You have 20 passkeys: remove one that you do not use, then add this one." in answer.text


def test_the_last_way_in_cannot_be_removed(passkey, browser, user, clock):
    users.set_password_hash(user.id, users.HASH_OF_NONE)
    step_up(browser, clock)

    answer = browser.post(f"{PAGE}/1/remove", {"csrf_token": browser.csrf_token()}, expect_errors=True)

    assert answer.status_int == 409
    assert "this is your only way to sign in: add another passkey first." in answer.text
    assert len(passkeys.of_user(user.id)) == 1


def test_the_password_alone_does_not_sign_in_where_there_is_a_passkey(passkey, app):
    stranger = Browser(app)

    page = stranger.sign_in(wanted="/invoices")

    assert "You have a passkey: the password alone does not sign you in." in page.text
    assert "session" not in stranger.cookies
    assert page.forms[0]["next"].value == "/invoices"


def test_a_passkey_satisfies_a_required_second_factor(tmp_path, sqlite, user, clock):
    settings = settings_of(tmp_path).model_copy(update={"require_second_factor": frozenset({Role.ADMIN})})
    admin = Browser(build(settings, clock))
    admin.sign_in()
    before = admin.get("/").location
    step_up(admin, clock)
    _, sent = Authenticator().created(admin.get(f"{PAGE}/new").json)
    token = admin.get(PAGE).forms[0]["csrf_token"].value

    admin.post(PAGE, {"csrf_token": token, "name": "Laptop", "passkey": sent}, status=303)

    assert before == "/account/second-factor"
    assert admin.get("/").status_int == 200


def test_a_passkey_is_a_step_up(passkey, browser, clock):
    clock.advance(minutes=11)
    sent = passkey.used(browser.get(f"{PAGE}/step-up").json)

    browser.post(f"{PAGE}/begin", {"csrf_token": browser.csrf_token(), "passkey": sent}, status=303)

    assert "Add a passkey" in browser.get(PAGE).text
    assert len(entries("step_up.passed")) == 1


def test_the_password_alone_is_no_step_up_where_there_is_a_passkey(passkey, browser, clock):
    clock.advance(minutes=11)

    form = {"csrf_token": browser.csrf_token(), "current": PASSWORD}
    answer = browser.post(f"{PAGE}/begin", form, expect_errors=True)

    assert answer.status_int == 422
    assert "Please use your passkey." in answer.text


def test_password_and_code_are_a_step_up_beside_a_passkey(passkey, user, browser, app, clock):
    second_factors.enable(user, SECRET, 0, [], clock())
    other = Browser(app)
    sign_in(other, passkey)

    form = {"csrf_token": other.csrf_token(), "current": PASSWORD, "code": code_at(SECRET, clock())}

    assert other.post(f"{PAGE}/begin", form).status_int == 303


def test_another_users_passkey_is_no_step_up_and_audited(passkey, app, browser, clock):
    a_user("eve@example.com", Role.VIEWER, "Eve", QUICK_HASH)
    eve = Browser(app)
    eve.sign_in("eve@example.com")
    register(eve, clock)
    clock.advance(minutes=11)
    sent = passkey.used(eve.get(f"{PAGE}/step-up").json)

    answer = eve.post(f"{PAGE}/begin", {"csrf_token": eve.csrf_token(), "passkey": sent}, expect_errors=True)

    assert "This passkey was not accepted: please try again." in answer.text
    assert [entry.actor for entry in entries("step_up.refused")] == ["Eve"]


def test_an_app_for_codes_is_not_added_to_a_passkey_by_the_password_alone(passkey, browser, user, clock):
    form = {"csrf_token": browser.csrf_token(), "current": PASSWORD, "code": "000000"}

    answer = browser.post("/account/second-factor", form, expect_errors=True)

    assert "Please use your passkey." in answer.text
    assert not users.get(user.id).has_totp


def test_an_admin_removes_a_lost_passkey_which_signs_its_user_out(app, browser, clock, user):
    owner = a_user("eve@example.com", Role.VIEWER, "Eve", QUICK_HASH)
    eve = Browser(app)
    eve.sign_in("eve@example.com")
    lost = register(eve, clock, name="Old telephone")
    step_up(browser, clock)
    page = browser.get(f"/users/{owner.id}")

    done = browser.post(f"/users/{owner.id}/passkeys/1/remove", {"csrf_token": browser.csrf_token()}, status=303)

    assert "Old telephone" in page.text
    assert "no longer signs eve@example.com in" in done.follow().text
    assert eve.get("/").location.startswith("/sign-in")
    assert REFUSED in sign_in(Browser(app), lost).text
    assert [entry.actor for entry in entries("passkey.removed")] == ["Ann"]


def test_an_admin_does_not_remove_the_own_passkey_past_the_account_page(passkey, browser, user, clock):
    step_up(browser, clock)

    answer = browser.post(
        f"/users/{user.id}/passkeys/1/remove", {"csrf_token": browser.csrf_token()}, expect_errors=True
    )

    assert answer.status_int == 409
    assert len(passkeys.of_user(user.id)) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "https://192.0.2.7", "https://[2001:db8::1]"])
def test_where_passkeys_cannot_work_the_page_says_why(tmp_path, sqlite, user, clock, address):
    settings = AppSettings.from_environment(
        {"DATA_DIR": str(tmp_path), "SECRET_KEY": "k" * 40, "PUBLIC_URL": address, "REQUIRE_SECOND_FACTOR": "nobody"}
    )
    site = Browser(
        build(settings, clock), extra_environ={"HTTP_HOST": address.split("//")[1], "wsgi.url_scheme": "https"}
    )
    before = site.get("/sign-in").text
    site.sign_in()

    assert "data-passkey" not in before
    assert "browsers allow them only over HTTPS" in site.get(PAGE).text
    assert site.get(f"{PAGE}/new", status=404)


def test_the_options_are_json_that_is_not_kept(stranger):
    answer = stranger.get("/sign-in/passkey")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert json.loads(answer.text)["rpId"] == "localhost"
