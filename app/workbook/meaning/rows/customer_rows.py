"""Rows of customer lists, and the customers that other rows refer to."""

from collections import defaultdict

from app.domain.fields import CUSTOMER
from app.store.ledger.snapshot import Snapshot, compared
from app.workbook.meaning.results.records import Checked, Notice, Record, Value
from app.workbook.meaning.rows.table_row import TableRow
from app.workbook.meaning.vocabulary.headings import ListKind


class CustomerRows:
    def __init__(self, checked: Checked, stored: Snapshot) -> None:
        self._checked = checked
        self._stored = stored
        self._by_code: dict[str, Record] = {}
        self._codes_by_name: dict[str, list[str]] = defaultdict(list)
        self.are_listed = False

    def check(self, row: TableRow) -> None:
        """Raise RowProblemError for a row that cannot become a customer."""
        self.are_listed = True
        code, name = (row.identifier(field) for field in ("code", "name"))
        code, name = code or name, name or code
        if not code:
            raise row.problem("name", "has neither a name nor a code of the customer")
        values: dict[str, Value] = {"code": code, "name": name, **row.texts("email")}
        if row.has("terms_days"):
            values["terms_days"] = row.days("terms_days")
        values |= row.plain(CUSTOMER) | row.own_fields()
        record = row.record(ListKind.CUSTOMER, (compared(code),), values)
        if not self._is_repeated(row, record):
            self.add(record)

    def named_in(self, row: TableRow) -> tuple[str, Record | None]:
        """Return the key of the customer in an invoice's row, with a record (not added yet) if the customer is new."""
        code, name = self._named(row)
        if not (code or name):
            column = next(filter(row.has, ("customer_code", "customer_name")), None)
            if column is None:
                raise row.problem("number", "names no customer: add a column Customer with the code or name")
            raise row.problem(column, "names no customer")
        by_code = self._known(row, code, "customer_code") if code else None
        by_name = self._known(row, name, "customer_name") if name and not by_code else None
        if by_code:
            self._refuse_another_name(row, by_code, name)
            return by_code, None
        if by_name and (not code or compared(self._said(by_name, "name")) == by_name):  # its code is its name
            return by_name, None
        if self.are_listed:
            other = f", while '{name}' is listed as '{self._said(by_name, 'code')}'" if by_name else ""
            raise row.problem(
                "customer_code" if code else "customer_name",
                f"names the customer '{code or name}', who is neither in the list of customers nor stored{other}",
            )
        return compared(code or name), self._new(row, code or name, name or code)

    def named_by_payment(self, row: TableRow) -> list[str]:
        """Return the keys of the customers in a payment's row; empty if none is known."""
        code, name = self._named(row)
        known = [self._known(row, code, "customer_code")] if code else []
        if name and not any(known):
            known.append(self._known(row, name, "customer_name"))
        return [key for key in known if key]

    def add(self, record: Record) -> None:
        self._by_code[record.key[0]] = record
        self._codes_by_name[compared(str(record.values["name"]))].append(record.key[0])
        self._checked.customers.append(record)

    def terms_of(self, key: str) -> int | None:
        listed = self._by_code.get(key)
        terms = listed.values.get("terms_days") if listed else None
        if isinstance(terms, int):
            return terms
        known = self._stored.customers.get(key)
        return known.terms_days if known else None

    def _named(self, row: TableRow) -> tuple[str, str]:
        code, name = row.identifier("customer_code"), row.identifier("customer_name")
        return code, name or row.tab.customers_by_row.get(row.number, "")

    def _known(self, row: TableRow, text: str, field: str) -> str | None:
        wanted = compared(text)
        if wanted in self._by_code or wanted in self._stored.customers:
            return wanted
        codes = set(self._codes_by_name.get(wanted) or self._stored.codes_by_name.get(wanted) or ())
        if len(codes) > 1:
            raise row.problem(
                field, f"names '{text}', which several customers are called: name the customer by its code"
            )
        return next(iter(codes), None)

    def _refuse_another_name(self, row: TableRow, key: str, name: str) -> None:
        """Raise a problem if the row's name belongs to another customer than its code."""
        called = self._codes_by_name.get(compared(name)) or self._stored.codes_by_name.get(compared(name))
        if called and key not in called:
            raise row.problem(
                "customer_name",
                f"names '{name}', who is customer '{self._said(called[0], 'code')}', beside the code "
                f"'{self._said(key, 'code')}'",
            )

    def _said(self, key: str, field: str) -> str:
        """Return the customer's code or name, as listed or else as stored."""
        if listed := self._by_code.get(key):
            return str(listed.values[field])
        return getattr(self._stored.customers.get(key), field, "")

    def _new(self, row: TableRow, code: str, name: str) -> Record:
        values: dict[str, Value] = {"code": code, "name": name}
        if row.has("customer_email"):
            values["email"] = row.identifier("customer_email")
        return row.record(ListKind.CUSTOMER, (compared(code),), values)

    def _is_repeated(self, row: TableRow, record: Record) -> bool:
        """Return whether an earlier row has the same customer; raises a problem if its values differ."""
        earlier = self._by_code.get(record.key[0])
        if earlier is None:
            return False
        if _without_own_fields(earlier) != _without_own_fields(record):
            field = "code" if row.has("code") else "name"
            code = record.values["code"]
            raise row.problem(field, f"repeats customer '{code}' of {earlier.place} with other values: keep one")
        self._checked.duplicate_rows += 1
        message = f"Row {row.number} says the same as {earlier.place}, and was read once."
        self._checked.notices.append(Notice(row.tab.name, message))
        return True


def _without_own_fields(record: Record) -> dict[str, Value]:
    return {name: value for name, value in record.values.items() if name != "own_fields"}
