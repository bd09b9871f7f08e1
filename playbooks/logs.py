"""`fab logs`: what a service printed."""

from invoke.context import Context
from invoke.tasks import task

from playbooks.steps.session import SERVER_HELP, STACK, RefusedError, session
from playbooks.steps.stack import containers


@task(
    help=SERVER_HELP
    | {
        "service": "app, worker, proxy, db or another service.",
        "lines": "How many.",
        "grep": "Only lines that hold this.",
    }
)
def logs(
    context: Context, *, service: str = "app", lines: int = 100, grep: str = "", server: str = "", stack: str = STACK
) -> None:
    """Print the newest lines of a service."""
    with session(context, server, stack) as found:
        ours = containers(found.host, service)
        if not ours:
            names = sorted({one.name for one in containers(found.host)})
            raise RefusedError(
                f"{found.host.name}: there is no container of '{service}'; there are {', '.join(names)}."
            )
        for one in ours:
            printed = found.host.run("docker", "logs", "--timestamps", "--tail", str(lines), one.id)
            for line in (printed.out + printed.err).splitlines():
                if grep in line:
                    found.console.print(f"{one.name} {line}", markup=False)
