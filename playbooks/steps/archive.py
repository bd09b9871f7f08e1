"""The archive of the database: every change is in it within seconds."""

from playbooks.steps.stack import Stack
from provisioning.host import HostError, Ran

_LIMITED = ("timeout", "30")
# Where nothing was written since the last segment, nothing is switched, and that one is waited for: no other comes.
_ARCHIVED = """
segment=$(psql -U postgres -Atc "SELECT pg_walfile_name(pg_switch_wal() - 1)" invoices) || exit 1
for _ in $(seq 120); do
  [ "$(psql -U postgres -Atc "SELECT coalesce(last_archived_wal >= '$segment', false) FROM pg_stat_archiver" invoices)" = t ] && exit 0
  sleep 0.5
done
echo "the archive did not take $segment within a minute" >&2
exit 1
"""  # noqa: E501  # lines of SQL


def create(stack: Stack) -> Ran:
    """Have the archive; nothing happens if it is there, and nobody waits long for a bucket that is away."""
    return stack.execute("exec", "-T", "db", *_LIMITED, "pgbackrest", "--stanza=invoices", "stanza-create", check=False)


def archive_the_last(stack: Stack) -> None:
    """Have everything in the archive that was entered until now; raises HostError."""
    done = stack.execute("exec", "-T", "db", "sh", "-c", _ARCHIVED, check=False, seconds=180)
    if not done.ok:
        said = (done.err or done.out).strip().splitlines()
        raise HostError(f"{stack.host.name}: not all that was entered is in the archive: {said[-1] if said else 'it'}.")
