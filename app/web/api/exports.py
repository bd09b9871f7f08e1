"""Exports: everything that the token sees, as the workbook it once was."""

from dataclasses import dataclass

from app.store.access import audit
from app.store.db.database import transaction
from app.store.ledger import snapshot
from app.web.api.calls import Answer, Call
from app.web.http.downloads import download, one_at_a_time
from app.workbook.importing import Importer


@dataclass(frozen=True, slots=True)
class ExportsApi:
    """Answers with a file that can be imported again without loss."""

    importer: Importer

    def get(self, call: Call) -> Answer:
        """Answer with a workbook of three tabs."""
        name = f"receivables-{call.today.isoformat()}.xlsx"
        with one_at_a_time():
            stored = snapshot.take()
            content = self.importer.exported(stored)
        with transaction():
            said = {"file": name, "rows": len(stored.invoices), "filter": {}}
            audit.append(call.user, "export.made", "export:everything", before={}, after=said, now=call.now)
        return Answer(content, dict(download(content, name).headers))
