"""Workbooks for tests: written by openpyxl, put together by hand, or only in memory."""

import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from support.tables import ALL

from app.actions import imports as import_actions
from app.domain.firm import Firm
from app.domain.sentences import plain
from app.files import Files, FilesPlace
from app.store.db import tables
from app.store.ledger import imports, snapshot
from app.store.ledger.snapshot import Snapshot
from app.workbook.importing import Importer
from app.workbook.meaning import checking, control_totals
from app.workbook.meaning.checking import ReadingContext
from app.workbook.meaning.results.questions import Answers
from app.workbook.preview import Choices
from app.workbook.reading import cells
from app.workbook.reading.limits import WorkbookLimits

LIMITS = WorkbookLimits(
    file_bytes=10_000_000,
    unpacked_bytes=100_000_000,
    entries=10_000,
    rows=250_000,
    cells=3_000_000,
    memory_bytes=1_000_000_000,
    seconds=60,
)
NOTHING_STORED = Snapshot({}, {}, {}, {}, {})
CUSTOMERS = ["Customer ID", "Name"]
INVOICES = ["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount"]
PAYMENTS = ["Invoice No", "Payment Date", "Amount"]

# The sheet that is taken for granted where a test cares about one thing only.
AN_INVOICE = ["1001", "Acme", date(2026, 1, 5), date(2026, 2, 4), Decimal("100.00")]
ANOTHER_INVOICE = ["1002", "Bolt", date(2026, 1, 6), date(2026, 2, 5), Decimal("250.50")]


@dataclass(frozen=True)
class Shown:
    """A value with the number format that Excel shows it in."""

    value: object
    format: str


def say_nothing(_):
    """Take a report of progress and do nothing with it."""


def in_excel(year, month, day, hour=0, minute=0):
    """Return a moment as a cell holds it, which knows no time zone."""
    return datetime.combine(date(year, month, day), time(hour, minute))


def limits(**values):
    return replace(LIMITS, **values)


def workbook(folder, tabs, name="book.xlsx", hidden=(), change=None):
    """Write the tabs, each a list of rows, and return the path; `change` may do more to the open workbook."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in tabs.items():
        sheet = book.create_sheet(title)
        if title in hidden:
            sheet.sheet_state = "hidden"
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                _fill(sheet.cell(number, column), value)
    if change:
        change(book)
    path = folder / name
    book.save(path)
    return path


def large_workbook(path, tabs):
    """Write many rows without keeping them."""
    book = Workbook(write_only=True)
    for title, rows in tabs.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([_dated(sheet, value) if isinstance(value, date) else value for value in row])
    book.save(path)
    return path


def _dated(sheet, day):
    cell = WriteOnlyCell(sheet, day)
    cell.number_format = "yyyy-mm-dd"
    return cell


def _fill(cell, value):
    if isinstance(value, Shown):
        cell.value = value.value
        cell.number_format = value.format
    elif value is not None:
        cell.value = value


def invoices_tab(*rows, headers=INVOICES):
    return {"Invoices": [headers, *rows]}


# --- by hand

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_FORMATS = "http://schemas.openxmlformats.org"
_PACKAGE, _OFFICE = f"{_FORMATS}/package/2006", f"{_FORMATS}/officeDocument/2006/relationships"
_MAIN = f"{_FORMATS}/spreadsheetml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_TYPES = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_KIND}.sharedStrings+xml"/></Types>'
)
_ROOT = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_BOOK = (
    f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{{properties}}'
    '<sheets><sheet name="Invoices" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_RELATIONS = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
# Style 1 is a day.
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
)
_STRINGS = f'{_HEAD}<sst xmlns="{_MAIN}">{{strings}}</sst>'
_SHEET = f'{_HEAD}<worksheet xmlns="{_MAIN}">{{before}}<sheetData>{{rows}}</sheetData>{{after}}</worksheet>'


def texts_row(number, *texts):
    """Return a row of inline texts."""
    made = "".join(
        f'<c r="{cells.cell_name(index, number)}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        for index, text in enumerate(texts)
    )
    return f'<row r="{number}">{made}</row>'


def hand_made(folder, rows, *, before="", after="", properties="", strings="", parts=None, name="hand.xlsx"):
    """Write a workbook of one tab 'Invoices' out of its rows' XML; `parts` replaces parts, None leaves one out."""
    contents = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _ROOT,
        "xl/workbook.xml": _BOOK.format(properties=properties),
        "xl/_rels/workbook.xml.rels": _RELATIONS,
        "xl/styles.xml": _STYLES,
        "xl/sharedStrings.xml": _STRINGS.format(strings=strings),
        "xl/worksheets/sheet1.xml": _SHEET.format(before=before, rows=rows, after=after),
        **(parts or {}),
    }
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in contents.items():
            if content is not None:
                archive.writestr(part, content)
    return path


def rewritten(path, target, change, rename=str):
    """Copy a workbook, each part as `change(name, content)` returns it; None leaves the part out."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for entry in source.infolist():
            content = change(entry.filename, source.read(entry))
            if content is not None:
                out.writestr(rename(entry.filename), content)
    return target


# --- in memory


def book(tabs, epoch_1904=False):
    """Return what the reader makes of such tabs, without a file."""
    return cells.Book([_sheet(title, rows) for title, rows in tabs.items()], epoch_1904)


def _sheet(title, rows):
    made = [cells.Row(number, tuple(map(_cell, row))) for number, row in enumerate(rows, start=1) if any(_holds(row))]
    return cells.Sheet(title, made)


def _holds(row):
    return (value is not None for value in row)


def _cell(value):
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    if isinstance(value, Shown):
        return cells.FormattedNumber(value.value, value.format)
    return value


def check(tabs, stored=NOTHING_STORED, currency="USD", epoch_1904=False, by_question=None, zone=UTC, **answers):
    """Return the tabs' records, problems, questions and notices, as of 30 June 2026."""
    by_subject = {subject: str(answer) for subject, answer in answers.items()}
    given = Answers(by_subject, by_question or {})
    context = ReadingContext(currency, zone, date(2026, 6, 30))
    checked = checking.check(book(tabs, epoch_1904), {}, given, stored, context, say_nothing)
    control_totals.add_control_totals(checked, stored)
    return checked


def problems(checked):
    return [plain(f"{problem.tab}!{problem.message}") for problem in checked.problems]


def questions(checked):
    return [plain(question.text) for question in checked.questions]


def asked(checked):
    """Return the questions in full, their numbers plain, and `<headings>` for the hash of a table's headings."""
    return [_plainly(question, {tab.fingerprint for tab in checked.tabs} - {""}) for question in checked.questions]


def _plainly(question, fingerprints):
    shape = question.shape
    for fingerprint in fingerprints:
        shape = shape.replace(fingerprint, "<headings>")
    examples = tuple(
        replace(one, text=plain(one.text), readings={way: plain(text) for way, text in one.readings.items()})
        for one in question.examples
    )
    labels, effects = ({way: plain(text) for way, text in one.items()} for one in (question.labels, question.effects))
    return replace(question, text=plain(question.text), examples=examples, labels=labels, effects=effects, shape=shape)


def notices(checked):
    return [plain(notice.message) for notice in checked.notices]


def invoice_values(checked, *names):
    return [tuple(record.values.get(name) for name in names) for record in checked.invoices]


def payment_values(checked, *names):
    return [tuple(record.values.get(name) for name in names) for record in checked.payments]


# --- the store


def an_importer(data_dir, zone="UTC", now=datetime(2026, 3, 2, 9, 30, tzinfo=UTC), place=None, **values):
    """Return one that keeps its files in the place, or in a folder of `data_dir`."""
    files = Files(place or FilesPlace.in_folder(data_dir / "imports"))
    return Importer(data_dir, files, limits(**values), Firm("USD", ZoneInfo(zone)), lambda: now)


def files_of(importer, import_id):
    return importer.files(imports.existing(import_id))


def choices(good_rows=False, decisions=None, mappings=None, **answers):
    made = Choices(Answers({subject: str(answer) for subject, answer in answers.items()}), mappings or {})
    made = replace(made, good_rows=good_rows)
    return replace(made, decisions=decisions) if decisions else made


def apply(importer, path, chosen=None):
    """Examine and apply a workbook as the command line does; return the import's id."""
    chosen = chosen or Choices()
    examined = importer.examine(path, chosen, say_nothing)
    return import_actions.apply_file(importer, path, examined, chosen, None, say_nothing)


def dump(leaving_out=()):
    """Return every row of every table, except the versions that every change replaces."""
    return {
        table._meta.table_name: sorted((list(row) for row in table.select().tuples()), key=repr)
        for table in ALL
        if table not in {tables.LedgerVersionModel, tables.PartitionModel} and table._meta.table_name not in leaving_out
    }


RECEIVABLES_ONLY = ("imports", "imported_rows")


def meaning():
    """Return what is stored of receivables without numbers of rows and of imports: what two ways must end in."""
    taken = snapshot.take()
    codes = {customer.id: customer.code for customer in taken.customers.values()}
    return {
        "customers": sorted((c.code, c.name, c.email, c.terms_days, c.notes) for c in taken.customers.values()),
        "invoices": sorted(
            (i.number, i.customer_code, i.issued_on, i.due_on, i.currency, i.total_cents, i.ledger, i.disputed)
            for i in taken.invoices.values()
        ),
        "payments": sorted(
            (i.number, codes[i.customer_id], p.paid_on, p.amount_cents, p.method)
            for i in taken.invoices.values()
            for p in taken.payments.get(i.id, ())
        ),
    }
