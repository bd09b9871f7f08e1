"""Customers are listed, looked at, entered, changed and archived."""

import csv
import io
import re
from datetime import UTC, date, datetime

import pytest
from support.browser import Browser
from support.records import LONG_AGO, a_customer, a_payment, a_user, an_invoice

from app.actions import customers as customer_actions
from app.domain.permissions import Role
from app.store.db import tables
from app.store.ledger import customers
from app.store.ledger.customers import Details


def words(page):
    """The text of the page, as read from left to right."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.split("</header>")[1]).split())


def listed(page):
    return re.findall(r'href="/customers/\d+[^"]*">([^<]+)</a>', page.text)


def late(customer, days):
    for number, late_by in enumerate(days):
        paid_on = date.fromordinal(date(2026, 1, 31).toordinal() + late_by)
        a_payment(an_invoice(f"{customer.code}-{number}", customer), 100_00, paid_on=paid_on)


def test_an_empty_list_says_what_to_do_next(browser):
    page = browser.get("/customers")

    assert "There are no customers yet. Import your workbook , or enter the first one ." in words(page)


def test_the_list_shows_what_each_owes_and_who_is_likely_to_be_late(browser):
    acme, bolt = a_customer("C1", "Acme"), a_customer("C2", "Bolt")
    late(bolt, [3, 8, 12, 12, 20])
    an_invoice("1", acme, total_cents=250_00)

    text = words(browser.get("/customers?settled=yes"))

    assert "2 customers, as of 2 Mar 2026" in text
    oldest = "oldest 30 days late"  # for telephones
    assert f"Acme C1 250.00 USD 250.00 overdue 30 90 – {oldest} Bolt C2 0.00 USD 0 11 Expected late" in text


def test_the_list_opens_with_who_owes_something(browser):
    an_invoice("1", a_customer("C1", "Acme"))
    an_invoice("2", a_customer("C2", "Bolt"), voided_at=LONG_AGO)

    page = browser.get("/customers")

    assert listed(page) == ["Acme"]
    assert "1 customer who owes something, as of 2 Mar 2026" in words(page)
    assert listed(page.click("Show all")) == ["Acme", "Bolt"]


def test_who_owes_nothing_is_found_by_name(browser):
    an_invoice("1", a_customer("C1", "Acme"))
    a_customer("C2", "Bolt")

    assert listed(browser.get("/customers?q=bolt")) == ["Bolt"]


def test_everybody_is_listed_while_nobody_owes_anything(browser):
    a_customer("C1", "Acme")

    page = browser.get("/customers")

    assert listed(page) == ["Acme"]
    assert "1 customer, as of 2 Mar 2026" in words(page)


def test_the_file_of_the_list_has_whom_the_list_has(browser):
    an_invoice("1", a_customer("C1", "Acme"))
    a_customer("C2", "Bolt")

    def names(page):
        return [row["Name"] for row in csv.DictReader(io.StringIO(page.click("as CSV").text.lstrip("\ufeff")))]

    assert names(browser.get("/customers")) == ["Acme"]
    assert names(browser.get("/customers?settled=yes")) == ["Acme", "Bolt"]


@pytest.mark.parametrize("text", ["acme", "ACME", "c1", "pay@"])
def test_customers_are_found_by_name_code_or_email_in_any_case(browser, text):
    a_customer("C1", "Acme", email="pay@acme.example")
    a_customer("C2", "Bolt")

    assert listed(browser.get("/customers", {"q": text})) == ["Acme"]


def test_the_list_is_ordered_by_any_column_and_turned_round(browser):
    for code, name, cents in (("1", "Acme", 2_00), ("2", "bolt", 3_00), ("3", "Cork", 1_00)):
        an_invoice(code, a_customer(code, name), total_cents=cents)

    page = browser.get("/customers")
    assert listed(page) == ["Acme", "bolt", "Cork"]
    page = page.click("Balance")
    assert listed(page) == ["bolt", "Acme", "Cork"]
    assert listed(page.click("Balance")) == ["Cork", "Acme", "bolt"]


def test_what_cannot_be_said_stands_last_in_any_order(browser):
    a_customer("1", "Acme")
    late(a_customer("2", "Bolt"), [5])
    late(a_customer("3", "Cork"), [-5])

    assert listed(browser.get("/customers?sort=late")) == ["Cork", "Bolt", "Acme"]
    assert listed(browser.get("/customers?sort=-late")) == ["Bolt", "Cork", "Acme"]


def test_fifty_stand_on_a_page(browser):
    for number in range(51):
        a_customer(f"{number:02}", f"N{number:02}")

    page = browser.get("/customers")
    assert "Page 1 of 2" in words(page)
    assert listed(page.click("Next")) == ["N50"]
    assert "There are only 2 pages." in words(browser.get("/customers?page=9"))


def test_archived_customers_are_hidden_unless_asked_for(browser):
    a_customer("C1", "Acme", archived_at=datetime(2026, 2, 1, tzinfo=UTC))

    page = browser.get("/customers")
    assert "No customer matches. Show all customers or look among archived ones too" in words(page)
    assert listed(page.click("look among archived ones too")) == ["Acme"]


def test_a_list_of_a_day_before_it_was_archived_has_a_customer(browser):
    a_customer("C1", "Acme", archived_at=datetime(2026, 2, 1, tzinfo=UTC))

    assert listed(browser.get("/customers?as_of=2026-01-31")) == ["Acme"]
    assert listed(browser.get("/customers?as_of=2026-02-01")) == []


def test_an_archived_customer_who_owes_again_is_listed(browser):
    acme = a_customer("C1", "Acme", archived_at=datetime(2026, 2, 1, tzinfo=UTC))
    an_invoice("1", acme, total_cents=250_00)

    assert "Acme Archived C1 250.00 USD" in words(browser.get("/customers"))


def test_the_list_turns_back_to_an_earlier_day(browser):
    a_payment(an_invoice("1"), 100_00, paid_on=date(2026, 2, 10))

    assert "100.00 USD" in words(browser.get("/customers?as_of=2026-02-09"))
    assert "0.00 USD" in words(browser.get("/customers?as_of=2026-02-10"))
    assert browser.get("/customers?as_of=tomorrow", status=422).forms[1]["as_of"].value == "tomorrow"


def test_a_customer_is_shown_with_what_is_owed_and_how_it_is_paid(browser):
    acme = a_customer("C1", "Acme", terms_days=30, phone="555", address="1 Main St\nSpringfield", notes="Ask for Jo")
    late(acme, [-3, 0, 5, 8, 12, 14, 15, 20, 25])
    an_invoice("open", acme, total_cents=250_00)

    text = words(browser.get(f"/customers/{acme.id}"))

    assert (
        "Usually pays 12 days late: median of 9 settled invoices; 7 of 9 were late; half of them 5 days late "
        "to 15 days late. Likely to pay late again." in text
    )
    assert "Outstanding 250.00 Overdue 250.00 Credit 0.00 DSO 20 days" in text
    assert "Jan 2026 1,150.00 200.00 Feb 2026 0.00 700.00" in text
    assert "open 1 Jan 2026 31 Jan 2026 Overdue 30 250.00 250.00 USD" in text
    assert "Code C1 Terms 30 days Phone 555 Address 1 Main St Springfield Notes Ask for Jo" in text


def test_nothing_is_said_of_a_habit_under_five_settled_invoices(browser):
    acme = a_customer()
    late(acme, [20, 20, 20, 20])

    text = words(browser.get(f"/customers/{acme.id}"))

    assert "Too little history (4 paid invoices in two years) to say how they usually pay." in text
    assert "Likely" not in text


def test_a_customer_leads_to_payments_invoices_and_the_statement(browser):
    acme = a_customer()

    page = browser.get(f"/customers/{acme.id}")

    for address, key in (
        (f"/payments/new?customer={acme.id}", "p"),
        (f"/invoices/new?customer={acme.id}", "n"),
        (f"/customers/{acme.id}/statement", "s"),
        (f"/customers/{acme.id}/edit", "e"),
    ):
        assert f'href="{address}" data-key="{key}"' in page.text
    assert f'href="/invoices?customer={acme.id}"' in page.text
    assert browser.get("/customers/999", status=404)


def test_a_customer_is_entered(browser):
    page = browser.get("/customers").click("New customer")
    form = page.forms[1]
    form["code"], form["name"], form["terms_days"], form["notes"] = " C  1 ", "Acme", "0", "a\r\nb"

    page = form.submit().follow()

    assert "Acme was added." in page.text
    assert customers.get(1).details == Details("C 1", "Acme", terms_days=0, notes="a\nb")


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "Please fill this in."),
        ("code", "c1", "Acme has the code C1 already."),
        ("email", "acme", "An e-mail address has an @ in it."),
        ("terms_days", "731", "Please write a whole number of days from 0 to 730."),
        ("terms_days", "-1", "Please write a whole number of days from 0 to 730."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(browser, field, typed, sentence):
    a_customer("C1", "Acme")
    form = browser.get("/customers/new").forms[1]
    form["code"], form["name"], form["phone"] = "C2", "Bolt", "555"
    form[field] = typed

    page = form.submit(status=422)

    assert sentence in words(page)
    assert page.forms[1][field].value == typed
    assert page.forms[1]["phone"].value == "555"
    assert tables.CustomerModel.select().count() == 1


def test_an_email_address_that_was_imported_may_stay_as_it_is(browser):
    acme = a_customer(email="none")
    form = browser.get(f"/customers/{acme.id}/edit").forms[1]
    form["phone"] = "555"

    form.submit(status=303)

    assert customers.get(acme.id).details.phone == "555"


def test_an_edit_is_told_in_the_history(browser):
    acme = a_customer(phone="1")
    form = browser.get(f"/customers/{acme.id}/edit").forms[1]
    form["phone"] = "2"

    text = words(form.submit().follow())

    assert "Ann edited" in text
    assert tables.CustomerModel.get().version == 2


def test_who_was_slower_sees_what_the_other_saved_beside_what_was_typed(browser, user):
    acme = a_customer(phone="1", notes="old")
    form = browser.get(f"/customers/{acme.id}/edit").forms[1]
    other = a_user("bob@example.com", name="Bob")
    customer_actions.edit(
        acme.id, 1, Details("C1", "Acme", phone="2", notes="new"), other, datetime(2026, 3, 2, 9, tzinfo=UTC)
    )
    form["phone"] = "3"

    page = form.submit(status=409)

    assert "Bob saved this customer on 2 Mar 2026, 09:00 while you were editing. Differences are marked." in words(page)
    assert "Field Saved by Bob Typed by you Phone 2 3 Notes new old" in words(page)
    assert page.forms[1]["phone"].value == "3"
    assert customers.get(acme.id).details.phone == "2"
    page.forms[1].submit(status=303)
    assert customers.get(acme.id).details == Details("C1", "Acme", phone="3", notes="old")


def test_a_customer_is_archived_and_taken_back(browser):
    acme = a_customer()

    page = browser.get(f"/customers/{acme.id}").forms[2].submit().follow()
    assert "Acme is archived." in page.text
    page = page.forms[2].submit().follow()
    assert "Acme is no longer archived." in page.text


def test_archiving_is_refused_while_something_is_open(browser):
    acme = a_customer()
    an_invoice("1", acme)

    page = browser.post(f"/customers/{acme.id}/archive", {"csrf_token": browser.csrf_token()}, status=409)

    assert "This customer still has open invoices or credit" in page.text
    assert 'action="/customers/1/archive"' not in browser.get(f"/customers/{acme.id}").text


def test_a_viewer_reads_and_changes_nothing(app, user):
    a_user("eve@example.com", Role.VIEWER, "Eve", password_hash=tables.UserModel.get().password_hash)
    viewer = Browser(app)
    viewer.sign_in("eve@example.com")
    acme = a_customer()

    assert "New customer" not in viewer.get("/customers").text
    assert "/edit" not in viewer.get(f"/customers/{acme.id}").text
    token = {"csrf_token": viewer.csrf_token()}
    for path in ("/customers", f"/customers/{acme.id}/edit", f"/customers/{acme.id}/archive"):
        viewer.post(path, token, status=403)
    for path in ("/customers.csv", f"/customers/{acme.id}/statement.xlsx", f"/customers/{acme.id}/edit"):
        viewer.get(path, status=403)


def test_a_customer_cannot_bring_a_script_along(browser):
    acme = a_customer(
        "<i>", "<script>alert(1)</script>", email='x@x"><img src=x>', phone="<b>", address="<u>", notes="</textarea><b>"
    )
    late(acme, [3, 3, 3, 3, 3])

    for path in ("/customers", "/customers/1", "/customers/1/edit", "/customers/1/statement"):
        page = browser.get(path)
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "</textarea><b>" not in page.text


def test_the_number_of_queries_does_not_grow_with_the_data(browser, sqlite):
    def queries():
        asked = []
        original = type(sqlite).execute_sql
        try:
            type(sqlite).execute_sql = lambda *args, **kwargs: (asked.append(1), original(*args, **kwargs))[1]
            for path in ("/customers", "/customers/1", "/customers/1/statement", "/customers.csv"):
                browser.get(path)
        finally:
            type(sqlite).execute_sql = original
        return len(asked)

    acme = a_customer()
    late(acme, [1])
    an_invoice("0", acme)
    few = queries()
    for number in range(1, 30):
        a_payment(an_invoice(str(number), acme), 50_00)
        an_invoice(f"K{number}", a_customer(f"K{number}"))

    assert queries() == few


def test_dates_and_amounts_are_written_as_the_reader_does(app, user):
    a_payment(an_invoice("1", total_cents=1_234_50), 1_00)
    german = Browser(app, extra_environ={"HTTP_ACCEPT_LANGUAGE": "de-DE"})
    german.sign_in()

    assert "1.233,50" in words(german.get("/customers"))


def test_who_is_called_and_written_to_stands_at_the_top(browser):
    customer = a_customer(phone="+1 (555) 010-20", email="pay@acme.example")

    contact = browser.get(f"/customers/{customer.id}").html.select_one(".layout__contact")

    assert [(link.string, link["href"]) for link in contact.select("a")] == [
        ("+1 (555) 010-20", "tel:+155501020"),
        ("pay@acme.example", "mailto:pay@acme.example"),
    ]
