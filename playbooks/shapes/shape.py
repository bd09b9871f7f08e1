"""What every shape of the product offers to `fab`, on one page.

A server fulfils it by the functions of `playbooks/`, one a file, which take a session; a cluster by the methods of
`playbooks.cluster.cluster.ClusterShape`. Both have the names and options of these. What is not here is for a machine.
"""

from typing import Protocol


class Shape(Protocol):
    def deploy(self, *, allow_dirty: bool = False, refresh: bool = False, dry_run: bool = False) -> None:
        """Let a commit serve, migrated and without losing a request; if it fails, the version before serves on."""

    def rollback(self, *, to: str = "", dry_run: bool = False) -> None:
        """Let an earlier version serve; refuse where it does not know a migration of the database."""

    def status(self) -> None:
        """Print what serves and how it is, and change nothing."""

    def logs(
        self, *, service: str = "app", lines: int = 100, since: str = "", grep: str = "", errors: bool = False
    ) -> None:
        """Print the newest lines of a service, the oldest of them first."""

    def console(self, *, command: str = "sh") -> None:
        """Run a command where the app runs, and print what it prints."""

    def lock(self, *, acquire: str = "", release: bool = False) -> None:
        """Show who holds the deploy lock; take it, or release it."""

    def import_workbook(self, file: str, *, apply: bool = False) -> None:
        """Print what a local workbook would change; write it with `apply`."""

    def create_user(self, *, email: str, role: str = "viewer", name: str = "", dry_run: bool = False) -> None:
        """Print a password that is shown only once, and is kept nowhere else."""

    def stack_secrets(
        self,
        *,
        rotate: str = "",
        mail: bool = False,
        oidc: bool = False,
        inbox: bool = False,
        payments: bool = False,
        folder: bool = False,
        dry_run: bool = False,
    ) -> None:
        """Replace keys and passwords while the site is in use."""

    def backup(self, *, base: bool = False, prove: bool = False, dry_run: bool = False) -> None:
        """Make a backup now."""

    def backups(self, *, all: bool = False) -> None:  # noqa: A002  # the name of the option
        """Print what can be restored."""

    def restore(
        self,
        *,
        at: str = "",
        backup: str = "",
        to_scratch: bool = False,
        back: bool = False,
        confirm: bool = False,
        dry_run: bool = False,
    ) -> None:
        """Put an earlier state in the place of the database; keep what was there before."""

    def verify_backup(self, *, backup: str = "") -> None:
        """Prove that a backup can be restored."""

    def verify(self, *, only: str = "") -> None:
        """Hold what runs against every control, and change nothing."""
