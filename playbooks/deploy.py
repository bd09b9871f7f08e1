"""`fab deploy`: deploy a commit without losing a request; if it fails, the old version keeps serving."""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from playbooks.backup import report_of
from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps import (
    app_secret,
    archive,
    backup_key,
    deploy_log,
    lock,
    machine_size,
    postgresql,
    public_records,
    refreshes,
    release,
)
from playbooks.steps.automation import N8n
from playbooks.steps.moment import utc_now_in_names
from playbooks.steps.proxy import configured
from playbooks.steps.release import Release
from playbooks.steps.roles import set_roles
from playbooks.steps.session import RefusedError, Session
from playbooks.steps.stack import ONCE, Stack, containers, health
from playbooks.steps.stack_settings import are_applied, ensure_settings, ensure_watching_key, file_of, wanted
from playbooks.steps.switching import routed_to
from playbooks.steps.takeover import take_over
from provisioning.backups import KINDS
from provisioning.host import Host

# These stay as they are until --refresh.
_BUILT = {"db": "invoices-database", "gate": "invoices-gate:3.0", "signin-gate": "invoices-signin-gate:3.0"}
_SIGNING_KEY = """
[ -e /keys/signing_key ] || ssh-keygen -q -t ed25519 -N '' -C invoices -f /keys/signing_key
cat /keys/signing_key.pub
"""
_DUMPS = "/var/lib/invoices/dumps"
_LEAST_FREE_KILOBYTES = 2_000_000
_BUILD_SECONDS = 1_800


@shape_task(
    Shape.deploy,
    allow_dirty="Deploy what is not committed as well, and mark the release so.",
    refresh="Take newer images of what the stack is made of as well: a few seconds without answers.",
    dry_run="Say what would be done, and do nothing.",
)
def deploy(found: Session, *, allow_dirty: bool = False, refresh: bool = False, dry_run: bool = False) -> None:  # noqa: ARG001  # the session has it
    """Deploy the commit that is checked out."""
    wanted_release = Release.of_checkout(allow_dirty=allow_dirty)
    Deployment(found, wanted_release, is_refreshed=refresh).run()


@dataclass(frozen=True, slots=True)
class Deployment:
    session: Session
    release: Release
    is_refreshed: bool = False

    def run(self) -> None:
        host, version = self.session.host, self.release.version
        before = release.current(host)
        if host.is_rehearsal:
            self._describe(before)
            return
        _check_host(host)
        if wanted(self.session.settings, file_of(self.session.stack))["CERTIFICATES"] == "production":
            public_records.require_for_certificate(host, self.session.settings)
        with lock.held(host, f"deploy {version}"):
            with deploy_log.failure_logged(host, "deploy", version):
                changed = self._deploy(before)
            if changed:
                deploy_log.append(host, "deploy", version, f"serves, before it {before or 'nothing'}")
            app_secret.keep(self.session)
        self.session.steps.recap(f"https://{self.session.settings.domain} serves {version}.")

    def _deploy(self, before: str) -> bool:
        """Return whether anything had to be done."""
        steps, host, version = self.session.steps, self.session.host, self.release.version
        stack = Stack(host, version)
        with steps.step("Look at what is there"):
            refreshes.settle_what_was_cut_off(host)
            ensure_settings(host, self._settings())
            ensure_watching_key(host, self.session.settings, file_of(self.session.stack))
            keys = app_secret.of_server_before(host, self.session.settings)
            is_there = before == version and are_applied(host) and _all_serve(host, version)
        if is_there and not self.is_refreshed:
            steps.note(f"{version} serves already, and nothing else changed.")
            self._create_first_admin()  # an interrupted deploy may not have created the first admin
            self._ensure_automation(stack)
            return False
        with steps.step("Upload the release"):
            release.upload(host, self.release)
        with refreshes.taken(stack, before) if self.is_refreshed else nullcontext():
            self._replace(stack, before, keys)
        release.note_served(host, version)
        with steps.step("Remove releases that are no longer kept"):
            release.prune(host)
            refreshes.prune(host)
        self._create_first_admin()
        self._ensure_automation(stack)
        self._begin_backups()
        return True

    def _replace(self, stack: Stack, before: str, keys: app_secret.Keys) -> None:
        steps = self.session.steps
        with steps.step("Fetch and build images, while the old version serves"):
            self._fetch(stack)
        with steps.step("Have secrets and the database"):
            # Separate, because with `secrets` as a dependency Compose would restart the database at each release.
            app_secret.make_all(stack, keys)
            self._set_bucket_key(stack)
            stack.execute("up", "--detach", "--no-deps", "--wait", *self._stateful())
            set_roles(stack)
            made = archive.create(stack)
            self._note_signer(stack)
        if not made.ok:
            why = (made.err or made.out).strip().partition("\n")[0] or "no answer within 30 seconds"
            steps.note(f"The archive cannot be reached: what is entered waits on the server until it can ({why}).")
        self._migrate(stack)
        with configured(stack, before):
            take_over(self.session, stack, recreates=self.is_refreshed)

    def _ensure_automation(self, stack: Stack) -> None:
        N8n(stack, self.session.steps, self.session.settings.automation).ensure(refreshes=self.is_refreshed)

    def _settings(self) -> dict[str, str]:
        """Let what an operator chose in `server.env` come first."""
        session = self.session
        file = file_of(session.stack)
        chosen = wanted(session.settings, file)
        return {
            **machine_size.of_machine(session.host, chosen, file.name, automation=session.settings.automation),
            backup_key.NAME: backup_key.recipient(session.host, session.settings, session.steps),
            **chosen,
            postgresql.NAME: postgresql.wanted(session.host, chosen),
        }

    def _set_bucket_key(self, stack: Stack) -> None:
        settings = self.session.settings
        authority = Path(settings.backup_authority).read_text(encoding="ascii") if settings.backup_authority else ""
        key = {
            "access_key_id": settings.aws_access_key_id,
            "secret_access_key": settings.aws_secret_access_key,
            "authority.pem": authority,
        }
        stack.execute(*ONCE, "secrets", "invoices", "secrets", "--set-bucket-key", stdin=json.dumps(key))

    def _note_signer(self, stack: Stack) -> None:
        public = stack.execute(*ONCE, "backup", "sh", "-c", _SIGNING_KEY)
        if public.out:
            backup_key.note_signer(backup_key.file_of(self.session.settings), public.out)

    def _begin_backups(self) -> None:
        """Have backups made and proved at once where none is proved yet: the timers prove them in the night only."""
        host = self.session.host
        if report_of(host, "certificate").get("ok") is True:
            return
        # One after the other; nobody waits for them here.
        units = [f"invoices-{kind}.service" for kind in KINDS]
        host.act("systemctl", "start", "--no-block", *units)
        self.session.steps.note("A backup is made now, and tried: `fab backups` shows it in some minutes.")

    def _fetch(self, stack: Stack) -> None:
        stateful = self._stateful()
        built, others = [name for name in stateful if name in _BUILT], [name for name in stateful if name not in _BUILT]
        if others:
            policy = "always" if self.is_refreshed else "missing"
            pull = ("pull", "--quiet", "--policy", policy, *others)
            stack.execute(*pull, check=self.is_refreshed, seconds=_BUILD_SECONDS)
        if self.is_refreshed:
            stack.execute("build", "--pull", "app", "proxy", *built, seconds=_BUILD_SECONDS)
        else:
            # An image of these that was built again would restart its container.
            missing = [name for name in built if not self._is_there(self._image_of(name))]
            stack.execute("build", "app", *missing, seconds=_BUILD_SECONDS)
        stack.execute("build", "backup", seconds=_BUILD_SECONDS)  # from the images of database and app

    def _image_of(self, service: str) -> str:
        version = f":{postgresql.version(self.session.host)}" if service == "db" else ""
        return f"{_BUILT[service]}{version}"

    def _is_there(self, image: str) -> bool:
        return self.session.host.run("docker", "image", "inspect", "--format", "{{.Id}}", image, check=False).ok

    def _stateful(self) -> list[str]:
        profiles = wanted(self.session.settings, file_of(self.session.stack))["COMPOSE_PROFILES"].split(",")
        optional = {"bucket": "gate", "cache": "redis", "oidc": "signin-gate"}
        return ["db", *(service for profile, service in optional.items() if profile in profiles)]

    def _migrate(self, stack: Stack) -> None:
        steps, host = self.session.steps, self.session.host
        pending = stack.query(*ONCE, "migrate", "invoices", "migrate", "--pending").out.split()
        if not pending:
            return
        if containers(host, "app"):
            with steps.step("Back up the database before it is migrated"):
                dump(stack, f"{_DUMPS}/before-{self.release.version}-{utc_now_in_names()}.dump")
        with steps.step(f"Migrate: {', '.join(pending)}"):
            stack.execute(*ONCE, "migrate")

    def _create_first_admin(self) -> None:
        host = self.session.host
        app = containers(host, "app")[0].id
        if json.loads(host.run("docker", "exec", app, "invoices", "users", "--json").out):
            return
        email = f"admin@{self.session.settings.domain}"
        created = host.act("docker", "exec", app, "invoices", "create-user", "--email", email, "--role", "admin")
        self.session.console.print(created.out.strip(), style="bold")

    def _describe(self, before: str) -> None:
        note, version = self.session.steps.note, self.release.version
        if before == version and _all_serve(self.session.host, version):
            note(f"{version} serves already.")
            return
        note(f"{version} would serve in place of {before or 'nothing'}:")
        note("uploaded, built, backed up and migrated where migrations are pending, started beside, switched to.")


def dump(stack: Stack, path: str) -> None:
    pg_dump = stack.compose_args(
        "exec", "-T", "db", "pg_dump", "--username", "postgres", "--format", "custom", "invoices"
    )
    stack.host.act(
        "sh", "-c", f'umask 077; mkdir -p {_DUMPS}; "$@" > "$0.partial" && mv "$0.partial" "$0"', path, *pg_dump
    )


def _all_serve(host: Host, version: str) -> bool:
    apps = containers(host, "app")
    others = [*containers(host, "worker"), *containers(host, "db"), *containers(host, "proxy")]
    return (
        [one.version for one in apps] == [version]
        and routed_to(host) == apps[0].name
        and health(host, apps[0]).is_healthy
        and len(others) == 3  # one of each
        and all(one.state == "running" and one.version in {version, ""} for one in others)
    )


def _check_host(host: Host) -> None:
    if not host.run("docker", "compose", "version", check=False).ok:
        raise RefusedError(f"{host.name}: Docker or its Compose is not there: run `fab provision` first.")
    free = int(host.run("df", "--output=avail", "/var/lib/docker").out.split()[-1])
    if free < _LEAST_FREE_KILOBYTES:
        raise RefusedError(
            f"{host.name}: only {free // 1000} MB of disk are free, and a release takes "
            f"{_LEAST_FREE_KILOBYTES // 1000}: look at `docker system df` and /var/lib/invoices/dumps."
        )
