"""`fab upgrade-database`: a newer PostgreSQL takes over; the database before is kept until that is confirmed."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playbooks.backup import made
from playbooks.restore import nobody_writes
from playbooks.steps import archive, backup_image, deploy_log, lock, n8n, postgresql, release
from playbooks.steps.audit_entries import entered_since
from playbooks.steps.container_reports import reported
from playbooks.steps.refreshes import FOLDER as KEPT_IMAGES
from playbooks.steps.roles import set_roles
from playbooks.steps.session import RefusedError, Session, server_task
from playbooks.steps.stack import ONCE, Stack, serving
from playbooks.steps.stack_settings import are_applied, note_applied
from playbooks.steps.takeover import check_public_site
from provisioning.host import HostError

NOTE = f"{KEPT_IMAGES}/database.upgrade"  # its images are not pruned while it is there
_VOLUME = "/var/lib/postgresql"
_BESIDE = "invoices-upgrade"
_MOST_BYTES = 20_000_000_000
_SPARE_BYTES = 1_000_000_000
_COPY_SECONDS = 4 * 3600
_BUILD_SECONDS = 1_800
_SIZE = "SELECT sum(pg_database_size(datname)) FROM pg_database WHERE datname IN ('invoices', 'n8n')"
_FREE = ("df", "--block-size=1", "--output=avail", "/var/lib/docker/volumes")
_READY = "for _ in $(seq 240); do pg_isready -q -h 127.0.0.1 -U postgres -d invoices && exit 0; sleep 0.5; done; exit 1"
_COPY = """\
set -euo pipefail
export PGPASSWORD="$(cat /run/secrets/postgres)"
pg_dump --host db --username postgres --format custom --compress 0 invoices |
  pg_restore --username postgres --dbname invoices --exit-on-error
if [ "$(psql --host db --username postgres -Atc "SELECT 1 FROM pg_database WHERE datname = 'n8n'" postgres)" = 1 ]; then
  psql --username postgres -qc 'DROP DATABASE IF EXISTS n8n' -c 'CREATE DATABASE n8n OWNER invoices_n8n' postgres
  pg_dump --host db --username postgres --format custom --compress 0 n8n |
    pg_restore --username postgres --dbname n8n --exit-on-error
  bash /docker-entrypoint-initdb.d/10-roles.sh
fi
vacuumdb --username postgres --analyze-only --quiet --all
"""


@server_task(
    to="The version of PostgreSQL, such as 18; by default the newest that the product is made for.",
    back="Let the version before serve again, while nothing was entered since.",
    confirm="All is well: remove the database of the version before.",
    dry_run="Only look, and say what would be done.",
)
def upgrade_database(
    found: Session, *, to: str = postgresql.NEWEST, back: bool = False, confirm: bool = False, dry_run: bool = False
) -> None:
    """Upgrade PostgreSQL to its next version; nothing is lost, and the database before is kept."""
    if back and confirm:
        raise RefusedError("Say only one of --back and --confirm.")
    version = release.deployed(found.host)
    if back or confirm:
        upgrade = _noted(found, version)
        what = f"upgrade-database {'--back' if back else '--confirm'}"
    else:
        upgrade = Upgrade(found, version, postgresql.version(found.host), to)
        upgrade.look()
        what = f"upgrade-database to PostgreSQL {to}"
    if dry_run:
        found.steps.note(f"{what}: it would be done, and nothing was.")
        return
    with lock.held(found.host, what), deploy_log.failure_logged(found.host, what, version):
        if confirm:
            upgrade.confirm()
        elif back:
            upgrade.back()
        else:
            upgrade.there()
        deploy_log.append(found.host, what, version, "done")


@dataclass(frozen=True, slots=True)
class Upgrade:
    session: Session
    version: str
    before: str
    after: str
    head: str = ""

    @property
    def old(self) -> Stack:
        return Stack(self.session.host, self.version, self.before)

    @property
    def new(self) -> Stack:
        return Stack(self.session.host, self.version, self.after)

    def look(self) -> None:
        """Raise RefusedError for what would end badly, before anything is done."""
        host = self.session.host
        if not self.after.isdigit() or int(self.after) <= int(self.before):
            raise RefusedError(
                f"{host.name}: its database is of PostgreSQL {self.before}; {self.after} is not a newer version."
            )
        if host.read(NOTE):
            raise RefusedError(
                f"{host.name}: the database before the last upgrade is still kept: say "
                "`fab upgrade-database --confirm` or `--back` first."
            )
        serving(host, "db")
        size, free = int(self.old.rows(_SIZE)[0]), int(host.run(*_FREE).out.split()[-1])
        if size > _MOST_BYTES:
            raise RefusedError(
                f"{host.name}: its database has {size / 1e9:.1f} GB, and this copies at most {_MOST_BYTES / 1e9:.0f} "
                "while nobody can work: docs/operations.md says how larger ones are upgraded."
            )
        needed = 2 * size + _SPARE_BYTES
        if free < needed:
            raise RefusedError(
                f"{host.name}: a second database takes up to {needed / 1e9:.1f} GB, and {free / 1e9:.1f} are free: "
                "look at `docker system df` and /var/lib/invoices/dumps."
            )
        self.session.steps.note(
            f"The database has {size / 1e6:.0f} MB; PostgreSQL {self.before} is to be {self.after}."
        )

    def there(self) -> None:
        """Whatever fails lets the database before serve on."""
        steps, host = self.session.steps, self.session.host
        with steps.step(f"Fetch and build the images of PostgreSQL {self.after}, while the site serves"):
            self.new.execute("build", "db", seconds=_BUILD_SECONDS)
            self.new.execute("build", "backup", seconds=_BUILD_SECONDS)
        with steps.step("Back up what is there"):
            made(host, "backup")
        with steps.step("Try it beside, while the site serves"), self._beside():
            self._copy()
        began = time.monotonic()
        with nobody_writes(self.session, self.old):
            with steps.step("Archive what was entered until now"):
                self.old.execute("stop", *n8n.writers(self.session.host))
                archive.archive_the_last(self.old)
            with self._removed_if_it_fails():
                with steps.step("Copy all of it, and compare every figure"), self._beside():
                    self._copy()
                    report = reported(self.new, "backup", "invoices", "recover", "compare", "--host", _BESIDE)
                steps.note(str(report["sentence"]))
                self._note(str(report["figures"]["audit_head"]))
                self._serve_the_new()
        seconds = time.monotonic() - began
        self._look_whether_it_answers()
        steps.recap(
            f"https://{self.session.settings.domain} serves from PostgreSQL {self.after}; for {seconds / 60:.1f} "
            f"minutes nobody could work. What was there before is kept: `fab upgrade-database --back` returns to it "
            "while nothing is entered, `fab upgrade-database --confirm` removes it."
        )

    def back(self) -> None:
        backup_image.ensure(self.old)
        with nobody_writes(self.session, self.new):
            self.new.execute("stop", *n8n.writers(self.session.host))
            entered = entered_since(self.new, self.head, f"{NOTE} of {self.session.host.name}")
            if entered:
                raise RefusedError(
                    f"{self.session.host.name}: since the upgrade {entered} entries came into the audit, and what they "
                    f"hold is only in the database of PostgreSQL {self.after}: going back would lose it."
                )
            with self.session.steps.step(f"Let PostgreSQL {self.before} serve again"):
                self._serve_instead(self.old, of=self.new)
        self._look_whether_it_answers()
        self._remove(self.after)
        self.session.host.act("rm", "-f", "--", NOTE)
        self.session.steps.recap(f"https://{self.session.settings.domain} serves from PostgreSQL {self.before} again.")

    def confirm(self) -> None:
        self._remove(self.before)
        self.session.host.act("rm", "-f", "--", NOTE)
        self.session.steps.recap(f"The database of PostgreSQL {self.before} is removed.")

    @contextmanager
    def _beside(self) -> Iterator[None]:
        """Have an empty database of the new version for the block; what an earlier one left is removed first."""
        host = self.session.host
        host.act("docker", "rm", "--force", _BESIDE, check=False)
        self._remove(self.after)
        options = ("--detach", "--no-deps", "--name", _BESIDE, "--env", "BESIDE_ANOTHER=yes")
        self.new.execute("run", *options, "db", "postgres", "-c", "archive_mode=off", "-c", "max_wal_size=2GB")
        try:
            if not host.act("docker", "exec", _BESIDE, "sh", "-c", _READY, check=False, seconds=180).ok:
                printed = host.run("docker", "logs", "--tail", "20", _BESIDE, check=False)
                said = (printed.err or printed.out).strip()
                raise HostError(f"{host.name}: PostgreSQL {self.after} does not start beside: {said}")
            yield
            host.act("docker", "stop", "--time", "120", _BESIDE, seconds=180)
        finally:
            host.act("docker", "rm", "--force", _BESIDE, check=False)

    def _copy(self) -> None:
        self.session.host.act("docker", "exec", _BESIDE, "bash", "-c", _COPY, seconds=_COPY_SECONDS)

    def _serve_the_new(self) -> None:
        with self.session.steps.step(f"Let PostgreSQL {self.after} serve, with an archive of its own"):
            self._serve_instead(self.new, of=self.old)

    def _serve_instead(self, stack: Stack, *, of: Stack) -> None:
        """Let the one that served until now serve on if it fails."""
        try:
            self._serve(stack)
        except BaseException:
            self._serve(of)
            raise

    def _serve(self, stack: Stack) -> None:
        """Let the database of that version serve; each life of a database has an archive of its own."""
        host, were_applied = self.session.host, are_applied(self.session.host)
        stack.execute("stop", "db")
        postgresql.note(host, stack.postgresql)
        stack.execute(*ONCE, "secrets", "invoices", "secrets", "--new-archive", stdin="{}")
        stack.execute("up", "--detach", "--no-deps", "--wait", "db")
        set_roles(stack)
        stack.execute(*ONCE, "migrate")
        archive.create(stack)
        made(host, "base-backup")
        if were_applied:  # else a deploy failed before, and app and worker do not have all of them yet
            note_applied(host)

    @contextmanager
    def _removed_if_it_fails(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.session.host.act("rm", "-f", "--", NOTE)
            if postgresql.version(self.session.host) == self.before:
                self._remove(self.after)
            raise

    def _remove(self, major: str) -> None:
        """Remove the database of a version, never of the one that serves."""
        if major == postgresql.version(self.session.host):
            raise RefusedError(f"{self.session.host.name}: PostgreSQL {major} serves, and is not removed.")
        stack = Stack(self.session.host, self.version, postgresql.version(self.session.host))
        stack.execute(*ONCE, "restore", "rm", "-rf", "--", f"{_VOLUME}/{major}")

    def _note(self, head: str) -> None:
        """Note what is gone back to; the images of the version before are kept as long as this is there."""
        images = [f"invoices-database:{self.before}", backup_image.name_of(self.old)]
        upgrade = {"version": self.version, "before": self.before, "after": self.after, "head": head}
        lines = [f"release {json.dumps(upgrade)}", *(f"{image} {image}" for image in images), ""]
        self.session.host.write(NOTE, "\n".join(lines))

    def _look_whether_it_answers(self) -> None:
        with self.session.steps.step("Wait until the site answers"):
            check_public_site(self.session, self.old)


def _noted(found: Session, version: str) -> Upgrade:
    """Return the upgrade that is not confirmed yet; raises RefusedError without any."""
    text = found.host.read(NOTE)
    if not text:
        raise RefusedError(f"{found.host.name}: no database of a version before is kept.")
    noted = json.loads(text.splitlines()[0].removeprefix("release "))
    return Upgrade(found, version, noted["before"], noted["after"], noted["head"])
