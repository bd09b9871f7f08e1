"""The proxy's files: part of a release, validated before use, and restored if the release fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from playbooks.steps import release
from playbooks.steps.release import folder_of
from playbooks.steps.stack import ONCE, Stack, running
from provisioning import ensure

_FOLDER = "/opt/invoices/proxy"
_UPSTREAM = "upstream"  # names the container that serves: not part of a release
_AS_CADDYFILE = ("--adapter", "caddyfile", "--config")


@contextmanager
def configured(stack: Stack, before: str) -> Iterator[None]:
    """Install the release's proxy files; if the block fails before it is current, restore the previous ones."""
    _configure(stack)
    try:
        yield
    except BaseException:
        if before and release.current(stack.host) == before != stack.version:
            _configure(Stack(stack.host, before))
        raise


def _configure(stack: Stack) -> None:
    host, source = stack.host, f"{folder_of(stack.version)}/stack/proxy/conf"
    names = host.run("find", source, "-type", "f", "-printf", "%P\\n").out.split()
    contents = {name: host.read(f"{source}/{name}") or "" for name in names if name != _UPSTREAM}
    changed = [name for name in contents if host.read(f"{_FOLDER}/{name}") != contents[name]]
    is_running = bool(running(host, "proxy"))
    if changed and is_running:
        # At a path of its own: a folder mounted over the proxy's own files would not be seen.
        mount = ("--volume", f"{source}:/tried:ro", "--entrypoint", "caddy")
        validate = ("validate", *_AS_CADDYFILE, "/tried/Caddyfile")
        stack.execute(*ONCE, *mount, "proxy", *validate)
    for name, content in contents.items():
        ensure.file(host, f"{_FOLDER}/{name}", content)
    if is_running:
        # Also if nothing changed: Caddy then does nothing, and a reload that was missed earlier is made up for.
        reload = ("caddy", "reload", "--address", "unix//run/caddy/admin.sock", *_AS_CADDYFILE, "/etc/caddy/Caddyfile")
        stack.execute("exec", "-T", "proxy", *reload)
