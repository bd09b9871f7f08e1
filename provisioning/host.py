"""The interface to a server: commands and files, all as root."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ran:
    exit_code: int
    out: str
    err: str = ""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0


class HostError(Exception):
    """The server is unreachable, or a command failed on it; the message names the server and what to look at."""


class Host(Protocol):
    """A server. `run` and `read` only query; the others change it, and do nothing in a dry run."""

    name: str
    is_rehearsal: bool

    def run(self, *command: str, stdin: str = "", check: bool = True, seconds: int = 60) -> Ran:
        """Run a command that changes nothing; raises HostError if it fails, unless `check` is false."""

    def act(self, *command: str, stdin: str | bytes = "", check: bool = True, seconds: int = 600) -> Ran:
        """Run a command that changes something, unless this is a dry run. Pass secrets through `stdin` only."""

    def read(self, path: str) -> str | None:
        """Return the text of a file, None if it does not exist."""

    def write(self, path: str, content: str, *, mode: str = "0644", valid: Sequence[str] = ()) -> None:
        """Replace the file atomically; `valid` is a command that must accept it first, `{}` its path."""

    def restart(self) -> None:
        """Restart the server and wait until it answers again; raises HostError if it does not."""

    def upload(self, local: str, path: str) -> None:
        """Copy a local file to the server."""

    def download(self, path: str, local: str) -> None:
        """Copy a file of the server to this machine."""
