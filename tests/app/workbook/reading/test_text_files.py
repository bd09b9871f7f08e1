"""Lists that are texts are read in any encoding and with any separator; what cannot be told apart is refused."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.workbooks import limits, say_nothing

from app.domain.sentences import plain
from app.workbook.reading import text_file
from app.workbook.reading.book import read_book
from app.workbook.reading.refusal import WorkbookRefusedError

GERMAN = "Rechnung;Kunde;Betrag\nR-1;Müller & Söhne;1.250,00\nR-2;Bäckerei Groß;89,90\n"


def read(folder, content, name="list.csv", called=None, **values):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_book(path, limits(**values), say_nothing, called).sheets[0]


def rows(text):
    return list(text_file.rows(text))


def why_refused(folder, content, **values):
    with pytest.raises(WorkbookRefusedError) as refused:
        read(folder, content, **values)
    return str(refused.value)


# --- the book that a list becomes


def test_a_list_is_a_tab_of_texts_named_after_its_file(tmp_path):
    sheet = read(tmp_path, "Invoice,Amount\n0017,2026-01-05\n", "Payments March.csv")

    assert sheet.name == "Payments March"
    assert [(row.number, row.cells) for row in sheet.rows] == [(1, ("Invoice", "Amount")), (2, ("0017", "2026-01-05"))]


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("March.csv", "March"),
        ("C:\\Users\\Ann\\March.tsv", "March"),
        ("payments [2026].csv", "payments 2026"),
        ("x" * 40 + ".csv", "x" * 31),
        (".csv", ".csv"),
        ("[].csv", "List"),
    ],
)
def test_the_name_of_the_tab_is_one_that_excel_allows(tmp_path, called, name):
    assert read(tmp_path, "a,b\n", "workbook", called).name == name


def test_blank_lines_and_values_are_left_out_and_rows_keep_their_numbers(tmp_path):
    sheet = read(tmp_path, "a,b,c\n\n,,\n1,,3\n")

    assert [(row.number, row.cells) for row in sheet.rows] == [(1, ("a", "b", "c")), (4, ("1", None, "3"))]


def test_rows_of_unequal_length_are_read_as_they_are(tmp_path):
    sheet = read(tmp_path, "Bank statement\na,b,c\n1,2\n3,4,5,a remark\n")

    assert [row.cells for row in sheet.rows] == [
        ("Bank statement",),
        ("a", "b", "c"),
        ("1", "2"),
        ("3", "4", "5", "a remark"),
    ]


@pytest.mark.parametrize(("limit", "named"), [({"rows": 11}, "11 rows"), ({"cells": 23}, "23 cells")])
def test_a_list_longer_than_the_limits_is_refused(tmp_path, limit, named):
    assert f"more than {named}" in plain(why_refused(tmp_path, "a,b\n" * 12, **limit))
    assert len(read(tmp_path, "a,b\n" * 11, **limit).rows) == 11


def test_columns_far_to_the_right_are_not_read_and_that_is_told(tmp_path):
    assert read(tmp_path, "x," * 500 + "\n").cut_after_column == "OJ"


def test_a_list_that_would_take_too_much_is_refused(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("a,b\n" * 1_000_000)

    with pytest.raises(WorkbookRefusedError, match="needs more memory"):
        read_book(path, limits(unpacked_bytes=5_000_000), say_nothing)


# --- encodings


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac_roman", "cp850"],
)
def test_a_list_is_read_in_any_encoding(tmp_path, encoding):
    sheet = read(tmp_path, GERMAN.encode(encoding))

    assert [row.cells for row in sheet.rows] == [
        ("Rechnung", "Kunde", "Betrag"),
        ("R-1", "Müller & Söhne", "1.250,00"),
        ("R-2", "Bäckerei Groß", "89,90"),
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Numer;Klient;Kwota\n1;Łódź Sp. z o.o.;5,00\n2;Żółć Świętokrzyska;7,50\n", "cp1250"),
        ("Číslo;Zákazník;Částka\n1;Příbram s.r.o.;5,00\n2;Škoda;7,50\n", "cp1250"),
        ("Номер;Клиент;Сумма\n1;Рога и копыта;5,00\n2;Ромашка;7\n", "cp1251"),
        ("Αριθμός;Πελάτης;Ποσό\n1;Αθήνα;5,00\n", "cp1253"),
        ("Fatura No;Müşteri;Tutar\n1;Güneş Ltd Şti;5,00\n2;İğne;8\n", "cp1254"),
        ("Núm;Cliente;Importe\n1;Año Nuevo S.A.;5,00\n2;Peña;8\n", "cp1252"),
        ("No;Name;Amount\n1;Café;€ 5,00\n", "cp1252"),
        ("番号,顧客,金額\n1,東京商事,500\n2,大阪,600\n", "cp932"),
        ("编号,客户,金额\n1,北京公司,500\n2,上海,600\n", "gb18030"),
    ],
)
def test_an_old_encoding_is_told_by_what_is_written(text, encoding):
    assert text_file.as_text(text.encode(encoding)) == text


def test_the_one_name_with_an_accent_is_found_far_down():
    content = ("1;Muller;5,00\n" * 100_000 + "2;Bäcker;7,00\n").encode("cp1252")

    assert text_file.as_text(content).endswith("2;Bäcker;7,00\n")


def test_a_line_in_another_encoding_does_not_spoil_the_others():
    content = "1;Müller\n2;Bäcker\n3;Groß\n".encode() + "4;Jürgen\n".encode("cp1252")

    assert text_file.as_text(content) == "1;Müller\n2;Bäcker\n3;Groß\n4;J\ufffdrgen\n"


def test_the_end_of_a_file_of_dos_is_no_row():
    assert rows(text_file.as_text(b"a,b\r\n1,2\r\n\x1a")) == [["a", "b"], ["1", "2"]]


# --- separators


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("a;b\n1;2\n", [["a", "b"], ["1", "2"]]),
        ("a\tb\n1\t2\n", [["a", "b"], ["1", "2"]]),
        ("a|b\n1|2\n", [["a", "b"], ["1", "2"]]),
        ("No;Paid;Open\nR-1;1,50;2,50\n", [["No", "Paid", "Open"], ["R-1", "1,50", "2,50"]]),
        ("No;Amount\nR-1;1,50\n", [["No", "Amount"], ["R-1", "1,50"]]),
        ("No;Name\n1;Smith, Jo, Ltd\n2;Bolt, Inc\n", [["No", "Name"], ["1", "Smith, Jo, Ltd"], ["2", "Bolt, Inc"]]),
        ('No,Name\n1,"Smith; Jones"\n', [["No", "Name"], ["1", "Smith; Jones"]]),
        ("No\tName, first\n1\tSmith, Jo\n", [["No", "Name, first"], ["1", "Smith, Jo"]]),
        ("Amount\n1,50\n2,50\n", [["Amount"], ["1,50"], ["2,50"]]),
        ("sep=;\na;b,c\n1;2\n", [["a", "b,c"], ["1", "2"]]),
        ('"sep=,"\na;b,c\n', [["a;b", "c"]]),
        ("Statement, all\n\nNo;Amount\n1;5,00\n", [["Statement, all"], [], ["No", "Amount"], ["1", "5,00"]]),
        ("a,b\r1,2\r", [["a", "b"], ["1", "2"]]),
        ("a, b\n1, 2\n", [["a", "b"], ["1", "2"]]),
        ("a,b", [["a", "b"]]),
    ],
)  # fmt: skip
def test_what_stands_between_columns_is_told_from_the_list(text, found):
    assert rows(text) == found


def test_line_breaks_and_quotation_marks_in_quotes_are_part_of_the_text():
    assert rows('No,Name\n1,"Lakeview\r\nUnit 4"\n2,"the ""best"""\n3,5" pipe\n') == [
        ["No", "Name"],
        ["1", "Lakeview\r\nUnit 4"],
        ["2", 'the "best"'],
        ["3", '5" pipe'],
    ]


@pytest.mark.parametrize("text", ['No,Name\n1,"Acme\n2,Bolt\n', 'No,Name\n1,"Acme\n2,"Bolt"\n', 'No,Name\n1,"A"cme"\n'])
def test_a_quotation_mark_that_is_not_closed_is_refused_with_its_row(tmp_path, text):
    assert why_refused(tmp_path, text).startswith("Row 2 has a quotation mark that is not closed")


@pytest.mark.parametrize(
    "text",
    [
        "No,Name,Amount\n1,Acme,5.00\n2,Bolt,1,250.00\n",
        "No,Name,Amount\n1,Acme,5.00\n2,Bolt,$1,250.00\n",
        "No,Name,Amount,Note\n1,Acme,5.00,\n2,Bolt,12,50,late\n",
    ],
)
def test_an_amount_that_a_comma_tears_in_two_is_refused_with_its_row(tmp_path, text):
    assert why_refused(tmp_path, text).startswith("Row 3 has more values than there are headings")


letters = st.characters(codec="utf-8", exclude_characters="\0\r")
three_texts = st.lists(st.text(letters, max_size=9), min_size=3, max_size=3)


@given(st.sampled_from(",;\t|"), st.lists(three_texts, min_size=1))
def test_every_list_that_python_writes_is_read_as_it_was(separator, written):
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=separator, quoting=csv.QUOTE_ALL).writerows([["No", "Name", "Note"], *written])

    assert rows(stream.getvalue()) == [["No", "Name", "Note"], *written]


def are_read_or_refused(content):
    try:
        return isinstance(rows(text_file.as_text(content)), list)
    except WorkbookRefusedError as refused:
        return str(refused).endswith(".")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(content):
    assert are_read_or_refused(content)


@given(st.text(",;\t|\"\r\n'ä1.5 ", max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text):
    assert are_read_or_refused(text.encode("cp1252"))
