"""The first day is one command, which says what each step does, and goes on where it stopped."""

import io
from contextlib import contextmanager
from functools import partial

import paramiko
import pytest
import yaml
from invoke.context import Context
from rich.console import Console
from support.cluster_facts import CLUSTER
from support.recording_stack import FACTS

from playbooks import up as module
from playbooks.records import wait_for_records
from playbooks.steps import disk_keys, operator_files, stack_settings
from provisioning.host import HostError
from provisioning.settings import HostSettings, HostSettingsError

GIVEN = {
    "region": "us-east-1", "domain": "invoices.example.com", "network": "203.0.113.7/32",
    "public-key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUtcHVibGljLWtleS1vZi10aGUtb3BlcmF0 operator",
    "alert-email": "you@example.com",
}  # fmt: skip
RECORDS = "invoices.example.com. 300 IN A 198.51.100.9"
IN_ORDER = ["prepare", "preflight", "pulumi up --stack prod", "trust", "provision", "deploy"]


class Day:
    """The machine of an operator, on which each other command only notes that it was run; `broken` ones fail."""

    def __init__(self, monkeypatch, folder):
        self.done, self.broken, self.printed = [], set(), ""
        self.folder, self.is_rented = folder, False
        self.facts = dict(FACTS)
        monkeypatch.setattr(module, "ROOT", folder)
        monkeypatch.setattr(module, "FILE_OF_THIS_MACHINE", "")
        monkeypatch.setattr(stack_settings, "FOLDER", folder)
        for one in (operator_files, disk_keys):
            monkeypatch.setattr(one, "FOLDER", folder / "kept")
        monkeypatch.setattr(module, "server_settings", lambda _server, _stack: self.settings())
        for name in ("preflight", "trust", "provision", "deploy"):
            monkeypatch.setattr(module, name, self.command(name))
        monkeypatch.setattr(module.pulumi_state, "prepare", lambda *_words: self.note("prepare") or "file:///state")
        self.boundary = ""
        monkeypatch.setattr(module.permissions_boundary, "of_account", lambda _name: self.boundary)
        monkeypatch.setattr(module, "connected", self.connected)
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        self.program = folder / "pulumi"
        self.program.write_text(f'#!/bin/sh\necho "pulumi $*" >> {folder}/asked\nexit "$(cat {folder}/exit)"\n')
        self.program.chmod(0o755)
        (folder / "exit").write_text("0")
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        self.not_yet = 0

    def settings(self):
        if not (self.is_rented or (self.folder / "asked").exists()):
            raise HostSettingsError("The stack's outputs: there is no host. Run `pulumi up`.")
        return HostSettings.from_outputs(self.facts)

    def command(self, name):
        def run(_context, *, stack):
            self.note(name)
            if name in self.broken:
                raise SystemExit(f"{name} is broken.")

        return run

    def note(self, name):
        self.done.append(name)

    @contextmanager
    def connected(self, *_words, **_options):
        if self.not_yet:
            self.not_yet -= 1
            raise HostError("198.51.100.9: it does not answer to SSH (timed out).")
        yield

    def run(self, *, agreed=True, given=GIVEN):
        self.done.clear()
        said = io.StringIO()
        try:
            module.FirstDay(Context(), "prod", given, "", agreed, Console(file=said, width=160, soft_wrap=True)).run()
        finally:
            self.printed = said.getvalue()
            asked = self.folder / "asked"
            pulumi = asked.read_text().splitlines() if asked.exists() else []
            asked.unlink(missing_ok=True)
            self.is_rented = self.is_rented or bool(pulumi)
            after = [name for name in ("trust", "deploy") if name in self.done]
            at = self.done.index(after[0]) if after else len(self.done)
            self.done[at:at] = pulumi
        return self.printed

    def failed(self, **options):
        with pytest.raises(SystemExit) as ended:
            self.run(**options)
        return str(ended.value)


@pytest.fixture
def day(monkeypatch, tmp_path):
    return Day(monkeypatch, tmp_path)


def test_all_is_done_in_order_and_the_values_are_kept(day):
    day.run()

    assert day.done == [*IN_ORDER[:2], "pulumi up --stack prod --yes", *IN_ORDER[3:]]
    assert yaml.safe_load((day.folder / "Pulumi.prod.yaml").read_text())["config"]["aws:region"] == "us-east-1"


def test_each_step_says_what_it_does_and_what_does_it_alone(day):
    printed = day.run()

    assert "1/10 Configure the stack (alone: edit Pulumi.prod.yaml)" in printed
    assert "3/10 Ask AWS whether all can be rented (alone: fab preflight)" in printed
    assert "9/10 Deploy (alone: fab deploy)" in printed


def test_users_are_bounded_where_the_account_has_a_policy_for_it(day):
    day.boundary = "arn:aws:iam::123456789012:policy/invoices-boundary"
    day.run()

    written = yaml.safe_load((day.folder / "Pulumi.prod.yaml").read_text())["config"]
    assert written["invoices:permissionsBoundary"] == "arn:aws:iam::123456789012:policy/invoices-boundary"


def test_pulumi_asks_before_it_rents_unless_that_was_agreed_to(day):
    day.run(agreed=False)

    assert day.done == IN_ORDER


def test_in_the_end_it_says_how_long_each_step_took_where_to_sign_in_and_what_to_copy(day):
    (day.folder / "kept").mkdir()
    (day.folder / "kept/prod.passphrase").write_text("x")
    (day.folder / "kept/invoices.example.com.disk-key").write_text("x")

    printed = day.run()

    assert "In all" in printed
    assert "Sign in at https://invoices.example.com as admin@invoices.example.com" in printed
    assert f"  {day.folder}/kept/prod.passphrase\n  {day.folder}/kept/invoices.example.com.disk-key\n" in printed


@pytest.mark.parametrize(
    ("broken", "number", "what"),
    [("preflight", 3, "Ask AWS whether all can be rented"), ("provision", 7, "Provision it"), ("deploy", 9, "Deploy")],
)
def test_a_step_that_fails_ends_it_with_its_sentence_and_where_it_goes_on(day, broken, number, what):
    day.broken = {broken}

    assert (
        day.failed() == f"{broken} is broken.\nStopped at step {number}, {what}: the same command goes on from there."
    )
    assert day.done[-1] == broken


def test_run_again_it_asks_neither_the_operator_nor_aws_what_is_known(day):
    day.broken = {"deploy"}
    day.failed()
    day.broken = set()

    printed = day.run(given={})

    assert "It is rented already." in printed
    assert "preflight" not in day.done
    assert day.done[-1] == "deploy"


def test_a_rent_that_was_not_agreed_to_ends_it(day):
    (day.folder / "exit").write_text("255")

    assert day.failed() == (
        "`pulumi up` ended with 255: see above what it says.\n"
        "Stopped at step 4, Rent it: the same command goes on from there."
    )
    assert "trust" not in day.done


def test_the_records_to_set_are_shown_as_soon_as_they_are_known(day):
    day.facts["dns_records_to_set"] = RECORDS

    printed = day.run()

    assert printed.index(RECORDS) < printed.index("5/10")


def test_a_deploy_waits_for_the_records(day, public_values, monkeypatch):
    public_values.clear()
    pauses = iter([{}, {"A": frozenset({"198.51.100.9"})}])
    monkeypatch.setattr(
        module, "wait_for_records", partial(wait_for_records, pause=lambda _seconds: public_values.update(next(pauses)))
    )

    printed = day.run()

    assert f"{RECORDS} (now: nothing)" in printed
    assert day.done[-1] == "deploy"


def test_a_trial_without_a_public_name_waits_for_no_records(day, public_values):
    public_values.clear()
    (day.folder / "server.env").write_text("CERTIFICATES=internal\n")

    assert "Not needed, as server.env says CERTIFICATES=internal." in day.run()


def test_a_server_that_still_boots_is_waited_for(day):
    day.not_yet = 3

    day.run()

    assert day.not_yet == 0
    assert day.done[-1] == "deploy"


def test_a_server_that_never_answers_ends_it(day, monkeypatch):
    monkeypatch.setattr(module, "_BOOT_SECONDS", 0)
    day.not_yet = 99

    assert day.failed().startswith("198.51.100.9: it does not answer to SSH (timed out).\nStopped at step 6")


def test_a_server_that_lets_nobody_in_is_not_waited_for_as_long(day, monkeypatch):
    @contextmanager
    def refused(*_words, **_options):
        raise HostError("198.51.100.9: it lets nobody in.") from paramiko.AuthenticationException()
        yield

    monkeypatch.setattr(module, "connected", refused)
    monkeypatch.setattr(module, "_KEY_SECONDS", 0)

    assert day.failed().startswith("198.51.100.9: it lets nobody in.\nStopped at step 6")


def test_alarms_that_nobody_hears_come_with_the_command_that_confirms_them(day, monkeypatch):
    day.facts |= {"alarm_topic": "arn:aws:sns:us-east-1:1:invoices-alarms", "region": "us-east-1"}
    monkeypatch.setattr(module.alarm_mails, "unheard", lambda _settings: ["Alarms do not reach you@example.com yet."])

    printed = day.run()

    assert "Alarms do not reach you@example.com yet." in printed
    assert (
        "aws sns confirm-subscription --region us-east-1 --topic-arn arn:aws:sns:us-east-1:1:invoices-alarms "
        "--authenticate-on-unsubscribe true --token TOKEN"
    ) in printed


def test_a_server_of_one_s_own_is_not_rented(day, monkeypatch):
    monkeypatch.setattr(module, "FILE_OF_THIS_MACHINE", "server.json")

    assert day.failed() == "INVOICES_SERVER names server.json, and `fab up` rents a server: unset it first."
    assert day.done == []


def test_a_cluster_alone_is_rented_and_deployed_and_needs_no_machine_s_steps(day):
    (day.folder / "Pulumi.prod.yaml").write_text("config:\n  invoices:shape: cluster\n")
    day.facts |= {"shape": "cluster", "host": "", "cluster": CLUSTER | {"alarm_topic": ""}}

    printed = day.run(given={name: GIVEN[name] for name in ("region", "domain", "alert-email")})

    assert day.done == ["prepare", "preflight", "pulumi up --stack prod --yes", "deploy"]
    assert "5/6 Deploy (alone: fab deploy)" in printed
    assert "No alarms are rented." in printed


def test_a_cluster_that_is_rented_is_not_looked_for_again(day):
    (day.folder / "Pulumi.prod.yaml").write_text("config:\n  invoices:shape: cluster\n")
    day.facts |= {"shape": "cluster", "host": "", "cluster": CLUSTER | {"alarm_topic": ""}}
    day.is_rented = True

    assert "It is rented already." in day.run(given={name: GIVEN[name] for name in ("region", "domain", "alert-email")})
