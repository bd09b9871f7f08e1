"""An import from beginning to end: preview, apply, apply again, undo; on SQLite and PostgreSQL."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from support.records import a_payment, a_user
from support.workbooks import (
    AN_INVOICE,
    ANOTHER_INVOICE,
    CUSTOMERS,
    INVOICES,
    PAYMENTS,
    apply,
    choices,
    dump,
    files_of,
    hand_made,
    invoices_tab,
    meaning,
    say_nothing,
    workbook,
)

from app.actions import imports as import_actions
from app.actions.imports import NotNowError
from app.domain.sentences import plain
from app.store.db import database as store_database
from app.store.db.tables import CustomerModel, ImportedRowModel, ImportModel, InvoiceModel, PaymentModel, ScopeModel
from app.store.ledger import imports
from app.store.ledger.imports import State
from app.workbook.difference import Decisions, Outcome, Resolution
from app.workbook.meaning.results.questions import Answers
from app.workbook.meaning.tables.headers import ChosenMapping, ListKind
from app.workbook.preview import Choices
from app.workbook.reading.refusal import WorkbookRefusedError

D = Decimal
DAY = date(2026, 1, 20)
HUNDRED = D(100)
TAKE, KEEP, ADD = Decisions(Resolution.TAKE), Decisions(Resolution.KEEP), Decisions(Resolution.ADD)


def relational(*payments, amount=HUNDRED, customer="Acme", note="first"):
    return {
        "Customers": [[*CUSTOMERS, "Notes"], ["C1", customer, note], ["C2", "Bolt", None]],
        "Invoices": [INVOICES, ["1001", "C1", date(2026, 1, 5), date(2026, 2, 4), amount], ANOTHER_INVOICE],
        "Payments": [PAYMENTS, *(payments or [["1001", DAY, D(40)]])],
    }


def tracked(*rows):
    return {"Tracker": [[*INVOICES, "Paid", "Paid On"], *rows]}


@pytest.fixture
def examine(importer, tmp_path):
    def examined(tabs, **chosen):
        return importer.examine(workbook(tmp_path, tabs), choices(**chosen), say_nothing).preview

    return examined


@pytest.fixture
def import_tabs(importer, tmp_path):
    def imported(tabs, **chosen):
        return apply(importer, workbook(tmp_path, tabs), choices(**chosen))

    return imported


def counts(preview):
    return {name: count for name, count in preview.counts.items() if count}


def changes(preview, outcome):
    return [
        (change.tab, change.row, [(one.field, plain(one.old), plain(one.new)) for one in change.fields])
        for change in preview.changes
        if change.outcome is outcome
    ]


def refused(importer, path, chosen=None):
    with pytest.raises(NotNowError) as error:
        apply(importer, path, chosen)
    return str(error.value)


# --- preview and apply


@pytest.mark.parametrize("amount", [D("10000000000.00"), D("-10000000000.00")])
def test_an_amount_of_which_a_database_could_not_add_up_many_is_a_problem(importer, tmp_path, amount):
    invoices = invoices_tab([*AN_INVOICE[:4], D("9999999999.99")], ["1002", "Bolt", *AN_INVOICE[2:4], amount])

    (problem,) = importer.examine(workbook(tmp_path, invoices), Choices(), say_nothing).checked.problems
    assert plain(problem.message) == "E3 is more than one record can hold: at most 9,999,999,999.99, so split it."


def test_a_list_of_texts_is_imported_under_the_name_it_was_uploaded_with(importer):
    content = (",".join(INVOICES) + "\n0017,Acme,2026-01-05,2026-02-04,100.00\n").encode("utf-16")

    import_id = import_actions.receive(importer, io.BytesIO(content), "March 2026.csv", None)
    import_actions.preview(importer, import_id)

    (tab,) = files_of(importer, import_id).preview().tabs
    assert (tab.name, tab.rows) == ("March 2026", 1)
    assert imports.get(import_id).state is State.PREVIEWED


def test_a_preview_writes_nothing(importer_anywhere, tmp_path):
    before = dump()

    preview = importer_anywhere.examine(workbook(tmp_path, relational()), Choices(), say_nothing).preview

    assert counts(preview) == {"new": 5}
    assert dump() == before
    assert not (tmp_path / "data").exists()


def test_what_was_previewed_is_what_is_applied(importer_anywhere, tmp_path):
    import_id = apply(importer_anywhere, workbook(tmp_path, relational()))

    assert meaning() == {
        "customers": [("C1", "Acme", "", None, "first"), ("C2", "Bolt", "", None, "")],
        "invoices": [
            ("1001", "C1", date(2026, 1, 5), date(2026, 2, 4), "USD", 100_00, "Invoices", False),
            ("1002", "C2", date(2026, 1, 6), date(2026, 2, 5), "USD", 250_50, "Invoices", False),
        ],
        "payments": [("1001", "C1", DAY, 40_00, "")],
    }
    assert imports.get(import_id).counts["new"] == 5


def test_every_record_knows_the_file_the_tab_and_the_row_it_came_from(importer_anywhere, tmp_path):
    import_id = apply(importer_anywhere, workbook(tmp_path, relational(), name="June ledger.xlsx"))

    stored = imports.get(import_id)
    invoice = InvoiceModel.get(InvoiceModel.number == "1002")
    assert stored.file_name == "June ledger.xlsx"
    assert len(stored.sha256) == 64
    assert (invoice.import_id, invoice.import_tab, invoice.import_row) == (import_id, "Invoices", 3)
    assert [(row.tab, row.row, row.kind, row.action) for row in imports.row_actions(import_id)] == [
        ("Customers", 2, "customer", "created"),
        ("Customers", 3, "customer", "created"),
        ("Invoices", 2, "invoice", "created"),
        ("Invoices", 3, "invoice", "created"),
        ("Payments", 2, "payment", "created"),
    ]


def test_the_same_file_again_writes_nothing(importer_anywhere, tmp_path):
    path = workbook(tmp_path, relational())
    apply(importer_anywhere, path)
    before = dump()

    preview = importer_anywhere.examine(path, Choices(), say_nothing).preview

    assert counts(preview) == {"unchanged": 5}
    assert preview.writes == 0
    assert refused(importer_anywhere, path) == "There is nothing to import: the workbook says what is stored already."
    assert dump() == before


def test_a_consolidated_file_again_writes_nothing(examine, import_tabs):
    tabs = tracked([*AN_INVOICE, D(40), DAY], [*ANOTHER_INVOICE, None, None])
    import_tabs(tabs)

    assert counts(examine(tabs)) == {"unchanged": 2}


def test_an_edited_row_shows_as_changed_with_old_and_new(examine, import_tabs):
    import_tabs(relational())

    preview = examine(relational(amount=D(120), customer="Acme Ltd"))

    assert counts(preview) == {"changed": 2, "unchanged": 3}
    assert changes(preview, Outcome.CHANGED) == [
        ("Customers", 2, [("name", "Acme", "Acme Ltd")]),
        ("Invoices", 2, [("total_cents", "100.00", "120.00")]),
    ]


def test_an_edited_row_arrives(import_tabs):
    import_tabs(relational())

    import_tabs(relational(amount=D(120)))

    assert InvoiceModel.get(InvoiceModel.number == "1001").total_cents == 120_00


def test_an_emptied_cell_empties_and_an_absent_column_does_not(import_tabs):
    import_tabs(relational(note="first"))

    import_tabs({"Customers": [CUSTOMERS, ["C1", "Acme Ltd"], ["C2", "Bolt"]], "Invoices": relational()["Invoices"]})
    assert CustomerModel.get(CustomerModel.code == "C1").notes == "first"

    import_tabs(relational(note=None))
    assert CustomerModel.get(CustomerModel.code == "C1").notes == ""


def test_importing_again_adds_no_customers(import_tabs):
    import_tabs(invoices_tab(AN_INVOICE))

    import_tabs(invoices_tab([*AN_INVOICE[:1], "ACME", *AN_INVOICE[2:4], D(120)], ANOTHER_INVOICE))

    assert [customer.name for customer in CustomerModel.select().order_by(CustomerModel.id)] == ["Acme", "Bolt"]


def test_read_is_the_sum_of_what_became_of_the_rows(examine, import_tabs):
    import_tabs(relational(["1001", DAY, D(40)], ["1002", DAY, D(10)]))
    InvoiceModel.update(total_cents=1, version=2).where(InvoiceModel.number == "1002").execute()
    tabs = relational(["1001", DAY, D(40)], ["1002", DAY, "?"], ["1002", DAY, D(99)], amount=D(120))
    tabs["Invoices"][2] = [*ANOTHER_INVOICE[:4], D(300)]
    tabs["Invoices"].append(["1003", "C2", DAY, DAY, D(5)])

    preview = examine(tabs)

    assert counts(preview) == {"new": 1, "changed": 2, "unchanged": 3, "conflict": 1, "error": 1}
    assert sum(tab.rows for tab in preview.tabs) == 8


def test_a_workbook_where_nothing_is_recognised_is_an_error_and_never_a_success(importer, tmp_path):
    with pytest.raises(WorkbookRefusedError, match="No list of invoices"):
        importer.examine(workbook(tmp_path, {"Sheet1": [["a", "b"], [1, 2]]}), Choices(), say_nothing)


# --- all or nothing


def test_an_error_in_the_last_row_leaves_no_row_behind(importer_anywhere, tmp_path):
    rows = [[str(number), "Acme", DAY, DAY, D(5)] for number in range(50)]
    path = workbook(tmp_path, invoices_tab(*rows, ["51", "Acme", "31/02/2026", DAY, D(5)]))
    before = dump()

    sentence = refused(importer_anywhere, path)

    assert sentence == (
        "1 problem in the workbook: correct it and upload it again, or choose to import the good rows only."
    )
    assert dump() == before
    assert not list((tmp_path / "data").glob("imports/*"))


def test_the_good_rows_alone_are_an_explicit_choice(import_tabs):
    import_tabs(invoices_tab(AN_INVOICE, ["1002", "Typo Ltd", DAY, DAY, "lots"]), good_rows=True)

    assert [invoice.number for invoice in InvoiceModel.select()] == ["1001"]
    assert [customer.name for customer in CustomerModel.select()] == ["Acme"]


def test_a_failure_while_writing_leaves_nothing_behind(importer_anywhere, tmp_path, monkeypatch):
    path = workbook(tmp_path, relational())
    examined = importer_anywhere.examine(path, Choices(), say_nothing)
    before = dump()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("app.store.ledger.bulk.insert_payments", fail)
    with pytest.raises(OSError, match="disk full"):
        import_actions.apply_file(importer_anywhere, path, examined, Choices(), None, say_nothing)

    assert dump() == before
    assert not list((tmp_path / "data").glob("imports/*"))


def test_questions_must_be_answered_before_anything_is_written(importer, tmp_path):
    path = workbook(tmp_path, invoices_tab(["1", "Acme", "03/02/2026", date(2026, 6, 1), D(5)]))

    assert refused(importer, path).startswith("Answer the questions first")

    apply(importer, path, choices(dates="dmy"))
    assert InvoiceModel.get().issued_on == date(2026, 2, 3)


def test_one_question_can_be_answered_otherwise_than_all_of_its_subject(importer, tmp_path):
    path = workbook(tmp_path, invoices_tab(["1", "Acme", "03/02/2026", "05/06/2026", D(5)]))
    answers = Answers({"dates": "mdy"}, {"dates:Invoices!C": "dmy"})

    apply(importer, path, Choices(answers))

    assert (InvoiceModel.get().issued_on, InvoiceModel.get().due_on) == (date(2026, 2, 3), date(2026, 5, 6))


# --- the app's own data


def test_an_invoice_that_was_edited_in_the_app_is_a_conflict(examine, import_tabs):
    import_tabs(relational())
    InvoiceModel.update(total_cents=90_00, version=2).where(InvoiceModel.number == "1001").execute()

    preview = examine(relational(amount=D(120)))

    assert changes(preview, Outcome.CONFLICT) == [("Invoices", 2, [("total_cents", "90.00", "120.00")])]
    assert preview.why_not(Choices()) == (
        "1 conflict: decide whether to keep what the app has or to take the workbook's."
    )


@pytest.mark.parametrize(("decision", "cents"), [(KEEP, 90_00), (TAKE, 120_00)])
def test_a_person_decides_a_conflict(import_tabs, decision, cents):
    import_tabs(relational())
    InvoiceModel.update(total_cents=90_00, version=2).where(InvoiceModel.number == "1001").execute()
    tabs = relational(amount=D(120), customer="Acme Ltd")

    import_tabs(tabs, decisions=decision)

    assert InvoiceModel.get(InvoiceModel.number == "1001").total_cents == cents


def test_a_row_that_did_not_change_does_not_undo_the_apps_own_edit(examine, import_tabs):
    import_tabs(relational())
    InvoiceModel.update(total_cents=90_00, version=2).where(InvoiceModel.number == "1001").execute()

    assert counts(examine(relational())) == {"unchanged": 5}


@pytest.mark.parametrize("tabs", [relational(), tracked([*AN_INVOICE, D(40), DAY])])
def test_a_payment_recorded_in_the_app_is_never_overwritten_by_a_stale_sheet(examine, import_tabs, tabs):
    import_tabs(tabs)
    a_payment(InvoiceModel.get(InvoiceModel.number == "1001"), 60_00, paid_on=date(2026, 2, 1))

    preview = examine(tabs)

    assert preview.writes == 0
    assert preview.counts["conflict"] == 0


def test_a_payment_that_app_and_sheet_both_have_is_there_once(examine, import_tabs):
    import_tabs(relational())
    a_payment(InvoiceModel.get(InvoiceModel.number == "1001"), 60_00, paid_on=date(2026, 2, 1))

    preview = examine(relational(["1001", DAY, D(40)], ["1001", date(2026, 2, 1), D(60)]))

    assert preview.writes == 0


def test_a_payment_that_app_and_sheet_tell_differently_is_a_conflict(examine, import_tabs):
    import_tabs(relational())
    a_payment(InvoiceModel.get(InvoiceModel.number == "1001"), 60_00, paid_on=date(2026, 2, 1))

    preview = examine(relational(["1001", DAY, D(40)], ["1001", date(2026, 2, 3), D(60)]))

    (conflict,) = (change for change in preview.changes if change.outcome is Outcome.CONFLICT)
    assert plain(conflict.reason) == (
        "a payment of 60.00 on 2026-02-01 was recorded in the app, and the workbook has another one: "
        "is this the same payment?"
    )


APPS, WORKBOOKS = (date(2026, 2, 1), 60_00), (date(2026, 2, 3), 60_00)


def paid(number):
    return [
        (one.paid_on, one.amount_cents)
        for one in PaymentModel.select()
        .join(InvoiceModel)
        .where(InvoiceModel.number == number, PaymentModel.voided_at.is_null())
        .order_by(PaymentModel.paid_on)
    ]


@pytest.mark.parametrize(
    ("decision", "counting"),
    [(KEEP, [APPS]), (TAKE, [WORKBOOKS]), (ADD, [APPS, WORKBOOKS])],
    ids=["same, keep ours", "same, use the workbook's", "two payments"],
)
def test_a_person_decides_whether_two_payments_are_the_same(importer, import_tabs, examine, decision, counting):
    import_tabs(relational())
    a_payment(InvoiceModel.get(InvoiceModel.number == "1001"), 60_00, paid_on=date(2026, 2, 1))
    tabs = relational(["1001", DAY, D(40)], ["1001", date(2026, 2, 3), D(60)], customer="Acme Ltd")

    import_id = import_tabs(tabs, decisions=decision)

    assert paid("1001") == [(DAY, 40_00), *counting]
    assert InvoiceModel.get(InvoiceModel.number == "1001").paid_cents == 40_00 + 60_00 * len(counting)
    assert examine(tabs, decisions=decision).writes == 0
    import_actions.undo(importer, import_id)
    assert paid("1001") == [(DAY, 40_00), APPS]


def test_a_payment_of_several_invoices_is_not_replaced_by_a_workbooks(examine, import_tabs):
    import_tabs(relational())
    for number in ("1001", "1002"):
        invoice = InvoiceModel.get(InvoiceModel.number == number)
        a_payment(invoice, 60_00, paid_on=date(2026, 2, 1), batch_key="receipt")

    tabs = relational(["1001", DAY, D(40)], ["1001", date(2026, 2, 3), D(60)])
    (conflict,) = (one for one in examine(tabs).changes if one.outcome is Outcome.CONFLICT)

    assert [label for _, label in conflict.choices] == ["Same payment: keep ours", "Two payments: add it"]


def test_a_conflict_that_is_none_of_payments_is_not_decided_by_adding_one(examine, import_tabs):
    import_tabs(relational())
    InvoiceModel.update(total_cents=90_00, version=2).where(InvoiceModel.number == "1001").execute()

    preview = examine(relational(amount=D(120)))

    assert preview.why_not(Choices(decisions=ADD)) == (
        "1 conflict: decide whether to keep what the app has or to take the workbook's."
    )


def test_a_list_of_invoices_alone_says_nothing_of_payments(examine, import_tabs):
    import_tabs(relational())

    preview = examine({name: rows for name, rows in relational().items() if name == "Invoices"})

    assert preview.writes == 0


# --- payments that change


def test_an_edited_payment_is_voided_and_recorded_anew(import_tabs):
    import_tabs(relational(["1001", DAY, D(40)]))

    import_tabs(relational(["1001", DAY, D(45)]))

    assert [
        (one.amount_cents, one.voided_at is not None) for one in PaymentModel.select().order_by(PaymentModel.id)
    ] == [
        (40_00, True),
        (45_00, False),
    ]


def test_of_two_payments_the_one_that_was_edited_changes(examine, import_tabs):
    import_tabs(relational(["1001", DAY, D(40)], ["1001", date(2026, 2, 1), D(50)]))

    preview = examine(relational(["1001", "?", D(40)], ["1001", date(2026, 2, 1), D(60)]))

    assert changes(preview, Outcome.CHANGED) == [("Payments", 3, [("amount_cents", "50.00", "60.00")])]


def test_credit_that_an_export_calls_moved_stays_no_payment(import_tabs):
    header = [*PAYMENTS, "Method"]
    rows = [["1001", DAY, D(-40), "Moved credit"], ["1002", DAY, D(40), "Moved credit"], ["1001", DAY, D(140), "Card"]]

    import_tabs({**relational(), "Payments": [header, *rows]})

    assert [row.moves_credit for row in PaymentModel.select().order_by(PaymentModel.import_row)] == [True, True, False]


def test_a_payment_that_is_gone_is_missing_and_stays(examine, import_tabs):
    import_tabs(relational(["1001", DAY, D(40)], ["1002", DAY, D(50)]))

    preview = examine(relational(["1002", DAY, D(50)]))

    assert [plain(missing.subject) for missing in preview.missing] == [
        "payment of 40.00 on 2026-01-20 for invoice 1001"
    ]
    assert preview.writes == 0


def test_a_later_instalment_in_a_tracker_keeps_the_first_ones_day(import_tabs):
    import_tabs(tracked([*AN_INVOICE, D(40), DAY]))

    import_tabs(tracked([*AN_INVOICE, D(100), date(2026, 2, 9)]))

    assert [
        (one.paid_on, one.amount_cents) for one in PaymentModel.select().where(PaymentModel.voided_at.is_null())
    ] == [
        (DAY, 40_00),
        (date(2026, 2, 9), 60_00),
    ]


# --- what the file no longer has


def test_an_invoice_that_is_gone_is_missing_and_stays(importer, tmp_path):
    apply(importer, workbook(tmp_path, invoices_tab(AN_INVOICE, ANOTHER_INVOICE)))

    path = workbook(tmp_path, invoices_tab(AN_INVOICE))
    preview = importer.examine(path, Choices(), say_nothing).preview

    assert [missing.subject for missing in preview.missing] == ["customer Bolt", "invoice 1002"]
    assert preview.counts["missing"] == 2
    assert InvoiceModel.select().count() == 2


def test_an_invoice_whose_row_has_a_problem_is_not_missing_wherever_the_row_moved(examine, import_tabs):
    import_tabs(invoices_tab(AN_INVOICE, ANOTHER_INVOICE))

    preview = examine(invoices_tab(["1003", "Acme", DAY, DAY, D(1)], AN_INVOICE, [*ANOTHER_INVOICE[:4], "lots"]))

    assert [missing.subject for missing in preview.missing if missing.kind is ListKind.INVOICE] == []


def test_invoices_of_a_customer_who_was_renamed_move_with_him(examine, import_tabs):
    import_tabs(tracked([*AN_INVOICE, D(40), DAY]))
    renamed = tracked(["1001", "Acme Limited", *AN_INVOICE[2:], D(40), DAY])

    preview = examine(renamed)
    import_tabs(renamed)

    assert changes(preview, Outcome.CHANGED) == [("Tracker", 2, [("customer", "Acme", "Acme Limited")])]
    assert meaning()["invoices"] == [
        ("1001", "Acme Limited", date(2026, 1, 5), date(2026, 2, 4), "USD", 100_00, "Tracker", False)
    ]
    assert meaning()["payments"] == [("1001", "Acme Limited", DAY, 40_00, "")]
    assert counts(examine(renamed)) == {"unchanged": 1, "missing": 1}


def test_a_renamed_customer_beside_the_apps_own_edit_is_a_conflict_and_his_payments_still_arrive(import_tabs):
    import_tabs({"Invoices": [INVOICES, AN_INVOICE], "Payments": [PAYMENTS]})
    InvoiceModel.update(notes="mine", version=2).execute()
    renamed = ["1001", "Acme Limited", *AN_INVOICE[2:]]

    import_tabs({"Invoices": [INVOICES, renamed], "Payments": [PAYMENTS, ["1001", DAY, D(40)]]}, decisions=KEEP)

    assert [row[:2] for row in meaning()["invoices"]] == [("1001", "Acme")]
    assert meaning()["payments"] == [("1001", "Acme", DAY, 40_00, "")]


def test_the_same_number_of_another_customer_is_another_invoice(import_tabs):
    import_tabs(invoices_tab(AN_INVOICE))

    import_tabs(invoices_tab(["1001", "Bolt", *AN_INVOICE[2:4], D(77)]))

    assert InvoiceModel.select().count() == 2


# --- undo


def test_undo_leaves_everything_as_it_was(importer_anywhere, tmp_path):
    first = workbook(tmp_path, relational(["1001", DAY, D(40)]), name="first.xlsx")
    second = workbook(
        tmp_path,
        relational(["1001", DAY, D(45)], ["1002", DAY, D(1)], amount=D(120), customer="Acme Ltd"),
        name="b.xlsx",
    )
    apply(importer_anywhere, first)
    before = dump(leaving_out=("imports", "imported_rows", "audit_entries"))
    import_id = apply(importer_anywhere, second)

    import_actions.undo(importer_anywhere, import_id)

    assert dump(leaving_out=("imports", "imported_rows", "audit_entries")) == before
    assert imports.get(import_id).state is State.UNDONE


def test_undoing_the_first_import_leaves_no_receivables(importer_anywhere, tmp_path):
    import_id = apply(importer_anywhere, workbook(tmp_path, relational()))

    import_actions.undo(importer_anywhere, import_id)

    assert meaning() == {"customers": [], "invoices": [], "payments": []}


def test_an_undone_file_can_be_imported_again(importer_anywhere, tmp_path):
    path = workbook(tmp_path, relational())
    first = apply(importer_anywhere, path)
    once = meaning()
    import_actions.undo(importer_anywhere, first)

    second = apply(importer_anywhere, path)

    assert second != first
    assert meaning() == once


def _a_payment(_):
    a_payment(InvoiceModel.get(InvoiceModel.number == "1001"), 60_00, paid_on=date(2026, 2, 1))


def _an_edit(_):
    InvoiceModel.update(notes="mine", version=InvoiceModel.version + 1).where(InvoiceModel.number == "1001").execute()


def _an_edited_customer(_):
    CustomerModel.update(phone="1", version=CustomerModel.version + 1).where(CustomerModel.code == "C1").execute()


def _a_void(now):
    PaymentModel.update(voided_at=now).execute()


def _a_scope(_):
    user = a_user()
    ScopeModel.create(user=user.id, customer=CustomerModel.get(CustomerModel.code == "C1"))


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_a_payment, "Invoice 1001 has a payment of 60.00 on 2026-02-01 that did not come from this import."),
        (_an_edit, "Invoice 1001 was changed after this import."),
        (_an_edited_customer, "Customer Acme was changed after this import."),
        (_a_void, "Invoice 1001 has a payment of 2026-01-20, which was voided after this import."),
        (_a_scope, "Customer Acme is one of those to which ann@example.com is limited."),
    ],
)
def test_undo_refuses_and_names_what_later_hangs_on_the_import(importer_anywhere, tmp_path, now, happens, reason):
    import_id = apply(importer_anywhere, workbook(tmp_path, relational()))
    happens(now)
    before = dump()

    with pytest.raises(NotNowError) as error:
        import_actions.undo(importer_anywhere, import_id)

    assert tuple(map(plain, error.value.reasons)) == (reason,)
    assert dump() == before


def test_an_undo_that_is_refused_for_many_reasons_names_twenty_and_counts_the_rest(importer, tmp_path):
    import_id = apply(importer, workbook(tmp_path, relational()))
    for _ in range(30):
        _a_payment(None)
    _an_edit(None)

    with pytest.raises(NotNowError) as error:
        import_actions.undo(importer, import_id)

    assert len(error.value.reasons) == 21
    assert error.value.reasons[-1] == "And 11 more."


def test_undo_refuses_while_a_later_import_stands_on_it(importer_anywhere, tmp_path):
    first = apply(importer_anywhere, workbook(tmp_path, relational()))
    second = apply(importer_anywhere, workbook(tmp_path, relational(amount=D(120)), name="second.xlsx"))

    with pytest.raises(NotNowError) as error:
        import_actions.undo(importer_anywhere, first)

    assert error.value.reasons == ("Invoice 1001 was changed after this import.",)
    import_actions.undo(importer_anywhere, second)
    import_actions.undo(importer_anywhere, first)
    assert meaning()["invoices"] == []


def test_an_import_is_undone_once(importer, tmp_path):
    import_id = apply(importer, workbook(tmp_path, relational()))
    import_actions.undo(importer, import_id)

    with pytest.raises(NotNowError, match="nly an applied import can be undone"):
        import_actions.undo(importer, import_id)


# --- uploads


def test_an_upload_is_read_applied_and_undone_step_by_step(importer_anywhere, tmp_path):
    content = workbook(tmp_path, relational()).read_bytes()
    import_id = import_actions.receive(importer_anywhere, io.BytesIO(content), "C:\\Users\\ann\\June.xlsx", None)

    import_actions.preview(importer_anywhere, import_id)
    assert imports.get(import_id).state is State.PREVIEWED
    assert files_of(importer_anywhere, import_id).preview().counts["new"] == 5
    assert imports.get(import_id).file_name == "June.xlsx"

    imports.claim(import_id, (State.PREVIEWED,), State.APPLYING)
    import_actions.apply(importer_anywhere, import_id)
    assert imports.get(import_id).state is State.APPLIED
    assert InvoiceModel.select().count() == 2


def test_an_upload_and_the_command_line_end_in_the_same(importer, tmp_path):
    path = workbook(tmp_path, tracked([*AN_INVOICE, D(40), DAY], [*ANOTHER_INVOICE, None, None]))
    first = apply(importer, path)
    by_command = meaning()
    import_actions.undo(importer, first)

    import_id = import_actions.receive(importer, io.BytesIO(path.read_bytes()), "x.xlsx", None)
    import_actions.preview(importer, import_id)
    imports.claim(import_id, (State.PREVIEWED,), State.APPLYING)
    import_actions.apply(importer, import_id)

    assert meaning() == by_command


def test_an_upload_whose_preview_is_out_of_date_is_previewed_again(importer, tmp_path):
    import_id = import_actions.receive(
        importer, io.BytesIO(workbook(tmp_path, relational()).read_bytes()), "x.xlsx", None
    )
    import_actions.preview(importer, import_id)
    apply(importer, workbook(tmp_path, relational(amount=D(120)), name="other.xlsx"))
    imports.claim(import_id, (State.PREVIEWED,), State.APPLYING)

    import_actions.apply(importer, import_id)

    stored = imports.get(import_id)
    assert stored.state is State.PREVIEWED
    assert stored.failure == "What is stored changed after this preview was made: look at it again."
    assert files_of(importer, import_id).preview().counts["changed"] == 1


def test_a_refused_upload_keeps_nothing(importer, tmp_path):
    with pytest.raises(WorkbookRefusedError):
        import_actions.receive(importer, io.BytesIO(b"%PDF-1.7"), "x.xlsx", None)

    assert ImportModel.select().count() == 0
    assert importer.stored_files.folders() == []


def test_an_upload_that_turns_out_unreadable_fails_with_the_sentence_and_keeps_no_file(importer, tmp_path):
    path = hand_made(tmp_path, "<row")
    import_id = import_actions.receive(importer, io.BytesIO(path.read_bytes()), "x.xlsx", None)

    import_actions.preview(importer, import_id)

    assert imports.get(import_id).state is State.FAILED
    assert imports.get(import_id).failure.startswith("A part of the workbook is damaged")
    assert not files_of(importer, import_id).has_workbook()


def test_a_failed_upload_whose_file_is_gone_cannot_be_chosen_for(importer, tmp_path):
    path = hand_made(tmp_path, "<row")
    import_id = import_actions.receive(importer, io.BytesIO(path.read_bytes()), "x.xlsx", None)
    import_actions.preview(importer, import_id)

    with pytest.raises(NotNowError, match="upload it again"):
        import_actions.choose(importer, import_id, Choices(), None)


def test_a_chosen_mapping_is_remembered_for_the_next_workbook_of_that_shape(importer, tmp_path):
    tabs = {"Belege": [["Beleg", "Wer", "Wann", "Bis", "Wieviel"], AN_INVOICE]}
    path = workbook(tmp_path, tabs | {"Other": [INVOICES, ANOTHER_INVOICE]})
    import_id = import_actions.receive(importer, io.BytesIO(path.read_bytes()), "x.xlsx", None)
    import_actions.preview(importer, import_id)
    (tab, _) = files_of(importer, import_id).preview().tabs
    fields = dict(enumerate(["number", "customer_name", "issued_on", "due_on", "total_cents"]))

    import_actions.choose(
        importer, import_id, choices(mappings={tab.fingerprint: ChosenMapping(ListKind.INVOICE, fields)}), None
    )
    import_actions.preview(importer, import_id)

    assert files_of(importer, import_id).preview().tabs[0].kind is ListKind.INVOICE
    preview = importer.examine(workbook(tmp_path, tabs, name="next.xlsx"), Choices(), say_nothing).preview
    assert preview.counts["new"] == 1


def test_an_applied_import_cannot_be_discarded(importer, tmp_path):
    import_id = apply(importer, workbook(tmp_path, relational()))

    with pytest.raises(NotNowError, match="Only an import that wrote nothing"):
        import_actions.discard(importer, import_id, None)


def test_a_discarded_import_leaves_nothing(importer, tmp_path):
    import_id = import_actions.receive(
        importer, io.BytesIO(workbook(tmp_path, relational()).read_bytes()), "x.xlsx", None
    )
    import_actions.preview(importer, import_id)

    import_actions.discard(importer, import_id, None)

    assert ImportModel.select().count() == 0
    assert importer.stored_files.folders() == []


def test_the_same_workbook_applied_by_two_at_once_is_there_once(importer_anywhere, tmp_path):
    path = workbook(tmp_path, relational())
    examined = importer_anywhere.examine(path, Choices(), say_nothing)
    once = apply(importer_anywhere, path)
    expected = meaning()
    import_actions.undo(importer_anywhere, once)

    def attempt(_):
        with store_database.connection():
            try:
                import_actions.apply_file(importer_anywhere, path, examined, Choices(), None, say_nothing)
            except NotNowError as refused:
                return str(refused)
        return "applied"

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(attempt, range(4)))

    assert results.count("applied") == 1
    assert meaning() == expected
    assert ImportedRowModel.select().where(ImportedRowModel.origin > once).count() == 5
