"""API for exports: all data that the token's scope covers, as a workbook."""

from dataclasses import dataclass

from app.actions import exports
from app.web.api.calls import Answer, Call
from app.web.http.downloads import download, one_at_a_time
from app.workbook.importing import Importer


@dataclass(frozen=True, slots=True)
class ExportsApi:
    importer: Importer

    def get(self, call: Call) -> Answer[bytes]:
        name = f"receivables-{call.today.isoformat()}.xlsx"
        with one_at_a_time():
            content, _ = exports.everything(self.importer, name, call.user, call.now)
        return Answer(content, dict(download(content, name).headers))
