"""The roles of the database: made where they are missing, with the passwords of this moment."""

from playbooks.steps.stack import Stack

_SCRIPT = "/docker-entrypoint-initdb.d/10-roles.sh"


def set_roles(stack: Stack) -> None:
    stack.execute("exec", "-T", "db", "bash", _SCRIPT)
