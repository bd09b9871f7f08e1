"""A person gets their own workbook back, its problems and changes marked, fit to be corrected and uploaded."""

import io
import zipfile
from datetime import date
from decimal import Decimal

from openpyxl import load_workbook
from support.workbooks import (
    AN_INVOICE,
    INVOICES,
    LIMITS,
    apply,
    choices,
    invoices_tab,
    rewritten,
    say_nothing,
    workbook,
)

from app.workbook.preview import Choices
from app.workbook.writing import marking


def marked(importer, path, **chosen):
    preview = importer.examine(path, choices(**chosen), say_nothing).preview
    with marking.marked_copy(path, preview, LIMITS) as copy:
        return io.BytesIO(copy.read_bytes())


def test_bad_cells_are_filled_and_commented_and_listed(importer, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE, ["1002", "Acme", "soon", date(2026, 2, 4), Decimal(5)]))

    book = load_workbook(marked(importer, path))

    cell = book["Invoices"]["C3"]
    assert cell.fill.fgColor.rgb == "00F8CBAD"
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


_MACROS = b'<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/>'


def test_a_text_of_the_file_becomes_no_formula_in_the_list_of_errors(importer, tmp_path):
    path = workbook(tmp_path, {"=1+1": [INVOICES, [*AN_INVOICE[:4], "lots"]]})

    book = load_workbook(marked(importer, path))

    assert [cell.data_type for cell in book["Errors"][2]] == ["s", "s", "s"]


def test_the_marked_copy_is_named_after_the_upload(importer, tmp_path):
    from app.store import imports

    content = workbook(tmp_path, invoices_tab(AN_INVOICE)).read_bytes()
    import_id = importer.receive(io.BytesIO(content), "June.xlsx", None)

    assert importer.marked_name(imports.get(import_id)) == "June-checked.xlsx"
