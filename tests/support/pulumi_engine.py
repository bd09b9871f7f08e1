"""Pulumi's real command line at work on this program, with a stand-in for the plugin that speaks to AWS."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from support.aws_account import Account

ROOT = Path(__file__).parents[2]
SERVER = "urn:pulumi:prod::invoices::invoices:infra:Server::server"
INSTANCE = "urn:pulumi:prod::invoices::invoices:infra:Server$aws:lightsail/instance:Instance::server"
PLUGIN = f"""#!/bin/sh
PYTHONPATH={ROOT / "tests"} exec {sys.executable} -m support.pulumi_resource_aws "$@"
"""
# The language host that can be built from a Go module is older than the engine, and knows no `virtualenv` of it.
_PYTHON = f"""#!/bin/sh
exec {sys.executable} "$@"
"""
_TERMINAL = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Engine:
    """A folder with the project, the state of its stack `prod`, and the account that it rents in."""

    folder: Path

    @classmethod
    def initialised(cls, folder: Path) -> "Engine":
        """Return a project that nothing was rented for yet."""
        project, programs = folder / "project", folder / "bin"
        shutil.copytree(ROOT / "infra", project / "infra", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "Pulumi.yaml", project)
        shutil.copy(ROOT / "Pulumi.example.yaml", project / "Pulumi.prod.yaml")
        (project / ".venv").symlink_to(sys.prefix)
        programs.mkdir()
        for name, text in (("pulumi-resource-aws", PLUGIN), ("python", _PYTHON), ("python3", _PYTHON)):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        (folder / "state").mkdir()
        made = cls(folder)
        made.run("login", f"file://{folder / 'state'}")
        made.run("stack", "init", "prod")
        return made

    def copied(self, to: Path) -> "Engine":
        """Return the same, in a folder of its own, so that what is done to it is done to nobody else."""
        shutil.copytree(self.folder, to, symlinks=True, dirs_exist_ok=True)
        made = Engine(to)
        made.run("login", f"file://{to / 'state'}")
        made.run("stack", "select", "prod")
        return made

    def run(self, *arguments: str, fails: bool = False) -> str:
        """Return what `pulumi` printed, having seen that it ended as expected."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.folder / "project",
            env=self._environment(),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=240,  # on a machine that does other things too
            check=False,
        )
        printed = _TERMINAL.sub("", done.stdout + done.stderr)
        assert (done.returncode != 0) is fails, printed
        return printed

    def up(self, *, fails: bool = False) -> str:
        return self.run("up", "--yes", fails=fails)

    def preview(self, *arguments: str, fails: bool = False) -> str:
        return self.run("preview", *arguments, fails=fails)

    def configure(self, **values: object) -> None:
        for key, value in values.items():
            self.run("config", "set", key, str(value))

    def outputs(self, *arguments: str) -> dict[str, object]:
        return json.loads(self.run("stack", "output", "--json", *arguments))

    @property
    def account(self) -> Account:
        return Account.load(self._account)

    def change_account(self, account: Account) -> None:
        """Let the account be another: what somebody did by hand."""
        account.save(self._account)

    @property
    def _account(self) -> Path:
        return self.folder / "account.json"

    def _environment(self) -> dict[str, str]:
        return {
            # Else a package that is installed from another checkout would be the one that runs.
            "PYTHONPATH": str(self.folder / "project"),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase of the tests",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "AWS_ACCOUNT_FILE": str(self._account),
        }
