"""Which columns hold what was invoiced, paid and is left: by words, proven by arithmetic, or asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.domain.money import cents_from_decimal, display
from app.workbook.meaning import amounts, arithmetic, currencies
from app.workbook.meaning.amounts import DecimalMark, UnreadableError
from app.workbook.meaning.columns import decimal_mark
from app.workbook.meaning.headers import IGNORED, Column, Confidence, Header
from app.workbook.meaning.headings import MONEY, Claim, Kind, fields_of, is_figure_of_a_day, normalised
from app.workbook.meaning.own_columns import FIGURES_OF_CUSTOMER
from app.workbook.meaning.questions import Questions
from app.workbook.meaning.records import Example, Question
from app.workbook.meaning.tables import Table
from app.workbook.meaning.words import counts_something_else, heading_words
from app.workbook.reading.cells import Cell, Merged, Row, cell_name, clean_text, column_letter

_EXAMPLES_SHOWN = 4
_AMOUNTS = ("total_cents", "net_cents", "paid_cents", "balance_cents", "amount_cents")
_SHORT_NAMES = {
    "total": "total_cents",
    "paid": "paid_cents",
    "balance": "balance_cents",
    "net": "net_cents",
    "tax": "tax_cents",
    "discount": "discount_cents",
    "amount": "amount_cents",
    "ignore": IGNORED,
}
_LABELS = {
    "total": "the total of the invoice",
    "paid": "what was paid of it",
    "balance": "what is still open",
    "amount": "the amount of the payment",
    "ignore": "none of these: keep it as it is",
}
_NEEDS_A_QUESTION = {"number", "invoice_number", "customer_code", "customer_name", "issued_on", "due_on", "paid_on"}


def field_named(answer: str) -> str:
    """Return the field that an answer about a column names, in its short form or as it is."""
    return _SHORT_NAMES.get(answer, answer)


def short_name(field_name: str) -> str:
    """Return the field as answers name it."""
    return next((short for short, name in _SHORT_NAMES.items() if name == field_name), field_name)


@dataclass(slots=True)
class MoneyColumns:
    """What was found: the header, cents by column, fields whose minus is only a way to write, what was noticed."""

    header: Header
    cents: dict[int, arithmetic.Cents] = field(default_factory=dict)
    negated: set[str] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)


def settle(
    table: Table, header: Header, records: Sequence[Row], questions: Questions, groups: Sequence[object]
) -> MoneyColumns:
    """Return what the columns of a table mean, asking what neither words nor figures tell."""
    return _Settling(table, header, records, questions, groups).run()


class _Settling:
    def __init__(
        self, table: Table, header: Header, records: Sequence[Row], questions: Questions, groups: Sequence[object]
    ) -> None:
        assert table.line is not None  # noqa: S101  # a table with a header has its line
        self.table = table
        self.tab = table.sheet.name
        self.line = table.line
        self.kind = header.kind
        self.header = header
        self.records = records
        self.questions = questions
        self.groups = groups
        self.columns = {column.index: column for column in header.columns}
        self.found = MoneyColumns(header)
        self.explained: set[int] = set()
        self._cents: dict[int, arithmetic.Cents | None] = {}

    def run(self) -> MoneyColumns:
        self._take_answers()
        if self.kind is Kind.CUSTOMER:
            self._ask_about_balances()
        elif self.records:
            self._drop_helpers()
            self._ask_about_repeated_headings()
            if self.kind is Kind.INVOICE:
                self._settle_total()
                self._settle_what_is_left()
                self._explain_the_rest()
            self._ask_about_signs()
            self._ask_about_unread()
        self._ask_about_guesses()
        self.found.cents = {index: values for index, values in self._cents.items() if values is not None}
        self.found.header = self.header.with_columns(self.columns.values(), self.line.headings)
        return self.found

    # --- what a person said already

    def _take_answers(self) -> None:
        for index, heading in enumerate(self.line.headings):
            choices = tuple(dict.fromkeys([*map(short_name, fields_of(self.kind)), *fields_of(self.kind), "ignore"]))
            given = self.questions.answer_if_given(
                Question(
                    self._column_id(index),
                    "column",
                    self.tab,
                    f"What is {self._called(index)} of tab '{self.tab}'?",
                    choices,
                    labels=_LABELS,
                    shape=self._shape("column", index),
                )
            )
            if given is None:
                continue
            name = field_named(given)
            if name == IGNORED:
                self.columns.pop(index, None)
                self.explained.add(index)
            elif name in fields_of(self.kind):
                self._drop_others(name, index)
                self.columns[index] = Column(index, name, heading, Confidence.CHOSEN)

    def _drop_others(self, name: str, index: int) -> None:
        """Take the field from a column that nobody chose it for; what was paid may stand in several."""
        for other, column in list(self.columns.items()):
            if column.field == name and other != index and column.confidence is not Confidence.CHOSEN:
                del self.columns[other]

    # --- totals

    def _drop_helpers(self) -> None:
        """Take net amounts, taxes and discounts out of what is read, until they turn out to be needed."""
        for index, column in list(self.columns.items()):
            is_helper = column.field in {"net_cents", "tax_cents", "discount_cents"}
            if is_helper and column.confidence is not Confidence.CHOSEN:
                del self.columns[index]

    def _settle_total(self) -> None:
        if self._chosen("total_cents") or self._chosen("net_cents"):
            return
        self._explain_quantities()
        candidates = self._claiming("total_cents", "net_cents")
        payable = [index for index in self._claiming("balance_cents") if index not in candidates]
        taxes, discounts = self._claiming("tax_cents"), self._claiming("discount_cents")
        others = [index for index in self._unknown() if index not in candidates]
        found = self._sum_of(candidates, [*taxes, *others], discounts) or self._sum_of(
            [*candidates, *payable], taxes, discounts
        )
        if found:
            self._read(found.total, "total_cents", Confidence.PROVEN)
            self.explained |= {found.base, *found.added, *found.deducted, *taxes, *discounts}
            self._explain_parts(found)
            return
        self._total_by_words(candidates, taxes, discounts)

    def _sum_of(
        self, candidates: Sequence[int], extras: Sequence[int], deductions: Sequence[int]
    ) -> arithmetic.Sum | None:
        """Return the identity that ends in the largest total: of several steps of a sum the last one is owed."""
        columns = {index: cents for index in {*candidates, *extras, *deductions} if (cents := self._values(index))}
        pool = [index for index in candidates if index in columns]
        best = None
        while found := arithmetic.totals(
            pool, [i for i in extras if i in columns], [i for i in deductions if i in columns], columns
        ):
            best = found
            pool = [index for index in pool if index != found.base]
        return best

    def _explain_parts(self, found: arithmetic.Sum) -> None:
        for index in self._claiming("net_cents"):
            if index != found.total:
                self.explained.add(index)

    def _explain_quantities(self) -> None:
        for index, heading in enumerate(self.line.headings):
            if heading and counts_something_else(heading) and not heading_words(heading).any("paid", "open", "total"):
                self.explained.add(index)

    def _total_by_words(self, candidates: Sequence[int], taxes: Sequence[int], discounts: Sequence[int]) -> None:
        ranked = sorted(candidates, key=lambda index: (self._claim(index, "total_cents", "net_cents"), index))
        if not ranked:
            return
        ranked = self._of_one_currency(ranked)
        best = ranked[0]
        claim = self._claim(best, "total_cents", "net_cents")
        is_net = claim.field == "net_cents" or any(
            other.field == "net_cents" for other in self.line.claims(best, Kind.INVOICE)
        )
        self._read(best, "net_cents" if is_net and taxes else "total_cents", _sureness(claim))
        rivals = [index for index in ranked[1:] if not self._is_copy(index, best) and not self._is_net(index)]
        self.explained |= {index for index in ranked[1:] if index not in rivals}
        if rivals:
            self._ask_which_is_the_total([best, *rivals])
        self._ask_about_tax(taxes, is_net=is_net)
        self._ask_about_discount(discounts)

    def _of_one_currency(self, ranked: list[int]) -> list[int]:
        """Leave out totals in another currency than the paid amounts, where there are totals in theirs."""
        paid = {
            code
            for index in self._claiming("paid_cents", "balance_cents")
            if (code := currencies.of_heading(self.line.headings[index])) and index not in ranked
        }
        named = {index: currencies.of_heading(self.line.headings[index]) for index in ranked}
        same = [index for index in ranked if named[index] in paid]
        if len(paid) == 1 and same and len(same) < len(ranked) and all(named.values()):
            self.explained |= {index for index in ranked if index not in same}
            rest = ", ".join(f"'{self.line.headings[index]}'" for index in ranked if index not in same)
            self.found.notices.append(f"What was paid is in {paid.pop()}, so {rest} was not read.")
            return same
        return ranked

    def _is_copy(self, index: int, best: int) -> bool:
        """Tell whether a column says the total again; one whose heading does not say so may be what was paid of it."""
        return self._same(best, index) and not self._claim(index, "total_cents", "net_cents").is_guess

    def _is_net(self, index: int) -> bool:
        return self._claim(index, "total_cents", "net_cents").field == "net_cents"

    def _ask_which_is_the_total(self, rivals: Sequence[int]) -> None:
        names = " or ".join(self._called(index) for index in rivals)
        choices = tuple(column_letter(index) for index in rivals)
        sums = {letter: f"{self._sum(index)} in all" for letter, index in zip(choices, rivals, strict=True)}
        answer = self.questions.ask(
            Question(
                f"total:{self.tab}!{choices[0]}",
                "total",
                self.tab,
                f"Which column of tab '{self.tab}' says what is owed: {names}?",
                choices,
                self._examples(rivals[0]),
                labels=dict(zip(choices, (self.line.headings[index] for index in rivals), strict=True)),
                effects=sums,
                shape=self._shape("total", rivals[0]),
            )
        )
        if answer:
            picked = next(index for index in rivals if column_letter(index) == answer)
            self._read(picked, "total_cents", Confidence.CHOSEN)
        self.explained |= set(rivals)

    def _ask_about_tax(self, taxes: Sequence[int], *, is_net: bool) -> None:
        self.explained |= set(taxes)
        total = self._column_of("total_cents") or self._column_of("net_cents")
        known = [index for index in taxes if self._values(index) and any(self._values(index) or ())]
        if total is None or not known:
            return
        if is_net:
            for index in known:
                self._read(index, "tax_cents", Confidence.SAID)
            return
        if heading_words(total.header).any("gross"):
            return
        values = self._values(total.index)
        included = arithmetic.tax_is_included(values, self._added_up(known)) if values else None
        if included:
            return
        answer = self.questions.ask(
            Question(
                f"tax:{self.tab}!{column_letter(known[0])}",
                "tax",
                self.tab,
                f"Does {self._called(total.index)} of tab '{self.tab}' include {self._called(known[0])}?",
                ("included", "added"),
                self._examples(total.index),
                labels={"included": "it is included", "added": "it is to be added"},
                effects={
                    "included": f"{self._sum(total.index)} invoiced",
                    "added": f"{display(self._total(total.index) + sum(map(self._total, known)))} invoiced",
                },
                shape=self._shape("tax", known[0]),
            )
        )
        if answer == "added":
            for index in known:
                self._read(index, "tax_cents", Confidence.CHOSEN)

    def _ask_about_discount(self, discounts: Sequence[int]) -> None:
        self.explained |= set(discounts)
        total = self._column_of("total_cents") or self._column_of("net_cents")
        known = [index for index in discounts if any(self._values(index) or ())]
        if total is None or not known or self._proves_balance(total.index):
            return
        answer = self.questions.ask(
            Question(
                f"discount:{self.tab}!{column_letter(known[0])}",
                "discount",
                self.tab,
                f"Is {self._called(known[0])} of tab '{self.tab}' taken off {self._called(total.index)} already?",
                ("included", "deducted"),
                self._examples(known[0]),
                labels={"included": "it is taken off already", "deducted": "it is still to be taken off"},
                effects={
                    "included": f"{self._sum(total.index)} invoiced",
                    "deducted": f"{display(self._total(total.index) - abs(sum(map(self._total, known))))} invoiced",
                },
                shape=self._shape("discount", known[0]),
            )
        )
        if answer == "deducted":
            for index in known:
                self._read(index, "discount_cents", Confidence.CHOSEN)

    def _proves_balance(self, total: int) -> bool:
        """Tell whether what is left and what was paid add up to the total as it stands."""
        paid, left = self._column_of("paid_cents"), self._column_of("balance_cents")
        columns = [self._values(index) for index in (total, paid.index if paid else -1, left.index if left else -1)]
        return all(columns) and arithmetic.is_sum(columns[0] or (), [columns[1] or (), columns[2] or ()])

    # --- paid and left

    def _settle_what_is_left(self) -> None:
        total = self._column_of("total_cents")
        left, paid = self._column_of("balance_cents"), self._column_of("paid_cents")
        if left and total and left.index == total.index:
            left = None
        totals = self._values(total.index) if total else None
        lefts = self._values(left.index) if left else None
        if total is None or totals is None or lefts is None or left is None:
            return
        several = [index for index in self._claiming("paid_cents") if self._values(index)]
        if paid and (pays := self._values(paid.index)):
            if arithmetic.is_sum(totals, [lefts, pays]):
                self._prove(total, paid, left)
                return
            if arithmetic.is_sum(lefts, [totals, pays]) and all((cents or 0) <= 0 for cents in pays):
                self._prove(total, paid, left)
                self.found.negated.add("paid_cents")
                self.found.notices.append(f"The minus in {self._called(paid.index)} only says that it was paid.")
                return
            if len(several) > 1 and arithmetic.is_sum(totals, [lefts, *(self._values(i) or () for i in several)]):
                self._prove(total, left)
                for index in several:
                    self._read(index, "paid_cents", Confidence.PROVEN)
                return
        self._drop_running_balance(total, totals, left, lefts, self._values(paid.index) if paid else None)

    def _drop_running_balance(
        self,
        total: Column,
        totals: arithmetic.Cents,
        left: Column,
        lefts: arithmetic.Cents,
        pays: arithmetic.Cents | None,
    ) -> None:
        changes = totals if pays is None else [(t or 0) - (p or 0) for t, p in zip(totals, pays, strict=True)]
        exceeds = any(abs(b or 0) > abs(t or 0) for t, b in zip(totals, lefts, strict=True))
        if exceeds and left.confidence is not Confidence.CHOSEN and arithmetic.is_running(lefts, changes, self.groups):
            del self.columns[left.index]
            self.explained.add(left.index)
            self.found.notices.append(
                f"{self._called(left.index)} adds up '{total.header}' from row to row, so it is no balance of an "
                "invoice and was not read."
            )

    def _prove(self, *columns: Column) -> None:
        for column in columns:
            if column.confidence is not Confidence.CHOSEN:
                self.columns[column.index] = replace(column, confidence=Confidence.PROVEN)

    # --- the rest

    def _explain_the_rest(self) -> None:
        """Prove columns that are not read to say only what others say.

        What is the same as the total, or adds up to it, proves nothing: it may be what was paid of it.
        """
        known = {
            name: values
            for name in ("total_cents", "paid_cents", "balance_cents")
            if (column := self._column_of(name)) and (values := self._values(column.index))
        }
        for index in self._unread_money():
            values = self._values(index)
            if values is None:
                continue
            if (
                arithmetic.is_nothing(values)
                or any(arithmetic.are_equal(values, known[name]) for name in known if name != "total_cents")
                or ("total_cents" in known and self._follows(values, known))
                or any(arithmetic.is_running(values, each, self.groups) for each in known.values())
            ):
                self.explained.add(index)
        self._explain_pairs(known)

    def _follows(self, values: arithmetic.Cents, known: dict[str, arithmetic.Cents]) -> bool:
        total = known["total_cents"]
        return any(
            arithmetic.is_sum(total, [values, known[name]]) for name in ("paid_cents", "balance_cents") if name in known
        )

    def _explain_pairs(self, known: dict[str, arithmetic.Cents]) -> None:
        """Explain unread columns that add up to one that is read, as parts of it."""
        unread = [index for index in self._unread_money() if index not in self.explained]
        values = {index: cents for index in unread if (cents := self._values(index)) is not None}
        for name, target in known.items():
            if name != "total_cents" and len(values) > 1 and arithmetic.is_sum(target, list(values.values())):
                self.explained |= set(values)

    def _ask_about_unread(self) -> None:
        """Ask about money that would otherwise not be read: the gate through which every figure passes."""
        for index in self._unread_money():
            if index in self.explained:
                continue
            choices = self._choices_for(index)
            answer = self.questions.ask(
                Question(
                    self._column_id(index),
                    "column",
                    self.tab,
                    f"{self._called(index)} of tab '{self.tab}' holds amounts ({self._sum(index)} in all), and its "
                    "heading does not say what they are. What are they?",
                    choices,
                    self._examples(index),
                    labels={choice: _LABELS.get(choice, choice) for choice in choices},
                    effects=self._effects(index, choices),
                    shape=self._shape("column", index),
                )
            )
            self._apply_answer(index, answer)

    def _ask_about_balances(self) -> None:
        """Have it confirmed that balances in a list of customers are left out; those that we write need no word."""
        if set(self.line.headings) >= set(FIGURES_OF_CUSTOMER):
            return
        for index in range(len(self.line.headings)):
            found = {claim.field for claim in self.line.claims(index, Kind.INVOICE)[:1]}
            if not found & {"balance_cents", "total_cents", "paid_cents"} or not self.table.values[index].is_money:
                continue
            if index in self.explained or arithmetic.is_nothing(self._values(index) or ()):
                continue
            self.questions.ask(
                Question(
                    self._column_id(index),
                    "column",
                    self.tab,
                    f"{self._called(index)} of tab '{self.tab}' holds {self._sum(index)} of amounts, which a list of "
                    "customers does not bring in: only invoices do. Is it to be left out?",
                    ("ignore",),
                    self._examples(index),
                    labels={"ignore": "yes, leave it unread"},
                    shape=self._shape("column", index),
                )
            )

    def _choices_for(self, index: int) -> tuple[str, ...]:
        if self.kind is Kind.PAYMENT:
            return ("ignore", "amount")
        claimed = [short_name(claim.field) for claim in self._claims(index) if claim.field in _AMOUNTS]
        return tuple(dict.fromkeys([*claimed, "paid", "balance", "total", "ignore"]))

    def _apply_answer(self, index: int, answer: str | None) -> None:
        if answer is None:
            return
        name = field_named(answer)
        self.explained.add(index)
        if name == IGNORED:
            self.columns.pop(index, None)
        else:
            if name != "paid_cents":
                self._drop_others(name, index)
            self.columns[index] = Column(index, name, self.line.headings[index], Confidence.CHOSEN)

    def _ask_about_guesses(self) -> None:
        for index, column in sorted(self.columns.items()):
            if column.confidence is not Confidence.GUESSED:
                continue
            if column.field not in {*_NEEDS_A_QUESTION, *MONEY[self.kind]}:
                continue
            choices = (short_name(column.field), "ignore")
            answer = self.questions.ask(
                Question(
                    self._column_id(index),
                    "column",
                    self.tab,
                    f"Is {self._called(index)} of tab '{self.tab}' the {_in_words(column.field)}?",
                    choices,
                    self._examples(index),
                    labels={choices[0]: f"yes, the {_in_words(column.field)}", "ignore": "no, leave it unread"},
                    effects=self._effects(index, choices) if column.field in MONEY[self.kind] else {},
                    shape=self._shape("column", index),
                )
            )
            self._apply_answer(index, answer)

    def _ask_about_repeated_headings(self) -> None:
        """Ask what columns are that repeat a heading: `Date, Amount` of the invoice and again of its payment."""
        if self.kind is not Kind.INVOICE:
            return
        read = {normalised(column.header): index for index, column in self.columns.items() if column.header}
        twice = [
            (index, read[name])
            for index, heading in enumerate(self.line.headings)
            if index not in self.columns and index not in self.explained and (name := normalised(heading)) in read
            if self.columns[read[name]].field in {"issued_on", "total_cents", "net_cents"}
            if self.table.values[index].filled
        ]
        if not twice or not any(self.columns[first].field != "issued_on" for _, first in twice):
            return
        letters = " and ".join(column_letter(index) for index, _ in twice)
        firsts = " and ".join(column_letter(first) for _, first in twice)
        money = next(index for index, first in twice if self.columns[first].field != "issued_on")
        answer = self.questions.ask(
            Question(
                f"repeated:{self.tab}!{column_letter(twice[0][0])}",
                "repeated",
                self.tab,
                f"Columns {letters} of tab '{self.tab}' are headed as {firsts} are: which are the payment's?",
                ("second", "first", "ignore"),
                self._examples(money),
                labels={
                    "second": f"{letters} are the payment's",
                    "first": f"{firsts} are the payment's",
                    "ignore": f"neither: leave {letters} unread",
                },
                effects=self._effects_of_pairs(twice),
                shape=self._shape("repeated", twice[0][0]),
            )
        )
        for index, first in twice:
            self.explained.add(index)
            if answer == "second":
                self._pay_by(index, self.columns[first].field)
            elif answer == "first":
                name = self.columns[first].field
                self.columns[index] = replace(self.columns[first], index=index, confidence=Confidence.CHOSEN)
                self._pay_by(first, name)

    def _effects_of_pairs(self, twice: Sequence[tuple[int, int]]) -> dict[str, str]:
        pair = next((pair for pair in twice if self.columns[pair[1]].field != "issued_on"), None)
        if pair is None:
            return {}
        second, first = map(self._total, pair)
        return {
            "second": f"{display(first - second)} would be owed",
            "first": f"{display(second - first)} would be owed",
            "ignore": f"{display(first)} would be owed",
        }

    def _pay_by(self, index: int, name: str) -> None:
        paid = "paid_on" if name == "issued_on" else "paid_cents"
        self.columns[index] = Column(index, paid, self.line.headings[index], Confidence.CHOSEN)

    def _ask_about_signs(self) -> None:
        name = "paid_cents" if self.kind is Kind.INVOICE else "amount_cents"
        column = self._column_of(name)
        values = self._values(column.index) if column else None
        if column is None or not values or name in self.found.negated:
            return
        if not any(values) or any((cents or 0) > 0 for cents in values):
            return
        if self.kind is Kind.INVOICE and self._belong_to_credits(values):
            return
        answer = self.questions.ask(
            Question(
                f"sign:{self.tab}!{column_letter(column.index)}",
                "sign",
                self.tab,
                f"All amounts of {self._called(column.index)} of tab '{self.tab}' carry a minus: were they paid to "
                "you, or did you pay them back?",
                ("paid", "refunded"),
                self._examples(column.index),
                labels={"paid": "they were paid to you", "refunded": "you paid them back"},
                effects={
                    "paid": f"{display(-sum(filter(None, values)))} was paid",
                    "refunded": "the debt grows by as much",
                },
                shape=self._shape("sign", column.index),
            )
        )
        if answer == "paid":
            self.found.negated.add(name)

    def _belong_to_credits(self, values: arithmetic.Cents) -> bool:
        """Tell whether what carries a minus was paid out on credit notes, which carry one too."""
        total = self._column_of("total_cents")
        totals = self._values(total.index) if total else None
        if totals is None:
            return False
        return all((whole or 0) < 0 for whole, cents in zip(totals, values, strict=True) if cents)

    # --- columns and their values

    def _read(self, index: int, name: str, confidence: Confidence) -> None:
        self._drop_others(name, index) if name != "paid_cents" else None
        if name == "total_cents" and (net := self._column_of("net_cents")) and net.confidence is not Confidence.CHOSEN:
            del self.columns[net.index]
        held = self.columns.get(index)
        if held is None or held.confidence is not Confidence.CHOSEN:
            self.columns[index] = Column(index, name, self.line.headings[index], confidence)

    def _column_of(self, name: str) -> Column | None:
        return next((column for _, column in sorted(self.columns.items()) if column.field == name), None)

    def _chosen(self, name: str) -> bool:
        column = self._column_of(name)
        return column is not None and column.confidence is Confidence.CHOSEN

    def _claims(self, index: int) -> tuple[Claim, ...]:
        return self.line.claims(index, self.kind)

    def _claim(self, index: int, *names: str) -> Claim:
        return min(claim for claim in self._claims(index) if claim.field in names)

    def _claiming(self, *names: str) -> list[int]:
        """Return the columns of money whose headings can mean one of the fields, and that nothing else took."""
        return [
            index
            for index in range(len(self.line.headings))
            if any(claim.field in names for claim in self._claims(index)[: 2 if "net_cents" in names else 3])
            and self._is_free(index, names)
            and (self.table.values[index].is_money or index in self.columns)
        ]

    def _is_free(self, index: int, names: Sequence[str]) -> bool:
        if index in self.explained:
            return False
        held = self.columns.get(index)
        if held is None:
            return not (names[0] == "total_cents" and self._claims(index)[0].field in {"paid_cents", "balance_cents"})
        return (
            held.field in {*names, *MONEY[self.kind]}
            and (held.confidence is not Confidence.CHOSEN or held.field in names)
            and not (names[0] == "total_cents" and held.field in {"paid_cents", "balance_cents"})
        )

    def _unread_money(self) -> list[int]:
        """Return the columns that hold numbers, are not read and do not say that they are anything but money."""
        return [
            index
            for index, heading in enumerate(self.line.headings)
            if index not in self.columns
            and index not in self.explained
            and self.table.values[index].is_money
            and not self._is_harmless(index, heading)
            and clean_text(heading) not in self.questions.kept
        ]

    def _unknown(self) -> list[int]:
        return [index for index in self._unread_money() if not self._claims(index)]

    def _is_harmless(self, index: int, heading: str) -> bool:
        """Tell whether a heading says that its column is no money: a quantity, a number of something, a place."""
        if is_figure_of_a_day(heading):
            return True
        words = heading_words(heading)
        if counts_something_else(heading) and not self.table.values[index].shows_currency:
            return not words.any("paid", "open", "total") or "%" in heading
        if words.any("number", "phone", "address", "reference", "account", "day", "terms", "email", "note", "type"):
            return not words.any("amount", "paid", "open") or words.any("number")
        if self.kind is Kind.PAYMENT and words.any("invoice", "open", "tax"):
            return True
        claimed = {claim.field for claim in self._claims(index)}
        return bool(claimed & {"net_cents", "tax_cents"}) and self.kind is Kind.INVOICE and index in self.explained

    def _values(self, index: int) -> arithmetic.Cents | None:
        """Return the column's cents by record, None where its texts can be read two ways or a cell is no amount."""
        if index < 0:
            return None
        if index not in self._cents:
            self._cents[index] = self._read_values(index)
        return self._cents[index]

    def _read_values(self, index: int) -> arithmetic.Cents | None:
        column = Column(index, "", self.line.headings[index], Confidence.SAID)
        mark = decimal_mark(self.tab, column, self.records)
        if isinstance(mark, Question):
            answer = self.questions.known(replace(mark, shape=self._shape("decimal", index)))
            mark = DecimalMark(answer) if answer else None
        try:
            return [_cents(row.cell(index), mark) for row in self.records]
        except UnreadableError:
            return None

    def _added_up(self, indexes: Sequence[int]) -> arithmetic.Cents:
        columns = [values for index in indexes if (values := self._values(index))]
        return [sum(cents or 0 for cents in row) for row in zip(*columns, strict=True)]

    def _same(self, one: int, other: int) -> bool:
        first, second = self._values(one), self._values(other)
        return bool(first and second) and arithmetic.are_equal(first or (), second or ())

    def _total(self, index: int) -> int:
        return sum(cents_or_nothing(row.cell(index)) for row in self.records)

    def _sum(self, index: int) -> str:
        return display(self._total(index))

    def _effects(self, index: int, choices: Sequence[str]) -> dict[str, str]:
        """Return what would be owed by the table with each answer, from the sums of its columns."""
        if self.kind is not Kind.INVOICE:
            return {}
        sums = {
            name: sum(
                self._total(other) for other, column in self.columns.items() if column.field == name and other != index
            )
            for name in ("total_cents", "paid_cents", "balance_cents")
        }
        has = {column.field for other, column in self.columns.items() if other != index}
        found = {}
        for choice in choices:
            name = field_named(choice)
            tried, fields = dict(sums), set(has)
            if name in tried:
                tried[name] = self._total(index) + (tried[name] if name == "paid_cents" else 0)
                fields.add(name)
            owed = tried["balance_cents"] if "balance_cents" in fields else tried["total_cents"] - tried["paid_cents"]
            if "total_cents" in fields or "balance_cents" in fields:
                found[choice] = f"{display(owed)} would be owed"
        return found

    # --- questions

    def _column_id(self, index: int) -> str:
        return f"column:{self.tab}!{column_letter(index)}"

    def _shape(self, subject: str, index: int) -> str:
        return f"{subject}:{self.line.fingerprint}:{column_letter(index)}"

    def _called(self, index: int) -> str:
        heading = self.line.headings[index]
        return f"column {column_letter(index)} '{heading}'" if heading else f"column {column_letter(index)}"

    def _examples(self, index: int) -> tuple[Example, ...]:
        shown = [
            Example(cell_name(index, row.number), text, {})
            for row in self.records[:200]
            if (text := _shown(row.cell(index)))
        ]
        return tuple(shown[:_EXAMPLES_SHOWN])


def cents_or_nothing(cell: Cell) -> int:
    """Return the amount in the cell in cents, 0 where it holds none: for sums that only show what is at stake."""
    try:
        return _cents(cell, DecimalMark.POINT) or 0
    except UnreadableError:
        return 0


def _cents(cell: Cell, mark: DecimalMark | None) -> int | None:
    amount = amounts.read_amount(cell.value if isinstance(cell, Merged) else cell, mark)
    return None if amount is None else cents_from_decimal(amount.value)


def _shown(cell: Cell) -> str:
    value = cell.value if isinstance(cell, Merged) else cell
    if value is None:
        return ""
    try:
        cents = _cents(value, DecimalMark.POINT)
    except UnreadableError:
        return clean_text(value)[:40] if isinstance(value, str) else ""
    return clean_text(value)[:40] if isinstance(value, str) else display(cents or 0)


def _sureness(claim: Claim) -> Confidence:
    return Confidence.GUESSED if claim.is_guess else Confidence.SAID


def _in_words(name: str) -> str:
    return {
        "number": "number of the invoice",
        "invoice_number": "number of the invoice that is paid",
        "customer_code": "customer's number",
        "customer_name": "customer",
        "issued_on": "invoice date",
        "due_on": "due date",
        "paid_on": "date of payment",
        "total_cents": "total of the invoice",
        "paid_cents": "amount that was paid",
        "balance_cents": "amount that is still open",
        "net_cents": "amount without tax",
        "tax_cents": "tax",
        "discount_cents": "discount",
        "amount_cents": "amount of the payment",
    }.get(name, name.replace("_", " "))
