"""The pages of imports: what they show, and what they refuse."""

import io
import os
from datetime import date

import pytest
from openpyxl import load_workbook
from support.browser import QUICK_HASH, Browser
from support.records import a_customer, a_payment, a_user, an_import
from support.workbooks import an_importer, files_of, workbook
from support.worker import a_worker
from webtest import Upload

from app.domain.permissions import Role
from app.jobs.heartbeat import Heartbeat
from app.store.access import users
from app.store.db.tables import InvoiceModel
from app.store.ledger import imports
from app.web.application import build
from app.workbook.reading.progress import Step

HEADERS = ["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount"]
FIRST = ["INV-1", "Miller & Co", "2026-01-10", "2026-02-09", 100]


@pytest.fixture
def work_off(settings, clock):
    """Do what waits in the queue, as the worker does."""
    return a_worker(settings, clock)


@pytest.fixture
def upload(browser, work_off, tmp_path):
    """Upload a workbook of these tabs, have it read, and open its page."""

    def uploaded(tabs, name="ledger.xlsx"):
        page = browser.get("/imports")
        form = page.forms["upload"]
        form["workbook"] = Upload(name, workbook(tmp_path, tabs).read_bytes())
        answer = form.submit()
        work_off()
        return answer.follow()

    return uploaded


@pytest.fixture
def apply(work_off):
    """Apply the import whose page is open, and open what became of it."""

    def applied(page):
        form = next(form for form in page.forms.values() if form.action.endswith("/apply"))
        answer = form.submit()
        work_off()
        return answer.follow()

    return applied


def test_without_imports_the_page_says_what_to_do(browser):
    page = browser.get("/imports")

    assert "Upload the workbook in which you keep your invoices" in page


@pytest.mark.parametrize("path", ["/", "/invoices", "/imports"])
def test_a_sample_and_a_template_are_offered_where_there_is_nothing_yet(browser, path):
    page = browser.get(path)

    sample, template = page.click("Download a sample workbook"), page.click("an empty template")

    assert [load_workbook(io.BytesIO(one.body)).sheetnames for one in (sample, template)] == [
        ["Customers", "Invoices", "Payments"],
        ["Customers", "Invoices", "Payments"],
    ]
    assert sample.content_disposition == 'attachment; filename="sample-receivables.xlsx"'


@pytest.mark.parametrize("path", ["/", "/invoices", "/imports"])
def test_who_may_not_import_is_offered_neither(app, sqlite, path):
    a_user("vic@example.com", Role.VIEWER, "Vic", QUICK_HASH)
    viewer = Browser(app)
    viewer.sign_in("vic@example.com")

    assert "sample" not in viewer.get(path).text


def test_an_uploaded_workbook_is_previewed_before_anything_is_written(upload):
    page = upload({"Invoices": [HEADERS, FIRST]})

    assert "Import 1 customer and 1 invoice" in page
    assert InvoiceModel.select().count() == 0


AMBIGUOUS = ["INV-2", "Miller & Co", "2026-01-10", "2026-02-09", "2.500"]


def figures(page):
    """Return the numbers of the page's rows by their names."""
    return {one.dt.text: one.dd.text for one in page.html.select(".figures__one")}


def apply_buttons(page):
    return [one.text for one in page.html.select('form[action$="/apply"] button')]


def test_the_button_counts_what_the_list_of_new_records_shows(upload):
    page = upload({"Invoices": [[*HEADERS, "Paid", "Paid On"], [*FIRST, 40, "2026-01-20"]]})

    assert apply_buttons(page) == ["Import 1 customer, 1 invoice and 1 payment"] * 2
    assert page.html.find("summary", string="New records (3)")


def test_a_row_that_waits_for_an_answer_is_none_with_a_problem(upload):
    page = upload({"Invoices": [HEADERS, FIRST, AMBIGUOUS, ["INV-3", *FIRST[1:4], "lots"]]})

    assert (figures(page)["With problems"], figures(page)["Waiting for an answer"]) == ("1", "1")
    assert len(page.html.select('td[data-label="Problem"]')) == 1


def test_good_rows_alone_are_offered_where_others_are_bad(upload):
    page = upload({"Invoices": [HEADERS, FIRST, ["INV-3", *FIRST[1:4], "lots"]]})

    assert apply_buttons(page) == ["Import the good rows only"] * 2
    assert "Import 1 customer and 1 invoice; rows with problems are left out." in page


def test_undecided_conflicts_are_to_be_decided_where_nothing_else_is_wrong(upload, apply):
    apply(upload({"Invoices": [HEADERS, FIRST]}))
    InvoiceModel.update(total_cents=15_000, version=2).execute()

    page = upload({"Invoices": [HEADERS, [*FIRST[:4], 120], ["INV-2", *FIRST[1:]]]}, "later.xlsx")

    assert "1 conflict: decide" in page
    assert apply_buttons(page) == []


def test_columns_that_can_be_read_in_other_ways_still_share_one_question(upload, work_off):
    row = ["INV-1", "Miller & Co", "01/02/2026", "26-03-02", 100]
    form = questions(upload({"Invoices": [HEADERS, row]}))
    assert [str(name) for name in form.fields if str(name).startswith("same:")] == ["same:dates:Invoices!C"]

    form["answer:dates:Invoices!C"] = "dmy"
    answer = form.submit()
    work_off()

    assert "questions" not in answer.follow().forms


def test_another_column_can_be_answered_otherwise(upload, apply, work_off):
    form = questions(upload({"Invoices": [HEADERS, ["INV-1", "Miller & Co", "01/02/2026", "03/02/2026", 100]]}))
    form["answer:dates:Invoices!C"] = "dmy"
    form["answer:dates:Invoices!D"] = "mdy"

    answer = form.submit()
    work_off()
    apply(answer.follow())

    assert (InvoiceModel.get().issued_on, InvoiceModel.get().due_on) == (date(2026, 2, 1), date(2026, 3, 2))


def test_readings_of_an_amount_cannot_be_taken_for_one_another(upload):
    page = upload({"Invoices": [HEADERS, AMBIGUOUS]})

    (row,) = page.html.select(".question__examples tbody tr")
    assert [cell.text for cell in row.find_all("td")] == ["E2", "2.500", "2.50", "2,500.00"]


def test_a_column_offers_the_fields_of_its_kind_of_list_in_groups(upload):
    page = upload({"Invoices": [HEADERS, FIRST]})

    groups = page.html.select_one('select[name^="column:"]').find_all("optgroup")
    assert [group["label"] for group in groups] == ["Invoice", "Customer", "Dates", "Amounts", "More"]


def test_an_applied_import_leads_to_its_invoices(upload, apply):
    page = apply(upload({"Invoices": [HEADERS, FIRST]}))

    assert page.click("Invoice INV-1").request.path == "/invoices/1"


def test_the_source_of_an_invoice_leads_to_its_row(browser, upload, apply):
    apply(upload({"Invoices": [HEADERS, FIRST]}))

    page = browser.get("/invoices/1").click("ledger.xlsx, Invoices, row 2", index=0)

    assert "Invoices, row 2" in page
    assert "Invoice INV-1" in page


def test_an_undone_import_still_names_what_it_had_brought(upload, apply, work_off):
    page = apply(upload({"Invoices": [HEADERS, FIRST]}))

    answer = next(form for form in page.forms.values() if form.action.endswith("/undo")).submit()
    work_off()
    page = answer.follow()

    assert "everything that this import added was removed" in page
    assert "Invoice INV-1" in page
    assert InvoiceModel.select().count() == 0


def test_an_import_that_something_hangs_on_says_what_when_it_cannot_be_undone(upload, apply, work_off, now):
    page = apply(upload({"Invoices": [HEADERS, FIRST]}))
    a_payment(1, 25_00, paid_on=now.date(), recorded_at=now)

    answer = next(form for form in page.forms.values() if form.action.endswith("/undo")).submit()
    work_off()

    page = answer.follow()
    (reason,) = page.html.select('[role="alert"] li')
    assert reason.text == "Invoice INV-1 has a payment of 25.00 on 2 Mar 2026 that did not come from this import."
    assert reason.a["href"] == "/invoices/1"
    assert InvoiceModel.select().count() == 1


def test_an_import_on_which_nothing_depends_any_more_can_be_undone(browser, upload, apply, work_off, now):
    page = apply(upload({"Invoices": [HEADERS, FIRST]}))
    payment = a_payment(1, 25_00, paid_on=now.date(), recorded_at=now)
    next(form for form in page.forms.values() if form.action.endswith("/undo")).submit()
    work_off()

    payment.delete_instance()

    assert "it can be undone now" in browser.get("/imports/1")


def test_an_applied_import_says_what_it_did_and_leads_on(upload, apply):
    page = apply(upload({"Invoices": [[*HEADERS, "Paid", "Paid On"], [*FIRST, 40, "2026-01-20"]]}))

    assert page.html.find("strong").text == "1 customer, 1 invoice and 1 payment were imported."
    links = [one["href"] for one in page.html.find("strong").find_parent("p").find_next("p").find_all("a")]
    assert links == ["#row", "/invoices", "/", "/imports"]


def test_a_file_that_is_no_workbook_is_refused_in_one_sentence_and_leaves_nothing(browser, settings):
    form = browser.get("/imports").forms["upload"]
    form["workbook"] = Upload("ledger.xlsx", b"not a workbook")

    page = form.submit(status=422)

    assert "ledger.xlsx: This is not an Excel workbook" in page
    assert imports.newest_first() == []
    assert not (settings.data_dir / "imports").exists()


def test_a_form_without_a_file_asks_for_one(browser):
    page = browser.get("/imports").forms["upload"].submit(status=422)

    assert "Choose a workbook first" in page


def test_a_workbook_without_any_list_can_be_told_what_its_columns_are(upload, apply, work_off):
    rows = [["Alpha", "Beta", "Gamma", "Delta", "Epsilon"], FIRST]
    page = upload({"Stuff": rows})
    assert "No list of invoices, payments or customers was found" in page

    form = next(form for form in page.forms.values() if any(str(name).startswith("kind:") for name in form.fields))
    kind = next(name for name in form.fields if str(name).startswith("kind:"))
    form[kind] = "invoice"
    for letter, field in zip("ABCDE", ["number", "customer_name", "issued_on", "due_on", "total_cents"], strict=True):
        form[f"column:{kind.removeprefix('kind:')}:{letter}"] = field
    answer = form.submit()
    work_off()

    apply(answer.follow())
    assert InvoiceModel.get().number == "INV-1"


def test_a_conflict_is_written_only_after_somebody_decided(upload, apply, work_off):
    apply(upload({"Invoices": [HEADERS, FIRST]}))
    InvoiceModel.update(total_cents=15_000, version=2).execute()

    page = upload({"Invoices": [HEADERS, [*FIRST[:4], 120]]}, "later.xlsx")
    assert "1 conflict: decide" in page
    form = next(form for form in page.forms.values() if "conflicts" in form.fields)
    form["conflicts"] = "take"
    answer = form.submit()
    work_off()
    apply(answer.follow())

    assert InvoiceModel.get().total_cents == 12_000


def test_a_change_is_shown_cell_by_cell(upload, apply):
    apply(upload({"Invoices": [HEADERS, FIRST]}))

    page = upload({"Invoices": [HEADERS, [*FIRST[:4], 120]]}, "later.xlsx")

    assert "total: 100.00 → <strong>120.00</strong>" in page


def test_a_discarded_import_is_forgotten_with_its_file(browser, upload, settings):
    page = upload({"Invoices": [HEADERS, FIRST]})

    next(form for form in page.forms.values() if form.action.endswith("/discard")).submit().follow()

    assert imports.newest_first() == []
    assert list((settings.data_dir / "imports").iterdir()) == []


def test_an_import_that_is_being_read_can_be_discarded_on_its_page(browser, tmp_path):
    form = browser.get("/imports").forms["upload"]
    form["workbook"] = Upload("ledger.xlsx", workbook(tmp_path, {"Invoices": [HEADERS, FIRST]}).read_bytes())
    page = form.submit().follow()

    next(form for form in page.forms.values() if form.action.endswith("/discard")).submit().follow()

    assert imports.newest_first() == []


def test_an_applied_import_cannot_be_discarded(browser, upload, apply):
    apply(upload({"Invoices": [HEADERS, FIRST]}))

    answer = browser.post("/imports/1/discard", {"csrf_token": browser.csrf_token()}, status=409)

    assert "Only an import that wrote nothing can be discarded." in answer
    assert InvoiceModel.select().count() == 1


def test_an_import_is_applied_once_however_often_the_button_is_pressed(upload, work_off):
    page = upload({"Invoices": [HEADERS, FIRST]})
    form = next(form for form in page.forms.values() if form.action.endswith("/apply"))

    form.submit()
    form.submit(status=409)
    work_off()

    assert InvoiceModel.select().count() == 1


def test_a_store_that_changed_after_the_preview_is_previewed_again_and_not_written(upload, work_off):
    page = upload({"Invoices": [HEADERS, FIRST]})
    a_customer("Miller & Co", "Miller & Co")
    form = next(form for form in page.forms.values() if form.action.endswith("/apply"))

    answer = form.submit()
    work_off()

    assert "What is stored changed after this preview was made" in answer.follow()
    assert InvoiceModel.select().count() == 0


def test_names_full_of_markup_are_shown_as_they_are(upload):
    page = upload({"Invoices": [HEADERS, ["<b>1</b>", "<script>alert(1)</script>", *FIRST[2:]]]}, "<i>.xlsx")

    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_the_export_is_a_workbook_to_be_saved(browser, upload, apply):
    apply(upload({"Invoices": [HEADERS, FIRST]}))

    answer = browser.get("/export.xlsx")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="receivables-2026-03-02.xlsx"'
    assert answer.body.startswith(b"PK")


def test_a_viewer_sees_imports_and_can_change_nothing(app, user, upload, apply):
    apply(upload({"Invoices": [HEADERS, FIRST]}))
    a_user("vic@example.com", Role.VIEWER, "Vic", users.password_hash_of(user.id))
    viewer = Browser(app)
    viewer.sign_in("vic@example.com")

    assert "Undo this import" not in viewer.get("/imports/1")
    token = viewer.csrf_token()
    viewer.post("/imports/1/undo", {"csrf_token": token}, status=403)
    viewer.get("/export.xlsx", status=403)


def test_progress_asks_the_page_to_load_anew_when_the_work_is_done(browser, upload):
    upload({"Invoices": [HEADERS, FIRST]})

    assert browser.get("/imports/1/progress", status=204).headers["HX-Refresh"] == "true"


def test_an_import_that_waits_too_long_asks_whether_the_worker_runs(browser, tmp_path, clock):
    form = browser.get("/imports").forms["upload"]
    form["workbook"] = Upload("ledger.xlsx", workbook(tmp_path, {"Invoices": [HEADERS, FIRST]}).read_bytes())
    form.submit()

    clock.advance(seconds=30)

    assert "The worker has said nothing for a while" in browser.get("/imports/1")


@pytest.fixture
def without_bucket(postgresql, settings, clock):
    """The browser of an admin of a copy whose bucket is away."""
    a_user("ann@example.com", Role.ADMIN, "Ann", QUICK_HASH)
    key = {"files_access_key_id": "id", "files_secret_access_key": "secret", "files_region": "us-east-1"}
    away = {"files_url": "s3://files", "files_endpoint": "http://127.0.0.1:1", **key}
    browser = Browser(build(settings.model_copy(update=away), clock))
    browser.sign_in()
    return browser


def test_an_upload_without_the_bucket_is_one_sentence_and_is_not_stored(without_bucket, tmp_path):
    form = without_bucket.get("/imports").forms["upload"]
    form["workbook"] = Upload("ledger.xlsx", workbook(tmp_path, {"Invoices": [HEADERS, FIRST]}).read_bytes())

    answer = form.submit(expect_errors=True)

    assert answer.status_int == 503
    assert (
        "The uploaded files in s3://files cannot be reached just now: nothing was changed, and it can be tried again "
        "in a moment."
    ) in answer.text
    assert imports.newest_first(limit=1) == []


def test_an_import_can_be_discarded_without_the_bucket(without_bucket):
    stored = an_import(state="previewed")

    without_bucket.post(f"/imports/{stored.id}/discard", {"csrf_token": without_bucket.csrf_token()})

    assert imports.newest_first(limit=1) == []


@pytest.fixture
def waiting(browser, settings, tmp_path):
    """An import that waits for the worker, and its files."""
    form = browser.get("/imports").forms["upload"]
    form["workbook"] = Upload("ledger.xlsx", workbook(tmp_path, {"Invoices": [HEADERS, FIRST]}).read_bytes())
    form.submit()
    return files_of(an_importer(settings.data_dir), 1)


def test_a_long_step_is_no_silence_while_the_workers_heart_beats(browser, waiting, settings, clock):
    heartbeat = Heartbeat.of(settings)
    heartbeat.beat()

    clock.advance(seconds=90)
    os.utime(heartbeat.path, (clock().timestamp() - 10,) * 2)

    assert "The worker has said nothing for a while" not in browser.get("/imports/1")


def test_a_step_of_known_length_has_a_bar_and_says_of_how_many(browser, waiting):
    waiting.progress(Step("checking tab Invoices", 20_000, 40_000))

    page = browser.get("/imports/1/progress")

    assert "Checking tab Invoices: 20,000 of 40,000 rows" in page
    assert (page.html.progress["value"], page.html.progress["max"]) == ("20000", "40000")


def test_a_step_of_unknown_length_has_a_bar_that_only_moves(browser, waiting):
    waiting.progress(Step("writing what the workbook has"))

    assert "value" not in browser.get("/imports/1/progress").html.progress.attrs


def read_again(page, work_off, **values):
    """Send the form of the columns with these values, a column by its letter, and have the workbook read again."""
    form = next(form for form in page.forms.values() if any(str(name).startswith("kind:") for name in form.fields))
    kind = next(name for name in form.fields if str(name).startswith("kind:"))
    for name, value in values.items():
        form[kind if name == "kind" else f"column:{kind.removeprefix('kind:')}:{name}"] = value
    answer = form.submit()
    work_off()
    return answer.follow()


def test_a_column_that_is_not_known_is_kept_or_ignored(upload, work_off, apply):
    page = upload({"Invoices": [[*HEADERS, "Salesman", "District"], [*FIRST, "Bob", "North"]]})
    assert "Columns kept as they are: F &#39;Salesman&#39;, G &#39;District&#39;." in page

    page = read_again(page, work_off, F="ignored")
    assert "Columns not read: F &#39;Salesman&#39;." in page
    apply(page)

    assert InvoiceModel.get().own_fields == {"District": "North"}


def test_a_column_that_is_ignored_stays_so_for_workbooks_of_the_same_headers(upload, work_off, apply):
    rows = [[*HEADERS, "Salesman", "District"], [*FIRST, "Bob", "North"]]
    apply(read_again(upload({"Invoices": rows}), work_off, F="ignored", G="ignored"))

    page = upload({"Invoices": [rows[0], [*FIRST[:4], 120, "Ann", "South"]]}, "later.xlsx")

    assert "Columns not read: F &#39;Salesman&#39;, G &#39;District&#39;." in page
    apply(page)
    assert InvoiceModel.get().own_fields == {}


def test_columns_that_were_only_looked_at_are_not_remembered(upload, work_off):
    page = upload({"Invoices": [HEADERS, FIRST]})

    read_again(page, work_off)

    assert imports.remembered_mappings() == {}


def test_a_chosen_meaning_is_remembered_until_it_is_forgotten(upload, work_off):
    page = upload({"Invoices": [[*HEADERS, "Our code"], [*FIRST, "77"]]})

    page = read_again(page, work_off, F="reference")
    assert len(imports.remembered_mappings()) == 1
    assert "chosen" in page

    read_again(page, work_off, kind="recognised")
    assert imports.remembered_mappings() == {}


# --- what is asked, and what the own book says

WITH_BANK = {"Invoices": [[*HEADERS, "Bank"], [*FIRST, 40]]}


def questions(page):
    return page.forms["questions"]


def test_a_question_shows_what_each_answer_would_give(upload):
    page = upload(WITH_BANK)

    assert "holds amounts (40.00 in all)" in page
    assert "60.00 would be owed" in page


def test_an_answer_is_given_on_the_page_and_remembered_for_the_next_workbook(upload, apply, work_off):
    form = questions(upload(WITH_BANK))
    form["answer:column:Invoices!F"] = "balance"
    answer = form.submit()
    work_off()
    form = questions(answer.follow())
    form["answer:undated"] = "issued"
    answer = form.submit()
    work_off()
    apply(answer.follow())

    page = upload({"Invoices": [[*HEADERS, "Bank"], ["INV-2", *FIRST[1:], 30]]}, name="next.xlsx")

    assert "questions" not in page.forms
    assert page.text.count("remembered") >= 2


def test_an_answer_can_be_asked_again(upload, work_off):
    form = questions(upload(WITH_BANK))
    form["answer:column:Invoices!F"] = "ignore"
    answer = form.submit()
    work_off()
    page = answer.follow()

    again = next(form for form in page.forms.values() if any(str(name).startswith("again:") for name in form.fields))
    answer = again.submit()
    work_off()

    assert "answer:column:Invoices!F" in questions(answer.follow()).fields


def test_one_answer_counts_for_all_columns_that_share_a_question(upload, work_off):
    row = ["INV-1", "Miller & Co", "01/02/2026", "03/02/2026", 100]
    form = questions(upload({"Invoices": [HEADERS, row]}))

    form["answer:dates:Invoices!C"] = "mdy"
    answer = form.submit()
    work_off()

    assert "questions" not in answer.follow().forms


def test_what_the_own_book_says_is_compared_before_anything_is_applied(upload, work_off):
    page = upload({"Invoices": [HEADERS, FIRST]})
    form = next(form for form in page.forms.values() if "expected" in form.fields)
    form["expected"] = "99.99"
    answer = form.submit()
    work_off()

    page = answer.follow()
    assert "find the difference of 0.01 first" in page
    assert "/apply" not in page.text


def test_a_figure_that_can_be_read_two_ways_is_refused_and_kept(upload):
    page = upload({"Invoices": [HEADERS, FIRST]})
    form = next(form for form in page.forms.values() if "expected" in form.fields)
    form["expected"] = "1.234"

    page = form.submit(status=422)

    assert "which can be read two ways" in page
    assert next(form for form in page.forms.values() if "expected" in form.fields)["expected"].value == "1.234"


def test_an_applied_import_says_that_the_own_book_agreed(upload, apply, work_off):
    page = upload({"Invoices": [HEADERS, FIRST]})
    form = next(form for form in page.forms.values() if "expected" in form.fields)
    form["expected"] = "100"
    answer = form.submit()
    work_off()

    page = apply(answer.follow())

    assert "100.00 was owed after it, as you had said: it agreed to the cent." in page


# --- each reader's own way to write numbers

GERMAN = {"Accept-Language": "de-DE,de"}


def test_amounts_in_sentences_are_written_as_their_reader_does(browser, upload):
    address = upload({"Invoices": [[*HEADERS, "Bank"], [*FIRST[:-1], 2000, 1234.5]]}).request.path

    page = browser.get(address, headers=GERMAN)

    assert "holds amounts (1.234,50 in all)" in page
    assert "765,50 would be owed" in page


def test_a_refused_figure_is_written_as_its_reader_does(browser, upload, work_off):
    page = browser.get(upload({"Invoices": [HEADERS, FIRST]}).request.path, headers=GERMAN)
    form = next(form for form in page.forms.values() if "expected" in form.fields)
    form["expected"] = "1.234"
    answer = form.submit(headers=GERMAN)
    work_off()

    page = answer.follow(headers=GERMAN)
    assert "find the difference of 1.134,00 first" in page
    assert next(form for form in page.forms.values() if "expected" in form.fields)["expected"].value == "1.234,00"


def test_no_page_shows_the_signs_that_mark_numbers_in_sentences(browser, upload):
    page = browser.get(upload({"Invoices": [[*HEADERS, "Bank"], [*FIRST, 40]]}).request.path)

    assert not set(page.text) & {"\u2068", "\u2069"}
