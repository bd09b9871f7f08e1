"""The image that makes backups: it is of a release and of a version of PostgreSQL together."""

from playbooks.steps import postgresql
from playbooks.steps.stack import Stack

_BUILD_SECONDS = 1_800


def name_of(stack: Stack) -> str:
    return f"invoices-backup:{stack.version}-postgresql{stack.postgresql or postgresql.version(stack.host)}"


def ensure(stack: Stack) -> None:
    """Build it where it is missing: between that release and now the database was upgraded, or the release deployed."""
    if not stack.host.run("docker", "image", "inspect", "--format", "{{.Id}}", name_of(stack), check=False).ok:
        stack.execute("build", "backup", seconds=_BUILD_SECONDS)
