"""`fab lock`: show, take or release the deploy lock."""

from invoke.context import Context

from playbooks.steps import lock as steps
from playbooks.steps.session import STACK, server_task, session


@server_task(
    acquire="Take the lock, and say why.",
    release="Release the lock, even if another user holds it: only after an interrupted command.",
)
def lock(context: Context, *, acquire: str = "", release: bool = False, server: str = "", stack: str = STACK) -> None:
    """Show who holds the deploy lock; take it, or release it."""
    with session(context, server, stack) as found:
        if acquire:
            steps.acquire(found.host, acquire)
        if release:
            steps.release(found.host)
        found.console.print(f"{found.host.name}: {steps.holder(found.host) or 'nobody holds the lock'}.")
