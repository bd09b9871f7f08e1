"""Headings are composed of words in eleven languages; what they say of money is read, negations above all."""

import pytest

from app.workbook.meaning.vocabulary.headings import ListKind, claims

HEADINGS = {
    "paid_cents": "Amt Paid|Receipts|Deposit|Payments/Credits|Amount Received|Total Paid|Paid to Date|"
    "Payments Received|InvoiceAmountPaid|Amount Collected|Paid so far|Cash received|Bezahlt|"
    "Bezahlter Betrag|Zahlungseingang|Gezahlt|Réglé|Acompte|Encaissé|Montant réglé|Déjà réglé|Cobrado|"
    "Abonado|Importe pagado|Incassato|Importo pagato|Acconti|Ontvangen|Betaald bedrag|Reeds betaald|"
    "Valor pago|Recebido|Betalt|Inbetalt|Innbetalt|Zapłacono|Kwota zapłacona",
    "balance_cents": "Unpaid Amount|Amount Unpaid|Total Unpaid|Unpaid to Date|Amount Uncollected|Uncollected|"
    "Unreceived|Outstanding Balance|Amount Remaining|Unpaid Balance|Total Due|O/S|Balance Due|Amount owed|"
    "Still owed|Not yet paid|InvoiceAmountDue|Left to pay|Arrears|Unbezahlter Betrag|Restbetrag|"
    "Noch offen|Offene Forderung|Montant impayé|Reste dû|Restant dû|Reste à payer|Solde|"
    "Importe impagado|Pendiente de cobro|Saldo pendiente|Residuo|Da incassare|Insoluto|Nog te betalen|"
    "Onbetaald|Openstaand|Em dívida|Por receber|Utestående|Kvar att betala|Obetalt|Restbeløb|Ubetalt|"
    "Do zapłaty|Pozostało|Niezapłacone",
    "paid_on": "Date Paid|Paid On|Date received|Last payment date|Receipt date|Bezahlt am|Zahlungsdatum|"
    "Date de règlement|Payé le|Fecha de cobro|Data pagamento|Data di pagamento|Betaaldatum|"
    "Betalingsdato|Betalningsdatum|Data płatności",
    "total_cents": "Amount|Invoice Amount|Grand Total|Total with VAT|Gross Invoice Amount|Amount in €|Amount (KES)|"
    "Betrag in €|Rechnungsbetrag|Endbetrag|Montant TTC|Total con IVA|Importo totale|Factuurbedrag|"
    "Valor total|Fakturabelopp|Beløb|Kwota brutto",
    "net_cents": "Net|Amount excl. VAT|Total before tax|Netto|Montant HT|Base imponible|Imponibile|Bedrag excl. BTW",
    "tax_cents": "VAT|Tax Amount|MwSt.|TVA|IVA|BTW|Moms|TaxTotal",
    "issued_on": "Transaction Date|Txn Date|Date of Issue|Tax Date|Rechnungsdatum|Date d'émission|Fecha de emisión|"
    "Data documento|Factuurdatum|Fakturadato|Data wystawienia",
    "due_on": "Due Date|Maturity|Pay by|Fällig am|Zahlbar bis|Date d'échéance|Fecha de vencimiento|Scadenza|"
    "Vervaldatum|Förfallodatum|Forfaldsdato|Termin płatności",
    "number": "Our invoice #|Tax Invoice No|RG-Nr.|N° facture|Núm. factura|Nr fattura|N. fattura|Factuurnr.|"
    "Fakturanr.|Nr faktury",
    "customer_name": "Contact Name|Party Name|Bill To|Raison sociale|Société|Razón social|Ragione sociale|Klant|"
    "Nabywca|Kontrahent",
}


@pytest.mark.parametrize(
    ("heading", "field"), [(heading, field) for field, found in HEADINGS.items() for heading in found.split("|")]
)
def test_a_heading_says_what_its_column_is(heading, field):
    first = claims(heading, ListKind.INVOICE)[0]

    assert (first.field, first.is_guess) == (field, False)


@pytest.mark.parametrize(
    "heading", ["Amount Repaid", "Montant Banque", "Paid by insurer, amount", "Total price", "Ammount", "Amount Wired"]
)
def test_a_word_that_is_not_known_makes_a_guess(heading):
    assert all(claim.is_guess for claim in claims(heading, ListKind.INVOICE))


@pytest.mark.parametrize(
    "heading",
    [
        "Days",
        "Interest rate",
        "Tax %",
        "VAT No",
        "Shoe size",
        "Due diligence",
        "Own field: Amount",
        "Salesman",
        "Commission",
    ],
)
def test_what_is_none_of_ours_is_claimed_as_nothing(heading):
    assert claims(heading, ListKind.INVOICE) == ()


@pytest.mark.parametrize(
    ("heading", "fields"),
    [
        ("Invoice No", ["number"]),
        ("Tax Invoice No", ["number"]),
        ("Tax No", []),
        ("Customer No", ["customer_code"]),
        ("Account No", ["customer_code"]),
        ("Payment No", ["reference"]),
        ("Reference No", ["reference"]),
        ("Total No", []),
        ("Gross No", []),
        ("Net No", []),
        ("No. of discount", []),
        ("Credit Note No", []),
        ("Amount Due", ["balance_cents"]),
        ("Total Amount Due", ["balance_cents", "total_cents"]),
        ("Net Due", ["balance_cents", "total_cents"]),
        ("Total Due", ["balance_cents", "total_cents"]),
        ("Gross Due", ["balance_cents", "total_cents"]),
        ("Due", ["due_on", "balance_cents"]),
        ("Due Foo", []),
        ("Unpaid Date", []),
        ("Open Date", []),
        ("Customer since date", []),
        ("Reference Date", []),
        ("Reference Issue Date", ["issued_on"]),
        ("Status Date", ["status_on", "status"]),
    ],
)
def test_a_heading_has_these_meanings_and_no_other(heading, fields):
    assert [claim.field for claim in claims(heading, ListKind.INVOICE)] == fields


def test_the_day_of_an_invoice_comes_before_any_other_day():
    [of_invoice], [any_day] = (claims(heading, ListKind.INVOICE) for heading in ("Day of the invoice", "Day"))

    assert (of_invoice.field, any_day.field) == ("issued_on", "issued_on")
    assert of_invoice.rank < any_day.rank
