"""`fab deploy` on a cluster: images by digest, a migrated database, new tasks beside those of the version before."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from playbooks.cluster import (
    database,
    history,
    images,
    lock,
    releases,
    secret,
    services,
    task_definitions,
    task_settings,
)
from playbooks.cluster.once import OneOff
from playbooks.cluster.releases import ClusterRelease
from playbooks.steps.moment import utc_now, utc_now_in_names
from playbooks.steps.public_check import wait_until_served
from playbooks.steps.release import Release
from playbooks.steps.session import ClusterSession

_SERVED_SECONDS = 120
_IMAGE_OF = {"app": "app", "worker": "app", "once": "app", "proxy": "proxy", "backup": "backup"}
_SET_UP = "invoices-database-setup"  # in the image of the backups: the database, its roles and their passwords


@dataclass(frozen=True, slots=True)
class ClusterDeployment:
    session: ClusterSession
    release: Release
    is_refreshed: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, session: ClusterSession, release: Release, *, is_refreshed: bool) -> "ClusterDeployment":
        """Give refreshed images a version of their own: what it is deployed by never changes.

        Raises HostSettingsError for what `server.env` must not say.
        """
        settings = task_settings.chosen(session.stack)
        if not is_refreshed:
            return cls(session, release, settings=settings)
        version = f"{release.version}-refreshed-{utc_now_in_names().lower()}"
        return cls(session, Release(version, release.tree), is_refreshed=True, settings=settings)

    def run(self) -> None:
        session, version = self.session, self.release.version
        if session.is_rehearsal:
            self._describe(releases.current(session))
            return
        if not images.are_pushed(session, version):
            images.require_docker(session)
        with lock.held(session, f"deploy {version}"), history.failure_noted(session, "deploy", version):
            before = releases.current(session)
            if self._deploy(before):
                came_after = before.version if before else "nothing"
                history.append(session, "deploy", version, f"serves, before it {came_after}")
        session.steps.recap(f"https://{session.settings.domain} serves {version}.")

    def _deploy(self, before: ClusterRelease | None) -> bool:
        """Return whether anything had to be done."""
        session, steps, version = self.session, self.session.steps, self.release.version
        with steps.step("Look at what is there"):
            is_there = before is not None and before.version == version and self._is_unchanged(before)
        if is_there:
            steps.note(f"{version} serves already, and nothing else changed.")
            self._create_first_admin()  # an interrupted deploy may not have created the first admin
            return False
        with steps.step("Build images and push them, while the old version serves"):
            pushed = images.pushed(session, self.release, is_refreshed=self.is_refreshed)
        with steps.step("Have the secret, and the tasks of this version"):
            secret.ensure(session, task_settings.chosen_recipient(session.stack))
            release = self._registered(pushed)
        is_first = not releases.served(session)
        if is_first:
            with steps.step("Have the database and its roles"):
                self._of_backup(release).output_of(_SET_UP)
        self._migrate(release, is_first=is_first)
        with steps.step("Start tasks beside, switch to them, let the old ones end"):
            services.roll(session, services.rolled_again(session, release), version)
        # Not before: of the version that serves it would take the place of a note that a rollback needs.
        releases.write(session, replace(release, served_since=utc_now()))
        images.mark_deployed(session, pushed)
        with steps.step("Wait until the site answers"):
            wait_until_served(session.settings.public_host, session.settings.domain, seconds=_SERVED_SECONDS)
        with steps.step("Forget releases that are no longer kept"):
            releases.prune(session)
        self._create_first_admin()
        return True

    def _registered(self, pushed: Mapping[str, str]) -> ClusterRelease:
        settings = self.session.settings
        by_container = {container: pushed[image] for container, image in _IMAGE_OF.items() if image in pushed}
        families = (settings.app_family, settings.worker_family, settings.once_family, settings.backup_family)
        revisions = {
            family: task_definitions.registered(self.session, family, by_container, self.settings)
            for family in filter(None, families)
        }
        known = releases.migrations_of(self.release.tree)
        return ClusterRelease(self.release.version, pushed, known, revisions, settings=self.settings)

    def _migrate(self, release: ClusterRelease, *, is_first: bool) -> None:
        steps, session = self.session.steps, self.session
        once = OneOff(session, release.revisions[session.settings.once_family], "once")
        with steps.step("Look for migrations"):
            pending = once.output_of("invoices", "migrate", "--pending").split()
        if not pending:
            return
        if not is_first:
            with steps.step("Back up the database before it is migrated"):
                database.snapshot(session, f"{session.settings.name}-before-migrating-{utc_now_in_names().lower()}")
        with steps.step(f"Migrate: {', '.join(pending)}"):
            once.output_of("invoices", "migrate", seconds=3_600)

    def _of_backup(self, release: ClusterRelease) -> OneOff:
        return OneOff(self.session, release.revisions[self.session.settings.backup_family], "backup")

    def _create_first_admin(self) -> None:
        once = OneOff.of_app(self.session)
        if json.loads(once.output_of("invoices", "users", "--json")):
            return
        email = f"admin@{self.session.settings.domain}"
        created = once.output_of("invoices", "create-user", "--email", email, "--role", "admin", is_secret=True)
        self.session.console.print(created, style="bold")

    def _describe(self, before: ClusterRelease | None) -> None:
        note, version = self.session.steps.note, self.release.version
        if before and before.version == version and self._is_unchanged(before):
            note(f"{version} serves already.")
            return
        note(f"{version} would serve in place of {before.version if before else 'nothing'}:")
        how = "its images are in ECR already" if images.are_pushed(self.session, version) else "built here, pushed"
        note(f"{how}, backed up and migrated where migrations are pending, started beside, switched to.")

    def _is_unchanged(self, release: ClusterRelease) -> bool:
        """Return whether `server.env` says the same since, and `pulumi up` has registered no newer revision."""
        newest = {family: task_definitions.newest(self.session, family) for family in release.revisions}
        return (self.settings, newest) == (release.settings, release.revisions)
