"""A statement of account on a page, as a workbook and as a PDF."""

from dataclasses import dataclass

from bottle import HTTPResponse

from app.store.ledger.statements import mails as statement_mails
from app.store.ledger.statements.account import AccountStatement, StatementKind
from app.web.http.downloads import export, one_at_a_time
from app.web.http.errors import Refusal
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext
from app.web.pages.statements.pdf import statement_pdf
from app.web.pages.statements.sheet import MissingLettersError
from app.web.pages.statements.wanted import StatementChoice
from app.web.pages.statements.words import about, asked_for
from app.workbook.writing.statement import statement_workbook

_KINDS = {StatementKind.OPEN_ITEMS: "Open items", StatementKind.ACTIVITY: "Activity"}


@dataclass(frozen=True, slots=True)
class Statements:
    pages: Pages

    def show(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        fields = Form(context.query)
        choice = StatementChoice.of(context, customer_id, fields)
        made = choice.made(context)
        return self.pages.show(
            context,
            "customers/statement.html",
            fields=fields,
            choice=choice,
            kinds=[(kind, text, choice.address(kind=kind)) for kind, text in _KINDS.items()],
            options=[(one, one) for one in choice.currencies],
            statement=made,
            about=about(made, context.locale.day),
            asked=asked_for(made.open_items, context.locale.day, context.locale.money),
            mails=statement_mails.of_customer(customer_id),
        )

    def export(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        made = _asked_for(context, customer_id)
        with one_at_a_time():
            content = statement_workbook(made)
        return _file(context, made, content, "xlsx")

    def pdf(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        made = _asked_for(context, customer_id)
        try:
            with one_at_a_time():
                content = statement_pdf(made, context.locale)
        except MissingLettersError as error:
            raise Refusal(str(error)) from error
        return _file(context, made, content, "pdf")


def _asked_for(context: RequestContext, customer_id: int) -> AccountStatement:
    fields = Form(context.query)
    choice = StatementChoice.of(context, customer_id, fields)
    for sentence in fields.errors.values():
        raise Refusal(sentence)
    return choice.made(context)


def _file(context: RequestContext, made: AccountStatement, content: bytes, kind: str) -> HTTPResponse:
    what = f"statement of customer {made.customer.id}"
    return export(context, what, content, f"{made.file_name}.{kind}", made.line_count)
