"""Lists are shown in pages of fifty."""

import pytest

from app.domain.paging import page_count, page_of


@pytest.mark.parametrize(("entries", "pages"), [(0, 0), (1, 1), (50, 1), (51, 2), (100, 2), (101, 3)])
def test_a_page_begins_where_fifty_entries_are_full(entries, pages):
    assert page_count(entries) == pages


def test_the_last_page_has_what_is_left():
    assert list(page_of(range(1, 121), 3)) == list(range(101, 121))
    assert list(page_of(range(1, 121), 4)) == []
