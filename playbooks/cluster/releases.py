"""The releases of a cluster: their images by digest, the migrations that they know, the revisions that run them."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from playbooks.cluster import notes
from playbooks.steps.inventory import ROOT
from playbooks.steps.release import KEPT, ReleaseError
from playbooks.steps.session import ClusterSession

_FOLDER = "releases"
_MIGRATIONS = "app/store/migrations"


@dataclass(frozen=True, slots=True)
class ClusterRelease:
    """`revisions` has the task definition of each family, and `settings` what `server.env` added to them.

    `served_since` is the moment of its deploy in UTC: it is noted once it has served. `is_left` says that it was gone
    back from.
    """

    version: str
    images: Mapping[str, str]
    migrations: Sequence[str]
    revisions: Mapping[str, str]
    served_since: str = ""
    is_left: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_note(cls, noted: Mapping[str, Any]) -> Self:
        return cls(**{name: noted[name] for name in cls.__dataclass_fields__})


def write(found: ClusterSession, release: ClusterRelease) -> None:
    notes.write(found, f"{_FOLDER}/{release.version}.json", asdict(release))


def served(found: ClusterSession) -> list[ClusterRelease]:
    """Return the releases that have served and can be rolled back to, last deployed first."""
    noted = [ClusterRelease.from_note(notes.read(found, name)) for name in notes.names_in(found, _FOLDER)]
    return sorted(noted, key=lambda one: one.served_since, reverse=True)


def current(found: ClusterSession) -> ClusterRelease | None:
    """Return the release whose revision the service of the app has; None if that of none does."""
    revision = service(found, found.settings.app_service)["taskDefinition"]
    family = found.settings.app_family
    return next((one for one in served(found) if one.revisions.get(family) == revision), None)


def deployed(found: ClusterSession) -> ClusterRelease:
    """Return the release that serves; raises ReleaseError if none does yet, or a deploy was interrupted."""
    release = current(found)
    if not release:
        why = (
            "a deploy was interrupted: run `fab deploy` again"
            if served(found)
            else "nothing was deployed yet: run `fab deploy` first"
        )
        raise ReleaseError(f"{found.settings.name}: {why}.")
    return release


def service(found: ClusterSession, name: str) -> dict[str, Any]:
    """Return what AWS says of a service; raises ReleaseError where there is none."""
    answer = found.aws.client("ecs").describe_services(cluster=found.settings.ecs_cluster, services=[name])
    if not answer["services"]:
        raise ReleaseError(f"{found.settings.name}: there is no service {name}: run `pulumi up` first.")
    described: dict[str, Any] = answer["services"][0]
    return described


def mark_rolled_back_to(found: ClusterSession, version: str) -> None:
    """Mark all newer releases as rolled back, so that a rollback does not choose them by default."""
    known = served(found)
    index = next(index for index, one in enumerate(known) if one.version == version)
    for one in known[:index]:
        notes.write(found, f"{_FOLDER}/{one.version}.json", {**asdict(one), "is_left": True})
    notes.write(found, f"{_FOLDER}/{version}.json", {**asdict(known[index]), "is_left": False})


def prune(found: ClusterSession) -> None:
    """Forget all but the newest five that served, and the current one."""
    serving = current(found)
    for one in served(found)[KEPT:]:
        if not serving or one.version != serving.version:
            notes.remove(found, f"{_FOLDER}/{one.version}.json")


def migrations_of(tree: str) -> list[str]:
    """Return the names of the migrations that a commit knows."""
    done = subprocess.run(
        ["git", "ls-tree", "--name-only", tree, f"{_MIGRATIONS}/"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = [line.rpartition("/")[2] for line in done.stdout.splitlines()]
    return [name.removesuffix(".py") for name in files if name[:1].isdigit() and name.endswith(".py")]
