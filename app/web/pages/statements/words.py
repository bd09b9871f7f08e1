"""What a statement of account says in sentences: what it is about, what to pay by when, and the mail that brings it."""

from collections.abc import Callable
from datetime import date

from app.domain.open_items import OpenItem, OpenItems
from app.store.ledger.statements.account import AccountStatement, StatementKind
from app.web.http.locales import Locale

_MOST_ITEMS = 20

Written = Callable[[date], str]


def about(made: AccountStatement, day: Written) -> str:
    wanted = made.wanted
    if wanted.kind is StatementKind.ACTIVITY:
        return f"Activity from {day(wanted.opened_on)} to {day(wanted.closed_on)}"
    return f"Open items on {day(wanted.closed_on)}"


def asked_for(found: OpenItems, day: Written, money: Callable[[int], str]) -> list[tuple[str, str]]:
    """Return what to pay, each with when; nothing where nothing is due. Credit was set off against what comes first."""
    request = found.request
    asked = []
    if request.overdue_cents:
        asked.append(("Please pay now", f"{money(request.overdue_cents)} {found.currency}, which is overdue"))
    if request.due_on:
        asked.append((f"Please pay by {day(request.due_on)}", f"{money(request.due_cents)} {found.currency}"))
    if found.credits and asked:
        (when, what), *rest = asked
        asked = [(when, f"{what}, after your credit was set off"), *rest]
    return asked


def subject(made: AccountStatement, locale: Locale) -> str:
    sender = f" from {made.firm.name}" if made.firm.name else ""
    return f"Statement of account{sender}, {locale.day(made.wanted.closed_on)}"


def mail_text(made: AccountStatement, locale: Locale, *, is_attached: bool) -> str:
    """Write the mail that brings the statement as a PDF; without one, it names the open invoices itself."""
    found, day = made.open_items, locale.day(made.wanted.closed_on)
    where = "is attached as a PDF" if is_attached else "is as follows"
    parts = [
        f"Hello {made.customer.details.name},",
        f"your statement of account as of {day} {where}.",
        "" if is_attached else "\n".join(_items(found, locale)),
        "\n".join(_sums(found, locale)),
        "\n".join(f"{when}: {what}." for when, what in asked_for(found, locale.day, locale.money)),
        f"Please pay to:\n{made.firm.bank_details}"
        if made.firm.bank_details and found.request.is_for_something
        else "",
        "If you paid in the last days, thank you. If something is not as you have it, please answer this mail.",
        f"Kind regards\n{made.firm.name}".rstrip(),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _items(found: OpenItems, locale: Locale) -> list[str]:
    lines = [_line(item, found.currency, locale) for item in found.owed[:_MOST_ITEMS]]
    more = len(found.owed) - _MOST_ITEMS
    return [*lines, f"and {locale.number(more)} more"] if more > 0 else lines


def _line(item: OpenItem, currency: str, locale: Locale) -> str:
    invoice = item.invoice
    return f"{invoice.number}, due {locale.day(invoice.due_on)}: {locale.money(item.open_cents)} {currency}"


def _sums(found: OpenItems, locale: Locale) -> list[str]:
    sums = [("Outstanding", found.outstanding_cents)]
    if found.credits:
        sums += [("Credit", -found.credit_cents), ("Balance", found.balance_cents)]
    return [f"{name}: {locale.money(cents)} {found.currency}" for name, cents in sums]
