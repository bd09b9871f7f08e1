"""`fab lock`: show, take or release the deploy lock."""

from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps import lock as steps
from playbooks.steps.session import Session


@shape_task(
    Shape.lock,
    acquire="Take the lock, and say why.",
    release="Release the lock, even if another user holds it: only after an interrupted command.",
)
def lock(found: Session, *, acquire: str = "", release: bool = False) -> None:
    """Show who holds the deploy lock; take it, or release it."""
    if acquire:
        steps.acquire(found.host, acquire)
    if release:
        steps.release(found.host)
    found.console.print(f"{found.host.name}: {steps.holder(found.host) or 'nobody holds the lock'}.")
