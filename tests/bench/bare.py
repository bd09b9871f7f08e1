"""A bare page for scale: Bottle, Peewee, 50 invoices as a table; nobody signs in, nothing is escaped or formatted."""

import os

import bottle

from app.store.db import database, tables
from app.store.db.database import connection

database.open_database(os.environ["DATABASE_URL"])
application = bottle.Bottle()


@application.get("/health")
def health() -> str:
    return "ok"


@application.get("/")
def fifty() -> str:
    with connection():
        rows = tables.InvoiceModel.select(
            tables.InvoiceModel.id,
            tables.InvoiceModel.number,
            tables.InvoiceModel.due_on,
            tables.InvoiceModel.total_cents,
        )
        cells = rows.order_by(tables.InvoiceModel.issued_on.desc()).limit(50).tuples()
        table = "".join(f"<tr><td>{a}<td>{b}<td>{c}<td>{d / 100:.2f}" for a, b, c, d in cells)
    return f"<!doctype html><title>Bare</title><table>{table}</table>"
