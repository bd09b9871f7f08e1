"""Workbooks that come by mail: who may send one, when it is applied, and its report."""

import io

import pytest
from openpyxl import load_workbook
from support.browser import QUICK_HASH
from support.records import a_user
from support.workbooks import workbook

from app.domain.automation import Automation
from app.domain.permissions import Role, Scope
from app.store.access import audit_entries, users
from app.store.db import tables
from app.store.ledger.automation import settings as automation
from tests.app.web.api.conftest import FIRST

UNREADABLE = ["INV-2", "Miller & Co", "2026-01-10", "2026-02-09", "a lot"]
QUESTIONABLE = ["INV-3", "Miller & Co", "2026-01-10", "2026-02-09", "1.234"]
MAILED = "/imports?file_name=ledger.xlsx&apply=when-clean&sender=bob@example.com"


@pytest.fixture
def bob(sqlite):
    return a_user("bob@example.com", Role.ACCOUNTANT, "Bob", QUICK_HASH)


@pytest.fixture
def applying_mail(sqlite):
    automation.write(Automation(applies_mailed=True))


@pytest.fixture
def report(program, work_off):
    def of(import_id=1):
        work_off()
        return program.ask(f"/imports/{import_id}").json["report"]

    return of


def test_a_workbook_of_a_sender_who_may_import_is_taken(program, book, bob):
    taken = program.upload(MAILED, book(FIRST))

    assert (taken.status_int, taken.json["source"], taken.json["sender"]) == (202, "mail", "bob@example.com")
    assert audit_entries.of_subject("import:1")[0].after["sender"] == "bob@example.com"


def _nobody():
    pass


def _a_viewer():
    a_user("bob@example.com", Role.VIEWER, "Bob", QUICK_HASH)


def _somebody_with_a_scope():
    user = a_user("bob@example.com", Role.ACCOUNTANT, "Bob", QUICK_HASH)
    users.set_scope(user.id, Scope(ledgers=frozenset({"2026"})))


def _somebody_who_left():
    users.set_active(a_user("bob@example.com", Role.ADMIN, "Bob", QUICK_HASH).id, active=False)


def _somebody_who_never_accepted_the_invitation():
    a_user("bob@example.com", Role.ADMIN, "Bob", users.HASH_OF_NONE)


@pytest.mark.parametrize(
    "sender",
    [_nobody, _a_viewer, _somebody_with_a_scope, _somebody_who_left, _somebody_who_never_accepted_the_invitation],
)
def test_anybody_else_is_an_unknown_sender_and_nothing_is_kept(program, book, sender):
    sender()

    refused = program.upload(MAILED, book(FIRST))

    assert (refused.status_int, refused.json["type"]) == (403, "/api#unknown-sender")
    assert refused.json["errors"][0]["field"] == "sender"
    assert tables.ImportModel.select().count() == 0


def test_a_clean_workbook_of_a_mail_waits_until_mail_is_trusted(program, book, bob, report):
    program.upload(MAILED, book(FIRST))

    assert report()["outcome"] == "waits"
    assert tables.InvoiceModel.select().count() == 0


def test_a_clean_workbook_of_a_mail_is_applied_once_mail_is_trusted(program, book, bob, report, applying_mail):
    program.upload(MAILED, book(FIRST))

    assert report()["outcome"] == "applied"
    assert tables.InvoiceModel.select().count() == 1


@pytest.mark.parametrize(
    ("figure", "outcome"), [("100.00", "applied"), ("USD 100", "applied"), ("100.01", "waits"), ("EUR 100", "waits")]
)
def test_it_is_applied_only_if_the_figure_of_the_sender_agrees_to_the_cent(program, book, report, figure, outcome):
    program.upload(f"/imports?apply=when-clean&expect={figure}", book(FIRST))

    assert report()["outcome"] == outcome


def test_a_figure_that_differs_is_said_with_the_difference(program, book, report):
    program.upload("/imports?apply=when-clean&expect=99.00", book(FIRST))

    assert (
        "Your book says 99.00 USD is owed, and after this import it would be 100.00: find the difference of 1.00 first."
    ) in report()["text"]


@pytest.mark.parametrize("figure", ["a+lot", "1.2.3", "%20"])
def test_a_figure_that_cannot_be_read_is_refused_with_a_sentence(program, book, figure):
    refused = program.upload(f"/imports?apply=when-clean&expect={figure}", book(FIRST))

    assert (refused.status_int, refused.json["errors"][0]["field"]) == (422, "expect")
    assert refused.json["detail"].endswith(": write it as 12345.60 or 'EUR 12345.60'.")
    assert tables.ImportModel.select().count() == 0


def test_there_is_no_report_while_the_workbook_is_in_work(program, book):
    assert program.upload("/imports", book(FIRST)).json["report"] is None


def test_the_report_of_an_applied_workbook_says_the_figures_and_where_to_look(program, book, report):
    program.upload("/imports?file_name=ledger.xlsx&apply=when-clean&expect=100.00", book(FIRST))

    said = report()

    assert (said["subject"], said["has_marked_copy"]) == ("ledger.xlsx: applied", False)
    assert said["link"] == "http://localhost:80/imports/1"
    assert said["text"] == (
        "ledger.xlsx was imported.\n\n"
        "What is owed\n------------\n\n"
        "                      Before   After\n"
        "Outstanding USD         0.00  100.00\n"
        "Overdue USD             0.00  100.00\n"
        "Open invoices in USD       0       1\n\n"
        "Your book says 100.00 USD is owed, and it agrees with this import.\n\n"
        "See what was changed, or undo it:\nhttp://localhost:80/imports/1\n"
    )


def test_the_same_workbook_again_says_nothing_new(program, book, report):
    content = book(FIRST)
    program.upload("/imports?apply=when-clean", content)
    assert report()["outcome"] == "applied"
    program.upload("/imports?apply=when-clean", content)

    assert report(2)["outcome"] == "nothing-new"


def test_problems_are_said_with_tab_and_cell(program, book, report):
    program.upload("/imports?file_name=ledger.xlsx&apply=when-clean", book(FIRST, UNREADABLE))

    said = report()

    assert (said["outcome"], said["subject"]) == ("problems", "ledger.xlsx: 1 problem to correct")
    assert "- Invoices!E3: " in said["text"]
    assert said["has_marked_copy"]


def test_no_more_than_fifty_problems_are_said(program, book, report):
    program.upload("/imports", book(FIRST, *([f"I-{number}", *UNREADABLE[1:]] for number in range(60))))

    said = report()

    assert said["text"].count("- Invoices!") == 50
    assert "- and 10 more\n" in said["text"]


def test_questions_are_said_with_their_choices_and_where_to_answer(program, book, report):
    program.upload("/imports?file_name=ledger.xlsx&apply=when-clean", book(FIRST, QUESTIONABLE))

    said = report()

    assert (said["outcome"], said["subject"]) == ("questions", "ledger.xlsx: 1 question to answer")
    assert "E3 is then 1.234" in said["text"]
    assert "E3 is then 1,234.00" in said["text"]
    assert (
        "Answer the questions here; if nothing else is open, it is then applied:\nhttp://localhost:80/imports/1\n"
    ) in said["text"]


def test_a_file_without_a_list_could_not_be_read(program, tmp_path, report):

    program.upload("/imports", workbook(tmp_path, {"Notes": [["nothing", "here"]]}).read_bytes())

    assert report()["outcome"] == "failed"


def test_what_a_workbook_says_is_text_in_the_mail(program, book, report):
    hostile = ["INV-2", "<script>alert(1)</script>", "2026-01-10", "2026-02-09", "<b>a lot</b>"]
    program.upload("/imports?file_name=%3Cb%3E.xlsx", book(FIRST, hostile))

    html = report()["html"]

    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;b&gt;.xlsx was not imported" in html


def test_the_marked_copy_comes_as_a_file(program, book, report):
    program.upload("/imports?file_name=ledger.xlsx", book(FIRST, UNREADABLE))
    report()

    copy = program.ask("/imports/1/marked")

    assert copy.headers["Content-Disposition"] == 'attachment; filename="ledger-checked.xlsx"'
    assert load_workbook(io.BytesIO(copy.body))["Invoices"]["E3"].comment is not None


def test_there_is_no_marked_copy_of_what_is_in_work(program, book):
    program.upload("/imports", book(FIRST))

    assert program.ask("/imports/1/marked").status_int == 404


def test_that_the_report_was_sent_is_noted_once(program, book, report, clock):
    program.upload("/imports", book(FIRST))
    report()

    first = program.send("/imports/1/report-sent", {"recipient": "bob@example.com"})
    clock.advance(hours=1)
    second = program.send("/imports/1/report-sent", {"recipient": "eve@example.com"})

    assert first.json["report_sent_at"] == second.json["report_sent_at"] == "2026-03-02T09:30:00Z"
    reported = [one for one in audit_entries.of_subject("import:1") if one.action == "import.reported"]
    assert [one.after["recipient"] for one in reported] == ["bob@example.com"]


def test_a_report_cannot_be_sent_before_there_is_one(program, book):
    program.upload("/imports", book(FIRST))

    assert program.send("/imports/1/report-sent", {"recipient": "bob@example.com"}).status_int == 409


@pytest.mark.parametrize("later", [{"minutes": 1}, {"days": 30}])
def test_the_same_mail_again_is_the_same_import_however_much_later(program, book, bob, report, clock, later):
    content = book(FIRST)
    program.upload(MAILED, content, key="mail")
    report()
    program.send("/imports/1/report-sent", {"recipient": "bob@example.com"})
    clock.advance(**later)

    again = program.upload(MAILED, content, key="mail")

    assert (again.status_int, again.json["id"]) == (202, 1)
    assert program.ask("/imports/1").json["report_sent_at"] == "2026-03-02T09:30:00Z"


def test_the_same_mail_by_another_token_of_the_user_is_the_same_import(program, program_of, user, book, bob):
    content = book(FIRST)
    program.upload(MAILED, content, key="mail")

    again = program_of(user).upload(MAILED, content, key="mail")

    assert (again.status_int, again.json["id"]) == (202, 1)
    assert tables.ImportModel.select().count() == 1


def test_the_key_of_a_mail_with_other_content_is_refused_however_much_later(program, book, bob, clock):
    program.upload(MAILED, book(FIRST), key="mail")
    clock.advance(days=30)

    again = program.upload(MAILED, book(FIRST, ["INV-2", *FIRST[1:]]), key="mail")

    assert (again.status_int, again.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert tables.ImportModel.select().count() == 1


def _mail_is_no_longer_trusted(bob):
    automation.write(Automation(version=1))


def _the_sender_is_deactivated(bob):
    users.set_active(bob.id, active=False)


@pytest.mark.parametrize("change", [_mail_is_no_longer_trusted, _the_sender_is_deactivated])
def test_a_mail_that_is_no_longer_trusted_as_it_is_read_waits(program, book, bob, report, applying_mail, change):
    program.upload(MAILED, book(FIRST))
    change(bob)

    assert report()["outcome"] == "waits"
    assert tables.InvoiceModel.select().count() == 0


def test_the_figure_of_the_sender_is_that_of_the_moment_in_which_the_workbook_is_applied(program, book, report):
    program.upload("/imports?expect=100.00", book(FIRST))
    report()
    program.upload("/imports?apply=when-clean", book(["INV-2", *FIRST[1:]]))
    report(2)

    program.send("/imports/1/apply", {})

    said = report()
    assert said["outcome"] == "waits"
    assert "What is stored changed after this preview was made: look at it again." in said["text"]
    assert "Your book says 100.00 USD is owed, and after this import it would be 200.00" in said["text"]
    assert tables.InvoiceModel.select().count() == 1
