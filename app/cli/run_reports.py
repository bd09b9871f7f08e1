"""What a run of the backups reports: a sentence for a person, or an object of JSON for the program that started it."""

import json
import signal
import sys
from collections.abc import Callable
from typing import Any

import typer

from app import clock
from app.backups.refusals import BackupError
from app.domain.sentences import plain
from app.files import FilesUnavailableError
from app.settings import AppSettingsError
from app.store.db.database import DatabaseUnavailableError
from app.store.db.outages import Outage, outage_behind

_EXPECTED_ERRORS = (AppSettingsError, BackupError, DatabaseUnavailableError, FilesUnavailableError)
_OUTAGES = {
    Outage.DISK_FULL: "The disk is full: make room, and try again.",
    Outage.COMMIT_UNANSWERED: "The database went away just as this was saved: look whether it was, then try again.",
    Outage.DATABASE_AWAY: "The database went away: look whether its server runs, and try again.",
    Outage.LOCKED: "Somebody held what had to be read for too long: try again.",
}
_UNEXPECTED = "The run was not finished, because of a mistake of the program: its log says more."
_STOPPED = "The run was stopped before it was finished."


def run_and_report(run: Callable[[], dict[str, Any]], *, as_json: bool) -> None:
    """Run it and report what it returns: `ok`, `sentence` and what else there is; exit with 1 unless it is `ok`."""
    before = signal.signal(signal.SIGTERM, _end)  # whoever is told to stop still removes plain files
    try:
        found = run()
    except _EXPECTED_ERRORS as error:
        found = {"ok": False, "sentence": plain(str(error))}
    except SystemExit:
        _say({"ok": False, "sentence": _STOPPED}, as_json=as_json)
        raise
    except Exception as error:
        outage = outage_behind(error)
        if outage is None:
            _say({"ok": False, "sentence": _UNEXPECTED}, as_json=as_json)
            raise
        found = {"ok": False, "sentence": _OUTAGES[outage]}
    finally:
        signal.signal(signal.SIGTERM, before)
    _say(found, as_json=as_json)
    if not found["ok"]:
        raise typer.Exit(1)


def _say(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"at": clock.utc_now().isoformat(timespec="seconds"), **found}))
    else:
        typer.echo(found["sentence"], err=not found["ok"])


def _end(*_: object) -> None:
    sys.exit(128 + signal.SIGTERM)
