"""The Docker engine of this machine, installed and started by hand where nothing else does it."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.polling import is_so_within

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "invoices-e2e"
_SECONDS_TO_START = 60


class EngineError(Exception):
    """Docker did not do what it was asked; the message says what and what it answered."""


def docker(*arguments: str | Path, stdin: bytes | None = None, seconds: int = 900) -> str:
    """Run `docker …` and return what it printed; raises EngineError."""
    ran = _run(arguments, stdin, seconds)
    if ran.returncode != 0:
        told = "\n".join((ran.stderr or ran.stdout).decode(errors="replace").strip().splitlines()[-20:])
        raise EngineError(f"`docker {' '.join(map(str, arguments))[:300]}` ended with {ran.returncode}:\n{told}")
    return ran.stdout.decode(errors="replace").strip()


def succeeds(*arguments: str | Path) -> bool:
    """Say whether `docker …` ends well."""
    return _run(arguments, None, 60).returncode == 0


def why_there_is_none() -> str:
    """Return why this machine cannot have what the tests need, empty where it can."""
    if os.getuid() != 0:
        return "a test instance needs root: it starts a Docker engine and gives a container rights of its own"
    if not shutil.which("apt-get"):
        return "a test instance needs Debian: its images are built from Debian's packages"
    if subprocess.run(["losetup", "--find"], check=False, capture_output=True, timeout=30).returncode != 0:
        return "a test instance needs a loop device, which is its disk: `losetup --find` finds none"
    return ""


def ensure_running() -> None:
    """Have an engine that answers: install Debian's where there is none, start it where nobody did."""
    with one_at_a_time("engine"):
        if is_answering():
            return
        if not shutil.which("dockerd"):
            install("docker.io")
        _start()


@contextmanager
def one_at_a_time(what: str = "lock") -> Iterator[None]:
    """Keep two processes on one machine from building and starting the same things."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / what).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_answering() -> bool:
    """Say whether an engine answers."""
    return bool(shutil.which("docker")) and succeeds("info", "--format", "{{.ServerVersion}}")


def install(*packages: str) -> None:
    """Install packages of Debian; raises EngineError."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True, env=quiet, timeout=300)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    installed = subprocess.run(command, check=False, capture_output=True, text=True, env=quiet, timeout=900)
    if installed.returncode != 0:
        told = "\n".join((installed.stderr or installed.stdout).strip().splitlines()[-10:])
        raise EngineError(f"{', '.join(packages)} cannot be installed:\n{told}")


def wait_until(is_so: Callable[[], bool], complaint: str) -> None:
    """Ask again and again until it is so; raises EngineError with the complaint."""
    if not is_so_within(_SECONDS_TO_START, is_so):
        raise EngineError(f"{complaint} ({_SECONDS_TO_START} seconds were given).")


def _start() -> None:
    _forget_what_ended(CACHE / "dockerd.pid", "dockerd")
    _forget_what_ended(Path("/run/docker/containerd/containerd.pid"), "containerd")
    log = CACHE / "dockerd.log"
    # Forked away: it outlives the run that needed it first, and is nobody's child.
    command = ["setsid", "--fork", "dockerd", "--pidfile", str(CACHE / "dockerd.pid")]
    with log.open("ab") as told:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=told, stderr=told, timeout=30)
    wait_until(is_answering, f"The Docker engine does not answer; {log} says why")


def _forget_what_ended(pid_file: Path, program: str) -> None:
    """Remove the mark of an engine that lost its machine: its number may be another program's by now."""
    try:
        runs = Path(f"/proc/{int(pid_file.read_text())}/comm").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        runs = ""
    if runs != program:
        pid_file.unlink(missing_ok=True)


def _run(arguments: tuple[str | Path, ...], stdin: bytes | None, seconds: int) -> subprocess.CompletedProcess[bytes]:
    # The builder without BuildKit is the one that every client has.
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    try:
        given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        command = ["docker", *map(str, arguments)]
        return subprocess.run(command, check=False, capture_output=True, env=environment, timeout=seconds, **given)
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"`docker {arguments[0]} …` took longer than {seconds} seconds.") from error
