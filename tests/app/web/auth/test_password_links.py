"""By a link a password is chosen, once, and the code is still asked for."""

import pytest
from support.browser import Browser
from support.codes import code_at
from support.records import LONG_AGO

from app.actions import api_tokens as token_actions
from app.actions import passwords, second_factors
from app.domain.permissions import TokenRight
from app.jobs.job_queue import open_queue
from app.store.access import audit_entries, users
from app.store.access.api_tokens import TokenFacts
from app.store.access.one_time_links import Purpose
from app.store.db import tables
from app.store.outbox import link_mails
from app.web.application import build

NEW = "seven green umbrellas"
SECRET = "JBSWY3DPEHPK3PXP" * 2


@pytest.fixture
def token(user, clock):
    return passwords.make_link(user.id, Purpose.RESET, None, clock())


def choose(browser, token, password=NEW, again=NEW):
    form = browser.get(f"/set-password?token={token}").forms[0]
    form["password"], form["password_again"] = password, again
    return form.submit(expect_errors=True)


def test_whoever_has_the_link_chooses_a_password(app, stranger, token):
    choose(stranger, token)

    assert Browser(app).sign_in().status_int == 422
    assert Browser(app).sign_in(password=NEW).status_int == 303


def test_who_chose_a_password_is_signed_in(stranger, token):
    page = choose(stranger, token).follow()

    assert page.request.path == "/"
    assert "Your password is set. Wherever you were signed in before, you are signed out." in page


def test_who_is_new_reads_nothing_of_earlier_sign_ins(stranger, user, clock):
    token = passwords.make_link(user.id, Purpose.INVITE, None, clock())

    page = choose(stranger, token).follow()

    assert "Your password is set." in page
    assert "signed in before" not in page


def test_a_link_is_good_once(stranger, token):
    choose(stranger, token)

    page = stranger.get(f"/set-password?token={token}", expect_errors=True)
    assert page.status_int == 404
    assert "This link was used already, or is too old: ask for a new one." in page.text


def test_a_link_is_good_for_half_an_hour(stranger, token, clock):
    clock.advance(minutes=30)

    assert stranger.get(f"/set-password?token={token}", expect_errors=True).status_int == 404


def test_a_form_that_was_open_too_long_changes_nothing(stranger, token, user, clock):
    form = stranger.get(f"/set-password?token={token}").forms[0]
    form["password"] = form["password_again"] = NEW
    clock.advance(minutes=30)

    assert form.submit(expect_errors=True).status_int == 404
    assert stranger.sign_in().status_int == 303


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("elevenchars", "elevenchars", "A password must have at least 12 characters."),
        (NEW, "", "The two are not the same"),
        ("ann@example.com", "ann@example.com", "This password is little more than your name"),
    ],
)
def test_a_password_that_will_not_do_leaves_the_link_good(stranger, token, password, again, sentence):
    page = choose(stranger, token, password, again)

    assert page.status_int == 422
    assert sentence in page.text
    assert choose(stranger, token).status_int == 303


def test_a_password_of_a_thousand_signs_of_any_kind_is_taken_whole(app, stranger, token):
    long = "Pässwörter 🔑 " * 71

    assert choose(stranger, token, long, long).status_int == 303
    assert Browser(app).sign_in(password=long[:-1]).status_int == 422
    assert Browser(app).sign_in(password=long).status_int == 303


def test_a_chosen_password_ends_all_logins(browser, app, token):
    choose(Browser(app), token)

    assert browser.get("/").location.startswith("/sign-in")


def test_who_chooses_a_password_by_a_link_is_told_of_the_tokens_that_end(app, stranger, token, user, clock):
    program = token_actions.create(TokenFacts("n8n", frozenset({TokenRight.READ}), None), user, clock())

    assert "1 token that a program used no longer counts" in choose(stranger, token).follow()
    assert stranger.get("/api/v1/invoices", headers={"Authorization": f"Bearer {program}"}, status=401)


def test_a_link_does_not_go_round_the_second_step(app, stranger, token, user, clock):
    second_factors.enable(user, SECRET, 0, [], clock())

    page = choose(stranger, token)

    assert "Your password is set." in page
    assert "session" not in stranger.cookies
    page.forms[0]["code"] = code_at(SECRET, clock())
    assert page.forms[0].submit().status_int == 303


def test_a_link_is_no_session(browser, stranger, token):
    stranger.set_cookie("session", token)

    assert stranger.get("/").location.startswith("/sign-in")


def test_what_a_link_did_is_recorded_without_its_token(stranger, token, user):
    choose(stranger, token)

    entries = audit_entries.of_subject(f"user:{user.id}")
    assert [entry.action for entry in entries] == ["session.started", "password.changed", "link.made"]
    assert token not in str(entries)


def test_without_mail_an_admin_is_to_be_asked(stranger):
    page = stranger.get("/sign-in").click("Forgot")

    assert "Ask an admin of this site" in page.text


@pytest.fixture
def with_mail(settings, clock, sqlite):
    """A browser of an app that has a mail server."""
    return Browser(
        build(settings.model_copy(update={"smtp_url": "smtp://mail.example", "mail_from": "a@b.example"}), clock)
    )


def ask(browser, email):
    form = browser.get("/forgot-password").forms[0]
    form["email"] = email
    return form.submit(expect_errors=True)


def test_everybody_gets_the_same_answer(with_mail, user):
    known, unknown = ask(with_mail, "ann@example.com"), ask(with_mail, "nobody@example.com")

    assert "If somebody signs in here with that address, a mail is on its way" in known.text
    assert unknown.text == known.text


def test_what_is_asked_for_waits_for_the_worker_without_any_token(with_mail, user):
    ask(with_mail, "ann@example.com")

    assert [(mail.email, mail.purpose) for mail in link_mails.unsent(LONG_AGO)] == [("ann@example.com", "reset")]
    (waiting,) = open_queue().storage.enqueued_items()
    assert b"send_links" in waiting
    assert tables.OneTimeLinkModel.select().count() == 0


def test_for_an_unknown_address_the_same_is_written_as_for_a_known_one(with_mail, user, statements):
    made = []
    for email in ("ann@example.com", "nob@example.com"):
        ask(with_mail, email)
        statements.clear()
        ask(with_mail, email)
        made.append([statement for statement in statements if "SAVEPOINT" not in statement])

    assert made[0] == made[1]
    assert [statement for statement in made[0] if statement.startswith('INSERT INTO "link_mails"')]


@pytest.fixture
def statements(monkeypatch):
    """What is asked of the database, in its order."""
    asked = []
    ask_database = tables.database.obj.execute_sql

    def noting(sql, *rest):
        asked.append(sql)
        return ask_database(sql, *rest)

    monkeypatch.setattr(tables.database.obj, "execute_sql", noting)
    return asked


def test_few_mails_are_sent_to_one_address(with_mail, user, clock):
    assert [ask(with_mail, "ann@example.com").status_int for _ in range(5)] == [200, 200, 200, 200, 429]

    clock.advance(minutes=1)
    assert ask(with_mail, "ann@example.com").status_int == 200


def test_whoever_has_to_wait_for_a_mail_still_sees_the_form(with_mail, user):
    for _ in range(4):
        ask(with_mail, "ann@example.com")

    page = ask(with_mail, "ann@example.com")

    assert "There were too many attempts: please try again in 60 seconds." in page.text
    assert page.forms[0]["email"].value == "ann@example.com"


def test_whoever_has_to_wait_for_a_code_still_sees_the_form(stranger, user, clock):
    second_factors.enable(user, SECRET, 0, [], clock())
    page = stranger.sign_in()
    for _ in range(7):
        page.forms[0]["code"] = "000000"
        page = page.forms[0].submit(expect_errors=True)

    assert page.status_int == 429
    assert "code" in page.forms[0].fields


def test_who_was_only_invited_cannot_sign_in_before_choosing(app, stranger, clock, user):
    users.set_password_hash(user.id, users.HASH_OF_NONE)

    assert stranger.sign_in(password="!").status_int == 422
    token = passwords.make_link(user.id, Purpose.INVITE, None, clock())
    choose(stranger, token)
    assert Browser(app).sign_in(password=NEW).status_int == 303
