"""A process that records payments, each with its entry in the audit, until it is told to end."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def people_writing(url):
    """Let somebody record payments as fast as they can for as long as the block lasts."""
    writer = subprocess.Popen(
        [sys.executable, __file__, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": "."},
    )
    try:
        assert writer.stdout.readline() == b"writing\n"
        yield
    finally:
        writer.communicate()
    assert writer.returncode == 0


def write(url):
    import select
    from uuid import uuid4

    from app import clock
    from app.actions import payments
    from app.domain.confirmation import Confirmation
    from app.domain.payment_batch import PaymentBatch
    from app.store.access import users
    from app.store.db import database, tables

    database.open_database(url)
    with database.connection():
        invoice = tables.InvoiceModel.select().order_by(tables.InvoiceModel.id.desc()).first()
        user = users.find_by_email("ann@example.com")
        print("writing", flush=True)
        while not select.select([sys.stdin], [], [], 0)[0]:
            now = clock.utc_now()
            payments.record(
                PaymentBatch(uuid4().hex, now.date(), {invoice.id: 1}), user, now, now.date(), set(Confirmation)
            )


if __name__ == "__main__":
    write(sys.argv[1])
