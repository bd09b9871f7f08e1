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


@pytest.mark.parametrize(("heading", "fields"), [("Customer No", ["code"]), ("No", ["code"]), ("Invoice No", [])])
def test_an_invoices_number_is_no_code_of_a_customer(heading, fields):
    assert [claim.field for claim in claims(heading, ListKind.CUSTOMER)] == fields


# What each heading can mean in a list of invoices, of payments, of customers: the field, its rank, and "?" for a guess.
CLAIMS = {
    "Invoice status now": ("status 100", "", ""),
    "Document type": ("type 100", "type 100", ""),
    "Type of document paid": ("payment_method 100", "method 100", ""),
    "Type of method": ("payment_method 100", "method 100", ""),
    "Method of collection": ("payment_method 100", "method 100", ""),
    "Method date": ("issued_on 101", "paid_on 103", ""),
    "Amount by method": ("total_cents 103", "amount_cents 107", ""),
    "Terms of customer": ("terms_days 100", "terms_days 100", "terms_days 100"),
    "Terms date": ("issued_on 101", "paid_on 103", ""),
    "Currency of invoice": ("currency 100", "currency 100", ""),
    "Currency amount": ("total_cents 103", "amount_cents 107", ""),
    "Total currency": ("total_cents 101", "amount_cents 105", ""),
    "Dispute of invoice": ("disputed 100", "disputed 100", ""),
    "Email of customer": ("customer_email 100", "customer_email 100", "email 100"),
    "Phone of customer": ("", "", "phone 100"),
    "Phone date": ("issued_on 101", "paid_on 103", "phone 100"),
    "Address date": ("issued_on 101", "paid_on 103", "address 100"),
    "Day": ("issued_on 101", "paid_on 103", ""),
    "Day of the invoice": ("issued_on 100", "", ""),
    "Due day": ("due_on 100", "", ""),
    "Day due": ("due_on 100", "", ""),
    "Maturity day": ("due_on 100", "", ""),
    "Day paid": ("paid_on 100", "paid_on 100", ""),
    "Day not paid": ("", "", ""),
    "Day customer": ("", "", ""),
    "Day status": ("status 100", "", ""),
    "Day open": ("", "", ""),
    "Day reference": ("", "", ""),
    "Day reference issued": ("issued_on 101", "paid_on 103", ""),
    "Number of document": ("number 100", "invoice_number 100", ""),
    "Numbers": ("number 102", "invoice_number 102", "code 102"),
    "Number of amount": ("total_cents 103", "amount_cents 107", ""),
    "Number open": ("balance_cents 100", "", ""),
    "Number note": ("", "", ""),
    "Number tax": ("", "", ""),
    "Number tax invoice": ("number 100", "invoice_number 100", ""),
    "Number client": ("customer_code 100", "customer_code 100", "code 100"),
    "Number account": ("customer_code 150", "customer_code 150", "code 150"),
    "Number paid": ("reference 100", "reference 100", ""),
    "Number reference": ("reference 100", "reference 100", ""),
    "Number total": ("", "", ""),
    "Number gross": ("", "", ""),
    "Number net": ("", "", ""),
    "Number discount": ("", "", ""),
    "Reference of invoice": ("reference 100", "reference 100", ""),
    "Note of invoice": ("notes 100", "note 100", "notes 100"),
    "Client": ("customer_name 3", "customer_name 3", "name 6"),
    "Account": ("customer_name 150", "customer_name 150", "name 150"),
    "Name of": ("", "", ""),
    "Client person": ("customer_name 100?", "customer_name 100?", ""),
    "Client invoice": ("", "", ""),
    "Client first name": ("", "", ""),
    "Account family name": ("", "", ""),
    "First name": ("", "", ""),
    "Issued on behalf": ("issued_on 101?", "paid_on 103?", ""),
    "Issued": ("issued_on 6", "paid_on 103", ""),
    "Sent": ("issued_on 108", "paid_on 103", ""),
    "Document": ("number 103, issued_on 108, total_cents 108", "invoice_number 103, amount_cents 112", ""),
    "Balance": ("balance_cents 100", "", ""),
    "Not paid": ("balance_cents 100", "", ""),
    "Tax open": ("tax_cents 100", "", ""),
    "Paid amount": ("paid_cents 100", "amount_cents 100", ""),
    "Paid total": ("paid_cents 100", "amount_cents 101", ""),
    "Paid": ("paid_cents 101, paid_on 109, status 109", "amount_cents 101, paid_on 109", ""),
    "Tax": ("tax_cents 100", "", ""),
    "Tax gross": ("total_cents 100", "amount_cents 104", ""),
    "Tax net": ("net_cents 100, total_cents 109", "amount_cents 113", ""),
    "Discount": ("discount_cents 100", "", ""),
    "Net": ("net_cents 100, total_cents 109", "amount_cents 113", ""),
    "Net amount": ("net_cents 100, total_cents 109", "amount_cents 113", ""),
    "Gross": ("total_cents 100", "amount_cents 104", ""),
    "Gross amount": ("total_cents 100", "amount_cents 104", ""),
    "Gross total": ("total_cents 100", "amount_cents 104", ""),
    "Gross invoice": ("total_cents 100", "amount_cents 104", ""),
    "Gross of": ("total_cents 100", "amount_cents 104", ""),
    "Gross client": ("customer_name 100", "customer_name 100", "name 100"),
    "Total": ("total_cents 101", "amount_cents 105", ""),
    "Price": ("total_cents 150?", "amount_cents 154?", ""),
    "Price total": ("total_cents 101?", "amount_cents 105?", ""),
    "Price invoice": ("total_cents 150?", "amount_cents 154?", ""),
    "Price amount": ("total_cents 103", "amount_cents 107", ""),
    "Unit price": ("", "", ""),
    "Amount": ("total_cents 103", "amount_cents 107", ""),
    "Amount invoice": ("total_cents 102", "amount_cents 106", ""),
    "Amount foo": ("total_cents 103?", "amount_cents 107?", ""),
    "Amount foo paid": ("paid_cents 100?", "amount_cents 100?", ""),
    "Due": ("due_on 101, balance_cents 102", "", ""),
    "Due amount": ("balance_cents 101", "", ""),
    "Due total": ("balance_cents 102, total_cents 102", "amount_cents 106", ""),
    "Due net": ("balance_cents 102, total_cents 102", "amount_cents 106", ""),
    "Due gross": ("balance_cents 102, total_cents 102", "amount_cents 106", ""),
    "Due foo": ("", "", ""),
    "Due amount total": ("balance_cents 101, total_cents 105", "amount_cents 109", ""),
    "Total note": ("total_cents 101", "amount_cents 105", ""),
    "Note amount": ("total_cents 103", "amount_cents 107", ""),
    "Reference amount": ("total_cents 103", "amount_cents 107", ""),
    "Foo day": ("issued_on 101?", "paid_on 103?", ""),
    "Day paid foo": ("paid_on 100?", "paid_on 100?", ""),
    "Note foo": ("", "", ""),
    "Amount (foo)": ("total_cents 103", "amount_cents 107", ""),
    "Amount %": ("", "", ""),
    "Amount foo weeks": ("total_cents 103?", "amount_cents 107?", ""),
    "Own field: Amount": ("", "", ""),
    "As of 2026-01-01: paid": ("", "", ""),
    "Terms of client": ("terms_days 100", "terms_days 100", "terms_days 100"),
    "Phone": ("", "", "phone 0"),
    "Address": ("", "", "address 0"),
    "Address name": ("", "", ""),
    "Address client": ("", "", ""),
    "Number phone": ("", "", "phone 100"),
    "Paid client": ("paid_cents 101, paid_on 109, status 109", "amount_cents 101, paid_on 109", ""),
    "Type": ("type 100", "type 100", ""),
    "Type paid": ("payment_method 100", "method 100", ""),
    "Currency": ("currency 0", "currency 0", ""),
    "Terms": ("terms_days 0", "terms_days 100", "terms_days 2"),
    "Method": ("payment_method 1", "method 1", ""),
    "Email": ("customer_email 4", "customer_email 100", "email 0"),
    "Account number paid": ("customer_code 150", "customer_code 150", "code 150"),
}


@pytest.mark.parametrize("heading", CLAIMS)
def test_of_the_columns_of_a_field_the_one_of_the_lowest_rank_is_read(heading):
    found = tuple(
        ", ".join(f"{claim.field} {claim.rank}{'?' * claim.is_guess}" for claim in claims(heading, kind))
        for kind in (ListKind.INVOICE, ListKind.PAYMENT, ListKind.CUSTOMER)
    )

    assert found == CLAIMS[heading]
