"""A server as what shapes it and acts on it sees it: commands and files, all as root."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did: its exit code and what it printed."""

    exit_code: int
    out: str
    err: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether it went well."""
        return self.exit_code == 0


class HostError(Exception):
    """The server cannot be reached, or a command failed on it; the message names the server and what to look at."""


class Host(Protocol):
    """A server. `run` and `read` ask; `act`, `write` and `upload` change, and do nothing in a rehearsal."""

    name: str
    is_rehearsal: bool

    def run(self, *command: str, stdin: str = "", check: bool = True, seconds: int = 60) -> Ran:
        """Run a command that changes nothing; raises HostError if it fails, unless failure is an answer."""

    def act(self, *command: str, stdin: str | bytes = "", check: bool = True, seconds: int = 600) -> Ran:
        """Run a command that changes something; a rehearsal does not. Secrets go through `stdin` only."""

    def read(self, path: str) -> str | None:
        """Return the text of a file, None where there is none."""

    def write(
        self,
        path: str,
        content: str,
        *,
        mode: str = "0644",
        owner: str = "root:root",
        valid: Sequence[str] = (),
    ) -> None:
        """Put the whole file there at once; `valid` is the command that must accept it first, `{}` its path."""

    def upload(self, local: str, path: str, *, mode: str = "0644") -> None:
        """Copy a file of this machine to the server."""
