"""What Excel opens is read, however its file is put together; a damaged cell is one bad cell, not a bad file."""

import re
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from support.workbooks import (
    AN_INVOICE,
    INVOICES,
    LIMITS,
    apply,
    hand_made,
    in_excel,
    rewritten,
    say_nothing,
    texts_row,
    workbook,
)

from app.store.ledger import snapshot
from app.workbook.preview import Choices
from app.workbook.reading.book import read_book
from app.workbook.reading.cells import DamagedCell, FormattedNumber
from app.workbook.reading.refusal import WorkbookRefusedError

LIST = {"Invoices": [INVOICES, AN_INVOICE]}
ROWS = [
    tuple(INVOICES),
    ("1001", "Acme", in_excel(2026, 1, 5), in_excel(2026, 2, 4), Decimal("100.0")),
]


def read(path):
    return read_book(path, LIMITS, say_nothing)


def cells_of(path):
    return [row.cells for row in read(path).sheets[0].rows]


def cells(folder, *made, **parts):
    row = "".join(made)
    ((_, found),) = [
        (row.number, row.cells) for row in read(hand_made(folder, f'<row r="1">{row}</row>', **parts)).sheets[0].rows
    ]
    return found


def changed(folder, change, rename=str):
    return rewritten(workbook(folder, LIST), folder / "odd.xlsx", change, rename)


def in_part(name, old, new):
    def change(part, content):
        if part != name:
            return content
        made = re.sub(old, new, content.decode())
        assert made != content.decode()
        return made.encode()

    return change


# --- packages


def test_a_strict_workbook_is_read_like_any_other(tmp_path):
    def strict(_, content):
        return content.replace(
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        ).replace(
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        )

    assert cells_of(changed(tmp_path, strict)) == ROWS


@pytest.mark.parametrize(
    "rename",
    [
        str.upper,
        lambda name: name.replace("sharedStrings", "SharedStrings").replace("sheet1", "Sheet1"),
        lambda name: name if name.startswith("[") else name.replace("/", "\\"),
        lambda name: f"/{name}",
    ],
    ids=["capitals", "a capital", "backslashes", "a slash in front"],
)
def test_parts_are_found_however_their_names_are_spelled(tmp_path, rename):
    assert cells_of(changed(tmp_path, lambda _, content: content, rename)) == ROWS


def test_parts_are_found_by_their_relations_wherever_they_are(tmp_path):
    def move(_, content):
        return content.replace(b"xl/", b"book/").replace(b"/book/worksheets/sheet1.xml", b"worksheets\\one%20.xml")

    moved = changed(tmp_path, move, lambda name: name.replace("xl/", "book/").replace("sheet1.xml", "one .xml"))

    assert cells_of(moved) == ROWS


def test_elements_with_a_prefix_are_read_like_those_without(tmp_path):
    path = hand_made(
        tmp_path,
        "",
        parts={
            "xl/worksheets/sheet1.xml": '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            '<x:sheetData><x:row r="1"><x:c r="B1"><x:v>5</x:v></x:c></x:row></x:sheetData></x:worksheet>'
        },
    )

    assert cells_of(path) == [(None, 5)]


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/styles.xml", "<fill><patternFill ?/?></fill>|<fill><patternFill[^>]*/></fill>", "<fill/>"),
        ("xl/styles.xml", "<patternFill ?/>", "<patternFill><extLst/></patternFill>"),
        ("xl/styles.xml", '<color theme="1" ?/>', '<color rgb="#336699"/>'),
        ("xl/styles.xml", '<family val="2" ?/>', '<family val="34"/>'),
        ("xl/styles.xml", "<cellStyleXfs.*?</cellStyleXfs>", ""),
        ("docProps/core.xml", "<dcterms:created[^<]*<", '<dcterms:created xmlns:x="y">2021- 9- 3T10:00:00<'),
        ("xl/workbook.xml", "<calcPr[^>]*>", ""),
        ("xl/workbook.xml", 'state="visible"', 'state="Visible!"'),
    ],
    ids=[
        "empty fill",
        "fill with more",
        "colour",
        "font",
        "no style of styles",
        "day of creation",
        "no calcPr",
        "state",
    ],
)
def test_what_does_not_matter_to_cells_may_be_odd(tmp_path, part, old, new):
    assert cells_of(changed(tmp_path, in_part(part, old, new))) == ROWS


def test_thousands_of_parts_with_drawings_are_no_hindrance(tmp_path):
    path = workbook(tmp_path, LIST)
    with zipfile.ZipFile(path, "a") as parts:
        for number in range(4_500):
            parts.writestr(f"xl/ink/ink{number}.xml", "<ink/>")

    assert len(read_book(path, LIMITS, say_nothing).sheets[0].rows) == 2


def test_shared_texts_that_are_named_and_absent_are_none(tmp_path):
    assert cells_of(hand_made(tmp_path, texts_row(1, "x"), parts={"xl/sharedStrings.xml": None})) == [("x",)]


def test_styles_that_are_named_and_absent_are_none(tmp_path):
    found = cells(tmp_path, '<c r="A1" s="1"><v>46000</v></c>', parts={"xl/styles.xml": None})

    assert found == (46000,)


def test_a_workbook_counts_from_1904_whatever_its_extensions_say(tmp_path):
    def count_from_1904(book):
        book.epoch = CALENDAR_MAC_1904

    path = workbook(tmp_path, LIST, change=count_from_1904)
    extension = '<extLst><ext><x:workbookPr xmlns:x="urn:x" chartTrackingRefBase="1"/></ext></extLst></workbook>'
    odd = rewritten(path, tmp_path / "odd.xlsx", in_part("xl/workbook.xml", "</workbook>", extension))

    assert read(odd).epoch_1904


# --- number formats

STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{formats}'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="{id}"/></cellXfs></styleSheet>'
)


def shown_as(folder, value, number, formats=""):
    parts = {"xl/styles.xml": STYLES.format(id=number, formats=formats)}
    return cells(folder, f'<c r="A1" s="1"><v>{value}</v></c>', parts=parts)[0]


@pytest.mark.parametrize("number", [14, 15, 16, 17, 22, 27, 28, 31, 36, 50, 57, 58])
def test_formats_that_are_built_in_show_days(tmp_path, number):
    assert shown_as(tmp_path, 46000, number) == in_excel(2025, 12, 9)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 37, 48, 49, 163, 164, 200])
def test_formats_that_say_nothing_or_that_nobody_declares_leave_numbers_as_they_are(tmp_path, number):
    assert shown_as(tmp_path, 46000, number) == 46000


@pytest.mark.parametrize(("number", "text"), [(9, "0%"), (5, '"$"#,##0_);("$"#,##0)')])
def test_formats_that_are_built_in_tell_a_percentage_or_a_currency(tmp_path, number, text):
    assert shown_as(tmp_path, 5, number) == FormattedNumber(5, text)


def test_a_declared_format_counts_before_one_that_is_built_in(tmp_path):
    declared = '<numFmts count="1"><numFmt numFmtId="14" formatCode="0.00"/></numFmts>'

    assert shown_as(tmp_path, 46000, 14, declared) == 46000


@pytest.mark.parametrize("value", ["20251210", "-5", "1e9"])
def test_a_number_that_is_no_day_stays_a_number_where_days_are_shown(tmp_path, value):
    assert shown_as(tmp_path, value, 14) == int(float(value))


# --- cells


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ('<c r="A1" t="n"><v>n/a</v></c>', "'n/a' is no number"),
        ('<c r="A1"><v>1_000</v></c>', "'1_000' is no number"),
        ('<c r="A1"><v>١٢</v></c>', "'١٢' is no number"),
        ('<c r="A1"><v>nan</v></c>', "'nan' is no number"),
        ('<c r="A1"><v>1e99999999999999999999999</v></c>', "'1e99999999999999999999999' is no number"),
        (f'<c r="A1"><v>{"9" * 5_000}</v></c>', f"'{'9' * 40}' is no number"),
        ('<c r="A1" t="b"><v>maybe</v></c>', "'maybe' is neither true nor false"),
        ('<c r="A1" t="d"><v>2026-13-45</v></c>', "'2026-13-45' is no date"),
        ('<c r="A1" t="s"><v>7</v></c>', "its text is missing"),
        ('<c r="A1" t="s"><v>-1</v></c>', "its text is missing"),
        ('<c r="A1" t="q"><v>7</v></c>', "'q' is no kind of cell"),
    ],
)
def test_a_damaged_cell_is_one_bad_cell_and_says_why(tmp_path, cell, why):
    assert cells(tmp_path, cell, '<c r="B1"><v>5</v></c>') == (DamagedCell(why), 5)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="A1" s=""><v>5</v></c>', 5),
        ('<c r="A1" s="77"><v>5</v></c>', 5),
        ('<c r="A1" t="b"><v>true</v></c>', True),
        ('<c r="A1" t="b"><v>0</v></c>', False),
        ('<c r="A1" t="n"><v> 5 </v></c>', 5),
        ('<c r="A1" t="d"><v>2026-03-02</v></c>', in_excel(2026, 3, 2)),
        ('<c r="A1" t="d"><v>2026-03-02T10:30:00</v></c>', in_excel(2026, 3, 2, 10, 30)),
        ('<c r="A1" t="d"><v>2026-03-31T22:00:00.000Z</v></c>', "2026-03-31T22:00:00.000Z"),
        ('<c r="A1" t="inlineStr"><v>x</v></c>', "x"),
    ],
)
def test_a_cell_that_is_spelled_in_an_unusual_way_is_read(tmp_path, cell, value):
    assert cells(tmp_path, cell) == (value,)


def test_a_damaged_cell_is_a_problem_that_names_tab_and_cell(importer, tmp_path):
    path = workbook(tmp_path, {"Invoices": [INVOICES, AN_INVOICE, ["1002", "Bolt", *AN_INVOICE[2:4], 77]]})
    odd = rewritten(path, tmp_path / "odd.xlsx", in_part("xl/worksheets/sheet1.xml", "<v>77</v>", "<v>n/a</v>"))

    (problem,) = importer.examine(odd, Choices(), say_nothing).preview.problems

    assert (problem.tab, problem.cell) == ("Invoices", "E3")
    assert problem.message == "E3 is damaged in the file ('n/a' is no number): enter it again in Excel."


def escaped(folder, text, *, shared):
    if shared:
        return cells(folder, '<c r="A1" t="s"><v>0</v></c>', strings=f"<si><t>{text}</t></si>")[0]
    return cells(folder, f'<c r="A1" t="str"><v>{text}</v></c>')[0]


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Bolt_x000D_", "Bolt\r"),
        ("_x001F_1,250.00", "\x1f1,250.00"),
        ("_x005F_x000D_", "_x000D_"),
        ("_xD83D__xDE00_", "\U0001f600"),
        ("_xD83D_", "\ufffd"),
        ("INV_x12_", "INV_x12_"),
    ],
)
def test_characters_that_xml_cannot_hold_are_read_as_excel_shows_them(tmp_path, written, text, shared):
    assert escaped(tmp_path, written, shared=shared) == text


def test_a_customer_is_one_with_and_without_a_carriage_return(importer, tmp_path):
    path = workbook(tmp_path, {"Invoices": [INVOICES, AN_INVOICE, ["1002", "Acme_x000D_", *AN_INVOICE[2:]]]})

    apply(importer, path)

    assert [customer.name for customer in snapshot.take().customers.values()] == ["Acme"]


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("108.88499999999999", "108.885"),
        ("33.114999999999995", "33.115"),
        ("1.2649999999999999", "1.265"),
        ("0.1", "0.1"),
        ("0.99999999999999999", "1"),
        ("1234567890123456.7", "1234567890123460"),
        ("1e-400", "0"),
        ("100.0", "100"),
        ("-235.37499999999997", "-235.375"),
        ("1.0000000000000001E-2", "0.01"),
        ("123456789012.35", "123456789012.35"),
    ],
)
def test_numbers_have_the_fifteen_digits_that_excel_shows(tmp_path, stored, shown):
    assert cells(tmp_path, f'<c r="A1"><v>{stored}</v></c>') == (Decimal(shown),)


def test_whole_numbers_keep_all_their_digits(tmp_path):
    assert cells(tmp_path, '<c r="A1"><v>12345678901234567</v></c>') == (12345678901234567,)


def test_a_tab_whose_part_is_missing_is_named(tmp_path):
    with pytest.raises(WorkbookRefusedError, match="Tab 'Invoices' is missing in the file"):
        read(changed(tmp_path, lambda name, content: None if name.endswith("sheet1.xml") else content))


def test_dates_of_the_first_months_of_1900_are_those_that_excel_shows(tmp_path):
    found = cells(
        tmp_path,
        *(f'<c r="{letter}1" s="1"><v>{serial}</v></c>' for letter, serial in zip("ABC", (1, 59, 61), strict=True)),
    )

    assert [cell.date() for cell in found] == [date(1900, 1, 1), date(1900, 2, 28), date(1900, 3, 1)]
