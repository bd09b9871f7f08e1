"""Totals owed before and after an import, which a person compares with their own books."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from app.domain.money import cents_from_decimal
from app.domain.sentences import amount_text
from app.store.ledger.positions import CustomerPosition
from app.workbook.meaning.cell_values import amounts
from app.workbook.meaning.cell_values.amounts import UnreadableError
from app.workbook.meaning.vocabulary import currencies

LARGEST_DEBTORS = 5


@dataclass(frozen=True, slots=True)
class OwedTotals:
    """In cents; `credit` is not subtracted from `outstanding`."""

    currency: str
    outstanding: int = 0
    overdue: int = 0
    credit: int = 0
    open_invoices: int = 0


@dataclass(frozen=True, slots=True)
class Debtor:
    name: str
    currency: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ImportFigures:
    before: Sequence[OwedTotals] = ()
    after: Sequence[OwedTotals] = ()
    debtors: Sequence[Debtor] = ()

    @classmethod
    def of(cls, before: Sequence[CustomerPosition], after: Sequence[CustomerPosition]) -> Self:
        owed_before = {(one.code, one.currency): one.owed.outstanding_cents for one in before}
        largest = sorted(after, key=lambda one: -one.owed.outstanding_cents)[:LARGEST_DEBTORS]
        debtors = [
            Debtor(one.name, one.currency, owed_before.get((one.code, one.currency), 0), one.owed.outstanding_cents)
            for one in largest
            if one.owed.outstanding_cents > 0
        ]
        codes = sorted({one.currency for one in (*before, *after)})
        totals_before, totals_after = ([_totals(found, code) for code in codes] for found in (before, after))
        return cls(totals_before, totals_after, debtors)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a person's own books say, in cents; without a currency, in the only one of the figures."""

    cents: int
    currency: str | None = None

    def differs_from(self, figures: ImportFigures) -> str | None:
        """Return a sentence if the total owed after the import differs, None if it matches to the cent."""
        found = self._figures(figures)
        if found is None:
            codes = ", ".join(one.currency for one in figures.after)
            return (
                f"Your book's {amount_text(self.cents)} names no currency, and there are figures in {codes}: name it."
            )
        if self.cents in {found.outstanding, found.outstanding - found.credit}:
            return None
        credit = f", less {amount_text(found.credit)} of credit" if found.credit else ""
        return (
            f"Your book says {amount_text(self.cents)} {found.currency} is owed, and after this import it would be "
            f"{amount_text(found.outstanding)}{credit}: find the difference of "
            f"{amount_text(abs(found.outstanding - self.cents))} first."
        )

    def _figures(self, figures: ImportFigures) -> OwedTotals | None:
        if self.currency:
            return next((one for one in figures.after if one.currency == self.currency), OwedTotals(self.currency))
        if len(figures.after) > 1:
            return None
        return figures.after[0] if figures.after else OwedTotals("")


def expected(text: str, own_currency: str) -> Expected:
    """Parse what a person entered, such as `5,119.85` or `EUR 80`; raises UnreadableError."""
    amount = amounts.read_amount(text, None)
    if amount is None:
        raise UnreadableError("names no amount")
    return Expected(cents_from_decimal(amount.value), currencies.for_sign(amount.currency, own_currency))


def _totals(found: Iterable[CustomerPosition], currency: str) -> OwedTotals:
    owed = [one.owed for one in found if one.currency == currency]
    return OwedTotals(
        currency,
        sum(one.outstanding_cents for one in owed),
        sum(one.overdue_cents for one in owed),
        sum(one.credit_cents for one in owed),
        sum(one.open_invoices for one in owed),
    )
