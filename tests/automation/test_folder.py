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


def test_a_marked_copy_of_a_csv_is_named_as_the_workbook_that_it_is(stack, share, tmp_path):
    path = tmp_path / "wrong.csv"
    path.write_text("Invoice,Customer,Date,Due,Total\nO-4,Acme,2026-01-05,when it suits,5.00\n")
    share.put(path)

    assert is_so_within(A_MINUTE, lambda: share.files("inbox") == [])
    (marked,) = (one for one in share.files("problems") if "wrong.csv.marked" in one)
    assert (share.folder / "problems" / marked).read_bytes().startswith(b"PK")
    assert marked.endswith(".marked.xlsx")


def test_the_same_file_with_the_same_time_again_does_not_stay_in_the_inbox(stack, share, tmp_path):
    path = book(tmp_path, "again.xlsx", "O-5")
    for _ in range(2):
        share.put(path)
        assert is_so_within(A_MINUTE, lambda: share.files("inbox") == [])

    assert len([one for one in share.files("done") if one.endswith("again.xlsx")]) == 1


def test_other_files_are_left_alone(stack, share, tmp_path):
    for name in ("notes.txt", "~$office.xlsx", ".hidden.xlsx"):
        path = tmp_path / name
        path.write_text("not for us")
        share.put(path)
    share.put(book(tmp_path, "last.xlsx", "O-3"))

    assert is_so_within(A_MINUTE, lambda: "last.xlsx" not in share.files("inbox"))
    assert share.files("inbox") == [".hidden.xlsx", "notes.txt", "~$office.xlsx"]
