"""The switch to another version of the app without losing a request: start, health check, switch, drain."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from playbooks.steps import kept_logs
from playbooks.steps.progress import Steps
from playbooks.steps.stack import Container, Stack, containers, health, running
from provisioning.host import Host, HostError

UPSTREAM = "/opt/invoices/proxy/upstream"  # read by the proxy for each request
_PORT = 8000
_READY_SECONDS = 90
_PAUSE_SECONDS = 0.5
_HANDING_OVER_SECONDS = 1
_DRAIN_SECONDS = 40  # longer than the proxy waits for an answer of the app
_LINES_SHOWN = 100  # the reason comes before the shutdown messages of two servers, perhaps twice


@dataclass(frozen=True, slots=True)
class Switch:
    """`is_well` raises HostError if the site does not answer under its name.

    `recreates` replaces a container of the same version too: what it reads at startup has changed.
    """

    host: Host
    stack: Stack
    steps: Steps
    is_well: Callable[[], None]
    recreates: bool = False
    pause: Callable[[float], None] = time.sleep

    def to_new_version(self) -> list[Container]:
        """Return the old containers; after any error the old version keeps serving."""
        serving = self._remove_leftovers()
        if not self.recreates and self._serves_already(serving):
            self.steps.note(f"{self.stack.version} serves already")
            self._route_to(next(one for one in serving if one.version == self.stack.version))
            return []
        with self.steps.step("Start the new version beside the old"):
            new = self._start(len(serving))
        try:
            with self.steps.step("Wait until it is ready"):
                self._wait_until_ready(new)
            with self.steps.step("Switch the proxy"):
                self._switch(new, serving)
        except BaseException:
            # Also if the command is interrupted: remove the new container, but only if the proxy does not use it.
            if routed_to(self.host) != new.name:
                self._remove(new)
            raise
        return serving

    def finish(self, old: list[Container]) -> None:
        if not old:
            return
        with self.steps.step("Let the old version finish, and stop it"):
            # Before it stops, it must accept connections that were opened just before the switch.
            self.pause(_HANDING_OVER_SECONDS)
            for container in old:
                self.host.act("docker", "stop", "--time", str(_DRAIN_SECONDS), container.id, check=False)
                kept_logs.keep(self.host)  # they go with the container, and may be needed to explain an error
                self._remove(container)

    def _serves_already(self, serving: list[Container]) -> bool:
        return any(one.version == self.stack.version and health(self.host, one).is_healthy for one in serving)

    def _remove_leftovers(self) -> list[Container]:
        """Return the containers that serve, after removing those that an interrupted deploy left behind."""
        name = routed_to(self.host)
        apps = containers(self.host, "app")
        serving = [one for one in apps if one.name == name] or apps
        for leftover in apps:
            if leftover not in serving:
                self._remove(leftover)
        return serving

    def _start(self, serving: int) -> Container:
        before = {one.id for one in containers(self.host, "app")}
        self.stack.execute("up", "--detach", "--no-deps", "--no-recreate", "--scale", f"app={serving + 1}", "app")
        new = [one for one in containers(self.host, "app") if one.id not in before]
        if len(new) != 1:
            raise HostError(f"{self.host.name}: Compose started {len(new)} containers of the app instead of one.")
        return new[0]

    def _wait_until_ready(self, new: Container) -> None:
        until = time.monotonic() + _READY_SECONDS
        while not (state := health(self.host, new)).is_healthy:
            if state.is_lost or time.monotonic() > until:
                printed = self.host.run("docker", "logs", "--tail", str(_LINES_SHOWN), new.id, check=False)
                raise HostError(
                    f"{self.stack.version} does not become ready ({state.status}, exit code {state.exit_code}).\n"
                    f"Its health check printed:\n{state.log or '(nothing)'}\n"
                    f"Its last lines:\n{(printed.out + printed.err).strip() or '(none)'}"
                )
            self.pause(_PAUSE_SECONDS)

    def _switch(self, new: Container, old: list[Container]) -> None:
        try:
            self._route_to(new)
            self.is_well()
        except BaseException:
            if old:
                self._route_to(old[0])
            raise

    def _route_to(self, upstream: Container) -> None:
        wanted = f"{upstream.name}:{_PORT}\n"
        if self.host.read(UPSTREAM) != wanted:
            self.host.write(UPSTREAM, wanted)
        if self.recreates or not running(self.host, "proxy"):
            # Compose restarts a running proxy only if its settings changed: a second without answers.
            self.stack.execute("up", "--detach", "--no-deps", "proxy")

    def _remove(self, container: Container) -> None:
        self.host.act("docker", "rm", "--force", container.id, check=False)


def routed_to(host: Host) -> str:
    return (host.read(UPSTREAM) or "").strip().rpartition(":")[0]
