"""Sums of each tab's rows, to compare with the totals in the workbook itself."""

from collections import defaultdict

from app.store.ledger.snapshot import Snapshot
from app.workbook.meaning.results.records import Checked, ControlTotals, Record, TabReport, paid_by_invoice
from app.workbook.meaning.vocabulary.headings import ListKind


def add_control_totals(checked: Checked, stored: Snapshot) -> None:
    """Payments count in the table of their invoice, and again in another one that lists them."""
    invoices = {record.key: record for record in checked.invoices}
    paid = paid_by_invoice(checked.payments)
    reports: dict[tuple[str, ListKind], list[TabReport]] = defaultdict(list)
    for report in checked.tabs:
        if report.kind:
            reports[report.name, report.kind].append(report)
    sums: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))

    def report_of(record: Record) -> TabReport | None:
        found = reports[record.tab, record.kind] or reports[record.tab, ListKind.INVOICE]
        return next((one for one in found if one.covers(record.row)), None)

    def add(report: TabReport | None, currency: str, gross: int, paid_cents: int, open_cents: int) -> None:
        totals = sums[id(report)][currency]
        totals[0] += gross
        totals[1] += paid_cents
        totals[2] += open_cents

    for payment in checked.payments:
        invoice, known = invoices.get(payment.key), stored.invoices.get((payment.key[0], payment.key[1]))
        its_own = report_of(payment)
        if invoice is None or its_own is not report_of(invoice):
            currency = str(invoice.values["currency"]) if invoice else (known.currency if known else "")
            add(its_own, currency, 0, payment.cents("amount_cents"), 0)
    for invoice in checked.invoices:
        total, settled = invoice.cents("total_cents"), paid[invoice.key]
        closed = bool(invoice.values.get("state"))
        currency = str(invoice.values["currency"])
        add(report_of(invoice), currency, total, settled, 0 if closed else total - settled)
    for report in checked.tabs:
        report.totals = [ControlTotals(currency, *cents) for currency, cents in sorted(sums[id(report)].items())]
