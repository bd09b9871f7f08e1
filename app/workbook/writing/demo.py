"""A demo workbook of a small business, of any size; the same day and size give the same workbook."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from app.workbook.writing.listing import Listed, bold, cell, saved

_FIRST = (
    "Northwind Harbor Alder Copper Granite Juniper Lantern Meadow Orchard Pinecrest Quarry Silver Tidewater Willow"
).split()
_SECOND = ("Bakery Joinery Logistics Dental Studio Roasters Cycles Printing Nursery Brewing Opticians Marine").split()
_METHODS = ("Bank transfer", "Card", "Check", "Direct debit")
_DAYS_COVERED = 420
_INVOICES_OF_SAMPLE = 60
_CUSTOMERS_AT_MOST = 168


@dataclass(frozen=True, slots=True)
class _Customer:
    code: str
    name: str
    terms: int
    slowness: int


def write_demo(path: Path, today: date, invoices: int = 240) -> None:
    _book(today, invoices).save(path)


def sample(today: date) -> bytes:
    """Return a smaller demo, to look at in Excel and to try an import with."""
    return saved(_book(today, _INVOICES_OF_SAMPLE))


def _book(today: date, invoices: int) -> Workbook:
    dice = random.Random(2_466)  # noqa: S311  # not for security: a fixed seed makes the workbook reproducible
    customers = _customers(dice, min(_CUSTOMERS_AT_MOST, max(12, invoices // 10)))
    book = Workbook(write_only=True)
    _append(book, "Customers", ("Customer ID", "Name", "E-mail", "Phone", "Terms"), _customer_rows(customers))
    billed = list(_invoices(dice, customers, today, invoices))
    _append(
        book,
        "Invoices",
        ("Invoice No", "Customer", "Invoice Date", "Due Date", "Amount", "PO", "Disputed"),
        [row for row, _ in billed],
        title=f"Sales ledger, as of {today.isoformat()}",
        total=sum((row[4] for row, _ in billed), Decimal(0)),
    )
    paid = [payment for _, payments in billed for payment in payments]
    _append(
        book,
        "Payments",
        ("Invoice No", "Payment Date", "Amount", "Method"),
        paid,
        total=sum((row[2] for row in paid), Decimal(0)),
    )
    return book


def _customers(dice: random.Random, wanted: int) -> list[_Customer]:
    names = [f"{first} {second}" for second in _SECOND for first in _FIRST]
    chosen = dice.sample(names, wanted)
    return [
        _Customer(f"C-{1000 + number}", name, dice.choice((14, 30, 30, 30, 60)), dice.choice((-4, 0, 2, 6, 15, 40)))
        for number, name in enumerate(chosen, start=1)
    ]


def _customer_rows(customers: Sequence[_Customer]) -> Iterator[tuple[Any, ...]]:
    for number, customer in enumerate(customers):
        mail = f"accounts@{customer.name.lower().replace(' ', '-')}.example"
        yield customer.code, customer.name, mail, f"555-01{number % 100:02d}", f"Net {customer.terms}"


def _invoices(
    dice: random.Random, customers: Sequence[_Customer], today: date, wanted: int
) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    for index in range(wanted):
        customer = dice.choice(customers)
        age = _DAYS_COVERED - index * _DAYS_COVERED // wanted
        issued_on = today - timedelta(days=age)
        due_on = issued_on + timedelta(days=customer.terms)
        amount = (
            Decimal(dice.choice((4_500, 12_000, 38_950, 64_000, 125_000, 240_075)) + dice.randrange(0, 9_900)) / 100
        )
        number = f"{issued_on.year}-{index + 1:05d}"
        reference = f"PO {dice.randrange(1000, 9999)}" if dice.random() < 0.4 else None
        disputed = "Yes" if dice.random() < 0.03 else "No"
        row = (number, customer.name, issued_on, due_on, amount, reference, disputed)
        yield row, list(_payments(dice, customer, number, due_on, amount, today))


def _payments(
    dice: random.Random, customer: _Customer, number: str, due_on: date, amount: Decimal, today: date
) -> Iterator[tuple[Any, ...]]:
    if dice.random() < 0.04:
        return
    paid_on = due_on + timedelta(days=customer.slowness + dice.randrange(-6, 9))
    parts = [amount]
    if dice.random() < 0.12:
        half = (amount / 2).quantize(Decimal("0.01"))
        parts = [half, amount - half]
    for part in parts:
        if paid_on > today:
            return
        yield number, paid_on, part, dice.choice(_METHODS)
        paid_on += timedelta(days=dice.randrange(10, 40))


def _append(
    book: Workbook,
    tab: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[Listed]],
    title: str = "",
    total: Decimal | None = None,
) -> None:
    sheet = book.create_sheet(tab)
    for letter, header in zip("ABCDEFG", headers, strict=False):
        sheet.column_dimensions[letter].width = max(14, len(header) + 4)
    if title:
        sheet.append([bold(sheet, title)])
        sheet.append([])
    sheet.append([bold(sheet, header) for header in headers])
    for row in rows:
        sheet.append([cell(sheet, value) for value in row])
    if total is not None:
        place = next(index for index, header in enumerate(headers) if header == "Amount")
        sheet.append([bold(sheet, "Total"), *[None] * (place - 1), cell(sheet, total)])
