"""Users look after how they themselves sign in, and where they are signed in."""

import pytest
from support.browser import PASSWORD, Browser
from support.records import a_user

from app.actions import api_tokens as token_actions
from app.actions import passwords
from app.domain.permissions import TokenRight
from app.store.access import audit_entries, one_time_links, users
from app.store.access.api_tokens import TokenFacts
from app.store.access.one_time_links import Purpose

NEW = "seven green umbrellas"


@pytest.fixture
def other(app, user):
    """Another browser of the same user."""
    signed_in = Browser(app, extra_environ={"REMOTE_ADDR": "198.51.100.9", "HTTP_USER_AGENT": "Firefox/150 (Android)"})
    signed_in.sign_in()
    return signed_in


def change(browser, current=PASSWORD, password=NEW, again=NEW):
    form = next(one for one in browser.get("/account").forms.values() if one.action == "/account/password")
    form["current"], form["password"], form["password_again"] = current, password, again
    return form.submit(expect_errors=True)


def test_a_password_is_changed_by_whoever_knows_the_present_one(app, browser):
    assert "Your password was changed" in change(browser).follow().text

    assert Browser(app).sign_in().status_int == 422
    assert Browser(app).sign_in(password=NEW).status_int == 303


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"current": "wrong horse battery"}, "This is not your current password."),
        ({"current": ""}, "This is not your current password."),
        ({"again": "seven green umbrella"}, "The two are not the same: please type the new password again."),
        ({"password": "elevenchars", "again": "elevenchars"}, "A password must have at least 12 characters."),
        ({"password": "qwerty123456", "again": "qwerty123456"}, "This password is too common"),
        ({"password": "ann@example.com", "again": "ann@example.com"}, "This password is little more than your name"),
    ],
)
def test_what_is_wrong_with_a_change_is_said_and_nothing_is_changed(app, browser, typed, sentence):
    page = change(browser, **typed)

    assert page.status_int == 422
    assert sentence in page.text
    assert Browser(app).sign_in().status_int == 303


def test_no_password_is_shown_again(browser):
    page = change(browser, current="wrong horse battery")

    assert "horse" not in page.text
    assert NEW not in page.text


def test_another_password_ends_the_other_logins_and_renews_this_one(browser, other):
    before = browser.cookies["session"]

    change(browser)

    assert other.get("/").location.startswith("/sign-in")
    assert browser.get("/").status_int == 200
    browser.set_cookie("session", before)
    assert browser.get("/").location.startswith("/sign-in")


def a_token(user, clock):
    token_actions.create(TokenFacts("n8n", frozenset({TokenRight.READ}), None), user, clock())


def test_who_changes_the_password_is_told_of_the_tokens_that_still_count(browser, user, clock):
    a_token(user, clock)
    a_token(user, clock)

    page = change(browser).follow()

    assert "2 tokens still count: see below whether you know them." in page
    assert [link["href"] for link in page.html.find_all("a", string="See your tokens")] == ["/tokens"]


def test_who_has_no_token_is_told_of_none(browser):
    page = change(browser).follow()

    assert "Your password was changed, and you are signed out everywhere else." in page
    assert "still count" not in page


def test_another_password_voids_links_to_set_one(browser, user, clock):
    token = passwords.make_link(user.id, Purpose.RESET, None, clock())

    change(browser)

    assert one_time_links.find(token, clock()) is None


def test_the_present_password_is_guessed_as_slowly_here(browser):
    tried = [change(browser, current="wrong horse battery").status_int for _ in range(7)]

    assert tried == [422] * 6 + [429]


def test_a_change_is_recorded_without_any_password(browser, user):
    change(browser, current="wrong horse battery")
    change(browser)

    entries = audit_entries.of_subject(f"user:{user.id}")
    assert [entry.action for entry in entries] == ["password.changed", "step_up.refused", "session.started"]
    assert "horse" not in str(entries)
    assert NEW not in str(entries)


def test_a_user_sees_where_they_are_signed_in(browser, other):
    page = browser.get("/account")

    assert "Firefox on Android" in page.text
    assert "198.51.100.9" in page.text
    assert page.text.count("This browser") == 1


def test_a_user_signs_another_browser_out(browser, other):
    page = browser.get("/account").forms[3].submit().follow()

    assert "That browser is signed out." in page.text
    assert other.get("/").location.startswith("/sign-in")


def test_a_user_signs_out_everywhere_else(browser, other):
    form = browser.get("/account").forms[4]
    assert "Sign out everywhere else" in form.text

    form.submit()

    assert other.get("/").location.startswith("/sign-in")
    assert browser.get("/").status_int == 200


def test_nobody_signs_a_browser_of_another_user_out(app, browser, user):
    a_user("bob@example.com", user.role, "Bob", users.password_hash_of(user.id))
    bob = Browser(app)
    bob.sign_in("bob@example.com")

    page = bob.post("/account/logins/1/end", {"csrf_token": bob.csrf_token()}, expect_errors=True)

    assert page.status_int == 404
    assert browser.get("/").status_int == 200


def test_a_login_that_was_ended_is_recorded(browser, other, user):
    browser.get("/account").forms[3].submit()

    latest = audit_entries.of_subject(f"user:{user.id}")[0]
    assert (latest.action, latest.after) == ("login.revoked", {"login": 2})


def rename(browser, name):
    form = next(one for one in browser.get("/account").forms.values() if one.action == "/account/name")
    form["name"] = name
    return form.submit(expect_errors=True)


def test_whoever_is_called_otherwise_changes_their_name_which_is_recorded(browser, user):
    page = rename(browser, "  Ann   Okafor ").follow()

    assert "Your name was changed." in page.text
    assert page.html.select_one(".layout__name").text == "Ann Okafor"
    [entry] = [one for one in audit_entries.of_subject(f"user:{user.id}") if one.action == "user.edited"]
    assert (entry.before, entry.after) == ({"name": "Ann"}, {"name": "Ann Okafor"})


@pytest.mark.parametrize("name", ["bob", "BOB@example.com", "The command line"])
def test_nobody_takes_the_name_of_somebody_else(browser, user, name):
    a_user("bob@example.com", name="Bob")

    page = rename(browser, name)

    assert page.status_int == 422
    assert (
        page.html.select_one("#name-error").text == "Somebody else is called that: choose a name that tells you apart."
    )
    assert users.existing(user.id).name == "Ann"


def test_without_a_name_the_e_mail_address_stands_for_it(browser):
    assert rename(browser, "").follow().html.select_one(".layout__name").text == "ann@example.com"
