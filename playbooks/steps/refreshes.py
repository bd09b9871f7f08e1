"""Refreshes of the images: what was used before one is kept under other names, so that it can be gone back to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from playbooks.steps import release
from playbooks.steps.moment import utc_now_in_names
from playbooks.steps.stack import Stack, containers
from playbooks.steps.switching import routed_to
from provisioning.host import Host

FOLDER = "/opt/invoices/kept-images"  # read by invoices-prune-images, which leaves what is named there
KEPT = 2
_BEGUN, _DONE = ".begun", ".refresh"
_LISTED = ("--profile", "*", "config", "--images")


@dataclass(frozen=True, slots=True)
class Refresh:
    """Until `moment` the images that `kept` names served: by their names, those that they are kept under.

    `before` is the release that served until then, `version` the one that was deployed with it.
    """

    moment: str
    version: str
    before: str
    kept: dict[str, str]

    def text(self) -> str:
        lines = [f"{name} {kept}" for name, kept in sorted(self.kept.items())]
        return "\n".join([f"release {self.version} {self.before}", *lines, ""])

    @classmethod
    def read(cls, moment: str, text: str) -> "Refresh":
        (_, version, before), *images = (line.split(" ") for line in text.splitlines())
        return cls(moment, version, before, dict(images))


@contextmanager
def taken(stack: Stack, before: str) -> Iterator[None]:
    """Keep what is used now; if the block fails before its images serve, the names lead to those again."""
    refresh = _begin(stack, before)
    try:
        yield
    except BaseException:
        if not _settle(stack.host, refresh):
            start_stateful(Stack(stack.host, before or stack.version), check=False)
        raise
    _finish(stack.host, refresh)


def settle_what_was_cut_off(host: Host) -> None:
    """End a refresh whose command was killed: some of the names may lead to new images, others not yet."""
    for refresh in _all(host, _BEGUN):
        _settle(host, refresh)


def newest(host: Host) -> Refresh | None:
    """Return the last refresh that can be gone back from."""
    found = _all(host, _DONE)
    return found[-1] if found else None


def put_back(host: Host, refresh: Refresh) -> None:
    """Let the names lead to the images that served until the refresh."""
    for name, kept in refresh.kept.items():
        host.act("docker", "tag", kept, name)


def start_stateful(stack: Stack, *, check: bool = True) -> None:
    """Have database, proxy and the rest that runs be of the images that their names lead to."""
    services = [name for name in ("db", "gate", "signin-gate", "redis", "proxy") if containers(stack.host, name)]
    if services:
        stack.execute("up", "--detach", "--no-deps", "--wait", *services, check=check)


def forget(host: Host, refresh: Refresh) -> None:
    """Forget it, and let the images go that nothing else names."""
    _forget(host, refresh, _DONE)


def prune(host: Host) -> None:
    """Keep the newest two, and none of a release that is no longer kept."""
    found, releases = _all(host, _DONE), {release.current(host), *release.kept(host)}
    for refresh in found:
        if refresh not in found[-KEPT:] or refresh.version not in releases:
            _forget(host, refresh, _DONE)


def _begin(stack: Stack, before: str) -> Refresh:
    host, moment = stack.host, utc_now_in_names()
    kept = {}
    for name in sorted(set(stack.query(*_LISTED).out.split())):
        if _id(host, name):
            kept[name] = f"{name}-until-{moment}"
            host.act("docker", "tag", name, kept[name])
    refresh = Refresh(moment, stack.version, before, kept)
    host.act("mkdir", "-p", FOLDER)
    host.write(_path(moment, _BEGUN), refresh.text())
    return refresh


def _settle(host: Host, refresh: Refresh) -> bool:
    """Return whether the app serves from its new image; if not, the names lead to the images before again."""
    serves = _serves_the_newest(host, refresh)
    if serves:
        _finish(host, refresh)
    else:
        put_back(host, refresh)
        _forget(host, refresh, _BEGUN)
    return serves


def _finish(host: Host, refresh: Refresh) -> None:
    """Keep of it only what is another image now."""
    changed = {name: kept for name, kept in refresh.kept.items() if _id(host, name) != _id(host, kept)}
    same = [kept for name, kept in refresh.kept.items() if name not in changed]
    if same:
        host.act("docker", "image", "rm", *same, check=False)
    if changed:
        host.write(_path(refresh.moment, _DONE), replace(refresh, kept=changed).text())
    host.act("rm", "-f", "--", _path(refresh.moment, _BEGUN))


def _serves_the_newest(host: Host, refresh: Refresh) -> bool:
    name = f"invoices-app:{refresh.version}"
    serving = host.run("docker", "inspect", "--format", "{{.Image}}", routed_to(host) or "-", check=False).out.strip()
    before = _id(host, refresh.kept[name]) if name in refresh.kept else ""
    return serving not in {"", before} and serving == _id(host, name)


def _id(host: Host, name: str) -> str:
    return host.run("docker", "image", "inspect", "--format", "{{.Id}}", name, check=False).out.strip()


def _all(host: Host, ending: str) -> list[Refresh]:
    """Return them, the oldest first."""
    names = host.run("ls", "-1", FOLDER, check=False).out.split()
    moments = [name.removesuffix(ending) for name in sorted(names) if name.endswith(ending)]
    return [Refresh.read(moment, host.read(_path(moment, ending)) or "release  ") for moment in moments]


def _forget(host: Host, refresh: Refresh, ending: str) -> None:
    host.act("rm", "-f", "--", _path(refresh.moment, ending))
    if refresh.kept:
        host.act("docker", "image", "rm", *refresh.kept.values(), check=False)


def _path(moment: str, ending: str) -> str:
    return f"{FOLDER}/{moment}{ending}"
