"""`fab unlock`: open a server's encrypted disk after a reboot, and start what waits for it."""

import getpass

from playbooks.steps import deploy_log
from playbooks.steps.disk_keys import as_typed, keys_of
from playbooks.steps.session import RefusedError, Session, server_task
from provisioning import encrypted_disk
from provisioning.host import HostError

_WAITING = (encrypted_disk.UNIT, "docker.service")


@server_task(
    recovery="Ask for the recovery key, where the other one is lost.",
    new_key="With --recovery: make a new key, and let it open the disk in place of the one that was lost.",
)
def unlock(found: Session, *, recovery: bool = False, new_key: bool = False) -> None:
    """Open the server's encrypted disk and start Docker; a server that is open stays as it is."""
    if new_key and not recovery:
        raise RefusedError("--new-key goes with --recovery: the recovery key is what lets another one in.")
    state = encrypted_disk.state(found.host)
    if not state.exists:
        raise RefusedError(f"{found.host.name}: it has no encrypted disk: diskEncryption and `fab provision` make one.")
    keys = keys_of(found.settings, found.console)
    asked = as_typed(getpass.getpass("Recovery key: ")) if recovery else ""
    if state.is_locked:
        with found.steps.step("Open the disk"):
            encrypted_disk.unlock(found.host, asked or keys.kept())
    if not found.host.run("systemctl", "is-active", "--quiet", "docker.service", check=False).ok:
        with found.steps.step("Start Docker"):
            found.host.act("systemctl", "reset-failed", *_WAITING, check=False)
            found.host.act("systemctl", "start", *_WAITING)
    if state.is_locked:
        deploy_log.append(found.host, "unlock", "-", "with the recovery key" if recovery else "done")
    if new_key:
        _replace(found, asked)
    found.steps.recap(f"{found.host.name}: its disk is open.")


def _replace(found: Session, recovery: str) -> None:
    try:
        with found.steps.step("Let a new key open it"):
            encrypted_disk.require_right(found.host, recovery)  # a new key takes the place of the one that is kept
            new = keys_of(found.settings, found.console).renewed()
            encrypted_disk.replace_key(found.host, recovery, new)
    except HostError as error:
        raise HostError(f"The key was not replaced, the recovery key still opens the disk. {error}") from error
