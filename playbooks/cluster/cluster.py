"""A cluster, as the commands of `fab` see it; `playbooks.shapes.shape` says what each has to do."""

from dataclasses import dataclass
from pathlib import Path

from playbooks.cluster import backups, lock, restore, rollback, secrets_rotation, status, verify, workbooks
from playbooks.cluster import logs as log_lines
from playbooks.cluster.deploy import ClusterDeployment
from playbooks.cluster.once import OneOff
from playbooks.steps.log_query import LogQuery
from playbooks.steps.release import Release
from playbooks.steps.session import ClusterSession, RefusedError


@dataclass(frozen=True, slots=True)
class ClusterShape:
    session: ClusterSession

    def deploy(self, *, allow_dirty: bool = False, refresh: bool = False, dry_run: bool = False) -> None:  # noqa: ARG002  # the session has it
        release = Release.of_checkout(allow_dirty=allow_dirty)
        ClusterDeployment.of(self.session, release, is_refreshed=refresh).run()

    def rollback(self, *, to: str = "", dry_run: bool = False) -> None:  # noqa: ARG002  # the session has it
        rollback.rollback(self.session, to)

    def status(self) -> None:
        status.status(self.session)

    def logs(
        self, *, service: str = "app", lines: int = 100, since: str = "", grep: str = "", errors: bool = False
    ) -> None:
        log_lines.logs(self.session, LogQuery(service, lines, since, grep, errors))

    def console(self, *, command: str = "sh") -> None:
        if command == "sh":
            raise RefusedError(
                f"{self.session.settings.name}: a cluster has no terminal: name a command, such as "
                "`fab console --command 'invoices users'`."
            )
        ended = OneOff.of_app(self.session).run("sh", "-c", command)
        self.session.console.print(ended.out, markup=False)
        if not ended.is_ok:
            raise RefusedError(f"{self.session.settings.name}: the command ended with {ended.exit_code}.")

    def lock(self, *, acquire: str = "", release: bool = False) -> None:
        if acquire:
            lock.acquire(self.session, acquire)
        if release:
            lock.release(self.session)
        name = self.session.settings.name
        self.session.console.print(f"{name}: {lock.holder(self.session) or 'nobody holds the lock'}.")

    def import_workbook(self, file: str, *, apply: bool = False) -> None:
        path = Path(file)
        if not path.is_file():
            raise RefusedError(f"{file} is not there.")
        workbooks.import_workbook(self.session, path, apply=apply)

    def create_user(self, *, email: str, role: str = "viewer", name: str = "", dry_run: bool = False) -> None:
        if dry_run:
            self.session.steps.note(f"{email} would sign in as {role}, with a password that would be printed.")
            return
        arguments = ["create-user", "--email", email, "--role", role, *(["--name", name] if name else [])]
        created = OneOff.of_app(self.session).output_of("invoices", *arguments, is_secret=True)
        self.session.console.print(created, markup=False)

    def stack_secrets(
        self,
        *,
        rotate: str = "",
        mail: bool = False,
        oidc: bool = False,
        inbox: bool = False,
        payments: bool = False,
        folder: bool = False,
        dry_run: bool = False,  # noqa: ARG002  # the session has it
    ) -> None:
        secrets_rotation.change(self.session, rotate, mail=mail, oidc=oidc, for_n8n=inbox or payments or folder)

    def backup(self, *, base: bool = False, prove: bool = False, dry_run: bool = False) -> None:  # noqa: ARG002  # the session has it
        backups.backup(self.session, base=base, prove=prove)

    def backups(self, *, all: bool = False) -> None:  # noqa: A002  # the name of the option
        backups.backups(self.session, shows_all=all)

    def restore(
        self,
        *,
        at: str = "",
        backup: str = "",
        to_scratch: bool = False,
        back: bool = False,
        confirm: bool = False,
        dry_run: bool = False,  # noqa: ARG002  # the session has it
    ) -> None:
        if sum((bool(at), bool(backup), back, confirm)) > 1:
            raise RefusedError("Say only one of --at, --backup, --back and --confirm.")
        if back:
            restore.back(self.session)
        elif confirm:
            restore.confirm(self.session)
        else:
            restore.restore(self.session, restore.Wish(at, backup, to_scratch))

    def verify_backup(self, *, backup: str = "") -> None:
        restore.restore(self.session, restore.Wish(backup=backup, to_scratch=True))

    def verify(self, *, only: str = "") -> None:
        verify.verify(self.session, only)
