"""What was entered on a server, as its audit has it."""

import re

from playbooks.steps.session import RefusedError
from playbooks.steps.stack import Stack

_SINCE = """\
SELECT count(*) FROM audit_entries
WHERE id > coalesce((SELECT max(id) FROM audit_entries WHERE entry_hash = '{head}'), 0)"""


def entered_since(stack: Stack, head: str, note: str) -> int:
    """Return how many entries came after the one with that seal, or all where no entry has it.

    Raises RefusedError if `head`, which the file `note` on a server names, is no seal.
    """
    if not re.fullmatch("[0-9a-f]{64}", head):
        raise RefusedError(f"{note} is damaged: it names no seal of the audit.")
    return int(stack.rows(_SINCE.format(head=head))[0])
