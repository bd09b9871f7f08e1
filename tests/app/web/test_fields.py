"""Every described field of a customer, an invoice and a payment is on the page, on the form, in history and search."""

import re
from datetime import date

import pytest
from support.fields import DESCRIBED, TABLES, every_field, is_entered, is_entered_day, is_searched
from support.records import a_customer, a_payment, an_invoice

from app.domain.fields import label

PAGES = {"customer": "/customers/1", "invoice": "/invoices/1", "payment": "/invoices/1"}
LISTS = {"customer": "/customers", "invoice": "/invoices"}
NAMES_IN_FORMS = {"total_cents": "total"}
NAMES = ("kind", "field", "before", "after")


@pytest.fixture
def stored(sqlite):
    """Two customers, two invoices in two currencies, and a payment of the first."""
    acme = a_customer("C1", "Acme")
    a_customer("C2", "Bolt")
    invoice = an_invoice("1001", acme)
    an_invoice("1002", acme, currency="EUR")
    a_payment(invoice)


def change(kind, columns):
    TABLES[kind].update(columns).where(TABLES[kind].id == 1).execute()


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.split("</header>")[1]).split())


def typed(value):
    match value:
        case bool():
            return value
        case date():
            return value.isoformat()
        case int() if value > 1_000:
            return f"{value / 100:.2f}"
        case _:
            return str(value)


def save(browser, kind, field, after):
    page = browser.get(f"{PAGES[kind]}/edit")
    form = next(form for form in page.forms.values() if form.action.endswith("/edit"))
    if field.name == "own_fields":
        (form["own_name:0"], form["own_text:0"]), *_ = after["own_fields"].items()
    else:
        form[NAMES_IN_FORMS.get(field.name, field.name)] = typed(after[field.column])
    return form.submit(status=303).follow()


def test_what_nobody_enters_on_a_form_changes_by_what_is_done():
    done = {
        kind: [field.name for field in DESCRIBED[kind][0] if not field.is_entered] for kind in ("customer", "invoice")
    }

    assert done == {
        "customer": ["archived_at"],
        "invoice": ["voided_at", "void_reason", "written_off_at", "write_off_reason", "disputed"],
    }


@pytest.mark.parametrize(NAMES, every_field("customer", "invoice", "payment"))
def test_every_field_is_shown_on_its_page(browser, stored, kind, field, before, after):
    change(kind, before)
    earlier = words(browser.get(PAGES[kind]))
    change(kind, after)

    assert words(browser.get(PAGES[kind])) != earlier


@pytest.mark.parametrize(NAMES, every_field("customer", "invoice", is_wanted=is_entered))
def test_every_field_that_people_enter_is_on_the_form(browser, stored, kind, field, before, after):
    TABLES["payment"].delete().execute()

    save(browser, kind, field, after)

    row = TABLES[kind].get_by_id(1)
    assert getattr(row, field.column) == after[field.column]


@pytest.mark.parametrize(NAMES, every_field("customer", "invoice", is_wanted=is_entered_day))
@pytest.mark.parametrize("day", ["1949-12-31", "2101-01-01"])
def test_no_day_of_another_age_can_be_entered_on_a_form(browser, stored, kind, field, before, after, day):
    page = browser.get(f"{PAGES[kind]}/edit")
    form = next(form for form in page.forms.values() if form.action.endswith("/edit"))
    form[field.name] = day

    refused = form.submit(status=422)

    assert "too far from today to be right" in refused.html.select_one(f"#{field.name}-error").get_text()


@pytest.mark.parametrize(NAMES, every_field("customer", "invoice", is_wanted=is_entered))
def test_the_history_tells_which_field_was_edited(browser, stored, kind, field, before, after):
    TABLES["payment"].delete().execute()

    page = save(browser, kind, field, after)

    told = page.html.select_one(".audit-messages__change").get_text()
    name = next(iter(after["own_fields"])) if field.name == "own_fields" else label(field.name)
    assert told.startswith(f"{name}: ")


@pytest.mark.parametrize(NAMES, every_field("customer", "invoice", is_wanted=is_searched))
def test_a_search_finds_what_every_searched_field_holds(browser, stored, kind, field, before, after):
    change(kind, after)

    held = after[field.column]
    page = browser.get(LISTS[kind], {"q": next(iter(held.values())) if isinstance(held, dict) else held})

    assert page.html.select_one(f'tbody a[href^="{PAGES[kind]}"]')
