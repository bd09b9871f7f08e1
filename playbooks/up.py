"""`fab up`: the whole first day, from an AWS account to the dashboard, and again whatever of it is missing."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from invoke.context import Context
from invoke.tasks import task
from paramiko import AuthenticationException
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from playbooks.deploy import deploy
from playbooks.preflight import preflight
from playbooks.provision import provision
from playbooks.records import wait_for_records
from playbooks.steps import alarm_mails, backup_key, operator_files, permissions_boundary, pulumi_state
from playbooks.steps.configuration import Configuration, complete
from playbooks.steps.disk_keys import TypedKey
from playbooks.steps.inventory import ROOT, known_hosts, server_settings
from playbooks.steps.session import EXPECTED, STACK, RefusedError, login_of
from playbooks.steps.stack_settings import file_of, wanted
from playbooks.trust import trust
from provisioning.host import HostError
from provisioning.settings import FILE_OF_THIS_MACHINE, HostSettings, HostSettingsError
from provisioning.ssh_host import connected
from provisioning.ssh_keys import SshLogin

_BOOT_SECONDS = 420
_KEY_SECONDS = 60  # until a machine that answers must let its operator in
_PAUSE_SECONDS = 5


@task(
    help={
        "stack": "What the stack is called; its configuration is Pulumi.STACK.yaml.",
        "region": "The AWS region to rent in.",
        "domain": "The name that users will type.",
        "network": "The networks you work from, with commas between.",
        "public-key": "Your public SSH key, or its file.",
        "alert-email": "The address that alarms go to.",
        "state": "Where Pulumi keeps its state: s3://BUCKET, made if it is missing, or file://FOLDER.",
        "yes": "Rent without asking once more.",
    }
)
def up(
    context: Context,
    *,
    stack: str = STACK,
    region: str = "",
    domain: str = "",
    network: str = "",
    public_key: str = "",
    alert_email: str = "",
    state: str = "",
    yes: bool = False,
) -> None:
    """Do the whole first day: rent, provision a server, and deploy; run again, it goes on where it stopped."""
    given = {
        "region": region, "domain": domain, "network": network, "public-key": public_key, "alert-email": alert_email,
    }  # fmt: skip
    FirstDay(context, stack, given, state, yes, Console(highlight=False, soft_wrap=True)).run()


@dataclass(frozen=True, slots=True)
class FirstDayStep:
    what: str
    alone: str
    act: Callable[[], None]


@dataclass(frozen=True, slots=True)
class FirstDay:
    """`given` has what was said by options; `state` is where Pulumi's is to be kept, empty for the usual place."""

    context: Context
    stack: str
    given: dict[str, str]
    state: str
    is_agreed: bool
    console: Console

    def run(self) -> None:
        """Exit with one message, after which the same command goes on, if a step fails."""
        if FILE_OF_THIS_MACHINE:
            sys.exit(f"INVOICES_SERVER names {FILE_OF_THIS_MACHINE}, and `fab up` rents a server: unset it first.")
        steps, seconds = self._steps(), []
        for number, step in enumerate(steps, 1):
            self.console.print(f"[bold]{number}/{len(steps)} {step.what}[/] [dim]({step.alone})[/]")
            began = time.monotonic()
            if sentence := _failure_of(step):
                sys.exit(f"{sentence}\nStopped at step {number}, {step.what}: the same command goes on from there.")
            seconds.append(time.monotonic() - began)
        self.console.print(_times(steps, seconds))
        self._say_what_is_next()

    def _steps(self) -> list[FirstDayStep]:
        name = self._configuration_name
        is_cluster = Configuration(ROOT / name).get("shape") == "cluster"
        return [
            FirstDayStep("Configure the stack", f"alone: edit {name}", self._configure),
            FirstDayStep("Keep passphrase and state", f"they are in {operator_files.FOLDER}", self._prepare_state),
            FirstDayStep("Ask AWS whether all can be rented", "alone: fab preflight", self._check),
            FirstDayStep("Rent it", "alone: pulumi up", self._rent),
            *([] if is_cluster else self._steps_of_a_machine()),
            FirstDayStep("Deploy", "alone: fab deploy", self._deploy),
            FirstDayStep("See that alarms reach you", "alone: fab status", self._say_whether_alarms_are_heard),
        ]

    def _steps_of_a_machine(self) -> list[FirstDayStep]:
        return [
            FirstDayStep("Know the server by its key", "alone: fab trust", self._trust),
            FirstDayStep("Wait until it lets you in", "nothing to do", self._wait_for_ssh),
            FirstDayStep("Provision it", "alone: fab provision", self._provision),
            FirstDayStep("Wait for the records of the domain", "alone: fab records --wait", self._wait_for_records),
        ]

    @property
    def _configuration_name(self) -> str:
        return f"Pulumi.{self.stack}.yaml"

    def _configure(self) -> None:
        configuration = Configuration(ROOT / self._configuration_name)
        complete(configuration, self.given, self.console)
        if not configuration.has(permissions_boundary.KEY):
            self._bound_users(configuration)
        self.console.print(f"  {configuration.path.name} has them; Pulumi.yaml describes all other settings.")

    def _bound_users(self, configuration: Configuration) -> None:
        if boundary := permissions_boundary.of_account(configuration.get("serverName") or "invoices"):
            configuration.set(permissions_boundary.KEY, boundary)
            self.console.print(f"  The users that are rented are bounded by {boundary}.", markup=False)

    def _prepare_state(self) -> None:
        region = Configuration(ROOT / self._configuration_name).region
        place = pulumi_state.prepare(self.stack, region, self.state)
        self.console.print(f"  The state is in {place}, encrypted with the passphrase.", markup=False)

    def _check(self) -> None:
        if self._is_rented():
            self.console.print("  It is rented already.")
        else:
            preflight(self.context, stack=self.stack)

    def _is_rented(self) -> bool:
        try:
            settings = self._settings()
        except HostSettingsError:
            return False
        return bool(settings.host or settings.cluster)

    def _rent(self) -> None:
        command = ["pulumi", "up", "--stack", self.stack, *(["--yes"] if self.is_agreed else [])]
        environment = operator_files.environment(self.stack)
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        if done.returncode:
            raise RefusedError(f"`pulumi up` ended with {done.returncode}: see above what it says.")
        if records := self._settings().dns_records_to_set:
            self.console.print("[bold]Set these records now where the domain is kept; the next steps take minutes:[/]")
            self.console.print(records, markup=False)

    def _trust(self) -> None:
        trust(self.context, stack=self.stack)

    def _wait_for_ssh(self) -> None:
        settings, login = self._settings(), login_of(self.context)
        with self.console.status("The server boots …"):
            _wait_for_ssh(settings, login)

    def _provision(self) -> None:
        provision(self.context, stack=self.stack)

    def _wait_for_records(self) -> None:
        settings = self._settings()
        kind = wanted(settings, file_of(self.stack))["CERTIFICATES"]
        if kind != "production":
            self.console.print(f"  Not needed, as {file_of(self.stack).name} says CERTIFICATES={kind}.")
            return
        wait_for_records(settings, self.console)

    def _deploy(self) -> None:
        deploy(self.context, stack=self.stack)

    def _say_whether_alarms_are_heard(self) -> None:
        rented = self._settings()
        settings = rented.cluster if rented.cluster and not rented.host else rented
        sentences = list(alarm_mails.unheard(settings))
        for sentence in sentences:
            self.console.print(f"  {sentence}", style="yellow", markup=False)
        if sentences:
            self.console.print(
                "  In the mail, copy what follows Token= in the link, and do not follow it:\n"
                f"  aws sns confirm-subscription --region {settings.region} --topic-arn {settings.alarm_topic} "
                "--authenticate-on-unsubscribe true --token TOKEN",
                markup=False,
            )
        elif settings.alarm_topic:
            self.console.print("  They do.")
        else:
            self.console.print("  No alarms are rented.")

    def _say_what_is_next(self) -> None:
        settings = self._settings()
        disk_key = TypedKey(settings, self.console).path
        kept = [backup_key.file_of(settings), operator_files.passphrase_of(self.stack), disk_key]
        self.console.print(
            f"[bold]Sign in at https://{settings.domain} as admin@{settings.domain}[/], with the password that the "
            "first deploy printed, and set a second factor on the page of your account."
        )
        self.console.print("Copy these to where you keep passwords; nobody can make them again:")
        self.console.print("\n".join(f"  {path}" for path in kept if path.exists()), markup=False)

    def _settings(self) -> HostSettings:
        return server_settings("", self.stack)


def _failure_of(step: FirstDayStep) -> str:
    """Do the step, and return why it failed, empty if it did not."""
    try:
        step.act()
    except SystemExit as ended:
        return str(ended.code) if ended.code else ""
    except EXPECTED as error:
        return str(error)
    except KeyboardInterrupt:
        return "Broken off."
    return ""


def _wait_for_ssh(settings: HostSettings, login: SshLogin) -> None:
    """Return once it lets the operator in; `fab provision` waits for the rest of its first boot. Raises HostError."""
    began = time.monotonic()
    while True:
        try:
            with connected(settings.host, settings.user, known_hosts(settings), login=login):
                return
        except HostError as error:
            is_refused = isinstance(error.__cause__, AuthenticationException)
            if time.monotonic() - began > (_KEY_SECONDS if is_refused else _BOOT_SECONDS):
                raise
        time.sleep(_PAUSE_SECONDS)


def _times(steps: list[FirstDayStep], seconds: list[float]) -> Table:
    table = Table("Step", "Seconds", box=SIMPLE_HEAD)
    table.columns[1].justify = "right"
    for step, took in zip(steps, seconds, strict=True):
        table.add_row(step.what, f"{took:.0f}")
    table.add_row("In all", f"{sum(seconds):.0f}", style="bold")
    return table
