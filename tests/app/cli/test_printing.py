"""Tables on the terminal: a text of the ledger is shown as it is, whatever it holds."""

import os

import pytest
from support import command_line
from support.records import a_customer, a_user, an_import, an_invoice

MARKUP = "[/b] [red]"


@pytest.fixture
def invoices(sqlite, tmp_path):
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{sqlite.database}", "DATA_DIR": str(tmp_path)}

    def run(*words):
        done = command_line.run(environment, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_brackets_in_texts_are_no_markup(invoices):
    a_user("ann@example.com", name=MARKUP)
    an_invoice(customer=a_customer(name=MARKUP))
    an_import(file_name=f"{MARKUP}.xlsx")

    printed = [invoices("users"), invoices("report", "customers"), invoices("imports")]

    assert all(MARKUP in one for one in printed)
