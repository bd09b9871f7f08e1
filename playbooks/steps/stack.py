"""The stack on the server: Compose commands of a release, and the containers that exist."""

import json
from dataclasses import dataclass

from playbooks.steps.release import folder_of
from provisioning.host import Host, HostError, Ran

SETTINGS = "/etc/invoices/stack.env"
PROJECT = "invoices"
ONCE = ("run", "--rm", "--no-deps", "-T")  # a container of its own, for one command


@dataclass(frozen=True, slots=True)
class Container:
    id: str
    name: str
    image: str
    state: str

    @property
    def version(self) -> str:
        """Return the release of its image, empty for images that are not ours."""
        return self.image.partition(":")[2] if self.image.startswith("invoices-app:") else ""


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a container in Docker; `log` is the output of its last three health checks."""

    is_running: bool
    status: str
    restarts: int
    exit_code: int
    log: str

    @property
    def is_healthy(self) -> bool:
        return self.is_running and self.status == "healthy"

    @property
    def is_lost(self) -> bool:
        """Return whether waiting is useless: it has exited, was restarted, or is unhealthy."""
        return not self.is_running or self.restarts > 0 or self.status == "unhealthy"


@dataclass(frozen=True, slots=True)
class Stack:
    """`postgresql` is the version of PostgreSQL, if not the one that the server has."""

    host: Host
    version: str
    postgresql: str = ""

    def execute(self, *words: str, stdin: str = "", check: bool = True, seconds: int = 600) -> Ran:
        """Run a Compose command that changes something."""
        return self.host.act(*self.compose_args(*words), stdin=stdin, check=check, seconds=seconds)

    def query(self, *words: str, check: bool = True, seconds: int = 60) -> Ran:
        """Run a Compose command that changes nothing."""
        return self.host.run(*self.compose_args(*words), check=check, seconds=seconds)

    def rows(self, sql: str, database: str = "invoices") -> list[str]:
        psql = ("psql", "--username", "postgres", "--no-align", "--tuples-only", "--command", sql, database)
        return self.query("exec", "-T", "db", *psql).out.splitlines()

    def compose_args(self, *words: str) -> list[str]:
        folder = folder_of(self.version)
        other = [f"POSTGRESQL={self.postgresql}"] if self.postgresql else []
        return [
            "env", f"VERSION={self.version}", *other, "docker", "compose", "--progress", "quiet",
            "--project-name", PROJECT,
            "--project-directory", folder, "--env-file", SETTINGS, "--file", f"{folder}/docker-compose.yml", *words,
        ]  # fmt: skip


def containers(host: Host, service: str = "") -> list[Container]:
    filters = [f"label=com.docker.compose.project={PROJECT}", "label=com.docker.compose.oneoff=False"]
    if service:
        filters.append(f"label=com.docker.compose.service={service}")
    words = [word for one in filters for word in ("--filter", one)]
    template = "{{.ID}} {{.Names}} {{.Image}} {{.State}}"
    found = host.run("docker", "ps", "--all", "--no-trunc", *words, "--format", template, check=False)
    return [Container(*line.split()[:4]) for line in found.out.splitlines() if len(line.split()) >= 4]


def running(host: Host, service: str) -> list[Container]:
    return [one for one in containers(host, service) if one.state == "running"]


def serving(host: Host, service: str) -> list[Container]:
    """Return those that run; raises HostError if none does."""
    if found := running(host, service):
        return found
    raise HostError(f"{host.name}: the {service} does not run; `fab status` says more.")


def health(host: Host, container: Container) -> Health:
    found = host.run("docker", "inspect", "--format", "{{json .State}} {{.RestartCount}}", container.id, check=False)
    if not found.ok:
        return Health(is_running=False, status="gone", restarts=0, exit_code=0, log="")
    text, _, restarts = found.out.strip().rpartition(" ")
    state = json.loads(text)
    checks = state.get("Health") or {}
    return Health(
        is_running=bool(state["Running"]) and not state.get("Restarting"),
        status=checks.get("Status", "none"),
        restarts=int(restarts),
        exit_code=int(state.get("ExitCode", 0)),
        log="\n".join(str(check.get("Output", "")).strip() for check in (checks.get("Log") or ())[-3:]).strip(),
    )
