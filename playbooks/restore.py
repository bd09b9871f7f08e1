"""`fab restore`: put a backup in the place of the database; what was there before is kept until that is confirmed."""

import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbooks.backup import made
from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps import archive, backup_place, deploy_log, lock, n8n, release
from playbooks.steps.backup_place import OpenedBackup
from playbooks.steps.container_reports import Report, reported
from playbooks.steps.moment import utc_now_in_names
from playbooks.steps.roles import set_roles
from playbooks.steps.session import RefusedError, Session
from playbooks.steps.stack import ONCE, Stack, running
from playbooks.steps.takeover import check_public_site

_KEPT = "What was there before is kept: `fab restore --back` returns to it, `fab restore --confirm` removes it."
_MINUTES = "5"  # what a page says to users who want to save; it ends when it is done
_MADE_AT = 'date -u -r "$PGDATA/PG_VERSION" +%Y%m%dT%H%M%SZ'  # a file written once, when the database is made
_UPLOADED = "/var/lib/invoices/restore.tar"
_AS_PRODUCT = ("--user", "10001:10001", "--volume", f"{_UPLOADED}:/uploaded.tar:ro")
_UNPACK = """\
trap 'rm -rf /scratch/opened' EXIT
umask 077; rm -rf /scratch/opened; mkdir /scratch/opened && tar -xf /uploaded.tar -C /scratch/opened || exit 1
"""
_RESTORE_DUMP = f"""{_UNPACK}
export DATABASE_URL="$(sed 's,/invoices$,/invoices_restored,' /owner/database_url)"
invoices restore --json /scratch/opened"""
_PUT_WORKBOOKS = f"{_UNPACK} cp --recursive --no-clobber /scratch/opened/imports /data/"
_EMPTY = """\
DROP DATABASE IF EXISTS invoices_restored WITH (FORCE);
CREATE DATABASE invoices_restored OWNER invoices_owner TEMPLATE template0;
"""
# All renames or none: with one of them there would be no database. Nobody may be in it, not even a backup.
_EXCHANGE = """\
{forgotten}BEGIN;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ({names});
{renamed}COMMIT;
"""
_FORGOTTEN = "DROP DATABASE IF EXISTS {kept_as} WITH (FORCE);\n"
_RENAMED = "ALTER DATABASE {name} RENAME TO {kept_as};\nALTER DATABASE {database} RENAME TO {name};\n"
_DISCARD = "DROP DATABASE IF EXISTS invoices_restored WITH (FORCE);"
_FORGET = """\
DROP DATABASE IF EXISTS invoices_before WITH (FORCE);
DROP DATABASE IF EXISTS invoices_undone WITH (FORCE);
DROP DATABASE IF EXISTS n8n_before WITH (FORCE);
DROP DATABASE IF EXISTS n8n_undone WITH (FORCE);
"""
_N8N_KEPT = "SELECT 1 FROM pg_database WHERE datname = 'n8n_before'"


@shape_task(
    Shape.restore,
    at="A moment, such as 2026-11-28T09:05:00Z: the state of that second.",
    backup="A logical backup, by its id: `fab backups` lists them.",
    to_scratch="Only restore beside, look at it, and say what was found.",
    back="Put what was there before the last restore back in its place.",
    confirm="All is well: remove what was there before the last restore.",
    dry_run="Only say what would be done.",
)
def restore(
    found: Session,
    *,
    at: str = "",
    backup: str = "",
    to_scratch: bool = False,
    back: bool = False,
    confirm: bool = False,
    dry_run: bool = False,
) -> None:
    """Restore the newest state of the bucket, or that of a moment or a backup; the database before it is kept."""
    if sum((bool(at), bool(backup), back, confirm)) > 1:
        raise RefusedError("Say only one of --at, --backup, --back and --confirm.")
    version = release.deployed(found.host)
    chosen = {"--confirm": confirm, "--back": back, f"--backup {backup}": bool(backup), f"--at {at}": bool(at)}
    what = next((f"restore {option}" for option, is_said in chosen.items() if is_said), "restore")
    if dry_run:
        found.steps.note(f"{what}: it would be restored beside and looked at, and swapped in then.")
        return
    stack = Stack(found.host, version)
    with lock.held(found.host, what), deploy_log.failure_logged(found.host, what, version):
        if confirm:
            _forget_what_was_before(found, stack)
        elif back:
            _go_back(found, stack)
        elif backup:
            with backup_place.opened(found, backup) as opened:
                restored_and_compared(found, stack, opened, to_scratch=to_scratch)
        else:
            _from_the_archive(found, stack, at, to_scratch=to_scratch)
        deploy_log.append(found.host, what, version, "done")


def restored_and_compared(found: Session, stack: Stack, opened: OpenedBackup, *, to_scratch: bool) -> None:
    """Restore a dump into another database of the server, have the app compare it, and exchange their names."""
    found.steps.note(opened.sentence)
    with found.steps.step("Restore beside the database, and compare"), _uploaded(found, opened):
        n8n.sql(stack, _EMPTY)
        try:
            report = reported(stack, "restore", "sh", "-c", _RESTORE_DUMP, options=_AS_PRODUCT)
            of_n8n = n8n.restore_beside(stack, opened.folder, _UPLOADED)
        except BaseException:
            n8n.sql(stack, _DISCARD)
            raise
    found.steps.note(str(report["sentence"]))
    if not of_n8n:
        found.steps.note("n8n is not in this backup: its database stays as it is.")
    if to_scratch:
        n8n.sql(stack, _DISCARD)
        n8n.discard(stack)
        found.steps.recap("It can be restored, and agrees in every figure; nothing was changed.")
        return
    databases = {"invoices": "invoices_restored", **({n8n.DATABASE: of_n8n} if of_n8n else {})}
    _exchange(found, stack, databases, "before", n8n.key_in(opened.folder))


def _from_the_archive(found: Session, stack: Stack, at: str, *, to_scratch: bool) -> None:
    backup_id = "" if at else _of_a_lost_server(found, stack)
    if not backup_id:
        restored_beside(found, stack, at, {})
        _finish(found, stack, {}, to_scratch=to_scratch)
        return
    with backup_place.opened(found, backup_id) as opened:
        found.steps.note(opened.sentence)
        restored_beside(found, stack, at, {**opened.archive, "noted_head": opened.audit_head})
        if not to_scratch:
            _put_workbooks(found, stack, opened)
        key = n8n.key_in(opened.folder)
        _finish(found, stack, opened.archive, to_scratch=to_scratch, n8n_key=key)


def _of_a_lost_server(found: Session, stack: Stack) -> str:
    """Return the newest backup from before this database was made, if this one is empty: of the server before it.

    On a server that holds something, the newest state is that of its own archive.
    """
    if stack.rows("SELECT count(*) FROM customers") != ["0"] or not found.settings.backup_bucket:
        return ""
    made_at = stack.query("exec", "-T", "db", "sh", "-c", _MADE_AT).out.strip()
    complete = [str(one["backup"]) for one in backup_place.listed(found) if one["complete"]]
    older = [backup_id for backup_id in complete if backup_id < made_at]
    if not older:
        raise RefusedError(f"{found.host.name}: its database is empty, and the bucket has no backup of one before it.")
    return older[-1]


def restored_beside(found: Session, stack: Stack, at: str, given: Mapping[str, Any]) -> None:
    words = ["invoices", "recover", "beside", *(["--at", at] if at else [])]
    with found.steps.step("Restore beside the database, and look at it"):
        report = reported(stack, "restore", *words, stdin=json.dumps(given))
    found.steps.note(_told(report))


def _told(report: Report) -> str:
    owed = report["figures"]["outstanding"]
    shown = ", ".join(f"{cents / 100:,.2f} {currency}" for currency, cents in sorted(owed.items()))
    return f"{report['sentence']} Outstanding today: {shown or 'nothing'}."


def _finish(
    found: Session, stack: Stack, archive_of_it: Mapping[str, Any], *, to_scratch: bool, n8n_key: str = ""
) -> None:
    if to_scratch:
        reported(stack, "restore", "invoices", "recover", "discard")
        found.steps.recap("It can be restored; nothing was changed.")
        return
    put_in_place(found, stack, "swap", archive_of_it, n8n_key)
    _tell_that_it_serves(found, stack)


def put_in_place(
    found: Session,
    stack: Stack,
    verb: str,
    archive_of_it: Mapping[str, Any],
    n8n_key: str = "",
    *,
    starts_n8n: bool = True,
) -> None:
    """Swap while nobody writes; whatever fails before the swap leaves the site as it was.

    `archive_of_it` is the archive that the database comes from, and `n8n_key` opens the credentials in it: both are
    empty if they are the server's own.
    """
    with nobody_writes(found, stack, starts_n8n=starts_n8n):
        if running(found.host, "db"):
            with found.steps.step("Archive what was entered until now"):
                archive.archive_the_last(stack)
        with found.steps.step("Put it in its place"):
            stack.execute("stop", *n8n.writers(found.host), "db")
            try:
                reported(stack, "restore", "invoices", "recover", verb, "--name", utc_now_in_names())
                new_archive = ("invoices", "secrets", "--new-archive")
                stack.execute(*ONCE, "secrets", *new_archive, stdin=json.dumps(archive_of_it))
                n8n.set_key(stack, n8n_key)
            finally:
                stack.execute("up", "--detach", "--no-deps", "--wait", "db")
            set_roles(stack)
            stack.execute(*ONCE, "migrate")
            if verb == "swap":
                # What was kept beside it then is older than what is kept now, which has it too.
                n8n.sql(stack, _FORGET)
        with found.steps.step("Begin its archive with a copy of the whole"):
            made(found.host, "base-backup")


def _exchange(found: Session, stack: Stack, databases: Mapping[str, str], kept: str, n8n_key: str = "") -> None:
    """Let each database serve under the name of the one that does, which is kept as NAME_before or NAME_undone."""
    with nobody_writes(found, stack):
        with found.steps.step("Archive what was entered until now"):
            archive.archive_the_last(stack)
        with found.steps.step("Put it in its place"):
            stack.execute("stop", *n8n.writers(found.host))
            n8n.sql(stack, _exchanged(databases, kept))
            n8n.set_key(stack, n8n_key)
            set_roles(stack)
            stack.execute(*ONCE, "migrate")
    _tell_that_it_serves(found, stack)


def _exchanged(databases: Mapping[str, str], kept: str) -> str:
    named = [{"name": name, "database": database, "kept_as": f"{name}_{kept}"} for name, database in databases.items()]
    return _EXCHANGE.format(
        forgotten="".join(_FORGOTTEN.format(**one) for one in named),
        names=", ".join(f"'{one['name']}', '{one['database']}'" for one in named),
        renamed="".join(_RENAMED.format(**one) for one in named),
    )


def _tell_that_it_serves(found: Session, stack: Stack) -> None:
    with found.steps.step("Wait until the site answers"):
        check_public_site(found, stack)
    found.steps.recap(f"https://{found.settings.domain} serves what was restored. {_KEPT}")


def _go_back(found: Session, stack: Stack) -> None:
    """Exchange the names again after a restored dump, or the folders after a restore from the archive."""
    if running(found.host, "db") and stack.rows("SELECT 1 FROM pg_database WHERE datname = 'invoices_before'"):
        of_n8n = {n8n.DATABASE: "n8n_before"} if stack.rows(_N8N_KEPT) else {}
        _exchange(found, stack, {"invoices": "invoices_before", **of_n8n}, "undone", n8n.key_before(found.host))
        return
    if not reported(stack, "restore", "invoices", "recover", "kept")["kept"]:
        raise RefusedError("Nothing is kept of a database before this one: there is nothing to go back to.")
    put_in_place(found, stack, "back", {}, n8n.key_before(found.host))
    _tell_that_it_serves(found, stack)


def _forget_what_was_before(found: Session, stack: Stack) -> None:
    n8n.sql(stack, _FORGET)
    reported(stack, "restore", "invoices", "recover", "forget")
    found.steps.recap("What was there before the last restore is removed.")


@dataclass(slots=True)
class Pause:
    """`is_lasting` leaves app, worker and n8n stopped when the block ends: another server has taken over."""

    is_lasting: bool = False


@contextmanager
def nobody_writes(found: Session, stack: Stack, *, starts_n8n: bool = True) -> Iterator[Pause]:
    """Let everything be read and nothing be written in the block; that ends with it, unless it is said to last.

    n8n takes a minute to be set up again: without `starts_n8n` the caller starts it later.
    """
    pause = Pause()
    with found.steps.step("Let nobody write"):
        maintenance(stack, "on", "--minutes", _MINUTES, "--why", "The database is being put in place.")
    try:
        yield pause
    finally:
        if not pause.is_lasting:
            stack.execute("up", "--detach", "--no-deps", "--no-recreate", "app", "worker", check=False)
            maintenance(stack, "off")
            if starts_n8n:
                n8n.start(stack, found.steps)


def maintenance(stack: Stack, *words: str) -> None:
    """Switch it in a container of its own, so that the app and its worker need not run for it."""
    stack.execute(*ONCE, "worker", "invoices", "maintenance", *words)


def _put_workbooks(found: Session, stack: Stack, opened: OpenedBackup) -> None:
    if not (opened.folder / "imports").exists():
        return
    with found.steps.step("Put the uploaded workbooks back"), _uploaded(found, opened):
        stack.execute(*ONCE, *_AS_PRODUCT, "restore", "sh", "-c", _PUT_WORKBOOKS)


@contextmanager
def _uploaded(found: Session, opened: OpenedBackup) -> Iterator[None]:
    """Have the plain files on the server for the block; only its root and the container read them."""
    host = found.host
    with tempfile.TemporaryDirectory(prefix="invoices-upload-") as place:
        packed = Path(place, "backup.tar")
        with tarfile.open(packed, "w") as packing:
            packing.add(opened.folder, arcname=".")
        host.upload(str(packed), _UPLOADED)
    try:
        host.act("chmod", "0640", _UPLOADED)
        host.act("chown", "root:10001", _UPLOADED)
        yield
    finally:
        host.act("rm", "-f", "--", _UPLOADED)
