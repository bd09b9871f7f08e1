"""The machine and the stack on it, as its own programs ask them."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = Path("/etc/invoices/stack.env")
SERVICES = ("app", "db", "proxy", "worker")
_PROJECT = "invoices"
_SECONDS = 20


class UnknownError(Exception):
    """Something cannot be told now; the message is why, in one clause."""


@dataclass(frozen=True)
class StackContainer:
    id: str
    service: str
    name: str
    image: str
    state: str
    status: str

    @property
    def is_well(self) -> bool:
        return self.state == "running" and "unhealthy" not in self.status


def printed(*command: str, seconds: float = _SECONDS, stdin: str = "") -> str:
    """Return what the command wrote to its output; raises UnknownError if it failed or took longer."""
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise UnknownError(f"{command[0]} said nothing for {seconds:g} seconds") from error
    except OSError as error:
        raise UnknownError(f"{command[0]} does not start: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise UnknownError(f"{command[0]} ended with {done.returncode}: {said[-1] if said else 'it said nothing'}")
    return done.stdout


def containers() -> list[StackContainer]:
    """Return those of the stack that stay; one-off commands are none."""
    labels = (f"com.docker.compose.project={_PROJECT}", "com.docker.compose.oneoff=False")
    filters = [word for label in labels for word in ("--filter", f"label={label}")]
    fields = ("{{.ID}}", '{{.Label "com.docker.compose.service"}}', "{{.Names}}", "{{.Image}}", "{{.State}}")
    shown = printed("docker", "ps", "--all", "--no-trunc", *filters, "--format", "\t".join((*fields, "{{.Status}}")))
    return [StackContainer(*line.split("\t")) for line in shown.splitlines()]


def running(service: str) -> list[StackContainer]:
    return [one for one in containers() if one.service == service and one.state == "running"]


def inside(service: str, *command: str, seconds: float = _SECONDS, stdin: str = "") -> str:
    """Return what a command printed in a container of the service; raises UnknownError if none runs."""
    found = running(service)
    if not found:
        raise UnknownError(f"the {service} does not run")
    return printed("docker", "exec", "--interactive", found[0].id, *command, seconds=seconds, stdin=stdin)


def rows(sql: str, *, database: str = "postgres") -> list[list[str]]:
    """Return what the database answers; whoever may enter its container needs no password."""
    psql = ("psql", "--no-psqlrc", "--username=postgres", f"--dbname={database}", "--no-align", "--tuples-only")
    shown = inside("db", *psql, "--field-separator=\t", "--command", sql)
    return [line.split("\t") for line in shown.splitlines() if line]


def inspected(container: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed("docker", "inspect", container))[0]
    return found


def stack_settings() -> dict[str, str]:
    """Return the settings that the deploy wrote, none before the first."""
    try:
        lines = SETTINGS.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name: value.strip().strip("'") for name, value in pairs}


def failed_units() -> list[str]:
    lines = printed("systemctl", "list-units", "--failed", "--no-legend", "--plain").splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def memory() -> tuple[int, int]:
    """Return all of it and what is available, in bytes."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    kilobytes = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    return kilobytes["MemTotal"] * 1024, kilobytes["MemAvailable"] * 1024
