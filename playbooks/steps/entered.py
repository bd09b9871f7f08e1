"""What was entered into a database since its audit ended with a seal: it would be lost by going back."""

from playbooks.steps.stack import Stack

_ENTERED = """\
SELECT count(*) FROM audit_entries
WHERE id > coalesce((SELECT max(id) FROM audit_entries WHERE entry_hash = '{head}'), 0)"""


def entered_since(stack: Stack, head: str) -> int:
    """Return how many entries the audit has after that seal."""
    return int(stack.rows(_ENTERED.format(head=head))[0])
