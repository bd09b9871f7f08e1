"""Lists at addresses that a spreadsheet refreshes: who gets them, and what is in them."""

import csv
import io
from base64 import b64encode
from datetime import date, timedelta
from ipaddress import ip_network

import pytest
from support.records import a_customer, a_payment, a_user, an_invoice
from support.settings import settings_of
from webtest import TestApp

from app.actions import api_tokens as token_actions
from app.domain.permissions import API_RIGHTS, EVERYTHING, Role, Scope, TokenRight
from app.store.access import api_tokens, users, views
from app.store.access.api_tokens import TokenFacts
from app.store.db import tables
from app.web.application import build

FEEDS = frozenset({TokenRight.FEEDS})
HEADINGS = (
    "Invoice No,Customer ID,Customer,Invoice Date,Due Date,Currency,Amount,Status Date,Status Reason,Disputed,Ledger,"
    "Reference,Notes,Paid,Balance,Status,Days late"
).split(",")


class Spreadsheet(TestApp):
    """Asks as Excel does: first without a password, and with one where it is asked to sign in."""

    def __init__(self, app, password, user_name="anything"):
        super().__init__(app)
        self.basic = {"Authorization": f"Basic {b64encode(f'{user_name}:{password}'.encode()).decode()}"}

    def refresh(self, path, **headers):
        first = self.get(path, expect_errors=True)
        assert (first.status_int, first.headers["WWW-Authenticate"][:6]) == (401, "Basic ")
        return self.ask(path, **headers)

    def ask(self, path, method="GET", **headers):
        sent = {**self.basic, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.request(path, method=method, headers=sent, expect_errors=True)

    def rows(self, path="/feeds/invoices.csv"):
        return rows_of(self.refresh(path))


def rows_of(answer):
    assert answer.status_int == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))


def password_of(user, now, narrowed_to=EVERYTHING, rights=FEEDS):
    facts = TokenFacts("Excel", rights, now + timedelta(days=60), narrowed_to)
    return token_actions.create(facts, users.get(user.id), now)


@pytest.fixture
def excel_of(app, clock):
    def made(user, narrowed_to=EVERYTHING):
        return Spreadsheet(app, password_of(user, clock(), narrowed_to))

    return made


@pytest.fixture
def excel(excel_of, user):
    """The spreadsheet of an admin."""
    return excel_of(user)


@pytest.fixture
def a_view(user):
    """The address of a view of the admin that keeps these parameters."""

    def saved(locale="en_GB", **parameters):
        return f"/feeds/views/{views.save(user.id, 'Mine', parameters, locale)}.csv"

    return saved


def test_a_spreadsheet_is_asked_to_sign_in_and_then_gets_the_list(excel):
    an_invoice("0017", a_customer("C1", "Müller & Söhne"), issued_on=date(2026, 2, 1), due_on=date(2026, 2, 20))

    (row,) = excel.rows()

    assert row == {
        "Invoice No": "0017", "Customer ID": "C1", "Customer": "Müller & Söhne", "Invoice Date": "2026-02-01",
        "Due Date": "2026-02-20", "Currency": "USD", "Amount": "100.00", "Status Date": "", "Status Reason": "",
        "Disputed": "No", "Ledger": "Invoices", "Reference": "", "Notes": "", "Paid": "0.00", "Balance": "100.00",
        "Status": "Overdue", "Days late": "10",
    }  # fmt: skip


def test_the_bytes_say_that_they_are_utf_8_and_end_their_lines_as_excel_does(excel):
    answer = excel.refresh("/feeds/invoices.csv")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.body == b"\xef\xbb\xbf" + ",".join(HEADINGS).encode() + b"\r\n"


def test_the_headings_are_the_same_on_another_day_and_without_a_row(excel, clock):
    a_payment(an_invoice(own_fields={"Salesman": "Ann"}), 100_00)
    full = excel.refresh("/feeds/invoices.csv").text.splitlines()[0]
    clock.advance(days=20)

    empty = excel.refresh("/feeds/open-invoices.csv")

    assert full.lstrip("\ufeff").split(",") == [*HEADINGS, "Salesman"]
    assert empty.text.splitlines()[0] == full


def test_texts_are_no_formulas_and_numbers_stay_numbers(excel):
    an_invoice("1", a_customer("C1", "=cmd|' /C calc'!A0"), total_cents=-50_00)

    (row,) = excel.rows()

    assert (row["Customer"], row["Amount"]) == ("'=cmd|' /C calc'!A0", "-50.00")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_without_a_password_the_answer_asks_for_one(app, sqlite, method):
    answer = TestApp(app).request("/feeds/invoices.csv", method=method, expect_errors=True)

    assert answer.status_int == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="invoices", charset="UTF-8"'


def test_who_has_no_password_reads_where_to_make_one(app, sqlite):
    assert TestApp(app).get("/feeds/invoices.csv", expect_errors=True).text == (
        "Sign in with a password from the page “Use in Excel”; the user name does not matter.\n"
    )


@pytest.mark.parametrize("header", ["Basic", "Basic %%%", "Basic YW5u", "Basic YW5uOmFubg==", "Bearer invoices_x"])
def test_what_is_no_password_is_refused(app, sqlite, header):
    answer = TestApp(app).get("/feeds/invoices.csv", headers={"Authorization": header}, expect_errors=True)

    assert answer.status_int == 401


def test_the_user_name_does_not_matter(app, user, clock):
    password = password_of(user, clock())

    for name in ("", "ann@example.com", "jemand anders"):
        assert Spreadsheet(app, password, name).ask("/feeds/payments.csv").status_int == 200


def test_no_cookie_counts(browser):
    assert browser.get("/feeds/invoices.csv", expect_errors=True).status_int == 401


def test_no_cookie_is_set_and_no_other_site_may_read(excel):
    answer = excel.ask("/feeds/invoices.csv", Origin="https://elsewhere.example")

    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert [name for name in answer.headers if name.lower().startswith("access-control")] == []


def test_a_token_of_the_api_opens_no_feed(app, user, clock):
    answer = Spreadsheet(app, password_of(user, clock(), rights=API_RIGHTS)).ask("/feeds/invoices.csv")

    assert (answer.status_int, answer.text) == (
        403,
        "This needs a token with the right to feeds, of a user who may export.\n",
    )


def test_a_user_who_may_no_longer_export_gets_no_list(excel, user):
    tables.UserModel.update(role=Role.VIEWER.value).execute()

    assert excel.ask("/feeds/customers.csv").status_int == 403


def test_a_revoked_password_is_asked_for_again(excel, user, clock):
    token_actions.revoke(1, user, clock())

    assert excel.ask("/feeds/invoices.csv").status_int == 401


def test_an_expired_password_is_asked_for_again(excel, clock):
    clock.advance(days=60)

    assert excel.ask("/feeds/invoices.csv").text == (
        "This password is not known, has expired or was revoked: make another on “Use in Excel”.\n"
    )


def test_a_deactivated_user_gets_no_list(excel, user):
    users.set_active(user.id, active=False)

    assert excel.ask("/feeds/invoices.csv").status_int == 401


def test_each_refresh_is_noted_at_the_password(excel, clock):
    excel.ask("/feeds/invoices.csv")

    assert api_tokens.get(1).last_used_at == clock()


def test_who_refreshes_too_often_is_told_when_to_go_on(app, settings, user, clock):
    excel = Spreadsheet(
        build(settings.model_copy(update={"api_requests_per_minute": 2}), clock), password_of(user, clock())
    )
    for _ in range(2):
        assert excel.ask("/feeds/payments.csv").status_int == 200

    answer = excel.ask("/feeds/payments.csv")

    assert (answer.status_int, answer.headers["Retry-After"]) == (429, "60")
    assert answer.text == "A token may ask 2 times a minute: go on in 60 seconds.\n"


def test_only_allowed_networks_get_a_list(sqlite, tmp_path, user, clock):
    settings = settings_of(tmp_path).model_copy(update={"allowed_addresses": (ip_network("192.0.2.0/24"),)})
    excel = Spreadsheet(build(settings, clock), password_of(user, clock()))

    assert excel.ask("/feeds/invoices.csv").status_int == 403


def test_a_password_sees_what_it_was_narrowed_to(excel_of, user, ledger):
    excel = excel_of(user, Scope(ledgers=frozenset({"2026"})))

    assert [row["Invoice No"] for row in excel.rows()] == ["C2-1"]
    assert [row["Customer ID"] for row in excel.rows("/feeds/customers.csv")] == ["C2"]
    assert [row["Invoice No"] for row in excel.rows("/feeds/payments.csv")] == ["C2-1"]


def test_a_password_sees_no_more_than_its_user_does_now(excel, user, ledger):
    users.set_scope(user.id, Scope(ledgers=frozenset({"2025"})))

    assert [row["Invoice No"] for row in excel.rows()] == ["C1-1"]


def test_own_fields_of_another_ledger_do_not_show_as_headings(excel_of, user):
    an_invoice("1", a_customer("C1"), ledger="2025", own_fields={"Secret": "x"})
    an_invoice("2", a_customer("C2"), ledger="2026", own_fields={"Salesman": "Bob"})

    answer = excel_of(user, Scope(ledgers=frozenset({"2026"}))).ask("/feeds/invoices.csv")

    assert answer.text.splitlines()[0].endswith(",Days late,Salesman")


def test_the_list_of_open_invoices_leaves_out_what_is_paid(excel):
    a_payment(an_invoice("1", a_customer("C1")), 100_00)
    an_invoice("2")

    assert [row["Invoice No"] for row in excel.rows("/feeds/open-invoices.csv")] == ["2"]


def test_the_list_of_customers_has_a_row_for_each_currency(excel):
    customer = a_customer("C1", "Acme", own_fields={"Salesman": "Bob"})
    an_invoice("1", customer, currency="EUR")
    an_invoice("2", customer, currency="USD", total_cents=7_50)

    rows = excel.rows("/feeds/customers.csv")

    assert [(row["Customer ID"], row["Currency"], row["Outstanding"], row["Salesman"]) for row in rows] == [
        ("C1", "EUR", "100.00", "Bob"),
        ("C1", "USD", "7.50", "Bob"),
    ]


def test_the_list_of_payments_says_which_invoice_and_how_much(excel):
    a_payment(an_invoice("1", a_customer("C1", "Acme")), 40_00, paid_on=date(2026, 2, 3))

    (row,) = excel.rows("/feeds/payments.csv")

    assert (row["Invoice No"], row["Customer"], row["Payment Date"], row["Amount"], row["Currency"]) == (
        "1", "Acme", "2026-02-03", "40.00", "USD",
    )  # fmt: skip


def test_a_view_has_its_rows_in_its_order(excel, a_view):
    for number, cents in (("1", 10_00), ("2", 3000_00), ("3", 2000_00)):
        an_invoice(number, total_cents=cents)

    assert [row["Invoice No"] for row in excel.rows(a_view(least="1,000", sort="-total"))] == ["2", "3"]


def test_the_amounts_of_a_view_are_read_as_they_were_written(excel, a_view):
    an_invoice("1", total_cents=999_99)
    an_invoice("2", total_cents=1000_50)

    assert [row["Invoice No"] for row in excel.rows(a_view("de_DE", least="1.000,50"))] == ["2"]


def test_a_view_that_cannot_be_read_is_not_widened(excel, a_view):
    answer = excel.ask(a_view(least="1.000,50"))

    assert (answer.status_int, answer.text) == (400, "Least: “1.000,50” is not an amount. Write it like 1,234.50.\n")


def test_what_is_overdue_is_asked_at_each_refresh_and_in_the_time_zone_of_the_firm(excel, a_view, clock):
    tables.FirmModel.create(currency="USD", zone="Asia/Tokyo", version=1)
    an_invoice("1", due_on=date(2026, 3, 2))
    address = a_view(status="overdue")
    clock.advance(hours=5, minutes=29)  # 14:59 in London, 23:59 in Tokyo

    assert excel.rows(address) == []
    clock.advance(minutes=1)
    assert [row["Days late"] for row in excel.rows(address)] == ["1"]


def test_this_month_is_that_of_each_refresh(excel, a_view, clock):
    an_invoice("February", issued_on=date(2026, 2, 28))
    an_invoice("March", issued_on=date(2026, 3, 1))
    address = a_view(issued_in="this month")
    in_march = excel.rows(address)
    clock.advance(days=29, hours=15)
    an_invoice("April", issued_on=date(2026, 4, 1))

    assert [row["Invoice No"] for row in in_march] == ["March"]
    assert [row["Invoice No"] for row in excel.rows(address)] == ["April"]


def test_a_view_that_was_deleted_is_said_to_be_gone(excel, a_view, user):
    address = a_view(status="overdue")
    views.delete(user.id, 1)

    answer = excel.ask(address)

    assert (answer.status_int, answer.text) == (
        404,
        "There is no such view. It was deleted, or belongs to another user.\n",
    )


def test_the_view_of_another_user_is_not_there(excel_of, a_view):
    bob = a_user("bob@example.com", Role.ADMIN, "Bob")

    assert excel_of(bob).ask(a_view(status="overdue")).status_int == 404


def test_a_refresh_without_a_change_is_answered_without_the_list(excel, a_view):
    an_invoice("1")
    address = a_view(status="open")
    tag = excel.ask(address).headers["ETag"]

    again = excel.ask(address, If_None_Match=tag)

    assert (again.status_int, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "change",
    [
        lambda clock: a_payment(an_invoice("9"), 1_00),
        lambda clock: clock.advance(days=1),
        lambda clock: tables.SavedViewModel.update(parameters='{"status": "paid"}').execute(),
        lambda clock: users.set_scope(1, Scope(ledgers=frozenset({"2026"}))),
        lambda clock: tables.FirmModel.create(currency="USD", zone="Asia/Tokyo", version=1),
    ],
    ids=["ledger", "day", "view", "scope", "time zone"],
)
def test_a_refresh_after_a_change_brings_the_list(excel, a_view, clock, change):
    an_invoice("1")
    address = a_view(status="open")
    tag = excel.ask(address).headers["ETag"]

    change(clock)

    assert excel.ask(address, If_None_Match=tag).status_int == 200


def test_a_refresh_after_an_upgrade_brings_the_list_as_its_columns_may_be_others(excel, monkeypatch):
    tag = excel.ask("/feeds/invoices.csv").headers["ETag"]

    monkeypatch.setattr("app.web.api.feeds._VERSION", "another")

    assert excel.ask("/feeds/invoices.csv", If_None_Match=tag).status_int == 200


def test_head_says_whether_something_changed_and_sends_no_list(excel):
    full = excel.ask("/feeds/invoices.csv")

    head = excel.ask("/feeds/invoices.csv", method="HEAD")

    assert (head.status_int, head.body, head.headers["ETag"]) == (200, b"", full.headers["ETag"])
    assert "Content-Length" not in head.headers


def test_a_feed_that_breaks_says_a_number_and_not_why(excel, monkeypatch):
    def explode(*_):
        raise RuntimeError("the secret reason")

    monkeypatch.setattr("app.web.api.feeds.payment_list.matching", explode)

    answer = excel.ask("/feeds/payments.csv")

    request_id = answer.headers["X-Request-Id"]
    assert (answer.status_int, answer.text) == (
        500,
        f"Something went wrong here; it is in the log under {request_id}.\n",
    )


def test_nothing_can_be_sent_to_a_feed(excel):
    assert excel.ask("/feeds/invoices.csv", method="POST").status_int == 405


def test_each_database_gives_the_same_list(database, settings, clock):
    user = a_user()
    for number, name in (("1", "Ärzte"), ("2", "Zorn")):
        an_invoice(number, a_customer(number, name), own_fields={"Salesman": name, "Route": number})
    address = f"/feeds/views/{views.save(user.id, 'Late', {'status': 'overdue', 'sort': 'customer'}, 'en_GB')}.csv"

    rows = Spreadsheet(build(settings, clock), password_of(user, clock())).rows(address)

    assert sorted((row["Customer"], row["Route"], row["Salesman"], row["Balance"]) for row in rows) == [
        ("Zorn", "2", "Zorn", "100.00"),
        ("Ärzte", "1", "Ärzte", "100.00"),
    ]


def test_no_row_is_left_out_of_a_list_of_several_pages(excel, sqlite):
    with sqlite.atomic():
        for number in range(250):
            an_invoice(f"{number}")

    assert [row["Invoice No"] for row in excel.rows("/feeds/invoices.csv")] == [
        f"{number}" for number in reversed(range(250))
    ]
