"""Digests in words."""

from datetime import date

import pytest

from app.domain.digests import OverdueFigures, month_end_digest, overdue_digest


@pytest.mark.parametrize(
    "message",
    [
        overdue_digest(OverdueFigures(date(2026, 3, 2), [], {}, []), "Acme\r\nBcc: eve@example.com", ""),
        month_end_digest(date(2026, 2, 28), [], "Acme\r\nBcc: eve@example.com", ""),
    ],
)
def test_a_subject_is_one_line_whatever_the_firm_is_called(message):
    assert message.subject.endswith(": Acme Bcc: eve@example.com")
