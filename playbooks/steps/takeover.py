"""Switch app and worker to a version: common to deploy, rollback and new secrets."""

import time
from functools import partial

from playbooks.steps import kept_logs, release
from playbooks.steps.public_check import wait_until_served
from playbooks.steps.session import Session
from playbooks.steps.stack import Stack, containers, health
from playbooks.steps.stack_settings import are_applied, file_of, note_applied, wanted
from playbooks.steps.switching import Switch
from provisioning.host import HostError

_ROOT_CERTIFICATE = "/data/caddy/pki/authorities/local/root.crt"
_FIRST_CERTIFICATE_SECONDS = 120
_SERVED_SECONDS = 30
_WORKER_SECONDS = 60
_PAUSE_SECONDS = 0.5


def take_over(found: Session, stack: Stack, *, recreates: bool = False) -> None:
    """Switch app and worker to the stack's version, and wait until both are ready.

    If the app fails, the old version keeps serving. If only the worker fails, the new version serves and HostError is
    raised. `recreates` replaces containers of the same version too: what they read at startup has changed.
    """
    host, steps = found.host, found.steps
    recreates = recreates or not are_applied(host)
    switch = Switch(host, stack, steps, partial(check_public_site, found, stack), recreates=recreates)
    old = switch.to_new_version()
    release.make_current(host, stack.version)
    with steps.step("Let the worker be of that version"):
        kept_logs.keep(host)
        again = ["--force-recreate"] if recreates else []
        stack.execute("up", "--detach", "--no-deps", *again, "worker")
    switch.finish(old)
    with steps.step("Wait until the worker is ready"):
        _wait_for_worker(stack)
    note_applied(host)


def check_public_site(found: Session, stack: Stack, certificates: str = "") -> None:
    """Raise HostError unless the site answers; `certificates` is what the server has, if not as the settings say."""
    mode = certificates or wanted(found.settings, file_of(found.stack))["CERTIFICATES"]
    authority = (
        stack.query("exec", "-T", "proxy", "cat", _ROOT_CERTIFICATE, check=False).out if mode == "internal" else ""
    )
    is_first = not release.current(found.host)
    wait_until_served(
        found.settings.host,
        found.settings.domain,
        authority=authority,
        is_trial=mode == "staging",
        seconds=_FIRST_CERTIFICATE_SECONDS if is_first else _SERVED_SECONDS,
    )


def _wait_for_worker(stack: Stack) -> None:
    until = time.monotonic() + _WORKER_SECONDS
    while True:
        states = [health(stack.host, one) for one in containers(stack.host, "worker")]
        if states and all(state.is_healthy for state in states):
            return
        if any(state.is_lost for state in states) or time.monotonic() > until:
            raise HostError(
                f"{stack.host.name}: {stack.version} serves, but its worker does not become ready: imports and mail "
                "wait. See `fab logs --service worker`; fix it and deploy, or `fab rollback`."
            )
        time.sleep(_PAUSE_SECONDS)
