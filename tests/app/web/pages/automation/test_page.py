"""An admin says what comes and goes by itself, and sees what did."""

from datetime import UTC, datetime

import pytest
from support.browser import PASSWORD, QUICK_HASH, Browser
from support.records import a_customer, a_user, an_import, an_imported_row, an_invoice

from app.actions import api_tokens as token_actions
from app.domain.automation import Automation
from app.domain.permissions import API_RIGHTS, Role
from app.jobs.inbox_state import InboxState
from app.store.access import api_tokens, audit_entries, users
from app.store.access.api_tokens import TokenFacts
from app.store.ledger.automation import digests
from app.store.ledger.automation import settings as automation
from app.web.application import build
from tests.app.web.api.conftest import Program

SECRET_URL = "https://chat.example/hooks/T000/B000/very-secret-1234"
A_DAY = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def save(browser, form=None, **values):
    form = form or browser.get("/automation").forms[1]
    for name, value in values.items():
        form[name] = value
    return form.submit(expect_errors=True)


def text_of(browser):
    return " ".join(browser.get("/automation").html.select_one("main").get_text(" ", strip=True).split())


def test_nothing_is_switched_on_at_first(browser):
    assert automation.current() == Automation()
    text = text_of(browser)
    assert "There is no inbox folder." in text
    assert "No workbook has come by mail or by the inbox folder yet." in text
    assert "never: without n8n no mail is fetched and no digest is sent" in text


def test_what_is_saved_holds_and_stands_in_the_form(stepped_up):
    answer = save(
        stepped_up,
        applies_mailed=True,
        overdue_digest=True,
        weekday="5",
        hour="0",
        month_end_digest=True,
        recipients="ann@example.com\nbob@example.com, ann@example.com",
        chat_url=SECRET_URL,
    )

    assert "The settings were saved." in answer.follow().text
    people = ("ann@example.com", "bob@example.com")
    assert automation.current() == Automation(True, True, 5, 0, True, people, SECRET_URL, version=1)
    form = stepped_up.get("/automation").forms[1]
    assert (form["weekday"].value, form["hour"].value, form["applies_mailed"].checked) == ("5", "0", True)


def test_the_address_of_the_chat_is_shown_masked_and_kept_where_nothing_is_typed(stepped_up):
    save(stepped_up, chat_url=SECRET_URL)

    page = stepped_up.get("/automation")
    assert "very-secret" not in page.text
    assert "chat.example/…1234" in page.text
    save(stepped_up, hour="9")
    assert automation.current().chat_url == SECRET_URL

    save(stepped_up, forget_chat=True)
    assert automation.current().chat_url == ""


def test_a_change_is_recorded_without_the_secret(stepped_up):
    save(stepped_up, chat_url=SECRET_URL, recipients="eve@example.com")
    save(stepped_up, chat_url=SECRET_URL.replace("very", "other"))

    latest, first = audit_entries.of_subject("automation:1")
    assert first.after == {"chat_url": "chat.example/…1234", "recipients": ["eve@example.com"]}
    assert (latest.before, latest.after) == ({"chat_url": "chat.example/…1234"}, {"chat_url": "chat.example/…1234"})
    page = stepped_up.get("/audit").text
    assert "Ann edited the settings of automation" in page
    assert "very-secret" not in page


def test_saving_the_same_again_records_nothing(stepped_up):
    assert "Nothing was different." in save(stepped_up).follow().text
    assert audit_entries.of_subject("automation:1") == []


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("recipients", "ann", "“ann” is not an e-mail address: write one on each line."),
        (
            "recipients",
            "Ann <ann@example.com>",
            "“Ann <ann@example.com>” is not an e-mail address: write one on each line.",
        ),
        ("recipients", "\n".join(f"a{number}@b.example" for number in range(21)), "Please name at most 20 recipients."),
        *(
            ("chat_url", url, "Please write the https address of an incoming webhook, as the chat shows it.")
            for url in (
                "http://chat.example/hooks/1",
                "https://chat.example",
                "https://localhost/hooks/1",
                "https://127.0.0.1/hooks/1",
                "https://user:word@chat.example/hooks/1",
                "https://chat.example:8065/hooks/1",
                "chat.example/hooks/1",
            )
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_saved(stepped_up, name, typed, sentence):
    page = save(stepped_up, **{name: typed})

    assert page.status_int == 422
    assert page.html.select_one(f"#{name}-error").text == sentence
    assert automation.current() == Automation()


def test_without_the_password_nothing_is_saved(browser):
    page = save(browser, recipients="eve@example.com")

    assert page.status_int == 422
    assert automation.current() == Automation()
    assert save(browser, page.forms[1], current=PASSWORD).status_int == 303
    assert automation.current().recipients == ("eve@example.com",)


def test_the_slower_of_two_sees_what_the_other_saved(stepped_up):
    slower = stepped_up.get("/automation").forms[1]
    save(stepped_up, recipients="ann@example.com")

    page = save(stepped_up, slower, recipients="bob@example.com")

    assert page.status_int == 409
    assert "Ann saved the settings of automation on 2 Mar 2026, 09:30 while you were editing." in page.text
    assert automation.current().recipients == ("ann@example.com",)


def test_who_may_send_is_who_the_api_takes_a_workbook_from(browser):
    a_user("bob@example.com", Role.ACCOUNTANT, "Bob", QUICK_HASH)
    a_user("vera@example.com", Role.VIEWER, "Vera", QUICK_HASH)
    a_user("new@example.com", Role.ADMIN, "New", users.HASH_OF_NONE)
    users.set_active(a_user("gone@example.com", Role.ADMIN, "Gone", QUICK_HASH).id, active=False)

    assert "the address of a user who may import: ann@example.com, bob@example.com. Users" in text_of(browser)


def test_a_digest_is_sent_again_where_that_is_asked(browser, app, user, clock):
    automation.write(Automation(overdue_digest=True, recipients=("ann@example.com",)))
    digests.note_sent("overdue", "2026-W10", clock())
    program = Program(app, token_actions.create(TokenFacts("n8n", API_RIGHTS, None), user, clock()))
    assert not program.ask("/digests/overdue").json["due"]

    answer = browser.get("/automation").forms[2].submit()

    assert "What is overdue (2026-W10) is sent within a quarter of an hour" in answer.follow().text
    assert program.ask("/digests/overdue").json["due"]
    program.send("/digests/overdue/sent", {"period": "2026-W10"})
    assert not program.ask("/digests/overdue").json["due"]
    asked = [one.action for one in audit_entries.of_subject("digest:overdue")]
    assert asked == ["digest.sent", "digest.asked"]


def test_when_n8n_asked_last_is_said(browser, app, user, clock):
    Program(app, token_actions.create(TokenFacts("n8n", API_RIGHTS, None), user, clock())).ask("/imports")

    assert api_tokens.of_user(user.id)[0].last_used_at == clock()
    assert "n8n asked last 2 Mar 2026, 09:30" in text_of(browser)


def test_what_came_by_itself_is_listed_with_its_outcome(browser, user):
    an_import(
        "mailed.xlsx",
        user.id,
        source="mail",
        sender="bob@example.com",
        report_sent_at=A_DAY,
        report_recipient="bob@example.com",
    )
    an_import("filed.xlsx", source="folder", inbox_name="filed.xlsx", filed_at=A_DAY, state="previewed")
    an_import("uploaded.xlsx", user.id)

    rows = [
        row.get_text(" ", strip=True)
        for row in browser.get("/automation").html.select("section")[-1].select("tbody tr")
    ]
    assert rows == [
        "filed.xlsx Ready to check 1 Feb 2026, 08:00 by the inbox folder 1 Mar 2026, 08:00, beside the file",
        "mailed.xlsx Applied 1 Feb 2026, 08:00 by mail of bob@example.com 1 Mar 2026, 08:00 to bob@example.com",
    ]


def test_the_list_of_imports_says_what_brought_them(browser, user):
    an_import("mailed.xlsx", user.id, source="mail", sender="bob@example.com")
    an_import("filed.xlsx", source="folder")

    text = browser.get("/imports").text
    assert "by mail of bob@example.com" in text
    assert "by the inbox folder" in text


def test_the_history_of_an_invoice_names_the_inbox_folder(browser):
    invoice = an_invoice("1001", a_customer())
    an_imported_row(an_import("filed.xlsx", source="folder", applied_at=A_DAY), invoice)

    assert "The inbox folder imported it from" in " ".join(browser.get(f"/invoices/{invoice.id}").text.split())


@pytest.fixture
def with_inbox(sqlite, settings, clock, tmp_path, user):
    settings.data_dir.mkdir(exist_ok=True)
    browser = Browser(build(settings.model_copy(update={"inbox_dir": tmp_path / "inbox"}), clock))
    browser.sign_in()
    return browser


def test_an_inbox_that_was_not_looked_into_is_said(with_inbox):
    assert "not known: the worker has not looked yet" in text_of(with_inbox)


def test_what_lies_in_the_inbox_and_what_is_stuck_is_said(with_inbox, settings):
    InboxState(2, ("a.xlsx", "b.xlsx"), ("c.xlsx cannot be moved.",)).write(settings.data_dir)

    text = text_of(with_inbox)
    assert "2 files: a.xlsx, b.xlsx" in text
    assert "c.xlsx cannot be moved." in text
