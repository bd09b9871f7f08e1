"""`fab provision`: turn a bare server into a hardened one that runs Docker."""

from functools import partial

from playbooks.steps import deploy_log, lock, stack_settings
from playbooks.steps.disk_keys import keys_of
from playbooks.steps.session import Session, can_still_connect, server_task
from provisioning.baseline import provision as apply_baseline
from provisioning.change import Change


@server_task(check="Say what would be changed, and change nothing.")
def provision(found: Session, *, check: bool = False) -> None:
    """Configure the server: accounts, SSH, firewall, updates, Docker; changes only what differs."""
    with lock.held(found.host, "provision"), deploy_log.failure_logged(found.host, "provision", "-"):
        changes = _applied(found)
        changed = [change for change in changes if change.changed]
        if changed and not check:
            deploy_log.append(found.host, "provision", "-", f"{len(changed)} changed")
    verb = "would change" if check else "changed"
    found.steps.recap(f"{found.host.name}: {len(changed)} {verb}, {len(changes) - len(changed)} as they should be.")


def _applied(found: Session) -> list[Change]:
    changes = []
    keys = keys_of(found.settings, found.console)
    for change in apply_baseline(found.host, found.settings, partial(can_still_connect, found), keys):
        _print(found, change)
        changes.append(change)
    if found.settings.disk_encryption == "secretsmanager":
        # With it the server fetches the key as it boots.
        stack_settings.ensure_watching_key(found.host, found.settings, stack_settings.file_of(found.stack))
    return changes


def _print(found: Session, change: Change) -> None:
    if change.missing:
        found.console.print(f"[yellow]–[/] {change.what}: {change.missing}")
    if not change.changed:
        return
    found.console.print(f"[yellow]~[/] {change.what}")
    for line in change.diff.splitlines():
        found.console.print(f"    {line}", style="dim", markup=False)
