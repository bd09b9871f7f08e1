"""Commands of `fab` on a cluster, run against an account of AWS that ministack plays."""

import io
import os
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from rich.console import Console
from support.rented_cluster import RentedCluster, rented_cluster, stored

from playbooks.cluster import once, services
from playbooks.cluster.cluster import ClusterShape
from playbooks.steps import backup_key, session, stack_settings
from playbooks.steps.progress import Steps
from playbooks.steps.release import Release
from playbooks.steps.session import ClusterSession


@dataclass
class Operator:
    """Runs commands on the cluster, and keeps what they printed."""

    cluster: RentedCluster
    checked: list
    version: str = "v1"
    printed: str = ""
    first: str = ""
    second: str = ""
    secret_of_first: dict[str, str] = field(default_factory=dict)

    def run(self, command, /, **options):
        said = io.StringIO()
        try:
            getattr(ClusterShape(self.session(said, is_rehearsal=options.get("dry_run", False))), command)(**options)
        finally:
            self.printed = said.getvalue()
        return self.printed

    def session(self, said=None, *, is_rehearsal=False):
        console = Console(file=said or io.StringIO(), width=160, highlight=False, soft_wrap=True)
        return ClusterSession(self.cluster.settings, self.cluster.aws, Steps(console), "prod", is_rehearsal)

    def deploy(self, version, **options):
        self.version = version
        return self.run("deploy", **options)

    def refused(self, command, /, **options):
        with pytest.raises(session.EXPECTED) as told:
            self.run(command, **options)
        return str(told.value)


@contextmanager
def operated():
    patch = pytest.MonkeyPatch()
    try:
        with rented_cluster(patch.setenv) as cluster:
            patch.setenv("PATH", f"{cluster.folder / 'operator'}{os.pathsep}{os.environ['PATH']}")
            patch.setattr(once, "_PAUSE_SECONDS", 1)
            patch.setattr(services, "_PAUSE_SECONDS", 1)
            patch.setattr(backup_key, "FOLDER", cluster.folder)
            patch.setattr(stack_settings, "FOLDER", cluster.folder)
            (cluster.folder / "server.env").write_text("MAIL_FROM=office@example.com\nDB_MEMORY=768m\n")
            operator = Operator(cluster, [])
            for module in ("deploy", "rollback"):
                patch.setattr(
                    f"playbooks.cluster.{module}.wait_until_served", lambda *asked, **_: operator.checked.append(asked)
                )
            patch.setattr(Release, "of_checkout", lambda *, allow_dirty: Release(operator.version, "HEAD"))
            yield operator
    finally:
        patch.undo()


@pytest.fixture(scope="module")
def deployed():
    """A cluster on which v1 was deployed first, then v2."""
    with operated() as operator:
        operator.first = operator.deploy("v1")
        operator.secret_of_first = stored(operator.cluster)
        operator.second = operator.deploy("v2")
        yield operator
