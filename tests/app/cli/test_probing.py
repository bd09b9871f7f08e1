"""A restored database serves pages, whatever it holds."""

import pytest
from support.records import a_customer, an_invoice

from app.cli.probing import problems_of_pages


@pytest.fixture
def url(postgresql, postgresql_url):
    return postgresql_url


def test_a_ledger_without_any_invoice_serves_its_pages(url, tmp_path):
    assert problems_of_pages(url, tmp_path) == []


def test_a_ledger_with_an_invoice_serves_its_pages(url, tmp_path):
    an_invoice("2001", a_customer("C1", "Acme"))

    assert problems_of_pages(url, tmp_path) == []
