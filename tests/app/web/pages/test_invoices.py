"""Invoices are searched, filtered, ordered and paged by their address, without any script."""

import re
from datetime import UTC, date, datetime

import pytest
from support.records import a_customer, a_payment, an_import, an_imported_row, an_invoice

from app.store.access import audit
from app.store.db.transactions import transaction


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def numbers(page):
    return re.findall(r'<td class="table__key[^>]*><a[^>]*>([^<]*)</a>', page.text)


def test_without_any_customer_the_form_says_to_enter_one_first(browser):
    page = browser.get("/invoices/new")

    assert "There are no customers yet." in page.text
    assert page.click("Enter the customer").request.path == "/customers/new"


def test_a_line_shows_all_that_matters(browser):
    invoice = an_invoice("0042", a_customer("C1", "Acme"), total_cents=1_234_50, due_on=date(2026, 2, 20))
    a_payment(invoice, 34_50)

    text = words(browser.get("/invoices"))

    due = "due 20 Feb 2026, 10 days late"  # for telephones
    assert f"0042 {due} Acme 1 Jan 2026 20 Feb 2026 1,234.50 34.50 1,200.00 USD Overdue 10" in text


def test_a_search_is_typed_into_the_form_and_stands_in_the_address(browser):
    an_invoice("1", a_customer("C1", "Acme"))
    an_invoice("2", a_customer("C2", "Other"))

    form = browser.get("/invoices").forms[1]
    form["q"] = "acme"
    page = form.submit().follow()

    assert numbers(page) == ["1"]
    assert page.request.path_qs == "/invoices?q=acme"
    assert page.forms[1]["q"].value == "acme"


def test_the_statuses_that_are_asked_for_most_come_first(browser):
    an_invoice()

    options = [option.string for option in browser.get("/invoices").html.select("#status option")]

    assert options == [
        "All", "Outstanding", "Overdue", "Open", "Partial", "Paid", "Draft", "Written off", "Void",
    ]  # fmt: skip


def test_an_amount_is_found_as_it_is_written(browser):
    an_invoice("1", total_cents=1_234_50)
    an_invoice("2", total_cents=1_234_51)

    assert numbers(browser.get("/invoices?q=1,234.50")) == ["1"]


def test_outstanding_is_open_partial_and_overdue(browser):
    an_invoice("open", due_on=date(2026, 4, 1))
    an_invoice("late")
    a_payment(an_invoice("part", due_on=date(2026, 4, 1)), 1)
    a_payment(an_invoice("paid"), 100_00)
    an_invoice("void", voided_at=datetime(2026, 2, 1, tzinfo=UTC))

    assert sorted(numbers(browser.get("/invoices?status=outstanding"))) == ["late", "open", "part"]
    assert numbers(browser.get("/invoices?status=paid")) == ["paid"]
    assert numbers(browser.get("/invoices?status=void")) == ["void"]


def test_a_heading_orders_and_then_turns_the_order_round(browser):
    an_invoice("b", total_cents=1)
    an_invoice("a", total_cents=2)

    rising = browser.get("/invoices").click("Total")
    falling = rising.click("Total")

    assert numbers(rising) == ["b", "a"]
    assert numbers(falling) == ["a", "b"]
    assert 'aria-sort="descending"' in falling.text


def test_fifty_invoices_stand_on_a_page_and_the_total_is_that_of_all(browser):
    for number in range(51):
        an_invoice(f"{number:03}", total_cents=1_00)

    first = browser.get("/invoices?sort=number")
    second = first.click("Next")

    assert len(numbers(first)) == 50
    assert numbers(second) == ["050"]
    assert "51.00" in words(second)
    assert "sort=number" in second.request.url
    assert numbers(second.click("Previous"))[0] == "000"


def test_a_page_beyond_the_last_leads_back(browser):
    an_invoice()

    assert "There is only 1 page." in words(browser.get("/invoices?page=7"))


def test_the_filter_survives_ordering_and_paging(browser):
    an_invoice("1", currency="EUR")

    page = browser.get("/invoices?q=1&status=overdue&bucket=1-30&currency=EUR&as_of=2026-02-28").click("Total")

    for part in ("q=1", "status=overdue", "bucket=1-30", "currency=EUR", "as_of=2026-02-28", "sort=total"):
        assert part in page.request.url


def test_a_list_without_matches_says_so_and_leads_back(browser):
    an_invoice()

    page = browser.get("/invoices?q=nothing+like+it")

    assert "No invoice matches, as of 2 Mar 2026 ." in words(page)
    assert numbers(page.click("Show all invoices")) == ["1001"]


def test_a_list_without_invoices_leads_to_the_import(browser):
    assert "Import your workbook" in browser.get("/invoices").text


def test_invoices_issued_later_are_mentioned_and_not_counted(browser):
    an_invoice("1")
    an_invoice("2", issued_on=date(2026, 3, 3))

    page = browser.get("/invoices")

    assert numbers(page) == ["1"]
    assert "Not shown: 1 invoice dated after 2 Mar 2026" in words(page)


@pytest.mark.parametrize(
    "query", ["status=nonsense", "bucket=nonsense", "page=0", "page=x", "as_of=x", "q=" + "x" * 201, "currency=EURO"]
)
def test_a_wrong_parameter_is_answered_with_a_sentence_and_the_list(browser, query):
    an_invoice()

    page = browser.get(f"/invoices?{query}", expect_errors=True)

    assert page.status_int == 422
    assert "lease " in page.text


def test_an_unknown_order_is_the_usual_one(browser):
    an_invoice()

    assert numbers(browser.get("/invoices?sort=-evil")) == ["1001"]


def test_an_invoice_shows_its_figures_payments_and_where_they_came_from(browser, user):
    source = an_import("ledger.xlsx", uploaded_by=user.id, applied_at=datetime(2026, 2, 1, 8, 0, tzinfo=UTC))
    invoice = an_invoice("0042", origin=source, notes="Call first")
    an_imported_row(source, invoice, tab="2025 & before", row=17)
    a_payment(invoice, 40_00, method="Wire", origin=source, import_tab="Payments", import_row=3)

    page = browser.get(f"/invoices/{invoice.id}")
    text = words(page)

    assert "Total 100.00 USD Paid 40.00 USD Balance 60.00 USD" in text
    assert "ledger.xlsx, 2025 &amp; before, row 17 , imported on 1 Feb 2026, 08:00 by Ann" in text
    assert f'href="/imports/{source.id}?tab=2025+%26+before&amp;row=17#row"' in page.text
    assert f'href="/imports/{source.id}?tab=Payments&amp;row=3#row"' in page.text
    assert "Call first" in text


def test_a_voided_payment_is_struck_through_with_its_reason(browser):
    invoice = an_invoice()
    a_payment(invoice, 40_00, voided_at=datetime(2026, 2, 1, tzinfo=UTC), void_reason="wrong invoice")

    page = browser.get(f"/invoices/{invoice.id}")

    assert "<s>40.00</s>" in page.text
    assert "Voided on 1 Feb 2026, 00:00: wrong invoice" in words(page)
    assert "Paid 0.00 USD" in words(page)


def test_a_payment_recorded_here_names_who_recorded_it(browser, user):
    invoice = an_invoice()
    a_payment(invoice, recorded_by=user.id)

    assert "Recorded on 1 Jan 2026, 00:00 by Ann" in words(browser.get(f"/invoices/{invoice.id}"))


def test_an_invoice_is_shown_as_it_stood_on_the_day(browser):
    invoice = an_invoice(total_cents=100_00)
    a_payment(invoice, 100_00, paid_on=date(2026, 2, 10))

    page = browser.get(f"/invoices/{invoice.id}?as_of=2026-02-09")

    assert "Balance 100.00 USD" in words(page)
    assert "After 9 Feb 2026 : not counted yet" in words(page)


def test_a_missing_invoice_has_a_friendly_page(browser):
    page = browser.get("/invoices/7", expect_errors=True)

    assert page.status_int == 404
    assert "There is no such invoice." in page.text
    assert "Sign out" in page.text


def test_an_invoice_says_how_its_customer_is_reached(browser):
    invoice = an_invoice("1", a_customer("C1", "Acme", email="pay@acme.example", phone="030 1234"))

    contact = browser.get(f"/invoices/{invoice.id}").html.select_one(".layout__heading + .layout__contact")

    assert [(link.get_text(), link["href"]) for link in contact.select("a")] == [
        ("Acme", f"/customers/{invoice.customer_id}"),
        ("030 1234", "tel:0301234"),
        ("pay@acme.example", "mailto:pay@acme.example"),
    ]


def test_a_dispute_says_beside_its_mark_what_is_disputed(browser, user):
    invoice = an_invoice("1", disputed=True)
    marked_as(user, invoice, "dispute", "half was broken")

    note = browser.get(f"/invoices/{invoice.id}").html.select_one(".note--doubt")

    assert " ".join(note.get_text().split()) == "Disputed: half was broken Ann, 1 Mar 2026, 08:00"


def test_what_was_settled_is_not_what_a_workbook_disputes_again(browser, user):
    invoice = an_invoice("1", disputed=True)
    marked_as(user, invoice, "dispute", "half was broken")
    marked_as(user, invoice, "settle_dispute", "replaced")

    assert browser.get(f"/invoices/{invoice.id}").html.select_one(".note--doubt") is None


def marked_as(user, invoice, mark, reason):
    with transaction():
        audit.append(
            user,
            f"invoice.{mark}",
            f"invoice:{invoice.id}",
            before={},
            after={"reason": reason},
            now=datetime(2026, 3, 1, 8, tzinfo=UTC),
        )


def test_payments_stand_newest_first_as_the_history_does(browser):
    invoice = an_invoice("1")
    for day in (5, 20, 12):
        a_payment(invoice, 10_00, paid_on=date(2026, 2, day))

    days = browser.get(f"/invoices/{invoice.id}").html.select("tbody .table__lead time")

    assert [day["datetime"] for day in days] == ["2026-02-20", "2026-02-12", "2026-02-05"]


def test_only_what_takes_money_out_of_the_figures_is_red(browser):
    open_one, disputed, void = (
        an_invoice("1"),
        an_invoice("2", disputed=True),
        an_invoice("3", voided_at=datetime(2026, 2, 1, tzinfo=UTC)),
    )

    def red(invoice):
        return [button.string for button in browser.get(f"/invoices/{invoice.id}").html.select(".form__danger")]

    assert red(open_one) == ["Write off what is left", "Void this invoice"]
    assert red(disputed) == ["Write off what is left", "Void this invoice"]
    assert red(void) == []
