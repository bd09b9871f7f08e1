"""A person gets their own workbook back, its problems and changes marked, fit to be corrected and uploaded."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from openpyxl.workbook.defined_name import DefinedName
from support.workbooks import (
    AN_INVOICE,
    INVOICES,
    LIMITS,
    apply,
    choices,
    hand_made,
    invoices_tab,
    rewritten,
    say_nothing,
    texts_row,
    workbook,
)

from app.actions import imports as import_actions
from app.store.ledger import imports
from app.workbook.preview import Choices
from app.workbook.reading.book import read_book
from app.workbook.writing import marking


def marked(importer, path, **chosen):
    preview = importer.examine(path, choices(**chosen), say_nothing).preview
    with marking.marked_copy(path, preview, LIMITS) as copy:
        return io.BytesIO(copy.read_bytes())


def test_bad_cells_are_filled_and_commented_and_listed(importer, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE, ["1002", "Acme", "soon", date(2026, 2, 4), Decimal(5)]))

    book = load_workbook(marked(importer, path))

    cell = book["Invoices"]["C3"]
    assert cell.fill.fgColor.rgb == "FFF8CBAD"
    assert cell.comment.text == "C3 says 'soon', which is not a date."
    assert [[one.value for one in row] for row in book["Errors"].rows] == [
        ["Tab", "Cell", "Problem"],
        ["Invoices", "C3", "C3 says 'soon', which is not a date."],
    ]


def test_changes_are_marked_with_what_is_stored(importer, tmp_path):
    apply(importer, workbook(tmp_path, invoices_tab(AN_INVOICE)))

    book = load_workbook(marked(importer, workbook(tmp_path, invoices_tab([*AN_INVOICE[:4], Decimal(120)]))))

    assert book["Invoices"]["E2"].comment.text == "Changed: stored is '100.00'."
    assert "Errors" not in book.sheetnames


def test_a_marked_copy_that_was_corrected_can_be_uploaded_as_it_is(importer, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE, ["1002", "Acme", "soon", date(2026, 2, 4), Decimal(5)]))
    book = load_workbook(marked(importer, path))
    book["Invoices"]["C3"] = date(2026, 1, 9)
    corrected = tmp_path / "corrected.xlsx"
    book.save(corrected)

    preview = importer.examine(corrected, Choices(), say_nothing).preview

    assert preview.problems == ()
    assert preview.counts["new"] == 2
    again = load_workbook(marked(importer, corrected))
    assert "Errors" not in again.sheetnames


def test_formulas_and_comments_of_the_user_are_kept(importer, tmp_path):
    def comment(book):
        from openpyxl.comments import Comment

        book["Invoices"]["E2"].comment = Comment("Ask Bob", "Ann")

    tabs = {"Invoices": [[*INVOICES, "Twice"], [*AN_INVOICE[:4], "lots", "=E2*2"]]}

    book = load_workbook(marked(importer, workbook(tmp_path, tabs, change=comment)))

    assert book["Invoices"]["F2"].value == "=E2*2"
    assert book["Invoices"]["E2"].comment.text == "Ask Bob\n\nE2 says 'lots', which is not an amount."


def test_macros_are_kept(importer, tmp_path):
    macros = b"\xd0\xcf\x11\xe0 macros"
    plain = workbook(tmp_path, invoices_tab([*AN_INVOICE[:4], "lots"]))

    def as_macro_workbook(name, content):
        if name == "[Content_Types].xml":
            return content.replace(b"</Types>", _MACROS + b"</Types>").replace(
                b"openxmlformats-officedocument.spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml"
            )
        return content

    path = rewritten(plain, tmp_path / "book.xlsm", as_macro_workbook)
    with zipfile.ZipFile(path, "a") as parts:
        parts.writestr("xl/vbaProject.bin", macros)

    with zipfile.ZipFile(marked(importer, path)) as parts:
        assert parts.read("xl/vbaProject.bin") == macros


# --- what else the workbook has

R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BUTTON = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><v:shape id="_x0000_s1025" o:button="t"><br></v:shape></xml>'
)
A_BAD_LIST = texts_row(1, *INVOICES) + texts_row(2, "1001", "Acme", "soon", "2026-02-04", "100.00")
RESULT = '<row r="3"><c r="A3" t="inlineStr"><is><t>1002</t></is></c><c r="H3"><f>1+1</f><v>2</v></c></row>'


def with_logo_and_button(folder):
    relations = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
    <Relationship Id="rId1" Type="{R}/drawing" Target="../drawings/drawing1.xml"/>
    <Relationship Id="rId2" Type="{R}/vmlDrawing" Target="../drawings/vmlDrawing1.vml"/></Relationships>"""
    return hand_made(
        folder,
        A_BAD_LIST + RESULT,
        after=f'<drawing xmlns:r="{R}" r:id="rId1"/><legacyDrawing xmlns:r="{R}" r:id="rId2"/><tableParts count="0"/>',
        parts={
            "xl/worksheets/_rels/sheet1.xml.rels": relations,
            "xl/drawings/drawing1.xml": "<drawing>logo</drawing>",
            "xl/drawings/vmlDrawing1.vml": BUTTON,
            "xl/media/image1.png": b"\x89PNG logo",
        },
    )


def parts_of(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_pictures_buttons_and_results_of_formulas_are_kept(importer, tmp_path):
    path = with_logo_and_button(tmp_path)

    before, after = parts_of(path), parts_of(marked(importer, path))

    same = {"xl/drawings/drawing1.xml", "xl/media/image1.png", "_rels/.rels", "xl/sharedStrings.xml"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert b'o:button="t"' in after["xl/drawings/vmlDrawing1.vml"]
    assert after["xl/drawings/vmlDrawing1.vml"].count(b'ObjectType="Note"') == 2
    assert b'<c r="H3"><f>1+1</f><v>2</v></c>' in after["xl/worksheets/sheet1.xml"]


def test_a_cell_that_the_file_does_not_hold_is_marked_too(importer, tmp_path):
    path = workbook(tmp_path, invoices_tab([AN_INVOICE[0], None, *AN_INVOICE[2:]]))

    cell = load_workbook(marked(importer, path))["Invoices"]["B2"]

    assert cell.fill.fgColor.rgb == "FFF8CBAD"
    assert cell.comment.text.startswith("B2 ")


@pytest.mark.parametrize("after", ["<tableParts/>", "<extLst/>", "<picture/>", "<pageMargins/>", ""])
def test_boxes_of_comments_stand_where_excel_asks_for_them(importer, tmp_path, after):
    sheet = parts_of(marked(importer, hand_made(tmp_path, A_BAD_LIST, after=after)))["xl/worksheets/sheet1.xml"]

    place = sheet.index(b"<legacyDrawing")
    assert after == "" or (place < sheet.index(after.encode())) == (after != "<pageMargins/>")


def test_a_strict_workbook_is_marked_and_can_be_uploaded_again(importer, tmp_path):
    def strict(_, content):
        return content.replace(
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        ).replace(R.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships")

    path = rewritten(hand_made(tmp_path, A_BAD_LIST), tmp_path / "strict.xlsx", strict)
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(marked(importer, path).getvalue())

    assert [sheet.name for sheet in read_book(copy, LIMITS, say_nothing).sheets] == ["Invoices", "Errors"]
    assert b"schemas.openxmlformats.org/spreadsheetml" not in b"".join(parts_of(copy).values())


def test_a_part_in_another_encoding_stays_in_it(importer, tmp_path):
    sheet = parts_of(hand_made(tmp_path, A_BAD_LIST.replace("Acme", "Müller")))["xl/worksheets/sheet1.xml"].decode()
    latin = sheet.replace("UTF-8", "ISO-8859-1").encode("latin-1")
    path = hand_made(tmp_path, "", parts={"xl/worksheets/sheet1.xml": latin})
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(marked(importer, path).getvalue())

    assert read_book(copy, LIMITS, say_nothing).sheets[0].rows[1].cells[1] == "Müller"


def test_a_workbook_without_styles_is_commented(importer, tmp_path):
    path = hand_made(tmp_path, A_BAD_LIST, parts={"xl/styles.xml": None})

    assert (
        load_workbook(marked(importer, path))["Invoices"]["C2"].comment.text == "C2 says 'soon', which is not a date."
    )


def test_texts_are_written_so_that_they_are_read_as_they_are(importer, tmp_path):
    path = hand_made(tmp_path, A_BAD_LIST.replace("soon", "_x005F_x0041_ &lt;&amp;"))
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(marked(importer, path).getvalue())

    errors = read_book(copy, LIMITS, say_nothing).sheets[1]

    assert errors.rows[1].cells[2] == "C2 says '_x0041_ <&', which is not a date."


def test_the_list_of_an_earlier_copy_gives_way_wherever_it_stands(importer, tmp_path):
    def change(book):
        book.move_sheet("Errors", -2)
        book.defined_names["Sums"] = DefinedName("Sums", attr_text="Other!$A$1")
        book["Other"].defined_names["Here"] = DefinedName("Here", attr_text="Other!$A$1")
        book["Errors"].defined_names["Gone"] = DefinedName("Gone", attr_text="Errors!$A$1")
        book.active = 2

    tabs = invoices_tab([*AN_INVOICE[:4], "lots"]) | {"Other": [["x"]], "Errors": [["Tab", "Cell", "Problem"], ["old"]]}

    book = load_workbook(marked(importer, workbook(tmp_path, tabs, change=change)))

    assert book.sheetnames == ["Invoices", "Other", "Errors"]
    assert book["Errors"]["C2"].value == "E2 says 'lots', which is not an amount."
    assert book.active.title == "Other"
    assert set(book["Other"].defined_names) == {"Here"}


def test_a_tab_of_the_user_that_is_called_errors_stays(importer, tmp_path):
    tabs = invoices_tab([*AN_INVOICE[:4], "lots"]) | {"Errors": [["mine"]]}

    assert load_workbook(marked(importer, workbook(tmp_path, tabs))).sheetnames == ["Invoices", "Errors", "Errors 2"]


# --- lists that are no workbook

A_BAD_CSV = "Invoice No,Customer,Invoice Date,Due Date,Amount\n\n0017,=Acme,soon,2026-02-04,100.00\n"


def test_a_list_becomes_a_workbook_of_its_rows_with_the_problems_marked(importer, tmp_path):
    path = tmp_path / "March.csv"
    path.write_text(A_BAD_CSV)

    book = load_workbook(marked(importer, path))

    assert book.sheetnames == ["March", "Errors"]
    assert [(cell.value, cell.data_type) for cell in book["March"][3]] == [
        ("0017", "s"),
        ("=Acme", "s"),
        ("soon", "s"),
        ("2026-02-04", "s"),
        ("100.00", "s"),
    ]
    assert book["March"]["C3"].comment.text == "C3 says 'soon', which is not a date."
    assert book["March"]["C3"].fill.fgColor.rgb == "FFF8CBAD"


def test_the_marked_copy_of_an_uploaded_list_is_a_workbook(importer):
    import_id = import_actions.receive(importer, io.BytesIO(A_BAD_CSV.encode()), "March.csv", None)
    import_actions.preview(importer, import_id)

    with importer.marked_copy(imports.get(import_id)) as path:
        assert load_workbook(io.BytesIO(path.read_bytes())).sheetnames == ["March", "Errors"]
    assert importer.marked_name(imports.get(import_id)) == "March-checked.xlsx"


_MACROS = b'<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/>'


def test_a_text_of_the_file_becomes_no_formula_in_the_list_of_errors(importer, tmp_path):
    path = workbook(tmp_path, {"=1+1": [INVOICES, [*AN_INVOICE[:4], "lots"]]})

    book = load_workbook(marked(importer, path))

    assert [cell.data_type for cell in book["Errors"][2]] == ["s", "s", "s"]


def test_the_marked_copy_is_named_after_the_upload(importer, tmp_path):
    content = workbook(tmp_path, invoices_tab(AN_INVOICE)).read_bytes()
    import_id = import_actions.receive(importer, io.BytesIO(content), "June.xlsx", None)

    assert importer.marked_name(imports.get(import_id)) == "June-checked.xlsx"
