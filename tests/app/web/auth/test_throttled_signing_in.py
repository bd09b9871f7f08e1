"""Who guesses passwords has to wait, and never keeps the user out for good."""

import pytest
from support.browser import Browser
from support.records import a_user

from app.domain.permissions import Role
from app.store.access import audit_entries, users
from app.store.db import tables
from app.web.application import build

WRONG = "wrong horse battery"
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.9"}


@pytest.fixture
def guesser(app):
    """A browser at another place than the user's."""
    return Browser(app, extra_environ=ELSEWHERE)


def guess(browser, times, email="ann@example.com"):
    return [browser.sign_in(email, WRONG).status_int for _ in range(times)]


def test_after_some_wrong_passwords_whoever_tries_has_to_wait(stranger, user):
    assert guess(stranger, 7) == [422] * 6 + [429]


def test_whoever_has_to_wait_is_told_for_how_long(stranger, user, clock):
    guess(stranger, 6)
    clock.advance(seconds=15)

    page = stranger.sign_in()

    assert page.headers["Retry-After"] == "45"
    assert "There were too many attempts: please try again in 45 seconds." in page.text


def test_whoever_has_to_wait_for_a_password_still_sees_the_form(stranger, user):
    guess(stranger, 6)

    page = stranger.sign_in()

    assert page.forms[0]["email"].value == "ann@example.com"
    assert "dashboard" not in page.html.main.text


def test_while_waiting_the_right_password_is_no_use_and_after_the_wait_it_is(stranger, user, clock):
    guess(stranger, 6)
    assert stranger.sign_in().status_int == 429

    clock.advance(minutes=1)
    assert stranger.sign_in().status_int == 303


def test_the_right_password_forgives_the_wrong_ones(stranger, user):
    guess(stranger, 5)
    stranger.sign_in()
    stranger.reset()

    assert guess(stranger, 6) == [422] * 6


def test_unknown_addresses_are_answered_like_known_ones(app, user):
    known, unknown = Browser(app), Browser(app, extra_environ=ELSEWHERE)

    assert guess(known, 8) == guess(unknown, 8, "nobody@example.com")
    assert known.sign_in().text.count("too many attempts") == 1
    assert unknown.sign_in("nobody@example.com").text.count("too many attempts") == 1


def test_another_account_does_not_wait(stranger, user):
    guess(stranger, 7)
    a_user("bob@example.com", Role.VIEWER, password_hash=users.password_hash_of(user.id))

    assert stranger.sign_in("bob@example.com").status_int == 303


def test_the_twenty_second_account_tried_from_one_place_waits(stranger, user):
    tried = [stranger.sign_in(f"{number}@example.com", WRONG).status_int for number in range(22)]

    assert tried == [422] * 21 + [429]


def test_a_subscriber_with_many_addresses_is_one_place(app, user):
    tried = []
    for number in range(22):
        browser = Browser(app, extra_environ={"REMOTE_ADDR": f"2001:db8:1:2::{number + 1:x}"})
        tried.append(browser.sign_in(f"{number}@example.com", WRONG).status_int)

    assert tried == [422] * 21 + [429]


def test_a_network_with_many_subscribers_is_one_place_that_waits_later(app, user):
    tried = []
    for number in range(102):
        browser = Browser(app, extra_environ={"REMOTE_ADDR": f"2001:db8:1:{number:x}::1"})
        tried.append(browser.sign_in(f"{number}@example.com", WRONG).status_int)

    assert tried == [422] * 101 + [429]


def test_another_network_does_not_wait(app, user):
    for number in range(102):
        Browser(app, extra_environ={"REMOTE_ADDR": f"2001:db8:1:{number:x}::1"}).sign_in(f"{number}@example.com", WRONG)

    elsewhere = Browser(app, extra_environ={"REMOTE_ADDR": "2001:db8:2::1"})
    assert elsewhere.sign_in("nobody@example.com", WRONG).status_int == 422


def test_who_signs_in_takes_nothing_of_what_the_network_may_try(app, user):
    for _ in range(103):
        at_home = Browser(app, extra_environ={"REMOTE_ADDR": "2001:db8:1::1"})
        assert at_home.sign_in().status_int == 303


@pytest.mark.parametrize("address", ["", "fe80::1%eth0", "::1"])
def test_any_address_may_try(app, user, address):
    assert guess(Browser(app, extra_environ={"REMOTE_ADDR": address}), 1) == [422]


def test_an_outsider_who_keeps_guessing_does_not_keep_the_user_out(browser, app, guesser):
    guess(guesser, 7)

    at_home = Browser(app)
    assert at_home.sign_in().status_int == 303


def test_a_refused_sign_in_is_recorded_without_what_was_typed(stranger, user):
    stranger.sign_in(password=WRONG)

    (entry,) = tables.AuditEntryModel.select().dicts()
    assert (entry["action"], entry["subject"]) == ("session.refused", f"user:{user.id}")
    assert "horse" not in str(entry)


def test_who_guesses_at_unknown_addresses_is_logged_and_adds_nothing_to_the_audit(stranger, user, caplog):
    for number in range(25):
        stranger.sign_in(f"typed-{number}@example.com", WRONG)

    assert "refused to sign in user unknown: unknown e-mail address" in caplog.text
    assert "refused an attempt at" in caplog.text
    assert "typed-" not in caplog.text
    assert tables.AuditEntryModel.select().count() == 0


def test_who_asks_for_too_many_mails_adds_nothing_to_the_audit(settings, clock, user):
    with_mail = settings.model_copy(update={"smtp_url": "smtp://mail.example", "mail_from": "a@b.example"})
    stranger = Browser(build(with_mail, clock))
    asked = []
    for _ in range(6):
        form = stranger.get("/forgot-password").forms[0]
        form["email"] = "ann@example.com"
        asked.append(form.submit(expect_errors=True).status_int)

    assert asked == [200, 200, 200, 200, 429, 429]
    assert tables.AuditEntryModel.select().count() == 0


def test_each_wait_is_recorded_once(stranger, user, clock):
    guess(stranger, 20)
    clock.advance(minutes=1)
    guess(stranger, 20)

    actions = [entry.action for entry in reversed(audit_entries.of_subject(f"user:{user.id}"))]
    assert actions == ["session.refused"] * 6 + ["session.throttled", "session.refused", "session.throttled"]


def test_a_password_that_is_too_long_to_be_right_is_wrong(stranger, user):
    assert stranger.sign_in(password="correct horse battery" + " " * 1000).status_int == 422
