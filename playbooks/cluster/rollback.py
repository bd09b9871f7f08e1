"""`fab rollback` on a cluster: the revisions of an earlier release, which are kept, run again."""

from playbooks.cluster import history, images, lock, releases, services
from playbooks.cluster.once import OneOff
from playbooks.cluster.releases import ClusterRelease
from playbooks.steps.public_check import wait_until_served
from playbooks.steps.session import ClusterSession, RefusedError

_SERVED_SECONDS = 60


def rollback(found: ClusterSession, to: str) -> None:
    serving = releases.deployed(found)
    release = chosen(found, serving, to)
    version = release.version
    if found.is_rehearsal:
        refuse_over_migrations(found, release)
        found.steps.note(f"{version} would serve in place of {serving.version}.")
        return
    with lock.held(found, f"rollback to {version}"), history.failure_noted(found, "rollback", version):
        if releases.deployed(found) != serving:
            raise RefusedError(f"{found.settings.name}: another version serves by now: run this again.")
        refuse_over_migrations(found, release)
        with found.steps.step("Start tasks beside, switch to them, let the others end"):
            services.roll(found, services.rolled_again(found, release), version)
        with found.steps.step("Wait until the site answers"):
            wait_until_served(found.settings.public_host, found.settings.domain, seconds=_SERVED_SECONDS)
        releases.mark_rolled_back_to(found, version)
        images.mark_deployed(found, release.images)
        history.append(found, "rollback", version, "serves")
    found.steps.recap(f"https://{found.settings.domain} serves {version} again.")


def chosen(found: ClusterSession, serving: ClusterRelease, to: str) -> ClusterRelease:
    """Return the release to go back to; raises RefusedError.

    Default: the last release before the current one that was not itself rolled back.
    """
    kept = releases.served(found)
    others = [one for one in kept if one.version != serving.version]
    if to:
        named = next((one for one in others if one.version == to), None)
        if not named:
            raise RefusedError(f"{found.settings.name}: {to} is not kept; {_list(others)}")
        return named
    earlier = (one for one in others if one.served_since < serving.served_since and not one.is_left)
    release = next(earlier, None)
    if not release:
        raise RefusedError(
            f"{found.settings.name}: there is no earlier release that nobody went back from; {_list(others)} "
            "Name one by --to."
        )
    return release


def refuse_over_migrations(found: ClusterSession, release: ClusterRelease) -> None:
    """Raise RefusedError if the database has migrations that the release does not know."""
    with found.steps.step("Look at the migrations of the database"):
        applied = OneOff.of_app(found).output_of("invoices", "migrate", "--applied").split()
    unknown = sorted({*applied} - {*release.migrations})
    if unknown:
        raise RefusedError(
            f"{found.settings.name}: since {release.version} the database was migrated, which that release does not "
            f"know ({', '.join(unknown)}). Deploy a commit that fixes what is wrong, or restore the state of before: "
            "docs/operations.md says how."
        )


def _list(kept: list[ClusterRelease]) -> str:
    return f"kept are {', '.join(one.version for one in kept)}." if kept else "no other is kept."
