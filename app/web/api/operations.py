"""All API operations, with the rights they require and their models.

Each requires a right of the token and one of its user (app/domain/permissions.py). The router, the checks, the OpenAPI
document and the reference page are made from this table.
"""

from zoneinfo import ZoneInfo

from app.domain.permissions import Right, TokenRight
from app.jobs.imports import ImportJobs
from app.web.api.calls import Operation
from app.web.api.customers import (
    CustomerAnswer,
    CustomerEdit,
    CustomerEntry,
    CustomerPage,
    CustomersApi,
    CustomersAsked,
)
from app.web.api.exports import ExportsApi
from app.web.api.imports import ImportAnswers, ImportApplying, ImportDetails, ImportPage, ImportsApi, UploadAsked
from app.web.api.invoices import (
    DayAsked,
    InvoiceAnswer,
    InvoiceEdit,
    InvoiceEntry,
    InvoicePage,
    InvoicesApi,
    InvoicesAsked,
)
from app.web.api.payments import (
    PaymentAnswer,
    PaymentBatchEntry,
    PaymentPage,
    PaymentsApi,
    PaymentsAsked,
    Reason,
    RecordedBatch,
)
from app.web.api.reports import AgeingReport, CustomersReport, ReportsApi
from app.web.api.shapes import Asked
from app.workbook.importing import Importer


def operations(importer: Importer, jobs: ImportJobs, zone: ZoneInfo) -> tuple[Operation, ...]:
    invoice, customer, payment, report = InvoicesApi(zone), CustomersApi(), PaymentsApi(), ReportsApi(zone)
    imports, export = ImportsApi(importer, jobs), ExportsApi(importer)
    read, edit, pay, bring = TokenRight.READ, TokenRight.EDIT, TokenRight.PAYMENTS, TokenRight.IMPORT
    return (
        Operation(
            "listInvoices",
            "GET", "/invoices", invoice.list, read, Right.READ, "List invoices as of a day", InvoicePage,
            query=InvoicesAsked,
        ),
        Operation(
            "createInvoice",
            "POST", "/invoices", invoice.create, edit, Right.EDIT, "Enter an invoice", InvoiceAnswer,
            body=InvoiceEntry, status=201, has_version=True,
        ),
        Operation(
            "getInvoice",
            "GET", "/invoices/{invoice_id}", invoice.get, read, Right.READ, "Get an invoice", InvoiceAnswer,
            query=DayAsked, has_version=True,
        ),
        Operation(
            "editInvoice",
            "PATCH", "/invoices/{invoice_id}", invoice.edit, edit, Right.EDIT, "Change an invoice", InvoiceAnswer,
            body=InvoiceEdit, has_version=True,
        ),
        Operation(
            "listCustomers",
            "GET", "/customers", customer.list, read, Right.READ, "List customers", CustomerPage,
            query=CustomersAsked,
        ),
        Operation(
            "createCustomer",
            "POST", "/customers", customer.create, edit, Right.EDIT_CUSTOMERS, "Enter a customer", CustomerAnswer,
            body=CustomerEntry, status=201, has_version=True,
        ),
        Operation(
            "getCustomer",
            "GET", "/customers/{customer_id}", customer.get, read, Right.READ, "Get a customer", CustomerAnswer,
            has_version=True,
        ),
        Operation(
            "editCustomer",
            "PATCH", "/customers/{customer_id}", customer.edit, edit, Right.EDIT_CUSTOMERS, "Change a customer",
            CustomerAnswer, body=CustomerEdit, has_version=True,
        ),
        Operation(
            "listPayments",
            "GET", "/payments", payment.list, read, Right.READ, "List payments", PaymentPage, query=PaymentsAsked
        ),
        Operation(
            "recordPayment",
            "POST", "/payments", payment.record, pay, Right.EDIT, "Record a payment for one or several invoices",
            RecordedBatch, body=PaymentBatchEntry, status=201,
        ),
        Operation(
            "getPayment",
            "GET", "/payments/{payment_id}", payment.get, read, Right.READ, "Get a payment", PaymentAnswer
        ),
        Operation(
            "voidPayment",
            "POST", "/payments/{payment_id}/void", payment.void, pay, Right.EDIT,
            "Void a payment and those recorded together with it", RecordedBatch, body=Reason,
        ),
        Operation(
            "listImports",
            "GET", "/imports", imports.list, bring, Right.SEE_IMPORTS, "List imports", ImportPage, query=Asked
        ),
        Operation(
            "uploadWorkbook",
            "POST", "/imports", imports.upload, bring, Right.IMPORT, "Upload a workbook", ImportDetails,
            query=UploadAsked, largest_workbook=importer.limits.file_bytes, status=202,
        ),
        Operation(
            "getImport",
            "GET", "/imports/{import_id}", imports.get, bring, Right.SEE_IMPORTS,
            "Get an import with its preview", ImportDetails,
        ),
        Operation(
            "answerImport",
            "POST", "/imports/{import_id}/answers", imports.answer, bring, Right.IMPORT,
            "Answer the questions of an import", ImportDetails, body=ImportAnswers, status=202,
        ),
        Operation(
            "applyImport",
            "POST", "/imports/{import_id}/apply", imports.apply, bring, Right.IMPORT, "Apply a previewed import",
            ImportDetails, body=ImportApplying, status=202,
        ),
        Operation(
            "getAgeingReport",
            "GET", "/reports/ageing", report.ageing, read, Right.READ, "Get the ageing of receivables", AgeingReport,
            query=DayAsked,
        ),
        Operation(
            "getCustomersReport",
            "GET", "/reports/customers", report.customers, read, Right.READ, "Get what customers owe", CustomersReport,
            query=DayAsked,
        ),
        Operation(
            "exportWorkbook",
            "GET", "/export", export.get, read, Right.EXPORT, "Export all data as a workbook of three tabs"
        ),
    )  # fmt: skip
