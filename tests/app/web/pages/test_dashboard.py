"""The dashboard says what is owed on a day, and how late it is."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from support.browser import QUICK_HASH, Browser
from support.records import a_customer, a_payment, a_user, an_invoice

from app.domain.firm import Firm
from app.domain.permissions import Role
from app.store.access import second_factor
from app.store.db import tables
from app.store.ledger import firm
from app.web.application import build


def words_of(part):
    return " ".join(part.get_text(" ").split())


def words(page):
    """The text of the page, as read from left to right."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_an_empty_dashboard_says_what_to_do_next(browser):
    page = browser.get("/")

    assert "There are no invoices yet." in page.text
    assert '<a href="/imports">Import your workbook</a>' in page.text


def steps(browser):
    return [words_of(step) for step in browser.get("/").html.select(".steps__one")]


def test_a_new_firm_is_told_its_first_steps(browser):
    assert steps(browser) == [
        "Say who your firm is",
        "Import your workbook or enter the first invoice",
        "Invite a colleague",
        "Set up two-step sign-in",
    ]


def test_each_step_that_is_done_is_ticked_and_once_all_are_they_go(browser, user):
    an_invoice("1001")
    firm.write(Firm("USD", ZoneInfo("UTC"), "Acme"))
    a_user("bob@example.com")
    tables.UserModel.update(created_at=datetime(2026, 3, 1, tzinfo=UTC)).execute()

    assert steps(browser) == [
        "✓ Say who your firm is (done)",
        "✓ Import your workbook (done)",
        "✓ Invite a colleague (done)",
        "Set up two-step sign-in",
    ]
    second_factor.set_secret(user.id, "JBSWY3DPEHPK3PXP", 0)
    assert steps(browser) == []


def test_what_is_only_advised_is_shown_for_a_fortnight(browser, user):
    an_invoice("1001")
    firm.write(Firm("USD", ZoneInfo("UTC"), "Acme"))

    tables.UserModel.update(created_at=datetime(2026, 2, 16, 9, 31, tzinfo=UTC)).execute()
    assert len(steps(browser)) == 4
    tables.UserModel.update(created_at=datetime(2026, 2, 16, 9, 30, tzinfo=UTC)).execute()
    assert steps(browser) == []


@pytest.mark.parametrize(
    ("role", "told"),
    [
        (Role.ACCOUNTANT, ["Import your workbook or enter the first invoice", "Set up two-step sign-in"]),
        (Role.VIEWER, []),
    ],
)
def test_everybody_is_told_the_steps_that_they_may_do(app, sqlite, role, told):
    a_user("bob@example.com", role, "Bob", QUICK_HASH)
    other = Browser(app)
    other.sign_in("bob@example.com")

    assert steps(other) == told


def test_where_all_is_paid_a_sentence_takes_the_place_of_each_empty_grid(browser):
    a_payment(an_invoice("1001", issued_on=date(2024, 1, 1)), 100_00, paid_on=date(2024, 2, 1))

    charts = browser.get("/").html.select(".chart")

    assert [words_of(chart) for chart in charts] == [
        "Outstanding by age USD Nothing is owed.",
        "Invoiced and collected by month USD Nothing was invoiced or collected in these months.",
    ]


@pytest.mark.parametrize("path", ["/", "/invoices", "/customers", "/payments"])
def test_where_there_is_nothing_yet_there_is_nothing_to_search_and_no_day(browser, path):
    page = browser.get(path).html

    assert page.select("main input:not([type=hidden])") == []


def test_outstanding_overdue_and_credit_are_shown(browser):
    an_invoice("1", total_cents=1_000_00, due_on=date(2026, 2, 20))
    an_invoice("2", total_cents=200_00, due_on=date(2026, 3, 2))
    a_payment(an_invoice("3", total_cents=10_00), 15_00)

    text = words(browser.get("/"))

    assert "Outstanding 1,200.00 unchanged" in text
    assert "Overdue 1,000.00" in text
    assert "Open invoices 2 1 overdue" in text
    assert "Credit 5.00" in text
    assert "Not yet due 200.00 1–30 days late 1,000.00 31–60 days late 0.00" in text


def test_currencies_stand_side_by_side_and_the_one_of_the_business_first(browser):
    an_invoice("1", currency="EUR", total_cents=7_00)
    an_invoice("2", currency="USD", total_cents=5_00)

    text = words(browser.get("/"))

    compared = "compared with a month before, 2 Feb 2026"
    assert text.index(f"USD {compared} Outstanding 5.00") < text.index(f"EUR {compared} Outstanding 7.00")
    assert "12.00" not in text


def test_each_figure_stands_beside_what_it_was_a_month_before(browser):
    invoice = an_invoice("1", total_cents=100_00, issued_on=date(2026, 1, 20), due_on=date(2026, 2, 10))
    an_invoice("2", total_cents=20_00, issued_on=date(2026, 2, 20), due_on=date(2026, 3, 9))
    a_payment(invoice, 30_00, paid_on=date(2026, 2, 2))
    a_payment(invoice, 10_00, paid_on=date(2026, 2, 3))
    a_payment(invoice, 5_00, paid_on=date(2026, 3, 1))

    text = words(browser.get("/"))

    assert "Outstanding 75.00 up from 70.00" in text
    assert "Overdue 55.00 up from 0.00" in text
    assert "Open invoices 2 1 overdue up from 1" in text
    assert "Collected since 1 Mar 2026 5.00 down from 30.00 Feb 2026 in full: 40.00" in text


def test_due_soon_begins_today_and_ends_on_the_seventh_and_the_thirtieth_day(browser):
    for day, cents in ((date(2026, 3, 1), 1), (date(2026, 3, 2), 2), (date(2026, 3, 9), 4), (date(2026, 3, 10), 8)):
        an_invoice(str(cents), total_cents=cents, due_on=day)
    an_invoice("16", total_cents=16, due_on=date(2026, 4, 1))
    an_invoice("32", total_cents=32, due_on=date(2026, 4, 2))

    page = browser.get("/")

    assert "Due in the next 7 days 0.06" in words(page)
    assert "Due in the next 30 days 0.30" in words(page)
    behind = page.click(href="due_to=2026-03-09")
    assert re.findall(r"/invoices/(\d+)\"", behind.text) == ["3", "2"]


def test_days_of_sales_and_days_to_pay_are_shown_plain_and_weighted(browser):
    a_payment(an_invoice("1", total_cents=100_00), 100_00, paid_on=date(2026, 1, 11))
    a_payment(an_invoice("2", total_cents=300_00), 300_00, paid_on=date(2026, 2, 10))
    an_invoice("3", total_cents=50_00)

    text = words(browser.get("/"))

    assert "DSO 10 days down from 70" in text
    assert "Average days to pay 25 days up from 10 33 by amount (was 10)" in text


def test_what_cannot_be_said_is_not_zero(browser):
    an_invoice("1", issued_on=date(2025, 1, 1), due_on=date(2025, 2, 1))

    text = words(browser.get("/"))

    assert "DSO – Nothing was invoiced in 90 days" in text
    assert "Average days to pay – No invoice was settled in 90 days" in text


def test_a_month_before_a_day_that_its_month_lacks_is_its_last(browser):
    an_invoice("1")

    assert "Outstanding 100.00 unchanged" in words(browser.get("/?as_of=2026-03-31"))


def test_months_and_the_largest_debts_are_tables_too(browser):
    acme, bolt = a_customer("C1", "Acme"), a_customer("C2", "Bolt")
    a_payment(an_invoice("1", acme, total_cents=100_00), 40_00, paid_on=date(2026, 2, 28))
    an_invoice("2", bolt, total_cents=90_00, due_on=date(2026, 3, 30))

    page = browser.get("/")

    assert "Jan 2026 190.00 0.00 Feb 2026 0.00 40.00 Mar 2026 0.00 0.00" in words(page)
    assert "Customer Not yet due Overdue Bolt 90.00 0.00 Acme 0.00 60.00" in words(page)
    assert f'<a href="/customers/{bolt.id}">Bolt</a>' in page.text
    assert 'href="/invoices?issued_from=2026-01-01&amp;issued_to=2026-01-31&amp;currency=USD"' in page.text


def test_an_earlier_day_turns_back_the_months_too(browser):
    a_payment(an_invoice("1"), 40_00, paid_on=date(2026, 2, 28))

    text = words(browser.get("/?as_of=2026-01-15"))

    assert "Jan 2026 100.00 0.00" in text
    assert "Feb 2026 0.00" not in text


def test_an_earlier_day_shows_what_was_owed_then(browser):
    invoice = an_invoice("1", total_cents=100_00)
    a_payment(invoice, 100_00, paid_on=date(2026, 2, 10))

    assert "Outstanding 100.00" in words(browser.get("/?as_of=2026-02-09"))
    assert "Outstanding 0.00" in words(browser.get("/?as_of=2026-02-10"))


def test_today_is_the_day_where_the_business_is(settings, clock, user):
    an_invoice("1", due_on=date(2026, 3, 2))
    clock.moment = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
    in_new_york = Browser(build(settings.model_copy(update={"time_zone": ZoneInfo("America/New_York")}), clock))
    in_new_york.sign_in()

    page = in_new_york.get("/")

    assert page.forms[1]["as_of"].value == "2026-03-02"
    assert "Overdue 0.00" in words(page)


def test_a_day_that_cannot_be_read_is_said_beside_the_field_and_kept(browser):
    page = browser.get("/?as_of=31.12.2025", expect_errors=True)

    assert page.status_int == 422
    assert "“31.12.2025” is not a day; please write it like 2026-03-02." in page.text
    assert page.forms[1]["as_of"].value == "31.12.2025"
    assert 'aria-describedby="as_of-error"' in page.text


@pytest.mark.parametrize("bucket", ["not_due", "1-30", "31-60", "61-90", "over_90"])
def test_each_bucket_leads_to_its_invoices(browser, bucket):
    an_invoice("1")

    page = browser.get("/?as_of=2026-02-28").click(href=f"bucket={bucket}")

    assert page.forms[1]["bucket"].value == bucket
    assert page.forms[1]["as_of"].value == "2026-02-28"


def test_who_owes_much_for_long_is_called_first(browser):
    for name, cents, due_on in (
        ("Much, short", 500_00, date(2026, 2, 28)),  # 500.00 times 2 days
        ("Little, long", 9_00, date(2026, 1, 1)),  # 9.00 times 60 days
        ("Both", 100_00, date(2026, 2, 10)),  # 100.00 times 20 days
        ("Not late", 900_00, date(2026, 3, 2)),
    ):
        an_invoice(name, a_customer(name, name, phone="555-0100"), total_cents=cents, due_on=due_on)

    rows = [words_of(row) for row in browser.get("/").html.select("table[data-rows] tbody tr")]

    assert rows == [
        "Both 555-0100 20 days late 100.00",
        "Much, short 555-0100 2 days late 500.00",
        "Little, long 555-0100 60 days late 9.00",
    ]


def test_a_customer_is_called_about_the_oldest_of_several(browser):
    acme = a_customer("C1", "Acme")
    for day in (3, 20, 1):
        an_invoice(f"N{day}", acme, total_cents=10_00, due_on=date(2026, 2, day))

    [row] = browser.get("/").html.select("table[data-rows] tbody tr")

    assert words_of(row) == "Acme 29 days late 30.00"


def test_ten_customers_at_most_are_called(browser):
    for number in range(12):
        an_invoice(f"N{number}", a_customer(f"C{number}", f"Customer {number}"), due_on=date(2026, 2, 1))

    assert len(browser.get("/").html.select("table[data-rows] tbody tr")) == 10


def test_who_has_no_telephone_is_written_to(browser):
    an_invoice("1", a_customer("C1", "Acme", email="pay@acme.example"), due_on=date(2026, 2, 1))

    assert browser.get("/").html.select_one("table[data-rows] a[href^=mailto]").string == "pay@acme.example"


def test_a_customer_cannot_bring_a_script_along(browser):
    an_invoice("<b>1</b>", a_customer("<i>", "<script>alert(1)</script>"), reference='"><img src=x>', notes="<u>")
    invoice = tables.InvoiceModel.get()

    for path in ("/", "/invoices", f"/invoices/{invoice.id}", "/invoices?q=<script>alert(1)</script>"):
        page = browser.get(path)
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
        assert "<b>1</b>" not in page.text
        assert "<img" not in page.text


def test_the_number_of_queries_does_not_grow_with_the_invoices(browser, sqlite):
    def queries():
        asked = []
        original = type(sqlite).execute_sql
        try:
            type(sqlite).execute_sql = lambda *args, **kwargs: (asked.append(1), original(*args, **kwargs))[1]
            browser.get("/")
            browser.get("/invoices")
        finally:
            type(sqlite).execute_sql = original
        return len(asked)

    an_invoice("0")
    few = queries()
    for number in range(1, 40):
        a_payment(an_invoice(str(number), a_customer(f"K{number}")))

    assert queries() == few


def test_recent_activity_tells_who_did_what_to_what(browser):
    invoice = an_invoice("1001", total_cents=100_00)
    form = next(form for form in browser.get("/invoices/1").forms.values() if form.action.endswith("/payments"))
    form["amount"] = "40.00"
    form.submit()

    deed = browser.get("/").html.select_one(".audit-messages__one")

    assert " ".join(deed.get_text(" ").split()) == (
        "2 Mar 2026, 09:30 Ann recorded a payment of 40.00, paid on 2 Mar 2026, for invoice 1001"
    )
    assert deed.a["href"] == f"/invoices/{invoice.id}"


def test_recent_activity_is_turned_back_with_the_page(browser):
    an_invoice("1001", total_cents=100_00)
    form = next(form for form in browser.get("/invoices/1").forms.values() if form.action.endswith("/payments"))
    form.submit()

    assert "Nothing has happened yet." in browser.get("/?as_of=2026-03-01").text


def test_the_dashboard_leads_to_what_is_done_daily(browser):
    an_invoice()

    links = browser.get("/").html.select("main .actions a")

    assert [(link.string, link["href"]) for link in links] == [
        ("Record a payment", "/payments/new"),
        ("Import a workbook", "/imports"),
    ]


def test_a_viewer_is_offered_nothing_to_do(app):
    a_user("eve@example.com", Role.VIEWER, "Eve", QUICK_HASH)
    viewer = Browser(app)
    viewer.sign_in("eve@example.com")
    an_invoice()

    assert viewer.get("/").html.select("main .actions") == []
