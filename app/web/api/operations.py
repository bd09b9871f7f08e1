"""All API operations, with the rights they require.

Each requires a right of the token and one of its user (app/domain/permissions.py). The router, the checks, the OpenAPI
document and the reference page are made from this table and from the models that the handlers are annotated with.
"""

from app.domain.firm import Firm
from app.domain.permissions import Right, TokenRight
from app.jobs.imports import ImportJobs
from app.web.api.calls import Operation
from app.web.api.customers import CustomersApi
from app.web.api.digests import DigestsApi
from app.web.api.imports import ImportsApi
from app.web.api.incoming_payments import IncomingPaymentsApi
from app.web.api.invoices import InvoicesApi
from app.web.api.payments import PaymentsApi
from app.web.api.reports import ReportsApi
from app.workbook.importing import Importer
from app.workbook.reporting import ImportReports


def operations(importer: Importer, jobs: ImportJobs, public_url: str, unsaved_firm: Firm) -> tuple[Operation, ...]:
    invoice, customer, payment, report = InvoicesApi(), CustomersApi(), PaymentsApi(), ReportsApi(importer)
    imports = ImportsApi(importer, jobs, ImportReports(importer, public_url))
    digest, incoming = DigestsApi(public_url, unsaved_firm), IncomingPaymentsApi()
    read, edit, pay, bring = TokenRight.READ, TokenRight.EDIT, TokenRight.PAYMENTS, TokenRight.IMPORT
    return (
        Operation("listInvoices", "GET", "/invoices", invoice.list, read, Right.READ, "List invoices as of a day"),
        Operation(
            "createInvoice", "POST", "/invoices", invoice.create, edit, Right.EDIT, "Enter an invoice", status=201
        ),
        Operation("getInvoice", "GET", "/invoices/{invoice_id}", invoice.get, read, Right.READ, "Get an invoice"),
        Operation(
            "editInvoice", "PATCH", "/invoices/{invoice_id}", invoice.edit, edit, Right.EDIT, "Change an invoice"
        ),
        Operation("listCustomers", "GET", "/customers", customer.list, read, Right.READ, "List customers"),
        Operation(
            "createCustomer", "POST", "/customers", customer.create, edit, Right.EDIT_CUSTOMERS,
            "Enter a customer", status=201,
        ),
        Operation("getCustomer", "GET", "/customers/{customer_id}", customer.get, read, Right.READ, "Get a customer"),
        Operation(
            "editCustomer", "PATCH", "/customers/{customer_id}", customer.edit, edit, Right.EDIT_CUSTOMERS,
            "Change a customer",
        ),
        Operation("listPayments", "GET", "/payments", payment.list, read, Right.READ, "List payments"),
        Operation(
            "recordPayment", "POST", "/payments", payment.record, pay, Right.EDIT,
            "Record a payment for one or several invoices", status=201,
        ),
        Operation("getPayment", "GET", "/payments/{payment_id}", payment.get, read, Right.READ, "Get a payment"),
        Operation(
            "voidPayment", "POST", "/payments/{payment_id}/void", payment.void, pay, Right.EDIT,
            "Void a payment and those recorded together with it",
        ),
        Operation(
            "listIncomingPayments", "GET", "/incoming-payments", incoming.list, read, Right.EDIT,
            "List what payment providers say was paid",
        ),
        Operation(
            "receiveIncomingPayment", "POST", "/incoming-payments", incoming.receive, pay, Right.MATCH_PAYMENTS,
            "Receive what a payment provider says was paid, once", status=201,
        ),
        Operation(
            "getIncomingPayment", "GET", "/incoming-payments/{incoming_payment_id}", incoming.get, read, Right.EDIT,
            "Get an incoming payment",
        ),
        Operation("listImports", "GET", "/imports", imports.list, bring, Right.SEE_IMPORTS, "List imports"),
        Operation(
            "uploadWorkbook", "POST", "/imports", imports.upload, bring, Right.IMPORT,
            "Upload a workbook", largest_workbook=importer.limits.file_bytes, status=202,
        ),
        Operation(
            "getImport", "GET", "/imports/{import_id}", imports.get, bring, Right.SEE_IMPORTS,
            "Get an import with its preview",
        ),
        Operation(
            "answerImport", "POST", "/imports/{import_id}/answers", imports.answer, bring, Right.IMPORT,
            "Answer the questions of an import", status=202,
        ),
        Operation(
            "applyImport", "POST", "/imports/{import_id}/apply", imports.apply, bring, Right.IMPORT,
            "Apply a previewed import", status=202,
        ),
        Operation(
            "getMarkedCopy", "GET", "/imports/{import_id}/marked", imports.marked, bring, Right.IMPORT,
            "Get the workbook of an import with its problems marked",
        ),
        Operation(
            "noteReport", "POST", "/imports/{import_id}/report-sent", imports.report_sent, bring, Right.IMPORT,
            "Note that the report of an import was sent",
        ),
        Operation(
            "getOverdueDigest", "GET", "/digests/overdue", digest.overdue, read, Right.READ,
            "Get the digest of what is overdue this week, and whether it is to be sent",
        ),
        Operation(
            "noteOverdueDigest", "POST", "/digests/overdue/sent", digest.overdue_sent, bring, Right.IMPORT,
            "Note that this week's digest of what is overdue was sent",
        ),
        Operation(
            "getMonthEndDigest", "GET", "/digests/month-end", digest.month_end, read, Right.READ,
            "Get the digest of the month that ended, and whether it is to be sent",
        ),
        Operation(
            "noteMonthEndDigest", "POST", "/digests/month-end/sent", digest.month_end_sent, bring, Right.IMPORT,
            "Note that the digest of the month that ended was sent",
        ),
        Operation(
            "getAgeingReport", "GET", "/reports/ageing", report.ageing, read, Right.READ,
            "Get the ageing of receivables",
        ),
        Operation(
            "getCustomersReport", "GET", "/reports/customers", report.customers, read, Right.READ,
            "Get what customers owe",
        ),
        Operation(
            "exportWorkbook", "GET", "/export", report.export, read, Right.EXPORT,
            "Export all data as a workbook of three tabs",
        ),
    )  # fmt: skip
