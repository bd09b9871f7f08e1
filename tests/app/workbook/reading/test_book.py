"""Files are read by content, cell by cell, in a process with limits; what cannot be read is one clear sentence."""

import io
import struct
import zipfile
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl.chart import BarChart
from support.workbooks import (
    AN_INVOICE,
    INVOICES,
    LIMITS,
    Shown,
    hand_made,
    in_excel,
    invoices_tab,
    limits,
    rewritten,
    say_nothing,
    texts_row,
    workbook,
)

from app.domain.sentences import plain
from app.workbook.reading.book import read_book
from app.workbook.reading.cells import (
    Book,
    DamagedCell,
    Duration,
    ErrorValue,
    FormattedNumber,
    Merged,
    UncalculatedFormula,
)
from app.workbook.reading.refusal import WorkbookRefusedError


def read(path, **values):
    return read_book(path, limits(**values), say_nothing)


def rows(path, **values):
    return [(row.number, row.cells) for row in read(path, **values).sheets[0].rows]


def why_refused(path, **values):
    with pytest.raises(WorkbookRefusedError) as refused:
        read(path, **values)
    sentence = str(refused.value)
    assert sentence.endswith((".", ")."))
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


# --- cells


def test_cells_keep_their_kind_and_their_place(tmp_path):
    path = workbook(
        tmp_path,
        {
            "Sheet": [
                [],
                [None, "text", 5, Decimal("1.5"), True, date(2026, 1, 5), in_excel(2026, 1, 5, 10, 30)],
                ["00123", Shown(123, "00000"), Shown(Decimal("0.19"), "0%"), Shown(5, "#,##0.00")],
            ]
        },
    )

    assert rows(path) == [
        (2, (None, "text", 5, Decimal("1.5"), True, in_excel(2026, 1, 5), in_excel(2026, 1, 5, 10, 30))),
        (3, ("00123", FormattedNumber(123, "00000"), FormattedNumber(Decimal("0.19"), "0%"), 5)),
    ]


def test_formulas_are_read_by_their_stored_results(tmp_path):
    path = hand_made(
        tmp_path,
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>A1/3</f></c><c r="C1" t="str"><f>""</f><v></v></c>'
        '<c r="D1" t="str"><f>"x"&amp;"y"</f><v>xy</v></c><c r="E1" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>',
    )

    assert rows(path) == [(1, (2, UncalculatedFormula(), None, "xy", ErrorValue("#DIV/0!")))]


def test_shared_formulas_are_read_by_their_stored_results(tmp_path):
    path = hand_made(
        tmp_path,
        '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">B1*2</f><v>4</v></c></row>'
        '<row r="2"><c r="A2"><f t="shared" si="0"/><v>6</v></c></row>'
        '<row r="3"><c r="A3"><f t="shared" si="0"/></c></row>',
    )

    assert rows(path) == [(1, (4,)), (2, (6,)), (3, (UncalculatedFormula(),))]


def test_a_wrong_dimension_loses_no_row(tmp_path):
    body = "".join(texts_row(number, "x", "y") for number in range(1, 51))

    assert len(rows(hand_made(tmp_path, body, before='<dimension ref="A1"/>'))) == 50
    assert len(rows(hand_made(tmp_path, body, before='<dimension ref="A1:XFD1048576"/>'))) == 50


def test_inline_strings_and_shared_strings_are_texts(tmp_path):
    path = hand_made(
        tmp_path,
        texts_row(1, "inline") + '<row r="2"><c r="A2" t="s"><v>0</v></c></row>',
        strings="<si><r><t>sha</t></r><r><t>red</t></r></si>",
    )

    assert rows(path) == [(1, ("inline",)), (2, ("shared",))]


def test_dates_of_a_workbook_of_1904_are_the_days_that_excel_shows(tmp_path):
    path = hand_made(
        tmp_path,
        '<row r="1"><c r="A1" s="1"><v>44583</v></c><c r="B1"><v>44583</v></c></row>',
        properties='<workbookPr date1904="1"/>',
    )

    book = read(path)

    assert book.epoch_1904
    assert book.sheets[0].rows[0].cells == (in_excel(2026, 1, 23), 44583)


def test_error_cells_are_errors_and_infinite_numbers_are_damaged(tmp_path):
    path = hand_made(
        tmp_path,
        '<row r="1"><c r="A1" t="e"><v>#N/A</v></c><c r="B1"><v>1e999</v></c></row>',
    )

    assert rows(path) == [(1, (ErrorValue("#N/A"), DamagedCell("'1e999' is no number")))]


def test_a_time_is_a_duration(tmp_path):
    path = workbook(tmp_path, {"Sheet": [["x", Shown(0.5, "h:mm")]]})

    assert isinstance(rows(path)[0][1][1], Duration)


def test_hidden_sheets_rows_and_filters_are_seen(tmp_path):
    def hide(book):
        sheet = book["Invoices"]
        sheet.row_dimensions[2].hidden = True
        sheet.auto_filter.ref = "A1:E2"

    path = workbook(tmp_path, invoices_tab(AN_INVOICE) | {"Old": [["x"]]}, hidden=["Old"], change=hide)

    first, second = read(path).sheets

    assert [row.hidden for row in first.rows] == [False, True]
    assert first.filtered
    assert second.hidden


def test_a_value_merged_over_rows_stands_in_each_of_them(tmp_path):
    path = workbook(
        tmp_path,
        {"Sheet": [["Acme", 1], [None, 2], [None, 3], ["Bolt", 4]]},
        change=lambda book: book["Sheet"].merge_cells("A1:A3"),
    )

    assert rows(path) == [(1, ("Acme", 1)), (2, (Merged("Acme"), 2)), (3, (Merged("Acme"), 3)), (4, ("Bolt", 4))]


def test_the_extents_of_merged_cells_are_told(tmp_path):
    def merge(book):
        book["Sheet"].merge_cells("A1:A3")
        book["Sheet"].merge_cells("C1:E1")

    path = workbook(tmp_path, {"Sheet": [["Acme", 1, "Paid"], [None, 2], [None, 3]]}, change=merge)

    assert read(path).sheets[0].merged == ((1, 0, 3, 0), (1, 2, 1, 4))


def test_a_sum_at_the_foot_is_seen(tmp_path):
    path = workbook(tmp_path, {"Sheet": [["x", 1], [None, "=SUM(B1:B1)"], [None, "=SUBTOTAL(9,B1:B1)"]]})

    assert [row.has_sum for row in read(path).sheets[0].rows] == [False, True, True]


def test_rows_without_numbers_and_cells_without_places_count_on(tmp_path):
    path = hand_made(tmp_path, '<row><c><v>1</v></c><c><v>2</v></c></row><row r="5"><c><v>3</v></c></row>')

    assert rows(path) == [(1, (1, 2)), (5, (3,))]


def test_a_macro_workbook_is_read_by_its_content(tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE))
    with zipfile.ZipFile(path, "a") as book:
        book.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0macros")

    assert len(rows(path.rename(tmp_path / "book.whatever"))) == 2


def test_a_chart_sheet_beside_lists_is_passed_over(tmp_path):
    path = workbook(
        tmp_path, invoices_tab(AN_INVOICE), change=lambda book: book.create_chartsheet("Chart").add_chart(BarChart())
    )

    assert [sheet.name for sheet in read(path).sheets] == ["Invoices"]


def test_cells_far_to_the_right_are_not_read_and_that_is_told(tmp_path):
    path = hand_made(tmp_path, '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>')

    (sheet,) = read(path).sheets

    assert sheet.rows[0].cells == (1,)
    assert sheet.cut_after_column == "A"


# --- what is no workbook


LOCK_FILE = b"\x03Ann" + b" " * 51 + "\x03Ann".encode("utf-16-le") + "  ".encode("utf-16-le") * 25 + b"  "
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def a_zip(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \n", "The file is empty."),
        (b"just some text", "This is not an Excel workbook, but a text without columns"),
        (b"\x00\xff\x07\x1b" * 50, "This is not an Excel workbook"),
        (bytes(range(256)), "This is not an Excel workbook"),
        (b"<html><table></table></html>", "This is a web page (HTML)"),
        ("<TABLE><tr><td>1,2</td></tr></TABLE>".encode("utf-16"), "This is a web page (HTML)"),
        (b"MIME-Version: 1.0\nX, y", "This is a web page (.mht)"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>',
            "This is an XML spreadsheet of Excel 2003",
        ),
        (b"<?xml version='1.0'?><x a='1,2'/>", "This is XML"),
        (b'{"url": "https://docs.google.com/open?id=1", "doc_id": "1"}', "This is only a link to a Google sheet"),
        (b'[{"number": 1, "total": 2}]', "This is JSON"),
        (b"%PDF-1.7", "This is a PDF"),
        (b"\x89PNG\r\n\x1a\n", "This is a picture"),
        (b"\0\0\0\x18ftypheic", "This is a picture"),
        (b"{\\rtf1 x, y}", "This is a text document (.rtf)"),
        (b"\x1f\x8b\x08\0", "This is a compressed file"),
        (b"\x09\x08\x10\0\0\x06", "This is a workbook of Excel 97-2003 or older (.xls)"),
        (LOCK_FILE, "This is not the workbook, but the small file that Excel keeps beside one that is open"),
        (b"PK", "This is not an Excel workbook"),
        (OLE, "This is a workbook of Excel 97-2003 or older (.xls)"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "The workbook is protected by a password"),
        (a_zip("[Content_Types].xml", "_rels/.rels", "xl/workbook.bin"), "This is a binary workbook (.xlsb)"),
        (a_zip("mimetype", "content.xml"), "This is an OpenDocument file"),
        (a_zip("Index/Document.iwa"), "This is a spreadsheet of Apple Numbers"),
        (a_zip("readme.txt"), "This is a zip file, but not an Excel workbook"),
        (
            a_zip("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
            "This is a Word document",
        ),
        (b"PK\x03\x04" + bytes(100), "The file is damaged or incomplete"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_its_content(tmp_path, content, sentence):
    path = tmp_path / "really.xlsx"
    path.write_bytes(content)

    assert why_refused(path).startswith(sentence)


@pytest.mark.parametrize("kept", [10, 30, 200, 2_000, -1, -30])
def test_a_truncated_workbook_is_damaged(tmp_path, kept):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE))
    path.write_bytes(path.read_bytes()[:kept])

    assert "damaged" in why_refused(path) or "not an Excel workbook" in why_refused(path)


def test_a_zip_with_a_password_is_refused(tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE))
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := content.find(signature, place + 1)) >= 0:
            content[place + offset] |= 1
    path.write_bytes(content)

    assert why_refused(path).startswith("The file is encrypted")


@pytest.mark.parametrize(
    "part",
    ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels", "[Content_Types].xml", "xl/worksheets/sheet1.xml"],
)
def test_a_workbook_without_one_of_its_parts_is_refused(tmp_path, part):
    why_refused(hand_made(tmp_path, texts_row(1, "x"), parts={part: None}))


def test_a_workbook_of_charts_only_is_refused(tmp_path):
    def only_a_chart(book):
        book.create_chartsheet("Chart").add_chart(BarChart())
        del book["Sheet"]

    path = workbook(tmp_path, {"Sheet": [["x"]]}, change=only_a_chart)

    assert why_refused(path) == "The workbook has no sheet with cells."


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "_rels/.rels"]
)
@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"<a><b></a>", b"\x00\xff" * 50, b"<x/>"],
    ids=["empty", "words", "unclosed", "binary", "other"],
)
def test_garbage_in_a_part_is_refused_or_read_as_nothing(tmp_path, part, content):
    path = hand_made(tmp_path, texts_row(1, "x"), parts={part: content})

    with suppress(WorkbookRefusedError):
        book = read(path)
        assert [row.cells for sheet in book.sheets for row in sheet.rows] in ([], [("x",)])


# --- what would cost too much


def test_a_file_past_the_limit_is_refused_before_it_is_opened(tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE))

    assert why_refused(path, file_bytes=1_000).startswith("The file is too large")


def test_too_many_parts_are_refused(tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE))

    assert why_refused(path, entries=5).startswith("The file holds ")


def test_a_declared_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = hand_made(tmp_path, texts_row(1, "x"), parts={"xl/bomb.xml": b"0" * 3_000_000})

    assert why_refused(path, unpacked_bytes=1_000_000) == (
        "The file would unpack to 3 MB, and at most 1 MB is read: it was not opened."
    )


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path):
    body = texts_row(1, "x" * 5_000_000)
    path = hand_made(tmp_path, body)
    content = path.read_bytes()
    true_size = next(
        entry.file_size for entry in zipfile.ZipFile(path).infolist() if entry.filename == "xl/worksheets/sheet1.xml"
    )
    path.write_bytes(content.replace(struct.pack("<L", true_size), struct.pack("<L", 900)))

    why_refused(path, unpacked_bytes=1_000_000)


def test_a_huge_shared_string_is_refused_within_its_memory(tmp_path):
    path = hand_made(
        tmp_path,
        '<row r="1"><c r="A1" t="s"><v>0</v></c></row>',
        strings=f"<si><t>{'x' * 60_000_000}</t></si>",
    )

    assert "more memory" in why_refused(path, memory_bytes=120_000_000)


def test_a_long_text_that_stands_in_many_cells_does_not_fill_the_disk(tmp_path):
    cells = "".join(f'<row r="{number}"><c r="A{number}" t="s"><v>0</v></c></row>' for number in range(1, 2_000))
    path = hand_made(tmp_path, cells, strings=f"<si><t>{'x' * 30_000}</t></si>")

    assert "more memory" in why_refused(path, unpacked_bytes=5_000_000)


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (
            {"rows": 3},
            "The workbook has more than 3 rows, the most that is read: split it, or remove tabs and rows that are not "
            "needed.",
        ),
        (
            {"cells": 7},
            "The workbook has more than 7 cells, the most that is read: split it, or remove tabs and columns that are "
            "not needed.",
        ),
    ],
)
def test_rows_and_cells_of_all_tabs_together_are_limited(tmp_path, limit, sentence):
    within = workbook(tmp_path, {"A": [["x", "y"], ["x", "y"]], "B": [["x", "y"]]}, name="within.xlsx")
    beyond = workbook(tmp_path, {"A": [["x", "y"], ["x", "y"]], "B": [["x", "y"], ["x", "y"]]})

    assert len(read(within, **limit).sheets) == 2
    assert plain(why_refused(beyond, **limit)) == sentence


def test_blanks_between_cells_count_as_cells(tmp_path):
    path = workbook(tmp_path, {"A": [["x", None, None, "y"]]})

    assert "more than 3 cells" in plain(why_refused(path, cells=3))


def test_a_number_format_longer_than_excel_s_longest_is_none(tmp_path):
    path = workbook(tmp_path, {"A": [[Shown(7, '"$"0.00' + "%" * 250)]]})

    assert rows(path) == [(1, (7,))]


def test_a_stray_cell_in_the_last_row_is_told_and_refuses_nothing(tmp_path):
    body = texts_row(1, "x") + texts_row(2, "", "y") + '<row r="1048576"><c r="B1048576"><v>2</v></c></row>'
    merges = '<mergeCells><mergeCell ref="A1:A2"/></mergeCells>'

    (sheet,) = read(hand_made(tmp_path, body, after=merges)).sheets

    assert [(row.number, row.cells) for row in sheet.rows] == [(1, ("x",)), (2, (Merged("x"), "y"))]
    assert sheet.stopped_after_empty_row == 1_048_576


def test_a_million_styled_empty_rows_cost_little_and_are_told(tmp_path):
    body = texts_row(1, "x") + "".join(
        f'<row r="{number}"><c r="A{number}" s="1"/></row>' for number in range(2, 400_000)
    )

    (sheet,) = read(hand_made(tmp_path, body)).sheets

    assert len(sheet.rows) == 1
    assert sheet.stopped_after_empty_row == 100_002


def test_merges_past_any_use_are_refused(tmp_path):
    body = "".join(texts_row(number, "x") for number in range(1, 2_001))
    merges = "".join('<mergeCell ref="A1:A2000"/>' for _ in range(2_000))

    path = hand_made(tmp_path, body, after=f"<mergeCells>{merges}</mergeCells>")

    assert why_refused(path) == "Tab 'Invoices' has too many merged cells: unmerge them in Excel."


def test_rows_out_of_order_are_refused(tmp_path):
    assert "not in order" in why_refused(hand_made(tmp_path, texts_row(5, "x") + texts_row(5, "y")))


def test_reading_that_takes_too_long_is_stopped(tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE))

    assert why_refused(path, seconds=0).startswith("Reading the workbook took too long")


ENTITIES = '<!ENTITY lol0 "lol">' + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = '<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [' + ENTITIES + "]><x>&lol9;</x>"
OUTSIDE = '<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


@pytest.mark.parametrize("hostile", [LAUGHS, OUTSIDE])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "docProps/app.xml", "xl/worksheets/sheet1.png"]
)
def test_entities_are_refused_in_any_part_and_encoding(tmp_path, hostile, encoding, part):
    content = hostile.format(encoding=encoding).encode(encoding)

    assert "declares a document type" in why_refused(hand_made(tmp_path, texts_row(1, "x"), parts={part: content}))


def test_a_refused_file_leaves_nothing_in_the_folder_for_temporary_files(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    why_refused(hand_made(tmp_path, "<row"))

    assert list(scratch.iterdir()) == []


def is_read_or_refused(path):
    try:
        return isinstance(read_book(path, LIMITS, say_nothing), Book)
    except WorkbookRefusedError as refused:
        return str(refused).endswith(".")


@settings(max_examples=40, phases=[Phase.generate])
@given(st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(tmp_path, data):
    path = hand_made(tmp_path, texts_row(1, *INVOICES) + texts_row(2, "1", "Acme", "2026-01-05", "", "5.00"))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = tmp_path / "damaged.xlsx"
    damaged.write_bytes(content)

    assert is_read_or_refused(damaged)


@settings(max_examples=30, phases=[Phase.generate])
@given(st.data())
def test_damaged_xml_is_read_or_refused_and_nothing_else(tmp_path, data):
    path = workbook(tmp_path, {"Invoices": [INVOICES, AN_INVOICE]}, name="whole.xlsx")

    def damage(name, content):
        if name != "xl/worksheets/sheet1.xml":
            return content
        place = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 8))
        return content[:place] + data.draw(st.binary(max_size=6)) + content[place + length :]

    assert is_read_or_refused(rewritten(path, tmp_path / "damaged.xlsx", damage))


@pytest.mark.parametrize("name", ["ledger.xlsx", "ledger.csv"])
def test_reading_says_how_many_rows_there_are_in_all(tmp_path, name):
    rows = [["Invoice No", "Customer"], *([f"INV-{number}", "Acme"] for number in range(2_999))]
    path = workbook(tmp_path, {"Invoices": rows})
    if name.endswith(".csv"):
        path = tmp_path / name
        path.write_text("".join(f"{number},{customer}\n" for number, customer in rows))
    steps = []

    read_book(path, limits(), steps.append)

    assert [plain(step.message).partition(": ")[2] for step in steps] == ["2,000 of 3,000 rows"]
