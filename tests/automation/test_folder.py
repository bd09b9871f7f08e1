"""Workbooks in a folder of a file server."""

from decimal import Decimal

from support.polling import is_so_within
from support.workbooks import invoices_tab, workbook

A_MINUTE = 60


def book(folder, name, number, due="2026-02-04"):
    return workbook(folder, invoices_tab([number, "Acme", "2026-01-05", due, Decimal("5.00")]), name=name)


def test_a_workbook_in_the_folder_is_imported_and_lies_in_done_beside_its_report(stack, share, tmp_path):
    share.put(book(tmp_path, "office.xlsx", "O-1"))

    assert is_so_within(A_MINUTE, lambda: share.files("inbox") == [])
    kept, report = (one for one in share.files("done") if "office" in one)
    assert kept.endswith(" office.xlsx")
    assert report == f"{kept}.report.txt"
    assert (share.folder / "done" / report).read_text().startswith("office.xlsx: applied")
    assert "O-1" in stack.app.numbers()


def test_a_broken_workbook_lies_in_problems_beside_its_report_and_its_marked_copy(stack, share, tmp_path):
    share.put(book(tmp_path, "wrong.xlsx", "O-2", due="when it suits"))

    assert is_so_within(A_MINUTE, lambda: share.files("inbox") == [])
    kept, marked, report = (one for one in share.files("problems") if "wrong" in one)
    assert (marked, report) == (f"{kept}.marked.xlsx", f"{kept}.report.txt")
    assert "D2" in (share.folder / "problems" / report).read_text()
    assert "O-2" not in stack.app.numbers()


def test_other_files_are_left_alone(stack, share, tmp_path):
    for name in ("notes.txt", "~$office.xlsx", ".hidden.xlsx"):
        path = tmp_path / name
        path.write_text("not for us")
        share.put(path)
    share.put(book(tmp_path, "last.xlsx", "O-3"))

    assert is_so_within(A_MINUTE, lambda: "last.xlsx" not in share.files("inbox"))
    assert share.files("inbox") == [".hidden.xlsx", "notes.txt", "~$office.xlsx"]
