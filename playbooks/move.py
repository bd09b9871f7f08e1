"""`fab move`: let a larger or newer server take over from one, so that nothing that was entered is lost."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import StringIO

from dotenv import dotenv_values

from playbooks.backup import made
from playbooks.restore import maintenance, nobody_writes, put_in_place, restored_beside
from playbooks.steps import app_secret, archive, automation, deploy_log, lock, n8n, postgresql, release
from playbooks.steps.address import move_address
from playbooks.steps.audit_entries import entered_since
from playbooks.steps.carrying import carry, require_equal, require_room, volume
from playbooks.steps.container_reports import Report, reported
from playbooks.steps.moment import utc_now_in_names
from playbooks.steps.session import RefusedError, Session, another_server, server_task
from playbooks.steps.stack import SETTINGS, Stack, containers, running
from playbooks.steps.takeover import check_public_site
from provisioning import inbox
from provisioning.backups import KINDS
from provisioning.host import HostError

NOTE = "/var/lib/invoices/moved.json"
_HANDOVER = ("invoices", "recover", "handover")
_ARCHIVE = ("repository", "cipher", "archives_before")
_KEYS = ("secret_key", "secret_keys_before", "smtp_url")  # so that nobody is signed out, and mail goes on
# The database of the new server has a password of its own.
_N8N_KEYS = ("encryption_key", "owner_password", "api_token", "inbox_url", "folder_url", "payments_secret")
# Those of logs and images go on where nothing serves.
TIMERS = tuple(
    f"invoices-{name}.timer"
    for name in (*KINDS, "figures", "server", "maintain-daily", "maintain-weekly", "maintain-monthly")
)
_HELD = "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM invoices)"


@server_task(
    to="A file about the server that takes over, as JSON; it was provisioned and deployed to.",
    replace="The server that takes over holds something: keep that there, and serve it no longer.",
    back="Let the server before serve again, while nothing was entered on the one that took over.",
    dry_run="Only look at both, and say what would be done.",
)
def move(found: Session, to: str, *, replace: bool = False, back: bool = False, dry_run: bool = False) -> None:
    """Move to another server: nothing that was entered is lost, and the old one keeps its data."""
    version = release.deployed(found.host)
    with another_server(found, to) as new:
        if back:
            _look_back(found, new)
        else:
            _look(found, new, version, replaces=replace)
        if dry_run:
            found.steps.note(f"{new.host.name} would serve in place of {found.host.name}{' again' if back else ''}.")
            return
        moving = Moving(found, new, Stack(found.host, version), Stack(new.host, version))
        with lock.held(new.host, moving.what), deploy_log.failure_logged(found.host, moving.what, version):
            moving.back() if back else moving.there()
            deploy_log.append(found.host, moving.what, version, "went back" if back else "moved")
            app_secret.keep(found if back else new)  # whose keys are others now than at its own deploy


@dataclass(frozen=True, slots=True)
class Moving:
    old: Session
    new: Session
    old_stack: Stack
    new_stack: Stack

    @property
    def what(self) -> str:
        return f"move to {self.new.settings.host}"

    def there(self) -> None:
        """Whatever fails before the new server serves lets the old one serve again."""
        with _lock_that_stays(self.old, self.what):
            since = self._tried()
            began = time.monotonic()
            head = self._moved(since)
        left = move_address(self.old.settings, self.new.settings)
        seconds = time.monotonic() - began
        self._retire(self.old, self.old_stack, head)
        n8n.start(self.new_stack, self.new.steps)
        self._back_up_there()
        for line in left:
            self.old.console.print(line, markup=False, style="bold")
        self.old.steps.recap(
            f"{self.new.host.name} serves https://{self.new.settings.domain}. For {seconds / 60:.1f} minutes nobody "
            f"could write; nothing is lost. {self.old.host.name} is stopped and keeps its data: "
            "`fab move --back` returns to it while nothing is entered on the new one."
        )

    def back(self) -> None:
        note = json.loads(self.old.host.read(NOTE) or "{}")
        with nobody_writes(self.new, self.new_stack) as pause:
            self.new_stack.execute("stop", *n8n.writers(self.new.host))
            entered = entered_since(self.new_stack, str(note["audit_head"]), f"{NOTE} of {self.old.host.name}")
            if entered:
                raise RefusedError(
                    f"{self.new.host.name}: what was entered there is not on {self.old.host.name}, and would be lost "
                    f"({entered} in the audit): docs/operations.md says how to move to it in turn."
                )
            for name in inbox.FOLDERS:
                carry(self.new.host, f"{inbox.ROOT}/{name}", self.old.host, f"{inbox.ROOT}/{name}")
            with self.old.steps.step("Start the old server again"), _stopped_if_it_fails(self.old_stack):
                _start(self.old_stack)
                check_public_site(self.old, self.old_stack, _certificates(self.old))
            pause.is_lasting = True
        self._retire(self.new, self.new_stack, "")
        self.old.host.act("systemctl", "enable", "--now", *TIMERS)
        self.old.host.act("rm", "-f", "--", NOTE)
        lock.release(self.old.host)
        for line in move_address(self.new.settings, self.old.settings):
            self.old.console.print(line, markup=False, style="bold")
        n8n.start(self.old_stack, self.old.steps)
        self.old.steps.recap(f"{self.old.host.name} serves https://{self.old.settings.domain} again.")

    def _tried(self) -> str:
        """Do all that can fail while the old server serves; return since when workbooks have to be copied again."""
        since = self.old.host.run("date", "--utc", "--date=1 minute ago", "+%Y-%m-%d %H:%M:%S UTC").out.strip()
        n8n.stop(self.new_stack)  # no mailbox is read twice
        handed = self._handed_over()  # before it is archived: what is noted has to be found there
        with self.old.steps.step("Archive what was entered until now"):
            archive.archive_the_last(self.old_stack)
        # Last, as without a bucket the archive goes along.
        with self.old.steps.step("Copy the uploaded workbooks, while the old server serves"):
            self.new.host.act("rm", "-rf", "--", self._arrived)
            self._carry_files("")
        head = handed["figures"]["audit"]["head"]
        restored_beside(self.new, self.new_stack, "", {**_archive_of(handed), "noted_head": head})
        reported(self.new_stack, "restore", "invoices", "recover", "discard")
        return since

    def _moved(self, since: str) -> str:
        """Return the last seal of the audit that both servers have."""
        steps = self.old.steps
        with nobody_writes(self.old, self.old_stack) as pause:
            with steps.step("Archive what was entered until now"):
                # Nobody even signs in between the two: what is compared ends here. Then it can be read on.
                self.old_stack.execute("stop", *n8n.writers(self.old.host))
                archive.archive_the_last(self.old_stack)
                handed = self._handed_over()
                self.old_stack.execute("up", "--detach", "--no-deps", "--no-recreate", "app")
            with steps.step("Copy the workbooks that came meanwhile, and compare all"):
                self._carry_files(since)
                require_equal(self.old.host, self._uploaded(self.old), self.new.host, self._arrived)
            expected = {"figures": handed["figures"], "n8n": handed.get("n8n")}
            restored_beside(self.new, self.new_stack, "", {**_archive_of(handed), **expected})
            steps.note("It agrees with the old server to the cent, and ends with the same seal of the audit.")
            with _stopped_if_it_fails(self.new_stack):
                self._take_over(handed)
            pause.is_lasting = True
        return str(handed["figures"]["audit"]["head"])

    def _take_over(self, handed: Report) -> None:
        steps = self.new.steps
        with steps.step("Hand over keys, certificates and workbooks"):
            self._hand_over_keys()
            self._hand_over_n8n()
            self._hand_over_inbox()
            mode = self._hand_over_certificates()
            self._exchange_workbooks()
        put_in_place(self.new, self.new_stack, "swap", _archive_of(handed), starts_n8n=False)
        with steps.step("Wait until the new server answers for the site"):
            check_public_site(self.new, self.new_stack, mode)

    def _handed_over(self) -> Report:
        return reported(self.old_stack, "backup", *_HANDOVER)

    def _carry_files(self, since: str) -> None:
        """Carry the archive too where no bucket is rented: it lies in a folder of the old server then."""
        carry(self.old.host, self._uploaded(self.old), self.new.host, self._arrived, changed_since=since)
        if not self.old.settings.backup_bucket:
            folders = [f"{_settings_of(one)['BACKUPS_DIR']}/wal" for one in (self.old, self.new)]
            carry(self.old.host, folders[0], self.new.host, folders[1], changed_since=since)

    def _uploaded(self, one: Session) -> str:
        return f"{volume(one.host, 'data')}/imports"

    @property
    def _arrived(self) -> str:
        return f"{self._uploaded(self.new)}.arrived"

    def _exchange_workbooks(self) -> None:
        host, uploaded = self.new.host, self._uploaded(self.new)
        for source, target in ((uploaded, f"{uploaded}.before-{utc_now_in_names()}"), (self._arrived, uploaded)):
            if host.run("test", "-e", source, check=False).ok:
                host.act("mv", "-T", "--", source, target)

    def _hand_over_keys(self) -> None:
        services = {
            "app": _KEYS,
            "worker": _KEYS,
            **({automation.SERVICE: _N8N_KEYS} if n8n.is_on(self.old.host) else {}),
        }
        for service, keys in services.items():
            source, target = (volume(one.host, f"secrets-{service}") for one in (self.old, self.new))
            for name in keys:
                text = self.old.host.read(f"{source}/{name}")
                if text is not None:
                    self.new.host.write(f"{target}/{name}", text, mode="0400")
                    self.new.host.act("chown", "--reference", target, f"{target}/{name}")

    def _hand_over_n8n(self) -> None:
        """Carry what its executions keep in files, and the note of the key that it began with."""
        if n8n.is_on(self.old.host):
            source, target = (volume(one.host, n8n.VOLUME) for one in (self.old, self.new))
            carry(self.old.host, source, self.new.host, target)

    def _hand_over_inbox(self) -> None:
        """Let who handed workbooks in go on, and what waits be imported there."""
        keys = self.old.host.read(inbox.KEYS)
        if keys:
            self.new.host.write(inbox.KEYS, keys)
        for name in inbox.FOLDERS:
            carry(self.old.host, f"{inbox.ROOT}/{name}", self.new.host, f"{inbox.ROOT}/{name}")

    def _hand_over_certificates(self) -> str:
        """Let the new proxy have them before the address leads to it: else it could not get any; return their kind."""
        mode = _certificates(self.old)
        settings = re.sub(r"(?m)^CERTIFICATES=.*$", f"CERTIFICATES={mode}", self.new.host.read(SETTINGS) or "")
        self.new.host.write(SETTINGS, settings, mode="0600")
        source, target = (volume(one.host, "certificates") for one in (self.old, self.new))
        self.new_stack.execute("stop", "proxy")
        try:
            carry(self.old.host, source, self.new.host, target)
        finally:
            self.new_stack.execute("up", "--detach", "--no-deps", "proxy")
        return mode

    def _retire(self, one: Session, stack: Stack, head: str) -> None:
        with one.steps.step(f"Stop {one.host.name}, which keeps its data"):
            if head:
                note = {"to": self.new.settings.host, "audit_head": head}
                one.host.write(NOTE, json.dumps(note), mode="0600")
            one.host.act("systemctl", "disable", "--now", *TIMERS)
            stack.execute("stop", "db")  # before its way to the archive is closed, which it would wait for
            stack.execute("stop")

    def _back_up_there(self) -> None:
        with self.new.steps.step("Back it up there"):
            self.new.host.act("systemctl", "enable", "--now", *TIMERS)
            try:
                made(self.new.host, "backup")
            except RefusedError as error:
                self.new.steps.note(f"The first backup there failed, and is made again within the hour: {error}")


def _look(old: Session, new: Session, version: str, *, replaces: bool) -> None:
    """Raise RefusedError for what would end badly, before anything is done."""
    if old.settings.host == new.settings.host:
        raise RefusedError(f"Both files are of {old.settings.host}: name the server that takes over.")
    for name, what in (("domain", "domain"), ("backup_bucket", "bucket of the backups")):
        if getattr(old.settings, name) != getattr(new.settings, name):
            raise RefusedError(
                f"{new.host.name} has another {what}: give it that of {old.host.name}, and deploy to it."
            )
    if release.current(new.host) != version:
        raise RefusedError(f"{new.host.name} does not serve {version}, as {old.host.name} does: `fab deploy` to both.")
    for one in (old, new):
        if not running(one.host, "db"):
            raise RefusedError(f"{one.host.name}: its database does not run: `fab deploy` to it first.")
    if n8n.is_on(old.host) != n8n.is_on(new.host):
        raise RefusedError(
            f"Only one of {old.host.name} and {new.host.name} has n8n: set `automation` alike for both, and "
            "`fab deploy` to both."
        )
    majors = postgresql.version(old.host), postgresql.version(new.host)
    if majors[0] != majors[1]:
        raise RefusedError(
            f"{old.host.name} has PostgreSQL {majors[0]}, {new.host.name} has {majors[1]}: run "
            "`fab upgrade-database` on the one with the older version first."
        )
    held_old, held_new = (_held(Stack(one.host, version)) for one in (old, new))
    if held_new and not held_old:
        raise RefusedError(f"{old.host.name} holds nothing, and {new.host.name} {held_new}: is it the wrong way round?")
    if held_new and not replaces:
        raise RefusedError(f"{new.host.name} holds {held_new}: with --replace they are kept there, and not served.")
    require_room(old.host, f"{volume(old.host, 'data')}/imports", new.host)


def _look_back(old: Session, new: Session) -> None:
    note = json.loads(old.host.read(NOTE) or "{}")
    if note.get("to") != new.settings.host:
        raise RefusedError(f"{old.host.name} did not move to {new.settings.host}: there is nothing to go back to.")


def _held(stack: Stack) -> str:
    """Return what the database holds, in words; empty if it holds nothing."""
    customers, _, invoices = stack.rows(_HELD)[0].partition("|")
    return "" if (customers, invoices) == ("0", "0") else f"{customers} customers and {invoices} invoices"


def _archive_of(handed: Report) -> Report:
    return {name: handed[name] for name in _ARCHIVE}


def _settings_of(one: Session) -> dict[str, str | None]:
    return dotenv_values(stream=StringIO(one.host.read(SETTINGS) or ""))


def _certificates(one: Session) -> str:
    return _settings_of(one).get("CERTIFICATES") or "production"


def _start(stack: Stack) -> None:
    """Start what was stopped: first what the others wait for, and let it be written to again."""
    there = [one.name.split("-")[1] for one in containers(stack.host)]
    first = [name for name in ("gate", "db", "redis") if name in there]
    stack.execute("up", "--detach", "--no-deps", "--no-recreate", "--wait", *first)
    maintenance(stack, "off")
    stack.execute("up", "--detach", "--no-deps", "--no-recreate", "app", "worker", "proxy")


@contextmanager
def _lock_that_stays(old: Session, what: str) -> Iterator[None]:
    """Keep the deploy lock of the old server once it has moved: nothing may start it there by mistake."""
    lock.acquire(old.host, what)
    try:
        yield
    except BaseException:
        lock.release(old.host)
        raise


@contextmanager
def _stopped_if_it_fails(stack: Stack) -> Iterator[None]:
    """Let two servers not serve the same ledger: the other one goes on if this one fails."""
    try:
        yield
    except BaseException:
        with suppress(HostError):  # it is not reached: what failed before says more
            stack.execute("stop", *n8n.writers(stack.host), check=False)
        raise
