"""API for exports: all data that the token's scope covers, as a workbook."""

from dataclasses import dataclass

from app.store.access import audit
from app.store.db.database import transaction
from app.store.ledger import snapshot
from app.web.api.calls import Answer, Call
from app.web.http.downloads import download, one_at_a_time
from app.workbook.importing import Importer


@dataclass(frozen=True, slots=True)
class ExportsApi:
    """Handler of the export, which can be imported again without loss."""

    importer: Importer

    def get(self, call: Call) -> Answer:
        """Return a workbook of three tabs."""
        name = f"receivables-{call.today.isoformat()}.xlsx"
        with one_at_a_time():
            stored = snapshot.take()
            content = self.importer.exported(stored)
        with transaction():
            details = {"file": name, "rows": len(stored.invoices), "filter": {}}
            audit.append(call.user, "export.made", "export:everything", before={}, after=details, now=call.now)
        return Answer(content, dict(download(content, name).headers))
