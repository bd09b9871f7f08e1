"""Workbooks as programs upload them."""

import pytest

from app.files import FilesUnavailableError
from app.store.access import audit_entries
from app.store.db import tables
from tests.app.web.api.conftest import FIRST

UNREADABLE = ["INV-2", "Miller & Co", "2026-01-10", "2026-02-09", "a lot"]


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"workbook_max_megabytes": 1})


def test_an_uploaded_workbook_is_looked_at_and_then_applied(program, book, work_off):
    uploaded = program.upload("/imports?file_name=ledger.xlsx", book(FIRST))
    assert (uploaded.status_int, uploaded.json["state"]) == (202, "reading")
    work_off()

    previewed = program.get(uploaded.headers["Location"]).json
    assert (previewed["state"], previewed["file_name"], previewed["uploaded_by"]) == (
        "previewed",
        "ledger.xlsx",
        "ann@example.com",
    )
    assert (previewed["preview"]["writes"], previewed["preview"]["why_not"]) == (2, None)
    assert tables.InvoiceModel.select().count() == 0

    assert program.send("/imports/1/apply", {}).status_int == 202
    work_off()
    assert program.ask("/imports/1").json["state"] == "applied"
    assert [one["number"] for one in program.ask("/invoices?import_id=1").json["data"]] == ["INV-1"]


def test_a_clean_workbook_is_applied_at_once_where_that_is_asked_for(program, book, work_off):
    program.upload("/imports?apply=when-clean", book(FIRST))
    work_off()

    assert program.ask("/imports/1").json["state"] == "applied"


def test_who_asked_for_a_clean_workbook_to_be_applied_is_recorded(program, book):
    program.upload("/imports?apply=when-clean", book(FIRST))
    program.upload("/imports", book(FIRST))

    [asked], [not_asked] = map(audit_entries.of_subject, ("import:1", "import:2"))
    assert (asked.action, asked.program, asked.after["apply_when_clean"]) == ("import.uploaded", "n8n", True)
    assert "apply_when_clean" not in not_asked.after


def test_a_workbook_that_is_not_clean_waits_for_a_person(program, book, work_off):
    program.upload("/imports?apply=when-clean", book(FIRST, UNREADABLE))
    work_off()

    assert program.ask("/imports/1").json["state"] == "previewed"
    assert tables.InvoiceModel.select().count() == 0


def test_what_is_wrong_in_a_workbook_is_told_by_tab_and_cell(program, book, work_off):
    program.upload("/imports", book(FIRST, UNREADABLE))
    work_off()

    answer = program.send("/imports/1/apply", {})

    assert answer.status_int == 409
    assert [(one["tab"], one["cell"]) for one in answer.json["errors"]] == [("Invoices", "E3")]
    assert program.ask("/imports/1").json["preview"]["problems"] == answer.json["errors"]


def test_the_good_rows_can_be_applied_alone(program, book, work_off):
    program.upload("/imports", book(FIRST, UNREADABLE))
    work_off()

    program.send("/imports/1/apply", {"good_rows": True})
    work_off()

    assert program.ask("/imports/1").json["state"] == "applied"


def test_a_file_that_is_no_workbook_is_refused(program):
    answer = program.upload("/imports", b"not a workbook")

    assert answer.status_int == 422
    assert "This is not an Excel workbook" in answer.json["errors"][0]["sentence"]
    assert tables.ImportModel.select().count() == 0


def test_a_workbook_that_is_too_large_is_refused(program):
    answer = program.upload("/imports", b"x" * 1_000_001)

    assert (answer.status_int, answer.json["detail"]) == (413, "At most 1,000,000 bytes can be sent here.")


def test_another_kind_of_file_is_refused(program, book):
    assert program.upload("/imports", book(FIRST), Content_Type="application/pdf").status_int == 415


def test_a_workbook_that_is_sent_again_under_its_key_is_taken_once(program, book):
    content = book(FIRST)
    first, again = (program.upload("/imports", content, key="k") for _ in range(2))

    assert again.json == first.json
    assert tables.ImportModel.select().count() == 1


def test_an_import_that_is_being_read_cannot_be_applied(program, book):
    program.upload("/imports", book(FIRST))

    answer = program.send("/imports/1/apply", {})

    assert (answer.status_int, answer.json["detail"]) == (
        409,
        "This import is reading: only one that is previewed can be applied.",
    )


def test_imports_are_listed(program, book):
    program.upload("/imports", book(FIRST))

    assert [one["id"] for one in program.ask("/imports").json["data"]] == [1]


QUESTIONABLE = ["INV-3", "Miller & Co", "2026-01-10", "2026-02-09", "1.234"]


def test_a_question_is_answered_by_its_id(program, book, work_off):
    program.upload("/imports", book(FIRST, QUESTIONABLE))
    work_off()
    (question,) = program.ask("/imports/1").json["preview"]["questions"]
    assert (question["id"], question["choices"]) == ("decimal:Invoices!E", ["point", "comma"])
    assert question["examples"][0]["readings"] == {"point": "1.234", "comma": "1,234.00"}

    assert program.send("/imports/1/answers", {"answers": {question["id"]: "comma"}}).status_int == 202
    work_off()

    preview = program.ask("/imports/1").json["preview"]
    assert preview["questions"] == []
    assert [(one["id"], one["answer"], one["remembered"]) for one in preview["answered"]] == [
        ("decimal:Invoices!E", "comma", False)
    ]


def test_an_answer_to_nothing_that_is_asked_is_refused(program, book, work_off):
    program.upload("/imports", book(FIRST, QUESTIONABLE))
    work_off()

    answers = {"decimal:Invoices!Z": "comma", "decimal:Invoices!E": "dot"}
    answer = program.send("/imports/1/answers", {"answers": answers})

    assert answer.status_int == 422
    assert [one["sentence"] for one in answer.json["errors"]] == [
        "Nothing in this import is asked as 'decimal:Invoices!Z'.",
        "'dot' is no answer to 'decimal:Invoices!E': it takes point, comma.",
    ]


def test_a_preview_tells_what_is_owed_before_and_after(program, book, work_off):
    program.upload("/imports", book(FIRST))
    work_off()

    (after,) = program.ask("/imports/1").json["preview"]["after"]

    assert (after["currency"], after["outstanding_cents"] > 0, after["open_invoices"]) == ("USD", True, 1)


def test_an_upload_without_the_bucket_is_answered_with_when_to_try_again(program, book, monkeypatch):
    def away(*_):
        raise FilesUnavailableError("The uploaded files in s3://files cannot be reached just now.")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("app.files.Files.put", away)
        refused = program.upload("/imports?file_name=ledger.xlsx", book(FIRST), key="k")
    again = program.upload("/imports?file_name=ledger.xlsx", book(FIRST), key="k")

    assert (refused.status_int, refused.json["detail"], refused.headers["Retry-After"]) == (
        503,
        "The uploaded files in s3://files cannot be reached just now.",
        "5",
    )
    assert (again.status_int, again.json["id"]) == (202, 1)
