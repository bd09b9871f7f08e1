"""Exports: any list as a file, and everything as the workbook it once was."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from bottle import HTTPResponse

from app.actions import exports
from app.store.ledger import invoices, payment_list, snapshot
from app.store.ledger.invoices import ListedInvoice
from app.web.http.downloads import download, export, one_at_a_time, written_list
from app.web.http.forms import Form
from app.web.http.invoice_search import InvoiceSearch
from app.web.http.request_context import RequestContext
from app.web.pages.receivables.payments import payment_filter
from app.workbook.importing import Importer
from app.workbook.writing import exporting


@dataclass(frozen=True, slots=True)
class Exports:
    """The files can be imported again without loss."""

    importer: Importer

    def everything(self, context: RequestContext) -> HTTPResponse:
        name = f"receivables-{context.today.isoformat()}.xlsx"
        with one_at_a_time():
            content, _ = exports.everything(self.importer, name, context.user, context.now)
        return download(content, name)

    def invoices(self, context: RequestContext, kind: str) -> HTTPResponse:
        fields = Form(context.query)
        search = InvoiceSearch.of(fields, context)
        fields.refuse_errors()
        lines = invoices.matching(search.wanted, context.as_of(search.day), search.order, length=None)
        return self._invoices(context, lines, kind)

    def picked(self, context: RequestContext, lines: list[ListedInvoice], kind: str) -> HTTPResponse:
        """Write the invoices that were picked of a list: all that its address shows, or one by one."""
        by_address = dict(parse_qsl(context.form.get("parameters", "")))
        return self._invoices(context, lines, kind, by_address if context.form.get("all") else {"picked": "one by one"})

    def payments(self, context: RequestContext, kind: str) -> HTTPResponse:
        fields = Form(context.query)
        wanted = payment_filter(fields, context)
        fields.refuse_errors()
        lines = payment_list.matching(wanted)
        content = written_list(kind, "Payments", *exporting.payments_list(lines))
        return export(context, "payments", content, f"payments-{context.today.isoformat()}.{kind}", len(lines))

    def _invoices(
        self,
        context: RequestContext,
        lines: list[ListedInvoice],
        kind: str,
        picked_by: Mapping[str, object] | None = None,
    ) -> HTTPResponse:
        with one_at_a_time():
            write = exporting.invoices_csv if kind == "csv" else exporting.invoices_xlsx
            content = write(lines, snapshot.take(), context.locale.zone)
        name = f"invoices-{context.today.isoformat()}.{kind}"
        return export(context, "invoices", content, name, len(lines), picked_by)
