"""Sums of each tab's rows, to compare with the totals in the workbook itself."""

from collections import defaultdict

from app.store.ledger.snapshot import Snapshot
from app.workbook.meaning.results.records import Checked, ControlTotals, Record, TabReport, paid_by_invoice
from app.workbook.meaning.vocabulary.headings import ListKind


def add_control_totals(checked: Checked, stored: Snapshot) -> None:
    """Payments count in the tab of their invoice, and again in the tab that lists them."""
    invoices = {record.key: record for record in checked.invoices}
    paid = paid_by_invoice(checked.payments)
    reports: dict[tuple[str, ListKind], list[TabReport]] = defaultdict(list)
    for report in checked.tabs:
        if report.kind:
            reports[report.name, report.kind].append(report)
    sums: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))

    def add(record: Record, currency: str, gross: int, paid_cents: int, open_cents: int) -> None:
        found = reports[record.tab, record.kind] or reports[record.tab, ListKind.INVOICE]
        report = next((one for one in found if one.covers(record.row)), None)
        totals = sums[id(report)][currency]
        totals[0] += gross
        totals[1] += paid_cents
        totals[2] += open_cents

    for payment in checked.payments:
        if not payment.cumulative:
            invoice, known = invoices.get(payment.key), stored.invoices.get((payment.key[0], payment.key[1]))
            currency = str(invoice.values["currency"]) if invoice else (known.currency if known else "")
            add(payment, currency, 0, payment.cents("amount_cents"), 0)
    for invoice in checked.invoices:
        total, settled = invoice.cents("total_cents"), paid[invoice.key]
        closed = bool(invoice.values.get("state"))
        add(invoice, str(invoice.values["currency"]), total, settled, 0 if closed else total - settled)
    for report in checked.tabs:
        report.totals = [ControlTotals(currency, *cents) for currency, cents in sorted(sums[id(report)].items())]
