"""The commands that every shape understands: one place decides which one a command acts on."""

from collections.abc import Callable
from functools import wraps
from inspect import Signature, signature
from typing import TYPE_CHECKING, Any

from invoke.context import Context
from invoke.tasks import task

from playbooks.cluster.cluster import ClusterShape
from playbooks.steps import session
from playbooks.steps.session import SERVER_HELP, STACK, ClusterSession

if TYPE_CHECKING:
    from playbooks.shapes.shape import Shape

_HELP = {"cluster": "Of a stack that has rented both, the cluster; without this, the server."}


def shape_task(
    offered: Callable[..., None], name: str | None = None, /, **options: str
) -> Callable[[Callable[..., None]], Any]:
    """Make a `fab` command of what a shape offers: the function is the server's way to do it.

    The command also has the options `--server`, `--stack` and `--cluster`. With `--dry-run` the session is a rehearsal.
    """

    def decorate(of_server: Callable[..., None]) -> Any:  # noqa: ANN401  # an untyped Task of invoke
        @wraps(of_server)
        def run(
            context: Context, *, server: str = "", stack: str = STACK, cluster: bool = False, **given: Any  # noqa: ANN401  # its own options
        ) -> None:  # fmt: skip
            dry_run = given.get("dry_run", False)
            with session.session_of_either(context, server, stack, of_cluster=cluster, dry_run=dry_run) as found:
                if isinstance(found, ClusterSession):
                    shape: Shape = ClusterShape(found)
                    getattr(shape, offered.__name__)(**given)
                else:
                    of_server(found, **given)

        # Invoke makes the options from the signature.
        own, shared = signature(of_server).parameters, signature(run, follow_wrapped=False).parameters
        every = [*own.values(), *(shared[option] for option in ("server", "stack", "cluster"))]
        run.__signature__ = Signature(every)  # type: ignore[attr-defined]  # mypy knows no such attribute
        return task(name=name, help=SERVER_HELP | _HELP | options)(run)

    return decorate
