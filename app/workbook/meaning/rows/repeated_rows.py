"""Rows that repeat an invoice's number: the same row twice, lines of one invoice, or a mistake."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import cast

from app.domain.sentences import amount_text, counted, first_phrases_of
from app.workbook.meaning.results.questions import Questions
from app.workbook.meaning.results.records import Checked, Key, Notice, Record, Value
from app.workbook.meaning.rows.table_row import RowProblemError, TableRow

_SHOWN = 3


@dataclass(slots=True)
class _Repeated:
    first: Record
    rows: list[tuple[TableRow, Record, Record | None]] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        return [self.first.row, *(row.number for row, _, _ in self.rows)]


class RepeatedRows:
    def __init__(self, checked: Checked, questions: Questions) -> None:
        self._checked = checked
        self._questions = questions
        self._first: dict[Key, tuple[TableRow, Record, Record | None]] = {}
        self._lines: dict[str, dict[Key, _Repeated]] = defaultdict(dict)
        self._read_once: dict[str, list[str]] = defaultdict(list)

    def is_repeated(self, row: TableRow, record: Record, payment: Record | None) -> bool:
        """Return whether an earlier row has this invoice; raises a problem if it differs and is in another table.

        Differing rows of one table are set aside: `ask` asks whether they are lines of one invoice.
        """
        first_row, first, first_payment = self._first.setdefault(record.key, (row, record, payment))
        if first is record:
            return False
        shared = (first.values.keys() & record.values.keys()) - {"ledger", "own_fields"}
        is_equal = all(first.values[name] == record.values[name] for name in shared) and (
            (payment and payment.values) == (first_payment and first_payment.values)
        )
        is_same_table = first_row.tab is row.tab
        if is_equal and not (is_same_table and first_row.row.cells != row.row.cells):
            self._checked.duplicate_rows += 1
            self._read_once[row.tab.name].append(f"row {row.number} as {first.place}")
            return True
        if is_same_table and record.values["currency"] == first.values["currency"]:
            lines = self._lines[row.tab.name].setdefault(record.key, _Repeated(first))
            lines.rows.append((row, record, payment))
            return True
        raise _problem(row, str(record.values["number"]), first)

    def ask(self) -> None:
        for name, found in self._read_once.items():
            rows = counted(len(found), "row says the same as another and was", "rows say the same as another and were")
            message = f"{rows} read once: {first_phrases_of(found, _SHOWN)}."
            self._checked.notices.append(Notice(name, message))
        for name, by_key in self._lines.items():
            lines = list(by_key.values())
            answer = self._ask(name, lines)
            for one in lines:
                self._settle(one, answer)

    def _ask(self, name: str, lines: list[_Repeated]) -> str | None:
        once = sum(one.first.cents("total_cents") for one in lines)
        added = once + sum(record.cents("total_cents") for one in lines for _, record, _ in one.rows)
        pairs = [(one.first, record) for one in lines for _, record, _ in one.rows]
        are_equal = all(first.cents("total_cents") == record.cents("total_cents") for first, record in pairs)
        shown = [f"{one.first.values['number']} in rows {', '.join(map(str, one.numbers))}" for one in lines]
        many = counted(len(lines), "invoice stands", "invoices stand")
        return self._questions.ask(
            f"lines:{name}",
            name,
            f"{many} in several rows of tab '{name}' that differ ({first_phrases_of(shown, _SHOWN)}): "
            "are they lines of one invoice?",
            {
                "add": "yes, their amounts add up",
                **({"once": "yes, and each row repeats the total"} if are_equal else {}),
                "mistake": "no, they are mistakes: name them as problems",
            },
            effects={
                "add": f"{amount_text(added)} invoiced by them",
                **({"once": f"{amount_text(once)} invoiced by them"} if are_equal else {}),
            },
            shape=lines[0].rows[0][0].tab.shape("lines"),
        )

    def _settle(self, one: _Repeated, answer: str | None) -> None:
        for row, record, payment in one.rows:
            if answer not in {"add", "once"}:
                _problem(row, str(one.first.values["number"]), one.first)
                row.give_up()
                continue
            if answer == "once" and payment and not self._is_payment_of(one.first.key, payment):
                other = f"has another payment than {one.first.place}: list payments on a tab of their own"
                row.problem(next(filter(row.has, ("paid_cents", "balance_cents", "paid_on", "status"))), other)
                row.give_up()
                continue
            self._checked.duplicate_rows += 1
            if answer == "add":
                _add(one.first, record, "total_cents")
                if payment:
                    self._add_payment(one.first.key, payment)

    def _is_payment_of(self, key: Key, payment: Record) -> bool:
        _, _, carried = self._first[key]
        return carried is not None and carried.values == payment.values

    def _add_payment(self, key: Key, payment: Record) -> None:
        row, record, carried = self._first[key]
        if carried:
            _add(carried, payment, "amount_cents")
        else:
            self._first[key] = row, record, payment
            self._checked.payments.append(payment)


def _add(first: Record, record: Record, name: str) -> None:
    cast("dict[str, Value]", first.values)[name] = first.cents(name) + record.cents(name)


def _problem(row: TableRow, number: str, first: Record) -> RowProblemError:
    return row.problem("number", f"repeats invoice '{number}' of {first.place} with other values: keep one")
