"""The same ledger in the ways in which people lay out their workbooks: languages, orders, signs, splits, two lines."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

LANGUAGES = {
    "en": {
        "number": ["Invoice No", "Inv #", "Bill Number"],
        "customer": ["Customer", "Client", "Bill To", "Contact Name"],
        "issued": ["Invoice Date", "Date Issued", "Transaction Date"],
        "due": ["Due Date", "Payment Due Date", "Maturity"],
        "total": ["Amount", "Invoice Total", "Gross Amount"],
        "net": ["Net", "Amount excl. VAT"],
        "tax": ["VAT", "Tax Amount"],
        "paid": ["Amount Paid", "Amt Received", "Paid to Date", "Payments Received"],
        "open": ["Balance", "Amount Unpaid", "Outstanding Balance", "Still owed"],
        "paid_on": ["Payment Date", "Date Received", "Paid On"],
        "status": ["Status"],
        "words": ["Paid", "Open"],
    },
    "de": {
        "number": ["Rechnungsnr.", "Belegnummer", "RG-Nr."],
        "customer": ["Kunde", "Debitor Name", "Firma"],
        "issued": ["Rechnungsdatum", "Belegdatum", "Ausgestellt am"],
        "due": ["Fällig am", "Fälligkeit", "Zahlbar bis"],
        "total": ["Bruttobetrag", "Rechnungsbetrag", "Gesamtbetrag"],
        "net": ["Nettobetrag", "Netto"],
        "tax": ["MwSt.", "USt"],
        "paid": ["Bezahlt", "Gezahlter Betrag", "Zahlungseingang"],
        "open": ["Offener Betrag", "Restbetrag", "Unbezahlt", "Noch offen"],
        "paid_on": ["Bezahlt am", "Zahlungsdatum"],
        "status": ["Status"],
        "words": ["Bezahlt", "Offen"],
    },
    "fr": {
        "number": ["N° facture", "Numéro de facture"],
        "customer": ["Client", "Raison sociale", "Nom du client"],
        "issued": ["Date de facture", "Date d'émission"],
        "due": ["Échéance", "Date d'échéance"],
        "total": ["Montant TTC", "Total TTC"],
        "net": ["Montant HT", "Total HT"],
        "tax": ["TVA"],
        "paid": ["Réglé", "Montant payé", "Encaissé"],
        "open": ["Reste dû", "Montant impayé", "Reste à payer", "Solde"],
        "paid_on": ["Date de paiement", "Date de règlement", "Payé le"],
        "status": ["Statut"],
        "words": ["Payée", "Impayée"],
    },
    "es": {
        "number": ["Nº factura", "Número de factura"],
        "customer": ["Cliente", "Razón social"],
        "issued": ["Fecha de factura", "Fecha de emisión"],
        "due": ["Vencimiento", "Fecha de vencimiento"],
        "total": ["Importe total", "Total con IVA"],
        "net": ["Base imponible", "Importe sin IVA"],
        "tax": ["IVA"],
        "paid": ["Cobrado", "Importe pagado", "Abonado"],
        "open": ["Pendiente", "Importe impagado", "Pendiente de cobro"],
        "paid_on": ["Fecha de cobro", "Fecha de pago"],
        "status": ["Estado"],
        "words": ["Pagada", "Pendiente"],
    },
    "it": {
        "number": ["Numero fattura", "Nr fattura"],
        "customer": ["Cliente", "Ragione sociale"],
        "issued": ["Data fattura", "Data emissione"],
        "due": ["Scadenza", "Data scadenza"],
        "total": ["Totale", "Importo totale"],
        "net": ["Imponibile", "Importo netto"],
        "tax": ["IVA"],
        "paid": ["Incassato", "Importo pagato"],
        "open": ["Residuo", "Da incassare", "Insoluto"],
        "paid_on": ["Data incasso", "Data pagamento"],
        "status": ["Stato"],
        "words": ["Pagata", "Aperta"],
    },
    "nl": {
        "number": ["Factuurnummer", "Factuurnr."],
        "customer": ["Klant", "Klantnaam"],
        "issued": ["Factuurdatum"],
        "due": ["Vervaldatum", "Uiterste betaaldatum"],
        "total": ["Factuurbedrag", "Bedrag incl. BTW"],
        "net": ["Bedrag excl. BTW"],
        "tax": ["BTW"],
        "paid": ["Betaald", "Ontvangen"],
        "open": ["Openstaand", "Nog te betalen", "Onbetaald"],
        "paid_on": ["Betaaldatum", "Betaald op"],
        "status": ["Status"],
        "words": ["Betaald", "Openstaand"],
    },
    "pt": {
        "number": ["Nº fatura", "Número da fatura"],
        "customer": ["Cliente"],
        "issued": ["Data da fatura", "Data de emissão"],
        "due": ["Vencimento", "Data de vencimento"],
        "total": ["Valor total", "Total com IVA"],
        "net": ["Valor líquido"],
        "tax": ["IVA"],
        "paid": ["Valor pago", "Recebido"],
        "open": ["Em dívida", "Por receber"],
        "paid_on": ["Data de pagamento"],
        "status": ["Estado"],
        "words": ["Paga", "Em aberto"],
    },
    "sv": {
        "number": ["Fakturanummer", "Fakturanr"],
        "customer": ["Kund", "Kundnamn"],
        "issued": ["Fakturadatum"],
        "due": ["Förfallodatum"],
        "total": ["Fakturabelopp", "Belopp inkl. moms"],
        "net": ["Belopp exkl. moms"],
        "tax": ["Moms"],
        "paid": ["Betalt", "Inbetalt"],
        "open": ["Kvar att betala", "Obetalt", "Restbelopp"],
        "paid_on": ["Betalningsdatum"],
        "status": ["Status"],
        "words": ["Betald", "Obetald"],
    },
    "da": {
        "number": ["Fakturanr.", "Fakturanummer"],
        "customer": ["Kunde", "Kundenavn"],
        "issued": ["Fakturadato"],
        "due": ["Forfaldsdato"],
        "total": ["Beløb", "Fakturabeløb"],
        "net": ["Beløb ekskl. moms", "Netto"],
        "tax": ["Moms"],
        "paid": ["Betalt", "Indbetalt"],
        "open": ["Restbeløb", "Ubetalt", "Udestående"],
        "paid_on": ["Betalingsdato"],
        "status": ["Status"],
        "words": ["Betalt", "Ubetalt"],
    },
    "pl": {
        "number": ["Nr faktury", "Numer faktury"],
        "customer": ["Nabywca", "Kontrahent"],
        "issued": ["Data wystawienia", "Data faktury"],
        "due": ["Termin płatności"],
        "total": ["Kwota brutto", "Wartość brutto"],
        "net": ["Kwota netto"],
        "tax": ["VAT"],
        "paid": ["Zapłacono", "Wpłacono"],
        "open": ["Do zapłaty", "Pozostało do zapłaty", "Niezapłacone"],
        "paid_on": ["Data płatności"],
        "status": ["Status"],
        "words": ["Zapłacona", "Niezapłacona"],
    },
}


@dataclass(frozen=True)
class Paid:
    """A payment of a ledger."""

    day: date
    cents: int


@dataclass(frozen=True)
class Owed:
    """An invoice of a ledger; `net` and `tax` make its total."""

    number: str
    customer: str
    issued: date
    due: date
    net: int
    tax: int
    paid: tuple[Paid, ...] = ()

    @property
    def total(self):
        return self.net + self.tax

    @property
    def paid_cents(self):
        return sum(one.cents for one in self.paid)

    @property
    def left(self):
        return self.total - self.paid_cents


@dataclass(frozen=True)
class Layout:
    """How a ledger is written: what tells what was paid, in which words, in which order, with what beside it.

    `told` is one of payments, beside, below, paid, balance, both, status. `pick` chooses among the words for a column.
    """

    language: str = "en"
    told: str = "payments"
    pick: int = 0
    order: tuple[int, ...] = ()
    with_tax: bool = False
    two_lines: bool = False
    titled: bool = False
    totalled: bool = False
    by_year: bool = False
    texts: str = ""  # "" for numbers, "point" or "comma" for texts
    noise: bool = False
    negative_payments: bool = False
    extra: dict = field(default_factory=dict)


def written(ledger, layout):
    """Return the ledger as the tabs of a workbook."""
    words = {name: found[layout.pick % len(found)] for name, found in LANGUAGES[layout.language].items()}
    columns = _columns(words, layout)
    tabs = {}
    for name, invoices in _parts(ledger, layout).items():
        rows = _above(layout) + _header([heading for heading, _ in columns], layout)
        rows += [[value(one) for _, value in columns] for one in invoices]
        if layout.totalled:
            rows.append(_total(columns, invoices))
        tabs[name] = rows
    payments = [(one.number, paid.day, paid.cents) for one in ledger for paid in one.paid]
    if layout.told in {"payments", "beside", "below"} and payments:
        _add_payments(tabs, words, payments, layout, len(columns))
    return tabs


def _columns(words, layout):
    cents = _cents(layout)
    columns = [
        (words["number"], lambda one: one.number),
        (words["customer"], lambda one: one.customer),
        (words["issued"], lambda one: one.issued),
        (words["due"], lambda one: one.due),
    ]
    if layout.with_tax:
        columns += [(words["net"], lambda one: cents(one.net)), (words["tax"], lambda one: cents(one.tax))]
    columns.append((words["total"], lambda one: cents(one.total)))
    if layout.told in {"paid", "both"}:
        sign = -1 if layout.negative_payments else 1
        columns.append((words["paid"], lambda one: cents(sign * one.paid_cents)))
    if layout.told in {"balance", "both"}:
        columns.append((words["open"], lambda one: cents(one.left)))
    if layout.told in {"paid", "balance", "both"}:
        columns.append((words["paid_on"], lambda one: one.paid[-1].day if one.paid else None))
    if layout.told == "status":
        paid, unpaid = LANGUAGES[layout.language]["words"]
        columns.append((words["status"], lambda one: unpaid if one.left else paid))
        columns.append((words["paid_on"], lambda one: None if one.left else one.paid[-1].day))
    if layout.noise:
        columns.append(("Qty", lambda one: 3))
        columns.append(("Sales person", lambda one: "Jo"))
    places = [place for place in layout.order if place < len(columns)]
    rest = [place for place in range(len(columns)) if place not in places]
    return [columns[place] for place in [*places, *rest]]


def _cents(layout):
    def written_amount(cents):
        amount = Decimal(cents).scaleb(-2)
        if not layout.texts:
            return amount
        text = f"{amount:,.2f}"
        return text if layout.texts == "point" else text.translate(str.maketrans(",.", ".,"))

    return written_amount


def _parts(ledger, layout):
    if not layout.by_year:
        return {"Ledger": ledger}
    parts = defaultdict(list)
    for one in ledger:
        parts[str(one.issued.year)].append(one)
    return dict(parts)


def _above(layout):
    return [["Receivables of Acme"], ["as they stand"]] if layout.titled else []


def _header(headings, layout):
    if not layout.two_lines:
        return [headings]
    upper, lower = [], []
    for heading in headings:
        first, _, rest = heading.rpartition(" ")
        upper.append(first or rest)
        lower.append(rest if first else None)
    return [upper, lower]


def _total(columns, invoices):
    rows = [[value(one) for _, value in columns] for one in invoices]
    total = [None] * len(columns)
    for index in range(len(columns)):
        held = [row[index] for row in rows]
        if held and all(isinstance(value, Decimal) for value in held):
            total[index] = sum(held)
    place = next(index for index, value in enumerate(total) if value is None)
    total[place] = "Total"
    return total


def _add_payments(tabs, words, payments, layout, width):
    cents = _cents(layout)
    sign = -1 if layout.negative_payments else 1
    rows = [[words["number"], words["paid_on"], words["paid"]]]
    rows += [[number, day, cents(sign * amount)] for number, day, amount in payments]
    name = next(iter(tabs))
    if layout.told == "payments" or len(tabs) > 1:
        tabs["Received"] = rows
    elif layout.told == "below":
        tabs[name] += [[], ["Payments"], *rows]
    else:
        above = len(_above(layout)) + (1 if layout.two_lines else 0)
        for index, row in enumerate(rows):
            place = above + index
            while len(tabs[name]) <= place:
                tabs[name].append([])
            tabs[name][place] = [*tabs[name][place], *[None] * (width + 1 - len(tabs[name][place])), *row]
