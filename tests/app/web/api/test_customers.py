"""Customers as programs enter and change them."""

from app.store.db import tables


def test_a_customer_is_entered_and_found(program):
    answer = program.send("/customers", {"code": "C1", "name": "Acme", "terms_days": 14})

    assert (answer.status_int, answer.headers["Location"]) == (201, "/api/v1/customers/1")
    assert program.ask("/customers/1").json == answer.json
    assert (answer.json["code"], answer.json["terms_days"], answer.json["version"]) == ("C1", 14, 1)


def test_a_code_that_is_taken_is_refused(program, ledger):
    answer = program.send("/customers", {"code": "c1", "name": "Acme"})

    assert answer.status_int == 409
    assert answer.json["errors"] == [{"field": "code", "sentence": "Customer C1 has the code C1 already."}]


def test_an_address_without_an_at_is_refused(program):
    answer = program.send("/customers", {"code": "C1", "name": "Acme", "email": "acme.example"})

    assert answer.json["errors"] == [{"field": "email", "sentence": "An e-mail address has an @ in it, and no blanks."}]


def test_a_change_leaves_what_it_does_not_name(program, ledger):
    answer = program.change("/customers/1", {"phone": "555"}, version=1)

    assert (answer.json["name"], answer.json["phone"], answer.headers["ETag"]) == ("Customer C1", "555", '"2"')


def test_terms_can_be_taken_away(program, ledger):
    tables.CustomerModel.update(terms_days=14).execute()

    assert program.change("/customers/1", {"terms_days": None}, version=1).json["terms_days"] is None


def test_a_change_of_what_somebody_else_changed_is_refused(program, ledger):
    program.change("/customers/1", {"phone": "555"}, version=1)

    assert program.change("/customers/1", {"phone": "666"}, version=1).status_int == 412


def test_customers_are_searched_and_come_in_pages(program, ledger):
    first = program.ask("/customers?limit=1&q=customer")

    assert [one["code"] for one in first.json["data"]] == ["C1"]
    assert [one["code"] for one in program.get(first.json["next"]).json["data"]] == ["C2"]


def test_archived_customers_are_listed_only_when_asked_for(program, ledger, now):
    tables.CustomerModel.update(archived_at=now).where(tables.CustomerModel.id == 1).execute()

    assert [one["code"] for one in program.ask("/customers").json["data"]] == ["C2"]
    assert [one["code"] for one in program.ask("/customers?archived=true").json["data"]] == ["C1", "C2"]
