"""Customers are told apart by code, then by name; a row that names them two ways, or nobody, is a problem."""

from datetime import date

import pytest
from support.snapshots import a_stored_customer, stored
from support.workbooks import CUSTOMERS, INVOICES, NOTHING_STORED, PAYMENTS, check, notices, problems

ISSUED, DUE = date(2026, 1, 5), date(2026, 2, 4)
BOTH = ["Invoice No", "Customer ID", "Customer Name", "Invoice Date", "Due Date", "Amount"]


def customers(*rows, headings=CUSTOMERS):
    return {"Customers": [headings, *rows]}


def invoice(code, name, number="1"):
    return [number, code, name, ISSUED, DUE, 100]


def invoices(*rows):
    return {"Invoices": [BOTH, *rows]}


def owners(checked):
    return [one.key[1] for one in checked.invoices]


# --- lists of customers


@pytest.mark.parametrize(
    ("cells", "code", "name"),
    [(["C1", "Acme"], "C1", "Acme"), (["C1", None], "C1", "C1"), ([None, "Acme"], "Acme", "Acme")],
)
def test_a_customer_without_a_code_or_a_name_is_called_by_the_other(cells, code, name):
    (customer,) = check(customers([*cells, "a@b.example"], headings=[*CUSTOMERS, "E-mail"])).customers

    assert (customer.key, customer.values) == ((code.casefold(),), {"code": code, "name": name, "email": "a@b.example"})


def test_a_customer_keeps_what_its_row_says():
    headings = [*CUSTOMERS, "E-mail", "Phone", "Address", "Payment terms", "Notes"]

    (customer,) = check(
        customers(["C1", "Acme", "a@b.example", "123", "Road 1", "30 days", "nice"], headings=headings)
    ).customers

    assert customer.values == {
        "code": "C1",
        "name": "Acme",
        "email": "a@b.example",
        "phone": "123",
        "address": "Road 1",
        "terms_days": 30,
        "notes": "nice",
    }


def test_a_customer_without_code_and_name_is_a_problem_at_the_name():
    headings = [*CUSTOMERS, "E-mail", "Phone"]

    checked = check(customers(["C1", "Acme", None, None], [None, None, "a@b.example", "123"], headings=headings))

    assert problems(checked) == ["Customers!B3 has neither a name nor a code of the customer."]
    assert checked.error_rows == {("Customers", 3)}


@pytest.mark.parametrize(
    ("headings", "rows", "problem"),
    [
        (CUSTOMERS, [["C1", "Acme"], ["c1", "Bolt"]],
         "A3 repeats customer 'c1' of Customers, row 2 with other values: keep one."),
        (["Name", "Customer ID"], [["Acme", "C1"], ["Bolt", "C1"]],
         "B3 repeats customer 'C1' of Customers, row 2 with other values: keep one."),
        (["Name", "E-mail", "Phone"], [["Acme", "a@b.example", None], ["ACME", None, None]],
         "A3 repeats customer 'ACME' of Customers, row 2 with other values: keep one."),
    ],
)  # fmt: skip
def test_a_customer_who_is_listed_twice_with_other_values_is_a_problem(headings, rows, problem):
    assert problems(check(customers(*rows, headings=headings))) == [f"Customers!{problem}"]


def test_a_customer_who_is_listed_twice_the_same_is_read_once_and_told():
    checked = check(customers(["C1", "Acme", 1], ["C1", "Acme", 2], headings=[*CUSTOMERS, "Line"]))

    assert (len(checked.customers), checked.duplicate_rows) == (1, 1)
    assert notices(checked)[0] == "Row 3 says the same as Customers, row 2, and was read once."
    assert checked.notices[0].tab == "Customers"


# --- customers of invoices


@pytest.mark.parametrize(
    ("cells", "owner"),
    [
        (("C1", "Acme"), "c1"),
        (("c1", None), "c1"),
        ((None, "ACME"), "c1"),
        (("Acme", None), "c1"),
        ((None, "C1"), "c1"),
        (("C1", "Somebody"), "c1"),
    ],
)
@pytest.mark.parametrize("where", ["listed", "stored"])
def test_an_invoices_customer_is_known_by_code_or_by_name(cells, owner, where):
    tabs = invoices(invoice(*cells))
    before = NOTHING_STORED
    if where == "listed":
        tabs |= customers(["C1", "Acme"])
    else:
        before = stored([a_stored_customer("C1", "Acme")])

    checked = check(tabs, before)

    assert (owners(checked), problems(checked)) == ([owner], [])
    assert len(checked.customers) == (where == "listed")


@pytest.mark.parametrize("where", ["listed", "stored"])
def test_a_code_beside_the_name_of_another_customer_is_a_problem(where):
    tabs = invoices(invoice("C1", "Bolt"))
    before = NOTHING_STORED
    if where == "listed":
        tabs |= customers(["C1", "Acme"], ["C2", "Bolt"])
    else:
        before = stored([a_stored_customer("C1", "Acme"), a_stored_customer("C2", "Bolt")])

    assert problems(check(tabs, before)) == ["Invoices!C2 names 'Bolt', who is customer 'C2', beside the code 'C1'."]


@pytest.mark.parametrize("where", ["listed", "stored"])
def test_a_name_that_several_customers_have_is_a_problem(where):
    tabs = invoices(invoice(None, "Acme"))
    before = NOTHING_STORED
    if where == "listed":
        tabs |= customers(["C1", "Acme"], ["C2", "Acme"])
    else:
        before = stored([a_stored_customer("C1", "Acme"), a_stored_customer("C2", "Acme")])

    assert problems(check(tabs, before)) == [
        "Invoices!C2 names 'Acme', which several customers are called: name the customer by its code."
    ]


def test_a_code_that_is_the_name_of_several_customers_is_a_problem_at_the_code():
    tabs = invoices(invoice("Acme", None)) | customers(["C1", "Acme"], ["C2", "Acme"])

    assert problems(check(tabs)) == [
        "Invoices!B2 names 'Acme', which several customers are called: name the customer by its code."
    ]


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (("C9", "Nobody"), "B2 names the customer 'C9', who is neither in the list of customers nor stored."),
        (("C9", None), "B2 names the customer 'C9', who is neither in the list of customers nor stored."),
        ((None, "Nobody"), "C2 names the customer 'Nobody', who is neither in the list of customers nor stored."),
        (("C9", "Acme"), "B2 names the customer 'C9', who is neither in the list of customers nor stored, "
         "while 'Acme' is listed as 'C1'."),
        ((None, None), "B2 names no customer."),
    ],
)  # fmt: skip
def test_a_customer_who_is_not_listed_is_a_problem(cells, problem):
    assert problems(check(invoices(invoice(*cells)) | customers(["C1", "Acme"]))) == [f"Invoices!{problem}"]


@pytest.mark.parametrize(
    ("cells", "code", "name"),
    [(("C1", "Acme"), "C1", "Acme"), (("C1", None), "C1", "C1"), ((None, "Acme"), "Acme", "Acme")],
)
def test_without_a_list_a_new_customer_comes_with_its_invoice(cells, code, name):
    checked = check(invoices(invoice(*cells)))

    (customer,) = checked.customers
    assert (customer.key, customer.values, customer.row) == ((code.casefold(),), {"code": code, "name": name}, 2)
    assert owners(checked) == [code.casefold()]


def test_a_new_customer_of_an_invoice_has_the_address_in_its_row():
    tabs = {"A": [[*INVOICES, "Customer E-mail"], ["1", "Acme", ISSUED, DUE, 100, "a@b.example"]]}

    assert check(tabs).customers[0].values == {"code": "Acme", "name": "Acme", "email": "a@b.example"}


def test_a_customer_whose_code_was_its_name_gets_no_second_one_with_a_code():
    checked = check(invoices(invoice(None, "Acme"), invoice("C1", "Acme", number="2")))

    assert owners(checked) == ["acme", "acme"]
    assert len(checked.customers) == 1


def test_without_a_list_another_code_of_a_known_name_is_another_customer():
    assert owners(check(invoices(invoice("C1", "Acme"), invoice("C2", "Acme", number="2")))) == ["c1", "c2"]


def test_an_invoice_in_a_tab_without_customers_says_what_to_add():
    headings = ["Invoice No", "Invoice Date", "Due Date", "Amount", "Status"]

    assert problems(check({"A": [headings, ["1", ISSUED, DUE, 100, "Paid"]]})) == [
        "A!A2 names no customer: add a column Customer with the code or name."
    ]


# --- customers of payments


@pytest.mark.parametrize(
    ("customer", "problem"),
    [
        ("C1", []),
        ("Acme", []),
        ("Nobody", []),
        (None, []),
        ("Bolt", ["Payments!A2 names invoice '1', which is another customer's."]),
    ],
)
def test_a_payment_of_an_invoice_names_its_customer_or_nobody_who_is_known(customer, problem):
    tabs = customers(["C1", "Acme"], ["C2", "Bolt"]) | invoices(invoice("C1", None))
    tabs["Payments"] = [[*PAYMENTS, "Customer"], ["1", DUE, 5, customer]]

    assert problems(check(tabs)) == problem
