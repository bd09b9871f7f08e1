"""`fab restore` on a cluster: a new instance beside the database, looked at, then written to in its place."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playbooks.cluster import database, history, lock, notes, releases, secret, services
from playbooks.cluster.once import OneOff
from playbooks.steps.moment import utc_now_in_names
from playbooks.steps.session import ClusterSession, RefusedError

_NOTE = "restored"
_KEPT = "What was there before is kept: `fab restore --back` returns to it, `fab restore --confirm` ends that."
_LIMIT_MINUTES = "60"  # what a page says to users who want to save


@dataclass(frozen=True, slots=True)
class Wish:
    at: str = ""
    backup: str = ""
    to_scratch: bool = False

    def moment(self) -> datetime | None:
        """Raise RefusedError for what is no moment."""
        if not self.at:
            return None
        try:
            found = datetime.fromisoformat(self.at)
        except ValueError as error:
            raise RefusedError(f"'{self.at}' is no moment, such as 2026-11-28T09:05:00Z.") from error
        if found.tzinfo is None:
            raise RefusedError(f"'{self.at}' says no time zone: write it such as 2026-11-28T09:05:00Z.")
        return found


def restore(found: ClusterSession, wish: Wish) -> None:
    wish.moment()
    what = _described(wish)
    release = releases.deployed(found)
    if found.is_rehearsal:
        found.steps.note(f"{what}: it would be restored beside and looked at, and written to then.")
        return
    with lock.held(found, what), history.failure_noted(found, what, release.version):
        name = _name_beside(found, to_scratch=wish.to_scratch)
        database.require_free(found, name)
        with found.steps.step("Restore into a new instance beside the database"):
            instance = _restored(found, wish, name)
        host = str(instance["Endpoint"]["Address"])
        _look_at(found, host)
        if wish.to_scratch:
            _remove(found, name)
            found.steps.recap("It can be restored; nothing was changed.")
        else:
            _put_in_place(found, release, host)
            found.steps.recap(f"https://{found.settings.domain} serves what was restored. {_KEPT}")
        history.append(found, what, release.version, "done")


def back(found: ClusterSession) -> None:
    """Raise RefusedError if there is nothing to go back to."""
    noted, release = _noted(found), releases.deployed(found)
    if found.is_rehearsal:
        found.steps.note(f"The database at {noted['before']} would be written to again.")
        return
    with lock.held(found, "restore --back"), history.failure_noted(found, "restore --back", release.version):
        _put_in_place(found, release, str(noted["before"]))
        history.append(found, "restore --back", release.version, "done")
    found.steps.recap(f"https://{found.settings.domain} serves what was there before.")


def confirm(found: ClusterSession) -> None:
    noted = _noted(found)
    if found.is_rehearsal:
        found.steps.note(f"There would be no way back to {noted['before']}.")
        return
    notes.remove(found, _NOTE)
    before, after = (str(noted[name]).partition(".")[0] for name in ("before", "after"))
    found.steps.note(
        f"{after} is the database from now on. Let Pulumi have it and delete {before}, which is protected: "
        "docs/high-availability.md says how."
    )


def _described(wish: Wish) -> str:
    chosen = f" --at {wish.at}" if wish.at else f" --backup {wish.backup}" if wish.backup else ""
    return f"restore{chosen}"


def _name_beside(found: ClusterSession, *, to_scratch: bool) -> str:
    """Return NAME-2 beside NAME, and so on: the setting `databaseNumber` gives Pulumi an instance of such a name."""
    if to_scratch:
        return f"{found.settings.name}-scratch-{utc_now_in_names().lower()}"
    present = database.identifier(found)
    number = present.removeprefix(f"{found.settings.name}-")
    return f"{found.settings.name}-{int(number) + 1 if number.isdigit() else 2}"


def _restored(found: ClusterSession, wish: Wish, name: str) -> dict[str, Any]:
    if wish.backup:
        return database.from_snapshot(found, name, wish.backup)
    return database.restored(found, name, wish.moment())


def _look_at(found: ClusterSession, host: str) -> None:
    with found.steps.step("Look at it, and at the database of now"):
        looked = OneOff.of_backup(found)
        restored = json.loads(looked.output_of("invoices", "recover", "figures", "--host", host))
        now = looked.run("invoices", "recover", "figures")
    found.steps.note(f"{restored['sentence']} Outstanding today: {_owed(restored)}.")
    # The database of now may be what is lost.
    found.steps.note(f"Of the database of now: {_owed(json.loads(now.out)) if now.is_ok else 'it cannot be read'}.")


def _owed(report: dict[str, Any]) -> str:
    owed = report["figures"]["outstanding"]
    return ", ".join(f"{cents / 100:,.2f} {currency}" for currency, cents in sorted(owed.items())) or "nothing"


def _put_in_place(found: ClusterSession, release: releases.ClusterRelease, host: str) -> None:
    """Let the database of now refuse what is written, if it can be asked: it would be missing in the other."""
    known, noted = secret.values(found), notes.read(found, _NOTE)
    with found.steps.step("Let nobody write"):
        why = ("--minutes", _LIMIT_MINUTES, "--why", "A backup is restored.")
        stopped = OneOff.of_app(found).run("invoices", "maintenance", "on", *why)
    if not stopped.is_ok:
        found.steps.note("The database of now could not be asked to refuse what is written.")
    notes.write(found, _NOTE, {"before": secret.host_of(known), "after": host})
    secret.write(found, secret.at_host(known, host))
    try:
        with found.steps.step("Start app and worker with it"):
            services.roll(found, services.rolled_again(found, release), release.version)
    except BaseException:
        _put_back(found, release, known, noted)
        raise
    _let_write(found)


def _put_back(
    found: ClusterSession, release: releases.ClusterRelease, known: secret.Values, noted: dict[str, Any]
) -> None:
    """Start every task again, as some may use the other database already; until all have, `--back` does the same."""
    secret.write(found, known)
    with found.steps.step("Start app and worker with the database of before"):
        services.roll(found, services.rolled_again(found, release), release.version)
    if noted:
        notes.write(found, _NOTE, noted)
    else:
        notes.remove(found, _NOTE)
    _let_write(found)


def _let_write(found: ClusterSession) -> None:
    """Also of what was restored: it may be of a moment of maintenance, and so is what is gone back to."""
    with found.steps.step("Let everybody write again"):
        OneOff.of_app(found).output_of("invoices", "maintenance", "off")


def _remove(found: ClusterSession, name: str) -> None:
    rds = found.aws.client("rds")
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True)


def _noted(found: ClusterSession) -> dict[str, Any]:
    noted = notes.read(found, _NOTE)
    if not noted:
        raise RefusedError(f"{found.settings.name}: nothing was restored that could be gone back from.")
    return noted
