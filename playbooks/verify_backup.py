"""`fab verify-backup`: open a backup on this machine, restore it on the server beside the database, and compare."""

from playbooks.restore import restored_and_compared
from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps import backup_place, lock, release
from playbooks.steps.session import RefusedError, Session
from playbooks.steps.stack import Stack


@shape_task(Shape.verify_backup, "verify-backup", backup="Its id; the newest without.")
def verify_backup(found: Session, *, backup: str = "") -> None:
    """Prove a backup: signature and hashes here, then every figure in a database made from it on the server."""
    stack = Stack(found.host, release.deployed(found.host))
    complete = [str(one["backup"]) for one in backup_place.listed(found) if one["complete"]]
    if not complete:
        raise RefusedError("There is no complete backup in the bucket.")
    with backup_place.opened(found, backup or complete[-1]) as opened, lock.held(found.host, "verify a backup"):
        restored_and_compared(found, stack, opened, to_scratch=True)
