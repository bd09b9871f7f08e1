"""A server that remembers what it was asked, for tests of what shapes servers: no machine, no SSH."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from provisioning.host import HostError, Ran


class RecordingHost:
    """Answers commands from a table of patterns, keeps files in a dict, and remembers everything it was told to do.

    `answers` maps a pattern of a whole command line, words joined by blanks, to what it answers; the last that fits
    counts. A command that fits none ends well and prints nothing.
    """

    def __init__(self, *, files=None, answers=None, modes=None, is_rehearsal=False):
        self.name = "198.51.100.9"
        self.key = ""  # the fingerprint of the one that is logged in with
        self.is_rehearsal = is_rehearsal
        self.files: dict[str, str] = dict(files or {})
        self.modes: dict[str, str] = dict(modes or {})
        self.answers: dict[str, Ran] = dict(answers or {})
        self.asked: list[str] = []
        self.acted: list[str] = []
        self.stdin: list[str] = []

    def run(self, *command: str, stdin: str = "", check: bool = True, seconds: int = 60) -> Ran:
        line = " ".join(command)
        self.asked.append(line)
        return self._answer(line, command, check)

    def act(self, *command: str, stdin: str | bytes = "", check: bool = True, seconds: int = 600) -> Ran:
        if self.is_rehearsal:
            return Ran(0, "")
        line = " ".join(command)
        self.acted.append(line)
        self.stdin.append(stdin)
        return self._answer(line, command, check)

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def write(self, path: str, content: str, *, mode: str = "0644", valid: Sequence[str] = ()) -> None:
        if self.is_rehearsal:
            return
        if valid:
            self.act(*(part.replace("{}", f"{path}.new") for part in valid))
        self.acted.append(f"write {path}")
        self.stdin.append("")
        self.files[path] = content
        self.modes[path] = f"{mode.lstrip('0').zfill(3)} root:root"

    def restart(self) -> None:
        if not self.is_rehearsal:
            self.acted.append("restart")
            self.stdin.append("")

    def upload(self, local: str, path: str) -> None:
        if not self.is_rehearsal:
            self.acted.append(f"upload {path}")
            self.stdin.append("")

    def _answer(self, line: str, command: Sequence[str], check: bool) -> Ran:
        fitting = [answer for pattern, answer in self.answers.items() if fnmatchcase(line, pattern)]
        if not fitting and command[:2] == ("stat", "--format=%a %U:%G"):
            return Ran(0, self.modes.get(command[-1], "644 root:root"))
        answer = fitting[-1] if fitting else Ran(0, "")
        if check and not answer.ok:
            raise HostError(f"{self.name}: `{line}` ended with {answer.exit_code}:\n{answer.err or answer.out}")
        return answer
