"""n8n killed in the middle of each step, and its database put back: nothing is lost, and nothing is done twice."""

import subprocess
from decimal import Decimal

import pytest
from support.automated_stack import INBOX
from support.polling import is_so_within
from support.workbooks import invoices_tab, workbook

UNTIL_IT_IS_SEEN_AGAIN = 120
SELDOM_ENOUGH_FOR_THE_API = 0.5

KILLS = {
    "before the app has the workbook": ("before", r"POST .*/imports\?"),
    "when the app has the workbook": ("after", r"POST .*/imports\?"),
    "when the app knows of the answer": ("after", r"POST .*/report-sent"),
}


@pytest.fixture
def mailed(stack, mail, tmp_path):
    """Send a workbook, and wait until n8n was killed over it."""

    def send(name, number):
        row = [number, "Acme", "2026-01-05", "2026-02-04", Decimal("7.00")]
        stack.send(mail(workbook(tmp_path, invoices_tab(row), name=f"{name}.xlsx")))
        assert is_so_within(UNTIL_IT_IS_SEEN_AGAIN, stack.has_ended)

    return send


def is_answered(stack, name):
    """Wait until the app knows of an answer, which is the last that happens."""

    def is_noted():
        return any(one["report_sent_at"] for one in stack.app.imports_of(name))

    return is_so_within(UNTIL_IT_IS_SEEN_AGAIN, is_noted, pause=SELDOM_ENOUGH_FOR_THE_API)


@pytest.mark.parametrize("moment", KILLS)
def test_n8n_killed_at_a_request_loses_nothing_and_does_nothing_twice(stack, mailed, moment):
    when, request = KILLS[moment]
    name = moment.replace(" ", "-")
    getattr(stack.proxy, when)(request, stack.kill)

    mailed(name, f"K-{name}")
    stack.start()

    assert is_answered(stack, f"{name}.xlsx")
    assert stack.app.numbers().count(f"K-{name}") == 1
    assert (len(stack.app.imports_of(f"{name}.xlsx")), len(stack.answers(f"{name}.xlsx"))) == (1, 1)


def test_n8n_killed_while_it_hands_over_the_answer_sends_it_after_all(stack, mailed):
    stack.smtp.before = stack.kill

    mailed("handing-over", "K-smtp")
    stack.start()

    assert is_answered(stack, "handing-over.xlsx")
    assert len(stack.answers("handing-over.xlsx")) == 1


def test_only_between_the_mail_and_its_note_a_kill_makes_a_second_answer(stack, mailed):
    stack.proxy.before(r"POST .*/report-sent", stack.kill)

    mailed("between", "K-between")
    stack.start()

    assert is_answered(stack, "between.xlsx")
    assert stack.app.numbers().count("K-between") == 1
    assert (len(stack.app.imports_of("between.xlsx")), len(stack.answers("between.xlsx"))) == (1, 2)


def test_n8n_with_an_older_database_and_imported_again_looks_at_all_mails_and_does_nothing_twice(stack, mail, tmp_path):
    workflows = 'SELECT id, name, active, "activeVersionId" IS NOT NULL FROM workflow_entity ORDER BY id'
    dump = tmp_path / "n8n.dump"
    subprocess.run(["pg_dump", "--format=custom", "--file", dump, stack.database_url], check=True)
    before = stack.rows(workflows)
    row = ["K-older", "Acme", "2026-01-05", "2026-02-04", Decimal("7.00")]
    stack.send(mail(workbook(tmp_path, invoices_tab(row), name="older.xlsx")))
    assert is_answered(stack, "older.xlsx")

    stack.kill()
    restore = ["pg_restore", "--clean", "--if-exists", "--dbname", stack.database_url, dump]
    subprocess.run(restore, check=True, capture_output=True)
    stack.import_workflows()
    answered, seen = len(stack.smtp.mails), len(stack.proxy.seen)
    stack.start()
    mails = len(stack.mailboxes.mails(INBOX))
    assert is_so_within(UNTIL_IT_IS_SEEN_AGAIN, lambda: any("older.xlsx" in one for one in stack.proxy.seen[seen:]))
    row = ["K-newest", "Acme", "2026-01-05", "2026-02-04", Decimal("7.00")]
    stack.send(mail(workbook(tmp_path, invoices_tab(row), name="newest.xlsx")))
    assert is_answered(stack, "newest.xlsx")

    assert mails > 0
    assert [mail["Subject"] for _, mail in stack.smtp.mails[answered:]] == ["newest.xlsx: applied"]
    assert len(stack.app.imports_of("older.xlsx")) == 1
    assert stack.rows(workflows) == before
