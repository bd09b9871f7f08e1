"""`fab rollback`: go back to an earlier release, or to the images before a refresh, in seconds."""

from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps import backup_image, deploy_log, lock, refreshes, release
from playbooks.steps.proxy import configured
from playbooks.steps.refreshes import Refresh
from playbooks.steps.session import RefusedError, Session
from playbooks.steps.stack import Stack
from playbooks.steps.takeover import take_over
from provisioning.host import Host

_MIGRATIONS = "app/store/migrations"
_APPLIED = "SELECT name FROM schema_migration ORDER BY name"  # the app's table of applied migrations


@shape_task(Shape.rollback, to="The release to go back to; by default the one before.", dry_run="Only say which.")
def rollback(found: Session, *, to: str = "", dry_run: bool = False) -> None:
    """Go back to an earlier release, or to the images before the last refresh."""
    refresh = None if to else refreshed(found.host)
    if refresh:
        _roll_back_refresh(found, refresh, dry_run=dry_run)
        return
    version = chosen(found.host, to)
    refuse_over_migrations(found.host, version)
    if dry_run:
        found.steps.note(f"{version} would serve in place of {release.current(found.host)}.")
        return
    with lock.held(found.host, f"rollback to {version}"):
        with deploy_log.failure_logged(found.host, "rollback", version):
            _roll_back(found, version)
        deploy_log.append(found.host, "rollback", version, "serves")
    found.steps.recap(f"https://{found.settings.domain} serves {version} again.")


def refreshed(host: Host) -> Refresh | None:
    """Return the refresh that is to be undone: the last one, if the release that serves came with it."""
    refresh = refreshes.newest(host)
    return refresh if refresh and refresh.before and refresh.version == release.current(host) else None


def chosen(host: Host, to: str) -> str:
    """Return the release to go back to, one that is kept and has an image; raises RefusedError.

    Default: the last release before the current one that was not itself rolled back.
    """
    serving, kept, left = release.current(host), release.kept(host), release.left(host)
    others = [version for version in kept if version != serving]
    if to and to not in others:
        raise RefusedError(f"{host.name}: {to} is not kept there; {_list(others)}")
    earlier = kept[kept.index(serving) + 1 :] if serving in kept else others
    for version in [to] if to else [version for version in earlier if version not in left]:
        if host.run("docker", "image", "inspect", "--format", "{{.Id}}", f"invoices-app:{version}", check=False).ok:
            return version
    raise RefusedError(
        f"{host.name}: there is no earlier release that nobody went back from; {_list(others)} Name one by --to."
    )


def refuse_over_migrations(host: Host, version: str) -> None:
    """Raise RefusedError if the database has migrations that the release does not know."""
    applied = set(Stack(host, release.current(host)).rows(_APPLIED))
    files = host.run("ls", f"{release.folder_of(version)}/{_MIGRATIONS}").out.split()
    unknown = sorted(applied - {name.removesuffix(".py") for name in files})
    if unknown:
        raise RefusedError(
            f"{host.name}: since {version} the database was migrated, which that release does not know "
            f"({', '.join(unknown)}). Deploy a commit that fixes what is wrong, or restore the dump of before: "
            "docs/operations.md says how."
        )


def _roll_back(found: Session, version: str) -> None:
    stack = Stack(found.host, version)
    backup_image.ensure(stack)
    with configured(stack, release.current(found.host)):
        take_over(found, stack)
    release.mark_rolled_back_to(found.host, version)


def _roll_back_refresh(found: Session, refresh: Refresh, *, dry_run: bool) -> None:
    host, version = found.host, refresh.before
    if version != refresh.version:
        refuse_over_migrations(host, version)
    what = f"{version} with the images from before the refresh of {refresh.moment}"
    if dry_run:
        found.steps.note(f"{what} would serve.")
        return
    with lock.held(host, f"rollback to {what}"):
        with deploy_log.failure_logged(host, "rollback", version):
            stack = Stack(host, version)
            with found.steps.step("Go back to the images from before the refresh"):
                refreshes.put_back(host, refresh)
                refreshes.start_stateful(stack)
            backup_image.ensure(stack)
            with configured(stack, release.current(host)):
                take_over(found, stack, recreates=True)
            if version != refresh.version:
                release.mark_rolled_back_to(host, version)
            refreshes.forget(host, refresh)
        deploy_log.append(host, "rollback", version, f"serves, with images from before {refresh.moment}")
    found.steps.recap(f"https://{found.settings.domain} serves {what}.")


def _list(versions: list[str]) -> str:
    return f"kept are {', '.join(versions)}." if versions else "no other is kept."
