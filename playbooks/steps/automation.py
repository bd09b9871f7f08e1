"""n8n on the server: brought up to date, removed, and looked at; whatever becomes of it, the dashboard serves."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from playbooks.steps.progress import Steps
from playbooks.steps.stack import ONCE, Container, Stack, containers, health, running
from provisioning.host import Host, HostError

SERVICE, PROFILE = "n8n", "automation"
_SETUP = "n8n-setup"
_SETUP_SECONDS = 900
_READY_SECONDS = 240
_PAUSE_SECONDS = 1
# A hash of the owner's password that n8n cannot use ends it only after it answered.
_STILL_RUNS_SECONDS = 5
_PULL_SECONDS = 1_800
_PROBLEMS = "/home/node/.n8n/setup.problems"


@dataclass(frozen=True, slots=True)
class N8n:
    stack: Stack
    steps: Steps
    is_wanted: bool
    pause: Callable[[float], None] = time.sleep

    def ensure(self, *, restarts: bool = False, refreshes: bool = False) -> None:
        """Have n8n as it is wanted; what fails is only said, as the dashboard serves without it.

        `restarts` starts it again even if nothing changed: it reads its secrets only then.
        """
        try:
            if self.is_wanted:
                self._have(restarts=restarts, refreshes=refreshes)
            elif containers(self.stack.host, SERVICE):
                self._remove()
        except HostError as error:
            self.steps.note(
                f"The dashboard serves, but the automation does not run as it should: {error} See `fab logs --service "
                "n8n`, and deploy again."
            )

    def _have(self, *, restarts: bool, refreshes: bool) -> None:
        stack = self.stack
        before = containers(stack.host, SERVICE)
        with self.steps.step("Have the automation, n8n"):
            policy = "always" if refreshes else "missing"
            stack.execute("pull", "--quiet", "--policy", policy, SERVICE, check=refreshes, seconds=_PULL_SECONDS)
            stack.execute(*ONCE, PROFILE)
            try:
                self._import()
            finally:
                again = ["--force-recreate"] if restarts else []
                stack.execute("up", "--detach", "--no-deps", *again, SERVICE)
            self._wait_until_ready(before)
        for problem in problems(stack.host):
            self.steps.note(problem)

    def _import(self) -> None:
        stack = self.stack
        if stack.query(*ONCE, _SETUP, "--pending").out.strip():
            # Never two at once, and an import beside a running n8n would not be seen by it.
            stack.execute("stop", SERVICE)
            stack.execute(*ONCE, _SETUP, seconds=_SETUP_SECONDS)

    def _wait_until_ready(self, before: list[Container]) -> None:
        host, until = self.stack.host, time.monotonic() + _READY_SECONDS
        while not (states := [health(host, one) for one in containers(host, SERVICE)]) or not states[0].is_healthy:
            if any(state.is_lost for state in states) or time.monotonic() > until:
                raise HostError("n8n does not become ready.")
            self.pause(_PAUSE_SECONDS)
        if containers(host, SERVICE) == before:
            return
        self.pause(_STILL_RUNS_SECONDS)
        if not all(health(host, one).is_running for one in containers(host, SERVICE)):
            raise HostError("n8n was ready, and ended seconds later.")

    def _remove(self) -> None:
        stack = self.stack
        with self.steps.step("Remove the automation, n8n"):
            there = [one.id for service in (_SETUP, SERVICE) for one in containers(stack.host, service)]
            for one in there:
                stack.host.act("docker", "stop", "--time", "45", one, check=False)
            stack.execute(*ONCE, PROFILE, "invoices", "automation", "disable")
            # A token that was revoked does not come back: the next start of the automation has another.
            stack.execute(*ONCE, "secrets", "invoices", "secrets", "--rotate", "automation-token")
            # Last: as long as they are there, the next deploy tries again what failed above.
            for one in there:
                stack.host.act("docker", "rm", "--force", one)
        self.steps.note(
            "n8n was removed. Its data is kept: with automation set to true, the next deploy goes on with it."
        )


def problems(host: Host, *, is_wanted: bool = True) -> list[str]:
    """Return what the last import into n8n could not do, and whether n8n is away although it is wanted."""
    found = containers(host, SERVICE)
    if not found:
        return ["n8n is not there: `fab deploy` starts it; the dashboard serves."] if is_wanted else []
    if not running(host, SERVICE):
        return ["n8n does not run: the automation stands still, the dashboard serves."]
    kept = host.run("docker", "exec", found[0].id, "cat", _PROBLEMS, check=False).out
    return [f"n8n: {line}" for line in kept.splitlines() if line]
