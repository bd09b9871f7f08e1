"""A restore looks before anything stops, keeps what was there, and lets the site go on whatever fails."""

import json

import pytest

from playbooks import restore
from playbooks.steps.backup_place import OpenedBackup
from provisioning.host import Ran

FIGURES = {"outstanding": {"EUR": 1_234_50}, "rows": {}, "audit_entries": 3, "audit_head": "5" * 64}
FOUND = {"ok": True, "sentence": "Restored in 3 s.", "figures": FIGURES}
RELEASE = {"readlink *": Ran(0, "/opt/invoices/releases/new\n"), "test -d /opt/invoices/lock": Ran(1, "")}
BESIDE, SWAP = "* restore invoices recover beside*", "* restore invoices recover swap *"
APP_STOPS, APP_STARTS = "stop app worker", "up --detach --no-deps --no-recreate app worker"
ARCHIVED = "exec -T db sh -c"


def says(**report):
    return Ran(0, json.dumps({"ok": True, "sentence": "Done.", **report}))


def refuses(sentence):
    return Ran(1, json.dumps({"ok": False, "sentence": sentence}))


@pytest.fixture
def server(command, monkeypatch):
    """A server of a release, whose database holds something, in a folder of which nothing is kept."""
    monkeypatch.setattr(restore, "check_public_site", lambda found, _stack: found.host.act("look at the site"))
    command.server.answers |= RELEASE | {
        "*FROM customers*": Ran(0, "2\n"),
        "docker ps * label=com.docker.compose.service=db *": Ran(0, "4 invoices-db-1 invoices-database:17 running\n"),
        "* recover *": says(kept=["before-1"]),
        BESIDE: says(**FOUND),
        "python3 *backup_runs.py base-backup": Ran(0, "The database was copied as a whole in 2 s (1F)."),
    }
    return command.server


def steps(server):
    """Return what was done of that which changes the site, without the words before each."""
    told = {
        "recover beside": "beside", "recover swap": "swap", "recover back": "back", "recover discard": "discard",
        "recover forget": "forget", "maintenance on": "nobody writes", "maintenance off": "all write",
        APP_STARTS: "app starts", ARCHIVED: "archived", "stop app worker": "app stops",
        "--wait db": "database starts", "secrets --new-archive": "new archive",
        "migrate": "migrated", "base-backup": "copied", "look at the site": "looked at", "10-roles.sh": "roles",
    }  # fmt: skip
    return [name for line in server.acted for words, name in told.items() if words in line]


def test_the_newest_is_restored_beside_before_anything_stops_and_put_in_place_then(command, server):
    printed = command.run(restore, "restore")

    assert steps(server) == [
        "beside", "nobody writes", "archived", "app stops", "swap", "new archive", "database starts", "roles",
        "migrated", "copied", "app starts", "all write", "looked at",
    ]  # fmt: skip
    assert "Restored in 3 s. Outstanding today: 1,234.50 EUR." in printed
    assert "`fab restore --back` returns to it, `fab restore --confirm` removes it." in printed


def test_a_moment_is_handed_to_the_restore(command, server):
    command.run(restore, "restore", at="2026-11-28T09:05:00Z")

    [line] = [line for line in server.acted if "recover beside" in line]
    assert line.endswith("restore invoices recover beside --at 2026-11-28T09:05:00Z")


def test_to_scratch_nothing_stops(command, server):
    assert "It can be restored; nothing was changed." in command.run(restore, "restore", to_scratch=True)

    assert steps(server) == ["beside", "discard"]


@pytest.mark.parametrize("options", [{"at": "x", "back": True}, {"backup": "1", "confirm": True}])
def test_two_things_at_once_are_refused(command, server, options):
    assert command.refused(restore, "restore", **options) == "Say only one of --at, --backup, --back and --confirm."
    assert server.acted == []


def test_before_the_first_deploy_there_is_nothing_to_restore_into(command, server):
    server.answers["readlink *"] = Ran(1, "")

    refused = command.refused(restore, "restore")

    assert refused == "198.51.100.9: nothing was deployed yet: run `fab deploy` first."


def test_a_rehearsal_only_says_what_would_be_done(command, server):
    printed = command.run(restore, "restore", at="2026-11-28T09:05:00Z", dry_run=True)

    assert "restore --at 2026-11-28T09:05:00Z: it would be restored beside and looked at" in printed
    assert server.acted == []


def test_while_somebody_still_writes_nothing_is_changed(command, server):
    server.answers["* maintenance on *"] = Ran(1, "", "A request was still writing.")

    assert "A request was still writing." in command.refused(restore, "restore")

    assert steps(server) == ["beside", "nobody writes"]


def test_what_cannot_be_restored_stops_nothing(command, server):
    server.answers[BESIDE] = refuses("The archive reaches back to yesterday.")

    assert command.refused(restore, "restore") == "The archive reaches back to yesterday."
    assert steps(server) == ["beside"]


@pytest.mark.parametrize(
    ("what", "done_until"),
    [
        (f"*{ARCHIVED} *", ["beside", "nobody writes", "archived"]),
        ("* recover swap *", ["beside", "nobody writes", "archived", "app stops", "swap", "database starts"]),
        ("* stop app worker db", ["beside", "nobody writes", "archived", "app stops"]),
    ],
)
def test_whatever_fails_before_the_swap_lets_the_site_go_on(command, server, what, done_until):
    server.answers[what] = Ran(1, "", "it failed")

    assert "it failed" in command.refused(restore, "restore")

    assert steps(server) == [*done_until, "app starts", "all write"]


def test_a_restore_that_is_broken_off_lets_the_site_go_on(command, server, monkeypatch):
    def broken_off(_stack):
        raise KeyboardInterrupt

    monkeypatch.setattr(restore.archive, "archive_the_last", broken_off)

    with pytest.raises(KeyboardInterrupt):
        command.run(restore, "restore")

    assert steps(server) == ["beside", "nobody writes", "app starts", "all write"]


def test_the_database_that_was_moved_aside_by_an_interrupted_restore_comes_back_without_it(command, server):
    server.answers["docker ps * label=com.docker.compose.service=db *"] = Ran(0, "")

    command.run(restore, "restore", back=True)

    assert steps(server)[:4] == ["nobody writes", "app stops", "back", "new archive"]


def test_where_nothing_is_kept_nothing_stops(command, server):
    server.answers["* recover kept"] = says(kept=[])

    refused = command.refused(restore, "restore", back=True)

    assert refused == "Nothing is kept of a database before this one: there is nothing to go back to."
    assert steps(server) == []


def statements(server):
    return [said for line, said in zip(server.acted, server.stdin, strict=True) if "psql -U postgres -q" in line]


def test_going_back_after_a_logical_backup_exchanges_the_names_in_one_transaction(command, server):
    server.answers["*invoices_before*"] = Ran(0, "1\n")

    command.run(restore, "restore", back=True)

    [exchange] = statements(server)
    assert exchange == (
        "DROP DATABASE IF EXISTS invoices_undone WITH (FORCE);\n"
        "BEGIN;\n"
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('invoices', 'invoices_before');\n"
        "ALTER DATABASE invoices RENAME TO invoices_undone;\n"
        "ALTER DATABASE invoices_before RENAME TO invoices;\n"
        "COMMIT;\n"
    )
    assert steps(server) == [
        "nobody writes", "archived", "app stops", "roles", "migrated", "app starts", "all write", "looked at",
    ]  # fmt: skip


def test_a_restored_folder_forgets_what_was_kept_beside_it_in_its_own_time(command, server):
    command.run(restore, "restore", at="2026-11-28T09:05:00Z")

    assert statements(server) == [restore._FORGET]


def test_confirming_removes_what_is_kept_in_both_ways(command, server):
    printed = command.run(restore, "restore", confirm=True)

    assert statements(server) == [restore._FORGET]
    assert steps(server) == ["forget"]
    assert "What was there before the last restore is removed." in printed


def test_a_restore_is_in_the_log_of_the_server(command, server):
    command.run(restore, "restore")

    logged = [said for line, said in zip(server.acted, server.stdin, strict=True) if "deploys.log" in line]
    assert [line.rpartition(" restore ")[2] for line in logged] == ["new done\n"]


def test_an_empty_server_with_a_bucket_is_taken_for_the_one_after_a_lost_one(command, server, opened):
    server.answers["*FROM customers*"] = Ran(0, "0\n")

    command.run(restore, "restore")

    given = json.loads(next(said for line, said in zip(server.acted, server.stdin, strict=True) if "beside" in line))
    assert given == {"repository": "r1", "cipher": "one", "archives_before": [], "noted_head": "5" * 64}
    new_archive = next(said for line, said in zip(server.acted, server.stdin, strict=True) if "--new-archive" in line)
    assert json.loads(new_archive)["repository"] == "r1"
    assert [one for one in server.acted if one == "upload /var/lib/invoices/restore.tar"] != []


def test_an_empty_server_without_a_backup_of_one_before_it_is_told_so(command, server, opened, monkeypatch):
    server.answers["*FROM customers*"] = Ran(0, "0\n")
    monkeypatch.setattr(restore.backup_place, "listed", lambda _found: [])

    refused = command.refused(restore, "restore")

    assert refused == "198.51.100.9: its database is empty, and the bucket has no backup of one before it."
    assert steps(server) == []


def test_a_backup_that_was_made_by_this_very_server_is_none_of_one_before_it(command, server, opened):
    server.answers["*FROM customers*"] = Ran(0, "0\n")
    server.answers["* date -u -r *"] = Ran(0, "20261101T000000Z\n")

    assert "has no backup of one before it" in command.refused(restore, "restore")


@pytest.fixture
def opened(command, server, monkeypatch, tmp_path):
    """A bucket with one backup, which is opened into a folder with a workbook."""
    command.facts["backup_bucket"] = "bucket"
    server.answers["* date -u -r *"] = Ran(0, "20261129T000000Z\n")
    (tmp_path / "imports").mkdir()
    (tmp_path / "settings.json").write_text(json.dumps({"repository": "r1", "cipher": "one"}))
    (tmp_path / "figures.json").write_text(json.dumps({"audit": {"head": "5" * 64}}))
    backup = OpenedBackup("20261128T090500Z", "Backup 20261128T090500Z: every file is as signed.", tmp_path)

    class Opened:
        def __enter__(self):
            return backup

        def __exit__(self, *_error):
            pass

    listed = [{"backup": "20261128T090500Z", "bytes": 1_000_000, "complete": True}]
    monkeypatch.setattr(restore.backup_place, "listed", lambda _found: listed)
    monkeypatch.setattr(restore.backup_place, "opened", lambda _found, _id: Opened())
    return backup


def test_a_logical_backup_is_restored_beside_compared_and_exchanged(command, server, opened):
    server.answers["*invoices restore --json /scratch/opened"] = says(sentence="It agrees in every figure.")

    printed = command.run(restore, "restore", backup=opened.id)

    assert "It agrees in every figure." in printed
    assert [first.split("\n")[0] for first in statements(server)] == [
        "DROP DATABASE IF EXISTS invoices_restored WITH (FORCE);",
        "DROP DATABASE IF EXISTS invoices_before WITH (FORCE);",
    ]
    assert steps(server) == [
        "nobody writes", "archived", "app stops", "roles", "migrated", "app starts", "all write", "looked at",
    ]  # fmt: skip
    assert server.acted.count("rm -f -- /var/lib/invoices/restore.tar") == 1


def test_a_logical_backup_that_differs_is_removed_and_nothing_stops(command, server, opened):
    server.answers["*invoices restore --json /scratch/opened"] = refuses("The backup and what was restored differ.")

    assert command.refused(restore, "restore", backup=opened.id) == "The backup and what was restored differ."

    assert statements(server)[-1] == "DROP DATABASE IF EXISTS invoices_restored WITH (FORCE);"
    assert steps(server) == []
    assert server.acted.count("rm -f -- /var/lib/invoices/restore.tar") == 1
