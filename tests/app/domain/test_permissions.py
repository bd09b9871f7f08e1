"""Each role may do exactly this."""

import pytest

from app.domain.permissions import Right, Role, may


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.ADMIN, {"read", "edit", "import", "export"}),
        (Role.ACCOUNTANT, {"read", "edit", "import", "export"}),
        (Role.VIEWER, {"read"}),
    ],
)
def test_a_role_may_do_exactly_what_is_written_here(role, rights):
    assert {right.value for right in Right if may(role, right)} == rights
