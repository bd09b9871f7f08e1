import pytest

from app.workbook.reading.cells import column_letter, column_number
from app.workbook.reading.workbook_parts import whole_number


@pytest.mark.parametrize(("attribute", "number"), [("12", 12), ("", 0), (None, 0), ("²", 0), ("-1", 0), ("x", 0)])
def test_an_attribute_that_is_no_whole_number_counts_as_none(attribute, number):
    assert whole_number(attribute) == number


@pytest.mark.parametrize(("letters", "number"), [("A", 0), ("Z", 25), ("AA", 26), ("XFD", 16_383)])
def test_a_column_has_letters_and_a_number(letters, number):
    assert (column_number(letters), column_letter(number)) == (number, letters)
