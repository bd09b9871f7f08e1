"""Every URL, what answers it, and who may ask: those who have the right, or anybody.

Routes that write also say by `step_up` what shows the form again to a user who did not prove who they are, or None.

What programs may ask for stands in `app/web/api/operations.py`.
"""

from app.domain.permissions import Right
from app.jobs.heartbeat import Heartbeat
from app.jobs.imports import ImportJobs
from app.jobs.job_delivery_list import DeliverySource
from app.jobs.job_import_list import ImportSource
from app.jobs.job_list import JobAction, JobSource
from app.jobs.job_mail_list import LinkMailSource, StatementMailSource
from app.jobs.mails import MailJobs
from app.server_reports import ServerReports
from app.settings import AppSettings
from app.web.api.calls import ROOT
from app.web.api.excel import PAGE as EXCEL
from app.web.api.excel import Excel
from app.web.api.reference import ApiReference
from app.web.api.tokens import Tokens
from app.web.auth.access_policy import SECOND_FACTOR, AccessPolicy
from app.web.auth.account import AccountPages
from app.web.auth.browser_sessions import BrowserSessions
from app.web.auth.oidc.identity import CALLBACK
from app.web.auth.oidc.rechecks import Rechecks
from app.web.auth.oidc.sealed import Sealing
from app.web.auth.oidc.sign_in import ProviderSignIn
from app.web.auth.passkey_sign_in import PasskeySignIn
from app.web.auth.passkeys import PasskeyPages
from app.web.auth.password_links import PasswordLinks
from app.web.auth.second_factors import SecondFactors
from app.web.auth.session_tokens import SessionTokens
from app.web.auth.sessions import Sessions
from app.web.guard import LARGEST_FORM, LARGEST_SENT, Route, StepUp
from app.web.http.assets import Assets
from app.web.http.metrics import Metrics
from app.web.http.rendering import Pages
from app.web.http.signing import derived
from app.web.pages.audit import Audit
from app.web.pages.automation.page import AutomationPage
from app.web.pages.components import Components
from app.web.pages.customers import Customers
from app.web.pages.dashboard import Dashboard
from app.web.pages.firm_settings import FirmSettings
from app.web.pages.health import HealthAnswers, Watched
from app.web.pages.help import Help
from app.web.pages.imports import Imports
from app.web.pages.jobs import Jobs
from app.web.pages.receivables.advance_payments import AdvancePayments
from app.web.pages.receivables.bulk import LARGEST_PICK, Bulk
from app.web.pages.receivables.exports import Exports
from app.web.pages.receivables.incoming_payments import IncomingPayments
from app.web.pages.receivables.invoice_page import InvoiceDetailPage
from app.web.pages.receivables.invoices import Invoices
from app.web.pages.receivables.payments import Payments
from app.web.pages.search import Search
from app.web.pages.statements.mail import StatementMails
from app.web.pages.statements.page import Statements
from app.web.pages.system import System
from app.web.pages.users import Users
from app.web.pages.views import Views
from app.web.pages.webhooks import Webhooks
from app.workbook.importing import Importer


def pages(
    settings: AppSettings,
    pages: Pages,
    browsers: BrowserSessions,
    access_policy: AccessPolicy,
    importer: Importer,
    jobs: ImportJobs,
    mails: MailJobs | None,
    reference: ApiReference,
    metrics: Metrics,
    watched: Watched,
    heartbeat: Heartbeat,
    rechecks: Rechecks,
) -> tuple[Route, ...]:
    reports = ServerReports(settings.reports_dir)
    dashboard = Dashboard(pages, reports)
    invoice_page = InvoiceDetailPage(pages)
    invoices = Invoices(pages, invoice_page)
    payments = Payments(pages, invoice_page)
    search = Search(pages)
    advance_payments = AdvancePayments(pages)
    incoming = IncomingPayments(pages)
    customers = Customers(pages)
    statements = Statements(pages)
    statement_mails = StatementMails(pages, mails)
    views = Views(pages)
    sources = job_sources(importer, jobs, mails)
    jobs_page = Jobs(pages, sources, watched.queue, heartbeat)
    imports = Imports(pages, importer, jobs, heartbeat)
    exports = Exports(importer)
    bulk = Bulk(pages, exports)
    users = Users(pages, settings.public_url, mails, access_policy)
    firm_settings = FirmSettings(pages, settings.unsaved_firm)
    webhooks = Webhooks(pages, settings.webhook_private_hosts)
    automation = AutomationPage(pages, settings.data_dir, has_inbox=settings.inbox_dir is not None)
    audit = Audit(pages)
    system = System(pages, reports, watched, heartbeat, is_one_of_several=settings.is_one_of_several)
    pending_second_factor = SessionTokens.signed_with(*settings.secret_keys, purpose="second factor")
    sessions = Sessions(pages, browsers, pending_second_factor, metrics, access_policy)
    pending_sign_in = Sealing.with_keys(settings.secret_keys, "provider sign-in")
    provider_sign_in = ProviderSignIn(pages, browsers, rechecks.provider, pending_sign_in, rechecks, metrics)
    password_links = PasswordLinks(pages, mails, sessions, access_policy)
    account = AccountPages(pages, browsers, access_policy)
    second_factors = SecondFactors(pages, browsers, access_policy, derived(settings.secret_key, "enrolment"))
    passkeys = PasskeyPages(pages, browsers, settings.oidc_issuer)
    passkey_sign_in = PasskeySignIn(sessions)
    tokens = Tokens(pages)
    excel = Excel(pages, settings.public_url)
    help_pages = Help(pages)
    development = (Route("GET", "/components", Components(pages).show, Right.READ),)
    by_provider = (
        Route("GET", "/sign-in/provider", provider_sign_in.start),
        Route("GET", CALLBACK, provider_sign_in.finish),
    )
    return (
        *(development if settings.is_for_this_machine else ()),
        Route("GET", "/", dashboard.show, Right.READ),
        Route("GET", "/invoices", invoices.index, Right.READ),
        Route("POST", "/invoices", invoices.create, Right.EDIT, step_up=None),
        Route("GET", "/invoices/new", invoices.new, Right.EDIT),
        Route("GET", "/invoices/<invoice_id:id>", invoice_page.show, Right.READ),
        Route("GET", "/invoices/<invoice_id:id>/edit", invoices.edit, Right.EDIT),
        Route("POST", "/invoices/<invoice_id:id>/edit", invoices.update, Right.EDIT, step_up=None),
        Route("POST", "/invoices/<invoice_id:id>/status", invoices.change_status, Right.EDIT, step_up=None),
        Route("POST", "/invoices/<invoice_id:id>/payments", payments.create, Right.EDIT, step_up=None),
        Route("POST", "/invoices/<invoice_id:id>/refunds", payments.refund, Right.EDIT, step_up=None),
        Route("POST", "/invoices/<invoice_id:id>/credit", payments.use_credit, Right.EDIT, step_up=None),
        Route(
            "POST",
            "/invoices/bulk",
            bulk.preview,
            Right.EXPORT,
            LARGEST_PICK,
            step_up=None,
            is_open_in_maintenance=True,
        ),
        Route("POST", "/invoices/bulk/apply", bulk.apply, Right.EDIT, LARGEST_PICK, step_up=None),
        Route("GET", "/search", search.show, Right.READ),
        Route("GET", "/payments", payments.index, Right.READ),
        Route("GET", "/payments/new", payments.new, Right.EDIT),
        Route("POST", "/payments/new", payments.create_several, Right.EDIT, LARGEST_PICK, step_up=None),
        Route("GET", "/payments/advance", advance_payments.new, Right.EDIT),
        Route("POST", "/payments/advance", advance_payments.create, Right.EDIT, step_up=None),
        Route("GET", "/payments/incoming", incoming.index, Right.EDIT),
        Route("GET", "/payments/incoming/<incoming_id:id>", incoming.show, Right.EDIT),
        Route(
            "POST",
            "/payments/incoming/<incoming_id:id>/place",
            incoming.place,
            Right.MATCH_PAYMENTS,
            LARGEST_PICK,
            step_up=None,
        ),
        Route(
            "POST",
            "/payments/incoming/<incoming_id:id>/credit",
            incoming.keep_as_credit,
            Right.MATCH_PAYMENTS,
            step_up=None,
        ),
        Route(
            "POST", "/payments/incoming/<incoming_id:id>/dismiss", incoming.dismiss, Right.MATCH_PAYMENTS, step_up=None
        ),
        Route(
            "POST", "/payments/incoming/<incoming_id:id>/reopen", incoming.reopen, Right.MATCH_PAYMENTS, step_up=None
        ),
        Route("POST", "/payments/<payment_id:id>/void", payments.void, Right.EDIT, step_up=None),
        Route("POST", "/payments/<payment_id:id>/undo", payments.undo, Right.EDIT, step_up=None),
        Route("GET", "/customers", customers.index, Right.READ),
        Route("POST", "/customers", customers.create, Right.EDIT_CUSTOMERS, step_up=None),
        Route("GET", "/customers/new", customers.new, Right.EDIT_CUSTOMERS),
        Route("GET", "/customers/<customer_id:id>", customers.show, Right.READ),
        Route("GET", "/customers/<customer_id:id>/edit", customers.edit, Right.EDIT_CUSTOMERS),
        Route("POST", "/customers/<customer_id:id>/edit", customers.update, Right.EDIT_CUSTOMERS, step_up=None),
        Route("POST", "/customers/<customer_id:id>/archive", customers.archive, Right.EDIT_CUSTOMERS, step_up=None),
        Route("POST", "/customers/<customer_id:id>/unarchive", customers.unarchive, Right.EDIT_CUSTOMERS, step_up=None),
        Route("GET", "/customers/<customer_id:id>/statement", statements.show, Right.READ),
        Route("GET", "/customers/<customer_id:id>/statement.xlsx", statements.export, Right.EXPORT),
        Route("GET", "/customers/<customer_id:id>/statement.pdf", statements.pdf, Right.EXPORT),
        Route("GET", "/customers/<customer_id:id>/statement/mail", statement_mails.new, Right.EDIT),
        Route("POST", "/customers/<customer_id:id>/statement/mail", statement_mails.create, Right.EDIT, step_up=None),
        Route("GET", "/views", views.index, Right.READ),
        Route("POST", "/views", views.create, Right.READ, step_up=None),
        Route("POST", "/views/<view_id:id>", views.update, Right.READ, step_up=None),
        Route("POST", "/views/<view_id:id>/default", views.make_default, Right.READ, step_up=None),
        Route("POST", "/views/<view_id:id>/delete", views.delete, Right.READ, step_up=None),
        Route("GET", "/views/<view_id:id>/excel", excel.view, Right.EXPORT),
        Route("POST", "/views/<view_id:id>/excel", excel.create_for_view, Right.EXPORT, step_up=excel.view),
        Route("GET", EXCEL, excel.index, Right.EXPORT),
        Route("POST", EXCEL, excel.create, Right.EXPORT, step_up=excel.index),
        Route("GET", "/imports", imports.index, Right.SEE_IMPORTS),
        Route(
            "POST", "/imports", imports.create, Right.IMPORT, importer.limits.file_bytes + LARGEST_FORM, step_up=None
        ),
        Route("GET", "/imports/sample.xlsx", imports.sample, Right.IMPORT),
        Route("GET", "/imports/template.xlsx", imports.template, Right.IMPORT),
        Route("GET", "/imports/<import_id:id>", imports.show, Right.SEE_IMPORTS),
        Route("GET", "/imports/<import_id:id>/progress", imports.progress, Right.SEE_IMPORTS),
        Route("GET", "/imports/<import_id:id>/marked", imports.marked_copy, Right.IMPORT),
        Route("POST", "/imports/<import_id:id>/choices", imports.choose, Right.IMPORT, step_up=None),
        Route("POST", "/imports/<import_id:id>/apply", imports.apply, Right.IMPORT, step_up=None),
        Route("POST", "/imports/<import_id:id>/undo", imports.undo, Right.IMPORT, step_up=None),
        Route("POST", "/imports/<import_id:id>/discard", imports.discard, Right.IMPORT, step_up=None),
        Route("GET", "/jobs", jobs_page.show, Right.IMPORT),
        *(
            Route(
                "POST", f"/jobs/{source.name}/<job_id:id>/{action}", jobs_page.done_by(act), source.right, step_up=None
            )
            for source in sources
            for action, act in ((JobAction.CANCEL, source.cancel), (JobAction.RETRY, source.retry))
        ),
        Route("GET", "/users", users.index, Right.ADMINISTER),
        Route("POST", "/users", users.create, Right.ADMINISTER, LARGEST_PICK, step_up=users.new),
        Route("GET", "/users/new", users.new, Right.ADMINISTER),
        Route("GET", "/users/<user_id:id>", users.show, Right.ADMINISTER),
        Route("POST", "/users/<user_id:id>", users.update, Right.ADMINISTER, LARGEST_PICK, step_up=users.show),
        Route("POST", "/users/<user_id:id>/deactivate", users.deactivate, Right.ADMINISTER, step_up=users.ask_again),
        Route("POST", "/users/<user_id:id>/activate", users.activate, Right.ADMINISTER, step_up=users.ask_again),
        Route("POST", "/users/<user_id:id>/link", users.make_link, Right.ADMINISTER, step_up=users.ask_again),
        Route(
            "POST",
            "/users/<user_id:id>/second-factor",
            users.reset_second_factor,
            Right.ADMINISTER,
            step_up=users.ask_again,
        ),
        Route("POST", "/users/<user_id:id>/provider", users.unlink_provider, Right.ADMINISTER, step_up=users.ask_again),
        Route(
            "POST",
            "/users/<user_id:id>/passkeys/<passkey_id:id>/remove",
            users.remove_passkey,
            Right.ADMINISTER,
            step_up=users.ask_again_about_passkey,
        ),
        Route("GET", "/settings", firm_settings.show, Right.ADMINISTER),
        Route("POST", "/settings", firm_settings.update, Right.ADMINISTER, step_up=None),
        Route("GET", "/webhooks", webhooks.index, Right.ADMINISTER),
        Route("POST", "/webhooks", webhooks.create, Right.ADMINISTER, step_up=webhooks.index),
        Route("GET", "/webhooks/<endpoint_id:id>", webhooks.show, Right.ADMINISTER),
        Route("POST", "/webhooks/<endpoint_id:id>", webhooks.update, Right.ADMINISTER, step_up=webhooks.show),
        Route(
            "POST", "/webhooks/<endpoint_id:id>/on", webhooks.switch_on, Right.ADMINISTER, step_up=webhooks.ask_again
        ),
        Route(
            "POST", "/webhooks/<endpoint_id:id>/off", webhooks.switch_off, Right.ADMINISTER, step_up=webhooks.ask_again
        ),
        Route(
            "POST",
            "/webhooks/<endpoint_id:id>/secret",
            webhooks.renew_secret,
            Right.ADMINISTER,
            step_up=webhooks.ask_again,
        ),
        Route(
            "POST", "/webhooks/<endpoint_id:id>/remove", webhooks.remove, Right.ADMINISTER, step_up=webhooks.ask_again
        ),
        Route("POST", "/webhooks/<endpoint_id:id>/test", webhooks.test, Right.ADMINISTER, step_up=None),
        Route("GET", "/webhooks/deliveries", webhooks.deliveries, Right.ADMINISTER),
        Route("GET", "/webhooks/deliveries/<delivery_id:id>", webhooks.delivery, Right.ADMINISTER),
        Route(
            "POST", "/webhooks/deliveries/<delivery_id:id>/again", webhooks.send_again, Right.ADMINISTER, step_up=None
        ),
        Route("GET", "/automation", automation.show, Right.ADMINISTER),
        Route("POST", "/automation", automation.update, Right.ADMINISTER, step_up=automation.show),
        Route("POST", "/automation/digests/overdue", automation.send_overdue, Right.ADMINISTER, step_up=None),
        Route("POST", "/automation/digests/month-end", automation.send_month_end, Right.ADMINISTER, step_up=None),
        Route("GET", "/system", system.show, Right.ADMINISTER),
        Route("GET", "/audit", audit.index, Right.ADMINISTER),
        Route("GET", "/audit.csv", audit.export, Right.ADMINISTER),
        Route("GET", "/export.xlsx", exports.everything, Right.EXPORT),
        Route("GET", "/invoices.<kind:re:xlsx|csv>", exports.invoices, Right.EXPORT),
        Route("GET", "/customers.<kind:re:xlsx|csv>", customers.export, Right.EXPORT),
        Route("GET", "/payments.<kind:re:xlsx|csv>", exports.payments, Right.EXPORT),
        Route("GET", "/help", help_pages.show, Right.READ),
        Route("GET", "/guide", help_pages.guide, Right.READ),
        Route("GET", "/guide/importing", help_pages.importing, Right.READ),
        Route("GET", "/guide/excel", help_pages.excel, Right.READ),
        Route("GET", "/guide/glossary", help_pages.glossary, Right.READ),
        Route("GET", "/api", reference.show, Right.READ),
        Route("GET", "/tokens", tokens.index, Right.READ),
        Route("POST", "/tokens", tokens.create, Right.EXPORT, step_up=tokens.index),
        Route("POST", "/tokens/<token_id:id>/revoke", tokens.revoke, Right.READ, step_up=None),
        Route("GET", "/sign-in", sessions.new),
        Route(
            "POST", "/sign-in", sessions.create, largest_body=LARGEST_SENT, step_up=None, is_open_in_maintenance=True
        ),
        *(by_provider if rechecks.provider else ()),
        Route("GET", "/sign-in/code", sessions.ask_again),
        Route(
            "POST",
            "/sign-in/code",
            sessions.confirm,
            largest_body=LARGEST_SENT,
            step_up=None,
            is_open_in_maintenance=True,
        ),
        Route("GET", "/sign-in/passkey", passkey_sign_in.options),
        Route(
            "POST",
            "/sign-in/passkey",
            passkey_sign_in.create,
            largest_body=LARGEST_SENT,
            step_up=None,
            is_open_in_maintenance=True,
        ),
        Route("GET", "/set-password", password_links.show),
        Route("POST", "/set-password", password_links.use, step_up=None),
        Route("GET", "/forgot-password", password_links.ask),
        Route("POST", "/forgot-password", password_links.send, step_up=None),
        Route("GET", "/account", account.show, Right.READ),
        Route("POST", "/account/name", account.rename, Right.READ, step_up=None),
        Route(
            "POST",
            "/account/password",
            account.change_password,
            Right.READ,
            changes_sign_in=True,
            step_up=StepUp.BY_HANDLER,
        ),
        Route("POST", "/account/logins/<login_id:id>/end", account.end_login, Right.READ, step_up=None),
        Route("POST", "/account/logins/end-others", account.end_other_logins, Right.READ, step_up=None),
        Route("GET", SECOND_FACTOR, second_factors.show, Right.READ, is_for_enrolling=True, changes_sign_in=True),
        Route(
            "POST",
            SECOND_FACTOR,
            second_factors.enable,
            Right.READ,
            is_for_enrolling=True,
            changes_sign_in=True,
            step_up=StepUp.BY_HANDLER,
        ),
        Route(
            "POST",
            "/account/second-factor/codes",
            second_factors.renew_codes,
            Right.READ,
            changes_sign_in=True,
            step_up=StepUp.BY_HANDLER,
        ),
        Route(
            "POST",
            "/account/second-factor/remove",
            second_factors.disable,
            Right.READ,
            changes_sign_in=True,
            step_up=StepUp.BY_HANDLER,
        ),
        Route("GET", "/account/passkeys", passkeys.show, Right.READ, is_for_enrolling=True, changes_sign_in=True),
        Route(
            "POST",
            "/account/passkeys",
            passkeys.create,
            Right.READ,
            is_for_enrolling=True,
            changes_sign_in=True,
            step_up=passkeys.show,
        ),
        Route(
            "POST",
            "/account/passkeys/begin",
            passkeys.begin,
            Right.READ,
            is_for_enrolling=True,
            changes_sign_in=True,
            step_up=passkeys.show,
        ),
        Route(
            "GET",
            "/account/passkeys/new",
            passkeys.creation_options,
            Right.READ,
            is_for_enrolling=True,
            changes_sign_in=True,
        ),
        Route("GET", "/account/passkeys/step-up", passkeys.step_up_options, Right.READ, is_for_enrolling=True),
        Route(
            "POST",
            "/account/passkeys/<passkey_id:id>/remove",
            passkeys.delete,
            Right.READ,
            is_for_enrolling=True,
            changes_sign_in=True,
            step_up=passkeys.ask_again,
        ),
        Route("GET", "/signed-in", sessions.stay, Right.READ, is_for_enrolling=True),
        Route(
            "POST",
            "/sign-out",
            provider_sign_in.signed_out,
            Right.READ,
            is_for_enrolling=True,
            step_up=None,
            is_open_in_maintenance=True,
        ),
    )


def job_sources(importer: Importer, jobs: ImportJobs, mails: MailJobs | None) -> tuple[JobSource, ...]:
    return ImportSource(importer, jobs), StatementMailSource(mails), LinkMailSource(mails), DeliverySource()


def bare(assets: Assets, reference: ApiReference, health: HealthAnswers) -> tuple[Route, ...]:
    return (
        Route("GET", "/health", health.show),
        Route("GET", "/healthz", health.alive),
        Route("GET", "/readyz", health.ready),
        Route("GET", "/metrics", health.tell),
        Route("GET", "/static/<content_hash>/<path:path>", assets.serve),
        Route("GET", f"{ROOT}/openapi.json", reference.document),
    )
