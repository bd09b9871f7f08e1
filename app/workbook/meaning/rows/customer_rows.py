"""Rows of customer lists, and the customers that other rows refer to."""

from collections import defaultdict

from app.domain.fields import CUSTOMER
from app.store.ledger.snapshot import Snapshot, compared
from app.workbook.meaning.results.records import Checked, Notice, Record, Value
from app.workbook.meaning.rows.cell_reading import CellReading
from app.workbook.meaning.rows.tabs import Tab
from app.workbook.meaning.tables.headers import ListKind
from app.workbook.reading.cells import Row


class CustomerRows:
    def __init__(self, reading: CellReading, checked: Checked, stored: Snapshot) -> None:
        self._reading = reading
        self._checked = checked
        self._stored = stored
        self._by_code: dict[str, Record] = {}
        self._codes_by_name: dict[str, list[str]] = defaultdict(list)
        self.are_listed = False

    def check(self, tab: Tab, row: Row) -> None:
        """Raise RowProblemError for a row that cannot become a customer."""
        self.are_listed = True
        code, name = (self._reading.identifier(tab, row, field) for field in ("code", "name"))
        code, name = code or name, name or code
        if not code:
            raise self._reading.problem(tab, row, "name", "has neither a name nor a code of the customer")
        values: dict[str, Value] = {"code": code, "name": name, **self._reading.texts(tab, row, ("email",))}
        if tab.has("terms_days"):
            values["terms_days"] = self._reading.days(tab, row, "terms_days")
        values |= self._reading.plain(tab, row, CUSTOMER)
        values |= self._reading.own_fields(tab, row)
        record = Record(ListKind.CUSTOMER, tab.name, row.number, (compared(code),), values)
        if not self._is_repeated(tab, row, record):
            self.add(record)

    def named_in(self, tab: Tab, row: Row) -> tuple[str, Record | None]:
        """Return the key of the customer in an invoice's row, with a record (not added yet) if the customer is new."""
        code, name = self._named(tab, row)
        if not (code or name):
            missing = "customer_code" if tab.has("customer_code") else "customer_name"
            if not (tab.has("customer_code") or tab.has("customer_name")):
                raise self._reading.problem(
                    tab, row, "number", "names no customer: add a column Customer with the code or name"
                )
            raise self._reading.problem(tab, row, missing, "names no customer")
        by_code = self._known(tab, row, code, "customer_code") if code else None
        by_name = self._known(tab, row, name, "customer_name") if name and not by_code else None
        if by_code:
            self._refuse_another_name(tab, row, by_code, name)
            return by_code, None
        if by_name and (not code or self._is_only_a_name(by_name)):
            return by_name, None
        if self.are_listed:
            other = f", while '{name}' is listed as '{self._code(by_name)}'" if by_name else ""
            raise self._reading.problem(
                tab,
                row,
                "customer_code" if code else "customer_name",
                f"names the customer '{code or name}', who is neither in the list of customers nor stored{other}",
            )
        return compared(code or name), self._new(tab, row, code or name, name or code)

    def named_by_payment(self, tab: Tab, row: Row) -> list[str]:
        """Return the keys of the customers in a payment's row; empty if none is known."""
        code, name = self._named(tab, row)
        known = [self._known(tab, row, code, "customer_code")] if code else []
        if name and not any(known):
            known.append(self._known(tab, row, name, "customer_name"))
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

    def _named(self, tab: Tab, row: Row) -> tuple[str, str]:
        return (
            self._reading.identifier(tab, row, "customer_code"),
            self._reading.identifier(tab, row, "customer_name") or tab.customers_by_row.get(row.number, ""),
        )

    def _known(self, tab: Tab, row: Row, text: str, field: str) -> str | None:
        wanted = compared(text)
        if wanted in self._by_code or wanted in self._stored.customers:
            return wanted
        codes = set(self._codes_by_name.get(wanted, ()))
        codes = codes or set(self._stored.codes_by_name.get(wanted, ()))
        if len(codes) > 1:
            raise self._reading.problem(
                tab, row, field, f"names '{text}', which several customers are called: name the customer by its code"
            )
        return next(iter(codes), None)

    def _refuse_another_name(self, tab: Tab, row: Row, key: str, name: str) -> None:
        """Raise a problem if the row's name belongs to another customer than its code."""
        called = self._codes_by_name.get(compared(name)) or self._stored.codes_by_name.get(compared(name))
        if called and key not in called:
            raise self._reading.problem(
                tab,
                row,
                "customer_name",
                f"names '{name}', who is customer '{self._code(called[0])}', beside the code '{self._code(key)}'",
            )

    def _is_only_a_name(self, key: str) -> bool:
        listed, stored = self._by_code.get(key), self._stored.customers.get(key)
        name = listed.values["name"] if listed else (stored.name if stored else "")
        return compared(str(name)) == key

    def _code(self, key: str | None) -> str:
        listed, stored = self._by_code.get(key or ""), self._stored.customers.get(key or "")
        return str(listed.values["code"]) if listed else (stored.code if stored else "")

    def _new(self, tab: Tab, row: Row, code: str, name: str) -> Record:
        values: dict[str, Value] = {"code": code, "name": name}
        if tab.has("customer_email"):
            values |= {"email": self._reading.identifier(tab, row, "customer_email")}
        return Record(ListKind.CUSTOMER, tab.name, row.number, (compared(code),), values)

    def _is_repeated(self, tab: Tab, row: Row, record: Record) -> bool:
        """Return whether an earlier row has the same customer; raises a problem if its values differ."""
        earlier = self._by_code.get(record.key[0])
        if earlier is None:
            return False
        if _without_own_fields(earlier) != _without_own_fields(record):
            field = "code" if tab.has("code") else "name"
            code = record.values["code"]
            place = f"{earlier.tab}, row {earlier.row}"
            raise self._reading.problem(
                tab, row, field, f"repeats customer '{code}' of {place} with other values: keep one"
            )
        self._checked.duplicate_rows += 1
        place = f"{earlier.tab}, row {earlier.row}"
        self._checked.notices.append(Notice(tab.name, f"Row {row.number} says the same as {place}, and was read once."))
        return True


def _without_own_fields(record: Record) -> dict[str, Value]:
    return {name: value for name, value in record.values.items() if name != "own_fields"}
