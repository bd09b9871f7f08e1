"""The app's own command line, in the container that serves."""

from playbooks.steps.stack import containers
from playbooks.steps.switching import routed_to
from provisioning.host import Host, HostError, Ran


def in_app(host: Host, *words: str, stdin: str | bytes = "", seconds: int = 600) -> Ran:
    """Raise HostError if `invoices` fails with these arguments, or no app container runs."""
    routed = routed_to(host)
    running = [one for one in containers(host, "app") if one.state == "running"]
    serving = [one for one in running if one.name == routed] or running
    if not serving:
        raise HostError(f"{host.name}: the app does not run; `fab status` says more.")
    return host.act(
        "docker", "exec", "--interactive", serving[0].id, "invoices", *words, stdin=stdin, seconds=seconds
    )  # fmt: skip
