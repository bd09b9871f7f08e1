"""Real workers over a real database and a real Redis, and what became of the imports and mails that they were given."""

import io
import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from support.polling import is_so_within
from support.records import a_customer, a_user
from support.workbooks import AN_INVOICE, an_importer, invoices_tab, workbook

from app.actions import imports as import_actions
from app.actions import statement_mails as mail_actions
from app.domain.firm import Firm
from app.domain.statement_mail import StatementMail
from app.jobs.imports import ImportJobs
from app.jobs.job_queue import open_queue
from app.jobs.mails import MailJobs, MailServer
from app.store.access import users
from app.store.db import tables
from app.store.ledger import imports
from app.store.ledger.imports import State

OWNS = "this worker owns the scheduled work"
_SENDER = "receivables@example.com"
_LONGEST_SECONDS = 60
# Scheduled work each few seconds instead of each minute, for drills that are not about when it is done.
IMPATIENT = """
from app.jobs import worker

class Impatient(worker._OwningScheduler):
    periodic_task_seconds = 3

    def __init__(self, *words, **settings):
        super().__init__(*words, **{**settings, "interval": 1})

worker._OwningScheduler = Impatient
from app.cli import main
main()
"""


@dataclass(frozen=True)
class DrilledWorker:
    popen: subprocess.Popen
    log: Path

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def owns(self) -> bool:
        return OWNS in self.log.read_text()


@dataclass
class Jobs:
    """What is uploaded and asked for as the web app does it, and what workers made of it."""

    url: str
    redis_url: str
    smtp_url: str
    folder: Path
    import_ids: list[int] = field(default_factory=list)
    mail_ids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.importer = an_importer(self.folder / "data")
        queue = open_queue(self.redis_url)
        self._import_jobs = ImportJobs(queue, self.importer)
        server, firm = MailServer(self.smtp_url, _SENDER), Firm("USD", ZoneInfo("UTC"))
        self._mail_jobs = MailJobs(queue, server, "http://127.0.0.1", firm, lambda: datetime.now(UTC))
        self._user = users.find_by_email("ann@example.com") or a_user()
        self._customer = a_customer("D1", "Drill")

    def upload(self, *, is_applied: bool = True) -> int:
        """Upload a workbook with one new invoice, to be applied at once or as somebody confirms it."""
        number = f"D-{len(self.import_ids)}"
        content = workbook(self.folder, invoices_tab([number, *AN_INVOICE[1:]])).read_bytes()
        import_id = import_actions.receive(
            self.importer, io.BytesIO(content), f"{number}.xlsx", self._user, apply_when_clean=is_applied
        )
        self._import_jobs.enqueue(import_id)
        self.import_ids.append(import_id)
        return import_id

    def confirm(self, import_id: int) -> None:
        import_actions.confirm(self.importer, imports.get(import_id), self._user, good_rows=False)
        self._import_jobs.enqueue(import_id)

    def ask_for_mail(self, *, is_queued: bool = True) -> int:
        """Ask for a statement by mail, which only scheduled work finds where it is not queued."""
        key = f"m{len(self.mail_ids)}"
        mail = StatementMail(
            key, self._customer.id, f"{key}@acme.example", "Statement", "Hello", date(2026, 3, 2), "s.pdf", b"%PDF"
        )
        mail_id = mail_actions.ask(mail, self._user, datetime.now(UTC))
        if is_queued:
            self._mail_jobs.send_statement(mail_id)
        self.mail_ids.append(mail_id)
        return mail_id

    def are_applied(self, count: int | None = None) -> bool:
        return is_so_within(_LONGEST_SECONDS, lambda: self.applied() >= (count or len(self.import_ids)))

    def applied(self) -> int:
        return sum(imports.get(one).state is State.APPLIED for one in self.import_ids)

    def applied_twice(self) -> int:
        """Return how many invoices or applications are there more than once."""
        entry = tables.AuditEntryModel
        entries = entry.select(entry.subject).where(entry.action == "import.applied")
        subjects = Counter(subject for (subject,) in entries.tuples())
        numbers = Counter(number for (number,) in tables.InvoiceModel.select(tables.InvoiceModel.number).tuples())
        return sum(count > 1 for counted in (subjects, numbers) for count in counted.values())


def recipients(inbox) -> Counter:
    return Counter(to for tos, _ in list(inbox.mails) for to in tos)


@contextmanager
def working(jobs: Jobs, name: str = "worker", *, is_impatient: bool = False, **settings: str):
    """Run `invoices worker` until the block ends."""
    log = jobs.folder / f"{name}.log"
    own = {
        "DATABASE_URL": jobs.url,
        "REDIS_URL": jobs.redis_url,
        "DATA_DIR": str(jobs.folder / "data"),
        "SMTP_URL": jobs.smtp_url,
        "MAIL_FROM": _SENDER,
        **settings,
    }
    program = ["-c", IMPATIENT] if is_impatient else ["-m", "app.cli"]
    with log.open("w") as written:
        popen = subprocess.Popen(
            [sys.executable, *program, "worker"], env={**os.environ, **own}, stdout=written, stderr=written
        )
    worker = DrilledWorker(popen, log)
    try:
        yield worker
    finally:
        worker.kill()
