"""Releases: commits of this repository, and their folders on the server."""

import hashlib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playbooks.steps.inventory import ROOT
from provisioning.host import Host

RELEASES = "/opt/invoices/releases"
CURRENT = "/opt/invoices/current"
KEPT = 5
_NAME_LENGTH = 12
_SERVED = ".served"  # in a release's folder once it has served: a rollback must not choose one that never became ready
_LEFT = ".left"  # next to it, if the release was rolled back


class ReleaseError(Exception):
    """The message says why the checkout cannot be released."""


@dataclass(frozen=True, slots=True)
class Release:
    """The version names it; `tree` is the commit or stash that git archives."""

    version: str
    tree: str

    @classmethod
    def of_checkout(cls, *, allow_dirty: bool, root: Path = ROOT) -> "Release":
        """Raise ReleaseError for uncommitted changes unless `allow_dirty`."""
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
        if not changed:
            return cls(commit[:_NAME_LENGTH], commit)
        if not allow_dirty:
            raise ReleaseError(
                "There are changes that are not committed, so nobody could say what was deployed: commit them, "
                f"or mark the release with --allow-dirty.\n{changed}"
            )
        tree = _git(root, "stash", "create")
        mark = hashlib.sha256(_git(root, "diff", "HEAD").encode()).hexdigest()[:6]
        return cls(f"{commit[:_NAME_LENGTH]}-dirty-{mark}", tree)

    @contextmanager
    def archive(self, root: Path = ROOT) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="invoices-release-") as folder:
            path = Path(folder) / f"{self.version}.tar.gz"
            _git(root, "archive", "--format=tar.gz", f"--output={path}", self.tree)
            yield path


def folder_of(version: str) -> str:
    return f"{RELEASES}/{version}"


def upload(host: Host, release: Release) -> None:
    """Upload all files or none; does nothing if they are there already."""
    folder = folder_of(release.version)
    if host.run("test", "-d", folder, check=False).ok:
        return
    partial = f"{folder}.partial"
    with release.archive() as archive:
        host.upload(str(archive), f"{partial}.tar.gz")
    host.act("rm", "-rf", "--", partial)
    host.act("install", "-d", partial)
    host.act("tar", "-xzf", f"{partial}.tar.gz", "-C", partial)
    host.act("rm", "-f", "--", f"{partial}.tar.gz")
    host.act("mv", "-T", "--", partial, folder)


def current(host: Host) -> str:
    """Return the version that serves, empty if none does yet."""
    found = host.run("readlink", CURRENT, check=False)
    return found.out.strip().rpartition("/")[2] if found.ok else ""


def deployed(host: Host) -> str:
    """Return the version that serves; raises ReleaseError if none does yet."""
    version = current(host)
    if not version:
        raise ReleaseError(f"{host.name}: nothing was deployed yet: run `fab deploy` first.")
    return version


def make_current(host: Host, version: str) -> None:
    """Point the `current` link to the release, atomically."""
    host.act("ln", "-sfn", "--", folder_of(version), f"{CURRENT}.new")
    host.act("mv", "-T", "--", f"{CURRENT}.new", CURRENT)


def note_served(host: Host, version: str) -> None:
    """Only a deploy does this: a rollback to a release must not make it newer."""
    host.act("touch", f"{folder_of(version)}/{_SERVED}")
    host.act("rm", "-f", "--", f"{folder_of(version)}/{_LEFT}")


def mark_rolled_back_to(host: Host, version: str) -> None:
    """Mark all newer releases as rolled back, so that a rollback does not choose them by default."""
    releases = kept(host)
    newer = releases[: releases.index(version)] if version in releases else []
    for one in newer:
        host.act("touch", f"{folder_of(one)}/{_LEFT}")
    host.act("rm", "-f", "--", f"{folder_of(version)}/{_LEFT}")


def left(host: Host) -> set[str]:
    return set(_marked(host, _LEFT))


def kept(host: Host) -> list[str]:
    """Return the releases that have served and so can be rolled back to, last deployed first."""
    return _marked(host, _SERVED)


def _marked(host: Host, mark: str) -> list[str]:
    """Return the releases whose folders hold the mark, the newest mark first."""
    found = host.run(
        "find", RELEASES, "-mindepth", "2", "-maxdepth", "2", "-name", mark, "-printf", "%T@ %h\\n", check=False
    )
    lines = (line.split(" ", 1) for line in found.out.splitlines())
    newest_first = sorted(lines, key=lambda line: float(line[0]), reverse=True)
    return [folder.rpartition("/")[2] for _, folder in newest_first]


def prune(host: Host) -> list[str]:
    """Keep the newest five that served and the current one; return the releases removed, with their images."""
    remain = {*kept(host)[:KEPT], current(host)}
    outdated = [name for name in host.run("ls", "-1", RELEASES, check=False).out.split() if name not in remain]
    for version in outdated:
        host.act("rm", "-rf", "--", folder_of(version))
        named = ("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter")
        images = host.run(*named, f"reference=invoices-*:{version}*", check=False).out.split()
        if images:
            host.act("docker", "image", "rm", *images, check=False)
    return outdated


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"git {words[0]} failed in {root}: {done.stderr.strip()}")
    return done.stdout.strip()
