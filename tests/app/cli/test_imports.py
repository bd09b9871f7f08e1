"""`invoices import, imports, undo, export, report`: exit codes, sentences, JSON; when killed, all or nothing."""

import json
import os
import random
import secrets
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from support.command_line import run as invoices
from support.command_line import run_anew, start
from support.s3_server import files_environment
from support.workbooks import (
    AN_INVOICE,
    ANOTHER_INVOICE,
    INVOICES,
    PAYMENTS,
    dump,
    invoices_tab,
    large_workbook,
    meaning,
    workbook,
)

from app.store.db import database as store_database
from app.store.db.tables import ImportModel, InvoiceModel

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared"
DAY = date(2026, 1, 20)


@pytest.fixture
def environment(database_url, tmp_path):
    return {**os.environ, "DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def on_sqlite(sqlite_url, tmp_path):
    return {**os.environ, "DATABASE_URL": sqlite_url, "DATA_DIR": str(tmp_path / "data")}


def as_json(environment, *arguments):
    result = invoices(environment, *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def tables(database_url, read):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        found = read()
    _close(opened)
    return found


def _close(opened):
    opened.close_all() if hasattr(opened, "close_all") else opened.close()


@pytest.fixture
def one_of_several(postgresql_url, s3_server, tmp_path):
    """A copy of the app whose files are in a bucket, at an address that no other test has."""
    place = s3_server.files_place(secrets.token_hex(8))
    return {
        **os.environ,
        "DATABASE_URL": postgresql_url,
        "DATA_DIR": str(tmp_path / "data"),
        "SECRET_KEY": "k" * 32,
        **files_environment(place),
    }


def test_an_import_into_a_bucket_is_applied_and_undone(one_of_several, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE, ANOTHER_INVOICE))

    applied = as_json(one_of_several, "import", path, "--apply")
    undone = invoices(one_of_several, "undo", applied["import"])

    assert (applied["state"], applied["counts"]["new"]) == ("applied", 2)
    assert (undone.returncode, undone.stderr) == (0, "")
    assert not (tmp_path / "data" / "imports").exists()


def test_an_import_without_its_bucket_is_one_sentence_and_changes_nothing(one_of_several, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE))
    away = {**one_of_several, "FILES_URL": "s3://nowhere"}

    refused = invoices(away, "import", path, "--apply")
    applied = as_json(one_of_several, "import", path, "--apply")

    assert (refused.returncode, refused.stderr) == (
        1,
        "The uploaded files in s3://nowhere cannot be reached just now: nothing was changed, and the operator of this "
        "site has to name a bucket in FILES_URL that exists.\n",
    )
    assert (applied["state"], applied["counts"]["new"]) == ("applied", 1)


def test_an_import_is_previewed_applied_repeated_and_undone(environment, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE, ANOTHER_INVOICE))

    previewed = as_json(environment, "import", path)
    applied = as_json(environment, "import", path, "--apply")
    again = as_json(environment, "import", path, "--apply")
    undone = invoices(environment, "undo", applied["import"])

    assert (previewed["import"], previewed["state"], previewed["counts"]["new"]) == (None, "previewed", 2)
    assert applied["state"] == "applied"
    assert (again["import"], again["state"]) == (applied["import"], "applied")
    assert again["counts"]["unchanged"] == 2
    assert (undone.returncode, undone.stdout) == (0, f"Import {applied['import']} was undone.\n")
    assert [one["state"] for one in as_json(environment, "imports")] == ["undone"]


def test_the_totals_of_each_tab_are_told_as_strings(on_sqlite, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE, ["Total", None, None, None, Decimal(100)]))

    (tab,) = as_json(on_sqlite, "import", path)["tabs"]

    assert tab["totals"] == {"currency": "USD", "gross": "100.00", "paid": "0.00", "open": "100.00"}
    assert (tab["name"], tab["kind"], tab["rows"]) == ("Invoices", "invoice", 1)


def test_an_unanswered_question_is_exit_code_1_and_the_question_with_its_cells(on_sqlite, tmp_path):
    path = workbook(tmp_path, invoices_tab(["1", "Acme", "03/04/2026", date(2026, 6, 1), Decimal(5)]))

    asked = invoices(on_sqlite, "import", path, "--apply")

    assert asked.returncode == 1
    assert "Answer with --dates dmy|mdy." in asked.stderr
    assert "C2: '03/04/2026' is 3 April 2026 (dmy), or 4 March 2026 (mdy)?" in asked.stderr
    assert as_json(on_sqlite, "import", path, "--apply", "--dates", "dmy")["state"] == "applied"


def test_each_subject_has_its_option(on_sqlite, tmp_path):
    rows = [["1", "Acme", "03/04/2026", None, "1.234", 5]]
    path = workbook(tmp_path, {"A": [[*INVOICES, "Paid"], *rows]})

    assert invoices(on_sqlite, "import", path).returncode == 1
    answers = ("--dates", "mdy", "--decimal", "comma", "--terms", "30", "--undated", "due")
    assert as_json(on_sqlite, "import", path, *answers)["tabs"][0]["totals"]["gross"] == "1234.00"


def test_a_problem_is_exit_code_1_names_its_cell_and_writes_nothing(on_sqlite, sqlite_url, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE, ["2", "Acme", "soon", DAY, Decimal(5)]))

    result = invoices(on_sqlite, "import", path, "--apply")

    assert result.returncode == 1
    assert "Invoices!C3 says 'soon', which is not a date." in " ".join(result.stdout.split())
    assert result.stderr.startswith("1 problem in the workbook")
    assert tables(sqlite_url, InvoiceModel.select().count) == 0


def test_a_file_that_is_no_workbook_is_one_sentence_and_exit_code_1(on_sqlite, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"\0\1\2\3")

    result = invoices(on_sqlite, "import", path, "--apply")

    assert result.returncode == 1
    assert (
        result.stderr
        == "This is not an Excel workbook: upload a file saved by Excel as .xlsx or .xlsm, or a list as .csv.\n"
    )
    assert not list((tmp_path / "data").glob("imports/*"))


def test_a_list_as_csv_is_imported_and_the_same_again_writes_nothing(on_sqlite, tmp_path):
    path = tmp_path / "March.csv"
    path.write_text(f"{','.join(INVOICES)}\n0017,Acme,2026-01-05,2026-02-04,100.00\n")

    assert "is applied" in invoices(on_sqlite, "import", path, "--apply").stdout

    again = as_json(on_sqlite, "import", path)
    assert again["counts"]["unchanged"] == 1
    assert [tab["name"] for tab in again["tabs"]] == ["March"]


def test_limits_are_settings(on_sqlite, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE, ANOTHER_INVOICE))

    result = invoices({**on_sqlite, "WORKBOOK_MAX_ROWS": "2"}, "import", path)

    assert result.stderr.strip() == (
        "The workbook has more than 2 rows, the most that is read: split it, or remove tabs and rows that are not "
        "needed."
    )


def test_a_wrong_use_is_exit_code_2(on_sqlite, tmp_path):
    assert invoices(on_sqlite, "import", tmp_path / "none.xlsx").returncode == 2
    assert invoices(on_sqlite, "import", workbook(tmp_path, invoices_tab(AN_INVOICE)), "--dates", "x").returncode == 2


def test_an_undo_that_is_refused_names_the_reasons(on_sqlite, tmp_path):
    payment = {"Payments": [PAYMENTS, ["1001", DAY, Decimal(40)]]}
    as_json(on_sqlite, "import", workbook(tmp_path, invoices_tab(AN_INVOICE)), "--apply")
    as_json(on_sqlite, "import", workbook(tmp_path, invoices_tab(AN_INVOICE) | payment), "--apply")

    result = invoices(on_sqlite, "undo", 1)

    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "The import cannot be undone: later payments or edits depend on it.",
        "  Invoice 1001 has a payment of 40.00 on 2026-01-20 that did not come from this import.",
    ]


def test_an_import_that_does_not_exist_cannot_be_undone(on_sqlite):
    result = invoices(on_sqlite, "undo", 77)

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1


def test_what_is_exported_changes_nothing_when_it_is_imported(on_sqlite, tmp_path):
    as_json(on_sqlite, "import", workbook(tmp_path, invoices_tab(AN_INVOICE, ANOTHER_INVOICE)), "--apply")

    exported = invoices(on_sqlite, "export", tmp_path / "out.xlsx")
    preview = as_json(on_sqlite, "import", tmp_path / "out.xlsx")

    assert exported.stdout.startswith("Wrote 2 customers, 2 invoices and 0 payments to ")
    assert preview["counts"] == {"new": 0, "changed": 0, "unchanged": 4, "conflict": 0, "error": 0, "missing": 0}


def test_numbers_in_sentences_are_plain_on_a_terminal_in_json_and_in_a_marked_copy(on_sqlite, tmp_path):
    rows = [
        ["1", "Acme", DAY, DAY, Decimal(100), Decimal(40), Decimal(50)],
        ["2", "Acme", DAY, DAY, "1.234", None, None],
    ]
    path, marked = workbook(tmp_path, {"A": [[*INVOICES, "Paid", "Balance"], *rows]}), tmp_path / "marked.xlsx"

    printed = invoices(on_sqlite, "import", path, "--marked", marked)
    answer = invoices(on_sqlite, "import", path, "--json")

    (comment,) = [cell.comment.text for row in load_workbook(marked)["A"] for cell in row if cell.comment]
    sentence = "says 50.00 is open, but 100.00 less 40.00 paid is 60.00"
    assert [sentence in text for text in (printed.stdout, answer.stdout, comment)] == [True, True, True]
    assert "E3: '1.234' is 1.234 (point), or 1,234.00 (comma)?" in printed.stderr


def test_an_export_that_is_no_xlsx_or_cannot_be_written_is_exit_code_1(on_sqlite, tmp_path):
    assert invoices(on_sqlite, "export", tmp_path / "out.csv").returncode == 1
    assert "cannot be written" in invoices(on_sqlite, "export", tmp_path / "none" / "out.xlsx").stderr


def test_a_marked_copy_is_written_beside(on_sqlite, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE, ["2", "Acme", "soon", DAY, Decimal(5)]))

    invoices(on_sqlite, "import", path, "--marked", tmp_path / "marked.xlsx")

    assert "Errors" in load_workbook(tmp_path / "marked.xlsx").sheetnames


def test_the_same_file_is_read_the_same_under_any_locale_and_time_zone(on_sqlite, tmp_path):
    rows = [["1", "Acme", "03/04/2026", "23/04/2026", "1.234"], ["2", "Acme", DAY, DAY, "1.234,50"]]
    path = workbook(tmp_path, invoices_tab(*rows))

    results = [
        run_anew({**on_sqlite, "LC_ALL": locale, "LANG": locale, "TZ": zone}, "import", path, "--json").stdout
        for locale, zone in (("en_US.UTF-8", "America/New_York"), ("de_DE.UTF-8", "Pacific/Auckland"), ("C", "UTC"))
    ]

    assert results[0] == results[1] == results[2]
    assert [question["id"] for question in json.loads(results[0])["questions"]] == ["dates:Invoices!C"]


# --- killed at any moment


def _large(folder):
    rows = [[str(number), f"Customer {number % 40}", DAY, DAY, 5] for number in range(1_000)]
    payments = [[str(number), DAY, 5] for number in range(800)]
    return large_workbook(folder / "large.xlsx", {"Invoices": [INVOICES, *rows], "Payments": [PAYMENTS, *payments]})


def test_an_import_that_is_killed_leaves_all_or_nothing_and_a_retry_ends_the_same(environment, database_url, tmp_path):
    path = _large(tmp_path)
    empty = tables(database_url, dump)
    dice = random.Random(7)
    outcomes = set()
    for _ in range(6):
        with Path(os.devnull).open("r+b") as nowhere:
            command = start(environment, "import", path, "--apply", files=(nowhere.fileno(),) * 3)
        if not command.ends_within(dice.uniform(0.1, 0.9)):
            command.kill()
        command.wait()
        _settle(database_url)
        left = tables(database_url, dump)
        outcomes.add("nothing" if left == empty else "all")
        if left != empty:
            assert (len(left["invoices"]), len(left["payments"])) == (1_000, 800)
            break

    retried = invoices(environment, "import", path, "--apply")

    assert retried.returncode == 0
    found = tables(database_url, meaning)
    assert (len(found["customers"]), len(found["invoices"]), len(found["payments"])) == (40, 1_000, 800)
    assert tables(database_url, lambda: [one.state for one in ImportModel.select()]) == ["applied"]
    assert "nothing" in outcomes


def _settle(database_url):
    """Wait until the server has noticed that a killed client is gone and has rolled it back."""
    opened = store_database.open_database(database_url)
    deadline = time.monotonic() + 10
    with store_database.connection():
        while "postgres" in database_url and time.monotonic() < deadline:
            others = (
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND state <> 'idle' AND datname = current_database()"
            )
            if opened.execute_sql(others).fetchone()[0] == 0:
                break
    _close(opened)


# --- the true figures of a real ledger


TRUE_FIGURES = [
    ("2012-12-31", 99, "5725.06", "4936.32", "788.74"),
    ("2013-06-30", 84, "5119.85", "4284.29", "835.56"),
    ("2013-12-31", 13, "761.90", "206.25", "555.65"),
]


@pytest.fixture
def ledger(tmp_path):
    """Return a function that writes the ledger as of a day as a workbook of three tabs, where it is at hand."""
    program = SHARED / "tools" / "make_workbook.py"
    if not program.exists():
        pytest.skip("the sample ledger is not beside the repository")

    def made(day):
        path = tmp_path / "ledger.xlsx"
        subprocess.run([sys.executable, program, path, "--as-of", day], check=True, capture_output=True)
        return path

    return made


def _assert_ageing(environment, day, open_invoices, outstanding, not_due, to_30):
    found = as_json(environment, "report", "ageing", "--as-of", day)
    assert (found["open_invoices"], found["outstanding"]) == (open_invoices, outstanding)
    assert list(found["buckets"].values()) == [not_due, to_30, "0.00", "0.00", "0.00"]


@pytest.mark.parametrize("figures", TRUE_FIGURES, ids=lambda figures: figures[0])
def test_a_real_ledger_of_three_tabs_gives_its_true_figures(on_sqlite, ledger, figures):
    as_json(on_sqlite, "import", ledger(figures[0]), "--apply")

    _assert_ageing(on_sqlite, *figures)


def _consolidated(source, target, tab_of, headers, cells):
    """Write the ledger's invoices into tabs, each row with what was paid of it."""
    book = load_workbook(source, read_only=True)
    names = {row[0]: (row[1], row[2]) for row in book["Customers"].iter_rows(min_row=2, values_only=True)}
    paid = {row[0]: row[1] for row in book["Payments"].iter_rows(min_row=2, values_only=True)}
    out = Workbook()
    out.remove(out.active)
    for number, code, issued, due, amount, _ in book["Invoices"].iter_rows(min_row=2, values_only=True):
        name, country = names[code]
        paid_on = paid.get(number)
        title = tab_of(issued, country, paid_on)
        sheet = out[title] if title in out.sheetnames else None
        if sheet is None:
            sheet = out.create_sheet(title)
            sheet.append(["Receivables"])
            sheet.append(["Inv. No.", "Client", "Date", "Due", "Amount", *headers])
        sheet.append([number, name, issued, due, amount, *cells(amount, paid_on)])
    book.close()
    out.save(target)
    return target


SHAPES = {
    "by year, amount paid": (
        lambda issued, *_: str(issued.year),
        ["Amount Paid", "Paid On"],
        lambda amount, paid_on: [amount if paid_on else None, paid_on],
    ),
    "by country, balance": (
        lambda _, country, __: f"Branch {country}",
        ["Balance", "Date Paid"],
        lambda amount, paid_on: [0 if paid_on else amount, paid_on],
    ),
    "by status, day of payment": (
        lambda _, __, paid_on: "Paid" if paid_on else "Open",
        ["Status", "Settled On"],
        lambda _, paid_on: ["Paid" if paid_on else "Open", paid_on],
    ),
    "by year, everything": (
        lambda issued, *_: str(issued.year),
        ["Paid", "Balance", "Payment Date", "Status"],
        lambda amount, paid_on: [
            amount if paid_on else 0,
            0 if paid_on else amount,
            paid_on,
            "✅" if paid_on else "Due",
        ],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_ledger_in_consolidated_tabs_gives_the_same_figures(on_sqlite, ledger, tmp_path, shape):
    path = _consolidated(ledger("2013-06-30"), tmp_path / "consolidated.xlsx", *SHAPES[shape])

    as_json(on_sqlite, "import", path, "--apply")

    _assert_ageing(on_sqlite, *TRUE_FIGURES[1])


def test_an_undecided_conflict_alone_is_exit_code_1_and_a_sentence(on_sqlite, sqlite_url, tmp_path):
    invoices(on_sqlite, "import", workbook(tmp_path, invoices_tab(AN_INVOICE)), "--apply")
    tables(sqlite_url, lambda: InvoiceModel.update(total_cents=1, version=2).execute())

    edited = workbook(tmp_path, invoices_tab([*AN_INVOICE[:4], Decimal(7)]), name="edited.xlsx")
    result = invoices(on_sqlite, "import", edited, "--apply")

    assert result.returncode == 1
    assert result.stderr == "1 conflict: decide whether to keep what the app has or to take the workbook's.\n"


def test_a_marked_copy_that_cannot_be_written_stops_the_import_before_it_begins(on_sqlite, sqlite_url, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE))

    result = invoices(on_sqlite, "import", path, "--apply", "--marked", tmp_path / "none" / "marked.xlsx")

    assert result.returncode == 1
    assert "cannot be written" in result.stderr
    assert "Traceback" not in result.stderr
    assert tables(sqlite_url, lambda: InvoiceModel.select().count()) == 0


def test_a_day_beyond_all_calendars_is_refused_in_a_sentence(on_sqlite):
    result = invoices(on_sqlite, "report", "ageing", "--as-of", "9999-12-31")

    assert (result.returncode, result.stderr) == (1, "Choose a day between 1900 and 2999.\n")


# --- answers beforehand

UNKNOWN = {"2026": [[*INVOICES, "Bank"], ["1", "Acme", DAY, date(2026, 2, 4), 100, 40]]}


def test_answers_are_read_from_a_file_with_the_ids_that_were_asked(on_sqlite, tmp_path):
    path = workbook(tmp_path, UNKNOWN)
    asked = json.loads(invoices(on_sqlite, "import", path, "--json").stdout)["questions"]
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({asked[0]["id"]: "paid", "undated": "due"}), encoding="utf-8")

    done = as_json(on_sqlite, "import", path, "--apply", "--answers", answers)

    assert asked[0]["id"] == "column:2026!F"
    assert done["figures"]["after"] == [
        {"currency": "USD", "outstanding": "60.00", "overdue": "60.00", "credit": "0.00", "open_invoices": 1}
    ]


def test_a_column_and_a_tab_are_told_without_a_file(on_sqlite, tmp_path):
    path = workbook(tmp_path, UNKNOWN | {"Old": [INVOICES, ["2", "Acme", DAY, DAY, 5]]})

    done = as_json(on_sqlite, "import", path, "--column", "2026!F=balance", "--undated", "due", "--skip-tab", "Old")

    assert (done["questions"], done["figures"]["after"][0]["outstanding"]) == ([], "40.00")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--column", "F=paid"], "--column 'F=paid' is not of the form 'Tab!F=balance'."),
        (["--column", "2026!F=money"], "--column '2026!F=money' names no field"),
        (["--skip-tab", "Nowhere"], "Nothing in this workbook is called 'tab:Nowhere'"),
        (["--column", "2026!F=paid", "--undated", "due", "--expect", "61"], "Your book says 61.00 USD is owed"),
        (["--expect", "1.234"], "--expect says '1.234', which can be read two ways"),
    ],
)
def test_what_is_told_wrongly_ends_in_one_sentence(on_sqlite, tmp_path, arguments, sentence):
    result = invoices(on_sqlite, "import", workbook(tmp_path, UNKNOWN), *arguments)

    assert result.returncode == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_the_report_of_an_import_is_printed_as_it_is_mailed(on_sqlite, tmp_path):
    as_json(on_sqlite, "import", workbook(tmp_path, invoices_tab(AN_INVOICE), "book.xlsx"), "--apply")

    printed = invoices(on_sqlite, "import-report", "1")

    assert printed.returncode == 0
    assert printed.stdout.startswith("book.xlsx: applied\n\nbook.xlsx was imported.\n")
    assert printed.stdout.endswith("See what was changed, or undo it:\nhttp://127.0.0.1:8000/imports/1\n")


def test_there_is_no_report_of_an_import_that_there_is_not(on_sqlite):
    refused = invoices(on_sqlite, "import-report", "7")

    assert (refused.returncode, refused.stderr) == (1, "There is no import 7: `invoices imports` lists them.\n")
