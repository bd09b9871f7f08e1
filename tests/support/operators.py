"""An operator: a checkout of this repository, a file about a server, and `fab` as it is typed."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.instance import USER, Instance
from tests.support.rented_bucket import RentedBucket

ROOT = Path(__file__).parents[2]
DOMAIN = "invoices.test"
_IDENTITY = ("-c", "user.name=Operator", "-c", "user.email=operator@example.com")


@dataclass(frozen=True)
class Done:
    """A command that ended: its exit code, what it printed, and how long it took."""

    exit_code: int
    printed: str
    seconds: float


@dataclass(frozen=True)
class Operator:
    """Somebody with a checkout, who deploys to one server; at home is the key that opens the backups."""

    checkout: Path
    server: Path
    identity: Path
    home: Path

    @classmethod
    def of(cls, instance: Instance, folder: Path, ssh_from: str, bucket: RentedBucket | None = None) -> "Operator":
        """Return an operator of the instance, with a clone of what is committed here."""
        checkout = folder / "checkout"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(checkout)], check=True)
        (checkout / "server.env").write_text("CERTIFICATES=internal\nAPI_REQUESTS_PER_MINUTE=100000\n")
        server = folder / "server.json"
        server.write_text(json.dumps(facts(instance, ssh_from, bucket)))
        (folder / "home").mkdir(exist_ok=True)
        return cls(checkout, server, instance.identity, folder / "home")

    def another(self, folder: Path) -> "Operator":
        """Return a colleague with a checkout of their own, of the same server."""
        shutil.copytree(self.checkout, folder / "checkout", symlinks=True)
        return replace(self, checkout=folder / "checkout")

    def of_another(self, instance: Instance, ssh_from: str, bucket: RentedBucket | None = None) -> "Operator":
        """Return the same person with the same checkout and key, at another server."""
        server = self.server.with_name(f"{instance.name}.json")
        server.write_text(json.dumps(facts(instance, ssh_from, bucket)))
        return replace(self, server=server, identity=instance.identity)

    def fab(self, *words: str, fails: bool = False, seconds: int = 900) -> Done:
        """Return what `fab` did, having seen that it ended as expected."""
        began = time.monotonic()
        done = self.started(*words).communicate_within(seconds)
        ended = Done(done.exit_code, done.printed, time.monotonic() - began)
        assert (ended.exit_code != 0) is fails, ended.printed
        return ended

    def started(self, *words: str) -> "Running":
        """Start `fab` and go on."""
        command = [sys.executable, "-m", "fabric", "--identity", str(self.identity), *words]
        environment = {
            **os.environ, "INVOICES_SERVER": str(self.server), "HOME": str(self.home), "COLUMNS": "160", "TERM": "dumb",
        }  # fmt: skip
        return Running(
            subprocess.Popen(
                command, cwd=self.checkout, env=environment, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        )  # fmt: skip

    def commit(self, path: str, content: str, message: str = "Change") -> str:
        """Write a file, commit it, and return the release that a deploy of it makes."""
        (self.checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (self.checkout / path).write_text(content)
        self._git("add", "--", path)
        self._git(*_IDENTITY, "commit", "--quiet", "-m", message)
        return self.version

    def back_to(self, version: str) -> None:
        """Check an earlier commit out."""
        self._git("reset", "--quiet", "--hard", version)

    def text(self, path: str) -> str:
        return (self.checkout / path).read_text()

    @property
    def version(self) -> str:
        return self._git("rev-parse", "HEAD")[:12]

    def _git(self, *words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=self.checkout, check=True, capture_output=True, text=True
        ).stdout.strip()


@dataclass(frozen=True)
class Running:
    """A `fab` that goes on."""

    process: "subprocess.Popen[str]"

    def communicate_within(self, seconds: int) -> Done:
        """Return how it ended and what it printed since it was last listened to; killed where it takes longer."""
        assert self.process.stdout
        killer = threading.Timer(seconds, self.process.kill)
        killer.start()
        with self.process:
            printed = self.process.stdout.read()
        killer.cancel()
        return Done(self.process.returncode, printed, 0)

    def wait_for(self, words: str) -> str:
        """Read what it prints until it has said these words; returns all that was read."""
        read = ""
        assert self.process.stdout
        for line in self.process.stdout:
            read += line
            if words in line:
                return read
        raise AssertionError(f"it never said {words!r}:\n{read}")


def facts(instance: Instance, ssh_from: str, bucket: RentedBucket | None = None) -> dict[str, object]:
    """Return what the outputs of a stack that rented the instance would say."""
    rented = bucket.facts() if bucket else {}
    return {
        "host": instance.address, "ipv6_address": instance.ipv6_address, "user": USER, "server_name": "invoices",
        "instance_name": "invoices", "host_keys": [instance.host_key], "domain": DOMAIN, "region": "",
        "ssh_cidrs": [ssh_from], "dns_records_to_set": "", "backup_bucket": "", "aws_access_key_id": "",
        "aws_secret_access_key": "", "restorer_access_key_id": "", "restorer_secret_access_key": "",
        "alarm_topic": "", "metric_namespace": "", "app_secret": "", "monthly_cost": {}, **rented,
    }  # fmt: skip
