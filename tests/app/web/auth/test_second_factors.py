"""Two-step sign-in: set up with an app, used once a code, replaced by a recovery code when it is lost."""

import re

import pytest
from support.browser import PASSWORD, Browser
from support.codes import code_at, key_on
from support.records import a_user

from app.actions import api_tokens as token_actions
from app.domain.permissions import Role, TokenRight
from app.store.access import audit_entries, second_factor, users
from app.store.access.api_tokens import TokenFacts
from app.store.db import tables
from app.web.application import build

PAGE = "/account/second-factor"


def set_up(browser, clock):
    """Set up two-step sign-in, and return its key and the recovery codes."""
    page = browser.get(PAGE)
    key = key_on(page.text)
    form = page.forms[1]
    form["code"], form["current"] = code_at(key, clock()), PASSWORD
    codes = re.findall(r"<li><code>([A-Z2-7 ]+)</code>", form.submit().text)
    clock.advance(seconds=30)
    return key, codes


def enter(page, code):
    form = page.forms[0]
    form["code"] = code
    return form.submit(expect_errors=True)


@pytest.fixture
def secured(browser, clock):
    """The key and the recovery codes of a user who has set up two-step sign-in."""
    return set_up(browser, clock)


def test_the_second_step_is_set_up_by_a_code_and_the_password(browser, user, clock):
    set_up(browser, clock)

    assert second_factor.enabled_users() == {user.id}


@pytest.mark.parametrize(
    ("code", "password", "sentence"),
    [
        ("000000", PASSWORD, "This is not the code that your app shows now"),
        ("", PASSWORD, "This is not the code that your app shows now"),
        (None, "wrong horse battery", "This is not your current password."),
    ],
)
def test_without_code_or_password_it_is_not_set_up(browser, user, clock, code, password, sentence):
    page = browser.get(PAGE)
    form = page.forms[1]
    form["code"] = code_at(key_on(page.text), clock()) if code is None else code
    form["current"] = password

    again = form.submit(expect_errors=True)

    assert again.status_int == 422
    assert sentence in again.text
    assert second_factor.enabled_users() == set()


def test_the_picture_holds_the_key_and_is_drawn_here(browser):
    page = browser.get(PAGE)

    assert page.html.find("img")["src"].startswith("data:image/svg+xml")


def test_signing_in_takes_password_and_code(secured, app, clock):
    key, _ = secured
    browser = Browser(app)

    page = browser.sign_in(wanted="/invoices")
    assert page.status_int == 200
    assert "session" not in browser.cookies

    done = enter(page, code_at(key, clock()))
    assert done.location == "/invoices"
    assert browser.get("/").status_int == 200


def test_a_password_alone_opens_nothing(secured, app):
    browser = Browser(app)
    browser.sign_in()

    assert browser.get("/").location.startswith("/sign-in")


def test_a_code_is_good_once(secured, app, clock):
    key, _ = secured
    enter(Browser(app).sign_in(), code_at(key, clock()))

    assert enter(Browser(app).sign_in(), code_at(key, clock())).status_int == 422


def test_the_code_that_set_it_up_is_used(browser, app, clock):
    key, _ = set_up(browser, clock)
    clock.advance(seconds=-30)

    assert enter(Browser(app).sign_in(), code_at(key, clock())).status_int == 422


def test_the_code_before_is_no_good(secured, app, clock):
    key, _ = secured
    before = code_at(key, clock())
    clock.advance(seconds=30)

    assert enter(Browser(app).sign_in(), before).status_int == 422


@pytest.mark.parametrize("code", ["", "abc", "000000", "0" * 1000, "АБВ", "１２３４５６"])
def test_a_wrong_code_is_told_so_and_may_be_typed_again(secured, app, clock, code):
    key, _ = secured

    page = enter(Browser(app).sign_in(), code)

    assert page.status_int == 422
    assert "This code is wrong, or was used already" in page.text
    assert enter(page, code_at(key, clock())).status_int == 303


def test_a_code_may_be_typed_with_blanks(secured, app, clock):
    key, _ = secured
    code = code_at(key, clock())

    assert enter(Browser(app).sign_in(), f" {code[:3]} {code[3:]} ").status_int == 303


def test_a_recovery_code_lets_in_once_and_says_how_many_are_left(secured, app):
    _, codes = secured

    done = enter(Browser(app).sign_in(), codes[0].lower())
    assert "9 of 10 are left" in done.follow().text
    assert enter(Browser(app).sign_in(), codes[0]).status_int == 422


def test_ten_recovery_codes_of_120_bits_are_shown(secured):
    _, codes = secured

    assert len(set(codes)) == 10
    assert {len(code.replace(" ", "")) for code in codes} == {24}


def test_new_recovery_codes_void_the_old_ones(secured, browser, app, clock):
    key, old = secured
    form = browser.get(PAGE).forms[1]
    form["current"], form["code"] = PASSWORD, code_at(key, clock())

    new = re.findall(r"<li><code>([A-Z2-7 ]+)</code>", form.submit().text)

    assert enter(Browser(app).sign_in(), old[1]).status_int == 422
    assert enter(Browser(app).sign_in(), new[1]).status_int == 303


def test_it_is_taken_away_by_password_and_code(secured, browser, app):
    _, codes = secured
    form = browser.get(PAGE).forms[2]
    form["current"], form["code"] = PASSWORD, codes[3]

    assert "by your password alone now" in form.submit().follow().text
    assert Browser(app).sign_in().status_int == 303


@pytest.mark.parametrize(("form", "words"), [(1, "Make new codes"), (2, "Remove it")])
def test_a_browser_that_was_left_open_is_not_enough_to_change_it(secured, browser, user, form, words):
    form = browser.get(PAGE).forms[form]
    assert words in form.text
    form["current"], form["code"] = PASSWORD, "000000"

    assert form.submit(expect_errors=True).status_int == 422
    assert second_factor.recovery_codes_left(user.id) == 10


def test_setting_it_up_ends_the_other_logins_and_renews_this_one(browser, app, clock):
    other = Browser(app)
    other.sign_in()
    before = browser.cookies["session"]

    set_up(browser, clock)

    assert other.get("/").location.startswith("/sign-in")
    assert browser.cookies["session"] != before
    assert browser.get("/").status_int == 200
    browser.set_cookie("session", before)
    assert browser.get("/").location.startswith("/sign-in")


def test_who_changes_it_is_told_of_the_tokens_that_still_count(browser, user, clock):
    token_actions.create(TokenFacts("n8n", frozenset({TokenRight.READ}), None), user, clock())
    page = browser.get(PAGE)
    form = page.forms[1]
    form["code"], form["current"] = code_at(key_on(page.text), clock()), PASSWORD

    assert "1 token still counts: " in form.submit()


def test_codes_are_guessed_as_slowly_as_passwords(secured, app):
    page = Browser(app).sign_in()

    assert [enter(page, "000000").status_int for _ in range(7)] == [422] * 6 + [429]


def test_there_are_five_minutes_for_the_code(secured, app, clock):
    key, _ = secured
    page = Browser(app).sign_in()
    clock.advance(minutes=5, seconds=5)

    late = enter(page, code_at(key, clock()))

    assert late.status_int == 422
    assert "That took too long" in late.text


def test_half_a_sign_in_is_no_session_and_a_session_no_half(secured, app, browser, clock):
    key, _ = secured
    page = Browser(app).sign_in()
    thief = Browser(app)
    thief.set_cookie("session", page.forms[0]["pending"].value)
    assert thief.get("/").location.startswith("/sign-in")

    page.forms[0]["pending"] = browser.cookies["session"]
    assert enter(page, code_at(key, clock())).status_int == 422


def test_another_password_makes_half_a_sign_in_worthless(secured, app, user, clock):
    key, _ = secured
    page = Browser(app).sign_in()
    users.set_password_hash(user.id, "$argon2id$other")

    assert enter(page, code_at(key, clock())).status_int == 422


def test_another_key_is_offered_after_each_change(browser):
    first = key_on(browser.get(PAGE).text)
    assert key_on(browser.get(PAGE).text) == first

    browser.reset()
    browser.sign_in()
    assert key_on(browser.get(PAGE).text) != first


def test_neither_key_nor_codes_are_recorded_or_logged(browser, user, clock, caplog):
    caplog.set_level("INFO")
    key, codes = set_up(browser, clock)

    told = caplog.text + str(audit_entries.of_subject(f"user:{user.id}"))
    assert "second_factor.enabled" in told
    assert key not in told
    assert codes[0].replace(" ", "") not in told.replace(" ", "")


def test_no_recovery_code_stands_in_the_database(secured):
    _, codes = secured
    kept = str(list(tables.RecoveryCodeModel.select().dicts()))

    assert not any(code.replace(" ", "") in kept for code in codes)


@pytest.fixture
def strict(settings, clock, user):
    """An app in which admins need two-step sign-in."""
    return build(settings.model_copy(update={"require_second_factor": frozenset({Role.ADMIN})}), clock)


def test_an_admin_without_a_second_step_reaches_only_the_page_that_sets_it_up(strict, clock):
    browser = Browser(strict)
    browser.sign_in()

    assert browser.get("/").location == PAGE
    assert browser.get("/export.xlsx").location == PAGE
    assert browser.get("/invoices", headers={"HX-Request": "true"}).headers["HX-Redirect"] == PAGE
    page = browser.get(PAGE)
    assert "Your role, admin, needs two-step sign-in" in page.text
    token = page.forms[0]["csrf_token"].value
    assert browser.post("/views", {"csrf_token": token, "name": "x"}).location == PAGE

    set_up(browser, clock)
    assert browser.get("/").status_int == 200


def test_an_admin_who_has_yet_to_set_it_up_may_sign_out(strict):
    browser = Browser(strict)
    browser.sign_in()

    assert browser.get(PAGE).forms[0].submit().location == "/sign-in"


def test_a_role_that_is_not_named_needs_no_second_step(strict, user):
    a_user("vic@example.com", Role.VIEWER, password_hash=users.password_hash_of(user.id))
    browser = Browser(strict)
    browser.sign_in("vic@example.com")

    assert browser.get("/").status_int == 200
