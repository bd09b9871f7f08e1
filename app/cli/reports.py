"""Report commands: report ageing, customers, statuses; and mail-report, which mails one that was made elsewhere."""

import json
import smtplib
import sys
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from app import clock
from app.cli.opening import current_firm, opened, refuse
from app.cli.printing import CONSOLE
from app.domain.ageing import Ageing, Bucket, ageing_by_currency, nothing_owed
from app.domain.as_of import YEARS, AsOf
from app.domain.firm import Firm
from app.domain.invoice import Status
from app.domain.money import decimal_string, display
from app.domain.permissions import Role
from app.jobs.mails import MailServer
from app.store.access import users
from app.store.ledger import invoices, positions
from app.store.ledger.invoices import Filter
from app.store.ledger.positions import CustomerPosition

commands = typer.Typer()
report = typer.Typer(help="What is owed, as of a day.", no_args_is_help=True)

_AsOfOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day (default: today).")]
_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@report.command()
def ageing(*, as_of: _AsOfOption = None, as_json: _JsonOption = False) -> None:
    """Print what is owed by how late it is."""
    with opened() as settings:
        firm = current_firm(settings)
        day = _day(as_of, firm)
        found = ageing_by_currency(positions.by_due_date(AsOf.end_of(day, firm.zone)), day)
    found = [one for one in found if one.open_invoices or one.credit_cents] or [nothing_owed(firm.currency, day)]
    if as_json:
        items = [_ageing_json(one) for one in found]
        typer.echo(json.dumps(items[0] if len(items) == 1 else items, indent=2))
        return
    table = Table("", *(one.currency for one in found), box=SIMPLE_HEAD, title=f"Ageing as of {day.isoformat()}")
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("Open invoices", *(f"{one.open_invoices:,}" for one in found))
    table.add_row("Outstanding", *(display(one.outstanding_cents) for one in found))
    for bucket, label in _LABELS.items():
        table.add_row(label, *(display(one.buckets[bucket]) for one in found))
    CONSOLE.print(table)


@report.command()
def customers(*, as_of: _AsOfOption = None, as_json: _JsonOption = False) -> None:
    """List the customers with a balance or credit, the largest debt first."""
    with opened() as settings:
        firm = current_firm(settings)
        day = _day(as_of, firm)
        found = positions.of_customers(AsOf.end_of(day, firm.zone))
    if as_json:
        typer.echo(json.dumps([_customer_json(one) for one in found], indent=2))
        return
    if not found:
        typer.echo(f"Nobody owed anything on {day.isoformat()}.")
        return
    table = Table(
        "Customer", "Name", "", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title=f"Customers as of {day.isoformat()}"
    )
    for header in ("Open", "Outstanding", "Overdue", "Credit"):
        table.add_column(header, justify="right", no_wrap=True)
    for one in found:
        amounts = (display(getattr(one.owed, f"{name}_cents")) for name in _OWED)
        table.add_row(one.code, one.name, one.currency, f"{one.owed.open_invoices:,}", *amounts)
    CONSOLE.print(table)


@report.command()
def statuses(*, as_of: _AsOfOption = None, as_json: _JsonOption = False) -> None:
    """Count the invoices by their status."""
    with opened() as settings:
        firm = current_firm(settings)
        day = _day(as_of, firm)
        end = AsOf.end_of(day, firm.zone)
        found = {
            status.value: sum(one.invoices for one in invoices.totals(Filter(statuses=frozenset({status})), end))
            for status in Status
        }
    if as_json:
        typer.echo(json.dumps({"as_of": day.isoformat(), "statuses": found}, indent=2))
        return
    table = Table("Status", "Invoices", box=SIMPLE_HEAD, title=f"Statuses as of {day.isoformat()}")
    table.columns[1].justify = "right"
    for name, count in found.items():
        table.add_row(name.capitalize(), f"{count:,}")
    CONSOLE.print(table)


@commands.command("mail-report")
def mail_report(*, subject: Annotated[str, typer.Option(help="What it is about.")]) -> None:
    """Mail the text on standard input to each admin."""
    text = sys.stdin.read()
    with opened() as settings:
        admins = [user.email for user in users.all_users() if user.active and user.role is Role.ADMIN]
        sender_name = current_firm(settings).name
    if not settings.smtp_url:
        refuse("No mail server is set up: `fab secrets --mail` asks for one.")
    server = MailServer(settings.smtp_url, settings.mail_from)
    try:
        for email in admins:
            server.send(email, subject, text, sender_name)
    except (OSError, smtplib.SMTPException) as error:
        refuse(f"The report cannot be mailed: {error}.", error)
    typer.echo(f"Mailed to {', '.join(admins) or 'nobody: there is no admin'}.")


_LABELS = {
    Bucket.NOT_DUE: "Not yet due",
    Bucket.TO_30: "1-30 days late",
    Bucket.TO_60: "31-60 days late",
    Bucket.TO_90: "61-90 days late",
    Bucket.OVER_90: "Over 90 days late",
}
_OWED = ("outstanding", "overdue", "credit")


def _day(as_of: datetime | None, firm: Firm) -> date:
    if as_of is None:
        return clock.today(firm.zone)
    if as_of.year not in YEARS:
        refuse(f"Choose a day between {YEARS.start} and {YEARS.stop - 1}.")
    return as_of.date()


def _ageing_json(one: Ageing) -> dict[str, Any]:
    return {
        "as_of": one.as_of.isoformat(),
        "currency": one.currency,
        "open_invoices": one.open_invoices,
        "outstanding": decimal_string(one.outstanding_cents),
        "buckets": {bucket.value: decimal_string(cents) for bucket, cents in one.buckets.items()},
    }


def _customer_json(one: CustomerPosition) -> dict[str, Any]:
    amounts = {name: decimal_string(getattr(one.owed, f"{name}_cents")) for name in _OWED}
    facts = {"customer": one.code, "name": one.name, "currency": one.currency}
    return {**facts, "open_invoices": one.owed.open_invoices, **amounts}
