"""A move looks first, tries all while the old server serves, and whatever fails lets that one serve again."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.recording_stack import Server

from playbooks import move, restore
from playbooks.steps.session import Session
from provisioning import watching
from provisioning.host import Ran
from provisioning.settings import HostSettings

UNITS = Path(watching.__file__).parent / "rootfs/etc/systemd/system"
HEAD = "5" * 64
HANDED = {
    "ok": True, "sentence": "", "repository": "r1", "cipher": "a secret", "archives_before": [],
    "figures": {"today": "2026-11-28", "audit": {"head": HEAD}},
}  # fmt: skip
FOUND = {"ok": True, "sentence": "Restored in 3 s.", "figures": {"outstanding": {"EUR": 1_00}}}
STACK_ENV = "BACKUPS_DIR=/var/lib/invoices/backups\nCERTIFICATES=production\n"
TOLD = {
    "tar --numeric-owner -cf": "workbooks packed", "tar --numeric-owner --newer": "newer packed",
    "recover handover": "handed over", "exec -T db sh -c": "archived", "recover beside": "restored beside",
    "recover discard": "discarded", "recover swap": "swapped", "secrets --new-archive": "new archive",
    "stop app worker": "app stops", "--no-recreate app worker proxy": "all start",
    "--no-recreate app worker": "app starts", "mv -T --": "workbooks exchanged",
    "look at the site": "looked at", "systemctl disable": "timers rest", "systemctl enable": "timers go",
    "backup_runs.py base-backup": "copied", "backup_runs.py backup": "backed up",
}  # fmt: skip


class Pair:
    """The old server and the new one, and what was done to both in turn."""

    def __init__(self, command, monkeypatch):
        self.command, self.done = command, []
        self.old, self.new = command.server, Server()
        self.facts = {**command.facts, "host": "198.51.100.10"}
        for name, server in (("old", self.old), ("new", self.new)):
            self._watch(name, server)
        self.new.name = "198.51.100.10"
        self.old.answers["*(SELECT count*"] = Ran(0, "2|3\n")
        self.new.answers["*(SELECT count*"] = Ran(0, "0|0\n")
        self.old.files["/volumes/secrets-app/smtp_url"] = "smtp://user:password@host"
        monkeypatch.setattr(move, "another_server", self._another)
        monkeypatch.setattr(move, "check_public_site", lambda found, *_: found.host.act("look at the site"))
        monkeypatch.setattr(move, "move_address", self._address)
        monkeypatch.setattr(restore, "check_public_site", lambda *_: None)

    def _watch(self, name, server):
        act = server.act

        def noted(*words, **options):
            told = next((what for part, what in TOLD.items() if part in " ".join(words)), "")
            self.done += [f"{name}: {told}"] if told else []
            return act(*words, **options)

        server.act = noted
        server.download = lambda path, local: Path(local).touch()
        server.files["/etc/invoices/stack.env"] = STACK_ENV
        server.answers |= {
            "readlink *": Ran(0, "/opt/invoices/releases/new\n"),
            "date *": Ran(0, "2026-11-28 09:00:00 UTC\n"),
            "df * /var/lib/docker/volumes": Ran(0, "Avail\n9000000\n"),
            "sh -c du *": Ran(0, "1000 /volumes/data\n"),
            "sh -c cd *": Ran(0, "0123 -\n"),
            "test -d /srv/inbox/*": Ran(1, ""),
            "docker ps * label=com.docker.compose.service=db *": Ran(
                0, "4 invoices-db-1 invoices-database:17 running\n"
            ),
            "* recover *": Ran(0, '{"ok": true, "sentence": "Done."}'),
            "* recover handover": Ran(0, json.dumps(HANDED)),
            "* recover beside": Ran(0, json.dumps(FOUND)),
            **{f"docker volume inspect * invoices_{one}": Ran(0, f"/volumes/{one}\n") for one in VOLUMES},
        }

    @contextmanager
    def _another(self, found, _server):
        self.new.is_rehearsal = found.host.is_rehearsal
        yield Session(HostSettings.from_outputs(self.facts), self.new, found.steps)

    def _address(self, old, new):
        self.done.append(f"the address leads to {new.host}")
        return []

    def run(self, **options):
        return self.command.run(move, "move", to="new.json", **options)

    def refused(self, **options):
        return self.command.refused(move, "move", to="new.json", **options)

    def since(self, first):
        return self.done[self.done.index(first) :]

    @property
    def changed(self):
        return self.old.acted + self.new.acted


VOLUMES = ("data", "certificates", "secrets-app", "secrets-worker")


@pytest.fixture
def pair(command, monkeypatch):
    return Pair(command, monkeypatch)


def test_all_is_tried_while_the_old_server_serves_and_moved_then(pair):
    printed = pair.run()

    assert pair.done == [
        "old: handed over", "old: archived", "old: workbooks packed", "old: workbooks packed",
        "new: restored beside", "new: discarded",
        "old: app stops", "old: archived", "old: handed over", "old: newer packed", "old: newer packed",
        "new: restored beside", "old: workbooks packed", "new: workbooks exchanged", "new: workbooks exchanged",
        "new: archived", "new: app stops", "new: swapped", "new: new archive", "new: copied", "new: app starts",
        "new: looked at", "the address leads to 198.51.100.10", "old: timers rest", "new: timers go", "new: backed up",
    ]  # fmt: skip
    assert "minutes nobody could write; nothing is lost." in printed


def test_the_passphrase_is_on_no_command_line_and_not_printed(pair):
    printed = pair.run()

    assert "a secret" not in printed
    assert not [line for line in pair.changed if "a secret" in line]
    given = [json.loads(said) for said in pair.new.stdin if "a secret" in str(said)]
    assert [one.get("figures", {}).get("today") for one in given] == [None, "2026-11-28", None]
    assert given[0]["noted_head"] == HEAD


def test_keys_go_along_so_that_nobody_is_signed_out_and_mail_goes_on(pair):
    printed = pair.run()

    assert pair.new.files["/volumes/secrets-app/smtp_url"] == "smtp://user:password@host"
    assert pair.new.modes["/volumes/secrets-app/smtp_url"] == "400 root:root"
    assert "chown --reference /volumes/secrets-app /volumes/secrets-app/smtp_url" in pair.new.acted
    assert "password" not in printed


@pytest.mark.parametrize(("options", "serves"), [({}, "198.51.100.10"), ({"back": True}, "198.51.100.9")])
def test_the_copy_of_the_keys_is_that_of_the_server_that_serves(pair, monkeypatch, options, serves):
    kept = []
    monkeypatch.setattr("playbooks.steps.app_secret.keep", lambda found: kept.append(found.host.name))
    if options:
        pair.old.files |= MOVED
        pair.new.answers["*audit_entries*"] = Ran(0, "0\n")

    pair.run(**options)

    assert kept == [serves]


def test_the_new_server_has_certificates_of_the_kind_that_the_old_one_has(pair):
    pair.new.files["/etc/invoices/stack.env"] = STACK_ENV.replace("production", "internal")

    pair.run()

    assert pair.new.files["/etc/invoices/stack.env"] == STACK_ENV


def test_the_old_server_keeps_its_data_and_its_lock_and_knows_where_it_went(pair):
    pair.run()

    assert json.loads(pair.old.files[move.NOTE]) == {"to": "198.51.100.10", "audit_head": HEAD}
    assert "rm -rf -- /opt/invoices/lock" not in pair.old.acted
    assert "rm -rf -- /opt/invoices/lock" in pair.new.acted
    stops = [words for words in pair.old.done if words.startswith("stop")]
    assert stops == ["stop app worker", "stop db", "stop"]


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("new", "* recover beside"),
        ("old", "* recover handover"),
        ("old", "*exec -T db sh -c*"),
        ("old", "sh -c umask 077; exec tar *"),
        ("new", "* recover swap *"),
        ("new", "*backup_runs.py base-backup"),
        ("new", "look at the site"),
        ("new", "*exec -T db sh -c*"),
    ],
)
def test_whatever_fails_lets_the_old_server_serve_again_and_the_new_one_not(pair, where, what):
    getattr(pair, where).answers[what] = Ran(1, "", "it failed")

    assert "it failed" in pair.refused()

    assert pair.done.count("old: app stops") == pair.done.count("old: app starts")
    assert "old: timers rest" not in pair.done
    assert not [step for step in pair.done if step.startswith("the address")]
    if "new: app starts" in pair.done:
        assert "new: app stops" in pair.since("new: app starts")
    assert "rm -rf -- /opt/invoices/lock" in pair.old.acted
    assert move.NOTE not in pair.old.files


def test_what_is_tried_in_vain_stops_nothing(pair):
    pair.new.answers["* recover beside"] = Ran(1, '{"ok": false, "sentence": "It has no room."}')

    assert pair.refused() == "It has no room."
    assert not [step for step in pair.done if "stops" in step]


def test_what_differs_after_all_lets_the_old_server_serve_again(pair):
    digests = iter(["0123 -\n", "4567 -\n"])
    pair.old.answers["sh -c cd *"] = Ran(0, next(digests))
    pair.new.answers["sh -c cd *"] = Ran(0, next(digests))

    assert pair.refused() == (
        "198.51.100.10: the files in /volumes/data/imports.arrived are not those in /volumes/data/imports "
        "of 198.51.100.9."
    )
    assert pair.done[-1] == "old: app starts"


def test_a_first_backup_that_fails_there_is_told_and_the_move_stands(pair):
    pair.new.answers["*backup_runs.py backup"] = Ran(1, "The bucket cannot be reached.")

    assert "The first backup there failed, and is made again within the hour: 198.51.100.10: The bucket" in pair.run()


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"host": "198.51.100.9"}, "Both files are of 198.51.100.9: name the server that takes over."),
        (
            {"domain": "other.example.com"},
            "198.51.100.10 has another domain: give it that of 198.51.100.9, and deploy to it.",
        ),
        (
            {"backup_bucket": "other"},
            "198.51.100.10 has another bucket of the backups: give it that of 198.51.100.9, and deploy to it.",
        ),
    ],
)
def test_a_server_that_is_not_a_pair_to_the_old_one_is_refused(pair, facts, sentence):
    pair.facts |= facts

    assert pair.refused() == sentence
    assert pair.changed == []


@pytest.mark.parametrize(
    ("where", "what", "answer", "sentence"),
    [
        ("new", "readlink *", "/releases/other", "198.51.100.10 does not serve new, as 198.51.100.9 does: "),
        ("new", "docker ps *service=db *", "", "198.51.100.10: its database does not run: `fab deploy` to it first."),
        ("new", "*(SELECT count*", "1|2", "198.51.100.10 holds 1 customers and 2 invoices: with --replace they are"),
        (
            "new",
            "df * /var/lib/docker/volumes",
            "Avail\n2000",
            "198.51.100.10: to carry /volumes/data/imports of 198.51.100.9 takes 3 MB",
        ),
        ("old", "readlink *", "", "198.51.100.9: nothing was deployed yet: run `fab deploy` first."),
    ],
)
def test_what_would_end_badly_is_refused_before_anything_is_done(pair, where, what, answer, sentence):
    getattr(pair, where).answers[what] = Ran(0, f"{answer}\n")

    assert pair.refused().startswith(sentence)
    assert pair.changed == []


def test_servers_that_were_named_the_wrong_way_round_are_refused_whatever_is_said(pair):
    pair.old.answers["*(SELECT count*"] = Ran(0, "0|0\n")
    pair.new.answers["*(SELECT count*"] = Ran(0, "1|2\n")

    assert pair.refused(replace=True).endswith("is it the wrong way round?")


def test_what_the_new_server_holds_is_kept_there_where_that_is_said(pair):
    pair.new.answers["*(SELECT count*"] = Ran(0, "1|2\n")

    pair.run(replace=True)

    [first, second] = [line for line in pair.new.acted if line.startswith("mv -T")]
    assert first.startswith("mv -T -- /volumes/data/imports /volumes/data/imports.before-")
    assert second == "mv -T -- /volumes/data/imports.arrived /volumes/data/imports"


def test_a_rehearsal_only_looks(pair):
    assert "198.51.100.10 would serve in place of 198.51.100.9." in pair.run(dry_run=True)
    assert pair.changed == []


def test_where_a_bucket_is_rented_no_archive_is_carried(pair):
    pair.command.facts["backup_bucket"] = pair.facts["backup_bucket"] = "bucket"

    pair.run()

    assert pair.done.count("old: workbooks packed") == 2  # the second are certificates


MOVED = {move.NOTE: json.dumps({"to": "198.51.100.10", "audit_head": HEAD})}


def test_going_back_starts_the_old_server_before_the_new_one_rests(pair):
    pair.old.files |= MOVED
    pair.new.answers["*audit_entries*"] = Ran(0, "0\n")

    printed = pair.run(back=True)

    assert pair.done == [
        "new: app stops", "old: all start", "old: looked at", "new: timers rest", "old: timers go",
        "the address leads to 198.51.100.9",
    ]  # fmt: skip
    assert f"rm -f -- {move.NOTE}" in pair.old.acted
    assert "rm -rf -- /opt/invoices/lock" in pair.old.acted
    assert "198.51.100.9 serves https://invoices.example.com again." in printed


def test_what_was_entered_on_the_new_server_is_not_left_behind(pair):
    pair.old.files |= MOVED
    pair.new.answers["*audit_entries*"] = Ran(0, "2\n")

    assert pair.refused(back=True) == (
        "198.51.100.10: what was entered there is not on 198.51.100.9, and would be lost (2 in the audit): "
        "docs/operations.md says how to move to it in turn."
    )
    assert pair.done == ["new: app stops", "new: app starts"]


def test_what_fails_on_the_way_back_lets_the_new_server_serve_again(pair):
    pair.old.files |= MOVED
    pair.new.answers["*audit_entries*"] = Ran(0, "0\n")
    pair.old.answers["look at the site"] = Ran(1, "", "it does not answer")

    assert "it does not answer" in pair.refused(back=True)

    assert pair.done[-2:] == ["old: app stops", "new: app starts"]


@pytest.mark.parametrize("note", [{}, {"to": "203.0.113.1", "audit_head": HEAD}])
def test_going_back_from_where_it_did_not_move_to_is_refused(pair, note):
    pair.old.files[move.NOTE] = json.dumps(note)

    assert pair.refused(back=True) == "198.51.100.9 did not move to 198.51.100.10: there is nothing to go back to."
    assert pair.changed == []


def test_a_note_that_is_damaged_is_no_statement(pair):
    pair.old.files[move.NOTE] = json.dumps({"to": "198.51.100.10", "audit_head": "'; DROP TABLE audit_entries; --"})

    assert "is damaged: it names no seal of the audit." in pair.refused(back=True)


def test_every_timer_of_the_server_rests_where_nothing_serves_but_those_of_logs_and_images():
    timers = {path.name for path in UNITS.glob("*.timer")}

    assert timers - set(move.TIMERS) == {"invoices-logs.timer", "invoices-prune-images.timer"}
    assert set(move.TIMERS) <= timers


def test_a_server_of_another_postgresql_is_refused_before_anything_is_done(pair):
    pair.new.files["/etc/invoices/stack.env"] = f"{STACK_ENV}POSTGRESQL=18\n"

    assert "has PostgreSQL 17, 198.51.100.10 has 18: run `fab upgrade-database`" in pair.refused()
    assert pair.changed == []


AUTOMATED = f"{STACK_ENV}COMPOSE_PROFILES=automation\n"
STARTS = "up --detach --no-deps n8n"


@pytest.fixture
def automated(pair):
    """Both servers have n8n, and what each was asked of it is kept in turn."""
    for name, server in (("old", pair.old), ("new", pair.new)):
        server.files["/etc/invoices/stack.env"] = AUTOMATED
        server.answers |= {
            "docker ps * label=com.docker.compose.service=n8n *": Ran(0, "5 invoices-n8n-1 n8n exited\n"),
            "docker volume inspect * invoices_n8n": Ran(0, "/volumes/n8n\n"),
            "docker volume inspect * invoices_secrets-n8n": Ran(0, "/volumes/secrets-n8n\n"),
        }
        act = server.act

        def noted(*words, name=name, act=act, **options):
            line = " ".join(words)
            if " stop " in line and line.endswith("n8n"):
                pair.done.append(f"{name}: n8n stops")
            if line.endswith(STARTS):
                pair.done.append(f"{name}: n8n starts")
            return act(*words, **options)

        server.act = noted
    pair.old.files["/volumes/secrets-n8n/encryption_key"] = "the key of the old server"
    pair.old.files["/volumes/secrets-n8n/database_password"] = "of the old database"
    return pair


def of_n8n(pair):
    return [one for one in pair.done if " n8n " in one]


def test_n8n_never_runs_on_both_servers(automated):
    automated.run()

    assert of_n8n(automated) == ["new: n8n stops", "old: n8n stops", "new: n8n starts"]


def test_the_keys_of_n8n_and_what_its_executions_kept_go_along_and_the_password_of_the_database_does_not(automated):
    automated.run()

    assert automated.new.files["/volumes/secrets-n8n/encryption_key"] == "the key of the old server"
    assert "/volumes/secrets-n8n/database_password" not in automated.new.files
    assert [line for line in automated.new.acted if line.endswith("-C /volumes/n8n")] != []


def test_a_move_that_fails_lets_only_the_old_n8n_go_on(automated):
    automated.new.answers["* recover swap *"] = Ran(1, '{"ok": false, "sentence": "It broke off."}')

    automated.refused()

    assert of_n8n(automated)[-2:] == ["new: n8n stops", "old: n8n starts"]


def test_going_back_stops_the_new_n8n_before_the_old_one_starts(automated, monkeypatch):
    automated.old.files[move.NOTE] = json.dumps({"to": "198.51.100.10", "audit_head": HEAD})
    monkeypatch.setattr(move, "entered_since", lambda *_: 0)

    automated.run(back=True)

    assert of_n8n(automated) == ["new: n8n stops", "old: n8n starts"]


def test_rows_of_n8n_are_compared_with_those_of_the_old_server(automated):
    of_n8n = {"version": "2.40.7", "tables": {"workflow_entity": 5}}
    automated.old.answers["* recover handover"] = Ran(0, json.dumps({**HANDED, "n8n": of_n8n}))

    automated.run()

    asked = [
        said for line, said in zip(automated.new.acted, automated.new.stdin, strict=True) if "recover beside" in line
    ]
    assert json.loads(asked[-1])["n8n"] == of_n8n


def test_a_server_with_n8n_does_not_move_to_one_without(automated):
    automated.new.files["/etc/invoices/stack.env"] = STACK_ENV

    assert automated.refused() == (
        "Only one of 198.51.100.9 and 198.51.100.10 has n8n: set `automation` alike for both, and `fab deploy` to both."
    )
    assert automated.changed == []


@pytest.mark.parametrize("back", [False, True])
def test_what_waits_in_the_inbox_goes_along_both_ways(pair, back, monkeypatch):
    pair.old.files[move.NOTE] = json.dumps({"to": "198.51.100.10", "audit_head": HEAD})
    monkeypatch.setattr(move, "entered_since", lambda *_: 0)
    source, target = (pair.new, pair.old) if back else (pair.old, pair.new)
    source.answers["test -d /srv/inbox/*"] = Ran(0, "")

    pair.run(back=back)

    unpacked = [line.rpartition(" ")[2] for line in target.acted if "/srv/inbox/" in line and line.startswith("tar ")]
    assert unpacked == ["/srv/inbox/inbox", "/srv/inbox/done", "/srv/inbox/problems"]


def test_who_handed_workbooks_in_goes_on_doing_so(pair):
    pair.old.files["/etc/invoices/inbox_keys"] = "restrict ssh-ed25519 AAAA ann\n"

    pair.run()

    assert pair.new.files["/etc/invoices/inbox_keys"] == "restrict ssh-ed25519 AAAA ann\n"
