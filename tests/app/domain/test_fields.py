"""Fields are called in a sentence as they are on pages."""

import pytest

from app.domain.fields import label, own


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("total_cents", "total"),
        ("terms_days", "terms in days"),
        ("customer_id", "customer"),
        ("state_on", "status date"),
        ("paid_cents", "paid"),
        ("second_factor", "second factor"),
        (own("Sales_man_cents"), "Sales_man_cents"),
    ],
)
def test_a_field_is_called_by_its_label_or_else_by_its_name(name, called):
    assert label(name) == called
