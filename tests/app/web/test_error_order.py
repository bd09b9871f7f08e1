"""What is wrong with a form is listed in the order of its fields, on every page that has a form."""

import re

import pytest
from support.records import a_customer, an_invoice

from app.web.http.rendering import in_order_of_fields

FORMS = {
    "/invoices/new": {
        "who": "Nobody",
        "number": "",
        "issued_on": "",
        "due_on": "",
        "total": "x",
        "currency": "",
        "ledger": "",
    },
    "/customers/new": {"code": "", "name": "", "terms_days": "x"},
    "/users/new": {"email": "x", "role": "", "sees": "some", "customer": "Nobody"},
    "/automation": {"recipients": "x", "chat_url": "http://x"},
    "/settings": {"email": "x", "currency": ""},
    "/payments/advance?customer=1": {"amount": "x", "paid_on": ""},
    "/payments/new?customer=1": {"received": "x", "paid_on": ""},
}


@pytest.mark.parametrize("path", FORMS)
def test_errors_are_listed_as_their_fields_stand(stepped_up, path):
    an_invoice("1001", a_customer("C1", "Acme"))
    names = FORMS[path]
    page = stepped_up.get(path)
    form = next(one for one in page.forms.values() if next(iter(names)) in one.fields and one.method == "post")
    for name, text in names.items():
        form[name] = text

    answer = form.submit("record", expect_errors=True) if "record" in form.fields else form.submit(expect_errors=True)

    listed = re.findall(r'<li><a href="#([^"]+)">', answer.text)
    places = [answer.text.index(f'id="{name}"') for name in listed]
    assert len(listed) > 1
    assert places == sorted(places)


def test_an_error_without_a_field_comes_last():
    entries = '<li><a href="#gone">Gone</a>: x</li>\n<li><a href="#name">Name</a>: y</li>\n'

    page = in_order_of_fields(f'<ul class="list" data-errors>\n{entries}</ul><input id="name">')

    assert re.findall("#([a-z]+)", page) == ["name", "gone"]


def test_what_somebody_typed_into_an_entry_is_kept():
    entry = '<li><a href="#name">Name</a>: “\\1 $0” is none</li>\n'
    page = f'<ul class="list" data-errors>\n{entry}</ul><input id="name">'

    assert in_order_of_fields(page) == page
