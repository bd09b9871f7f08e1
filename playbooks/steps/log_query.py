"""What `fab logs` looks for, in the words of its options."""

import re
from dataclasses import dataclass

from playbooks.steps.session import RefusedError

# The app and the proxy write JSON, the database and the queue write text.
ERRORS = (
    r'"level": ?"(ERROR|CRITICAL|error|fatal|panic)"|"status": ?5[0-9][0-9][,}]|(ERROR|FATAL|PANIC):  '
    r"|[0-9]:[A-Z] .* # |^Traceback "
)
_SECONDS_OF = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class LogQuery:
    service: str
    lines: int
    since: str
    grep: str
    errors: bool

    @property
    def seconds(self) -> int:
        """Return 0 for no limit; raises RefusedError."""
        if not self.since:
            return 0
        told = re.fullmatch(r"([1-9]\d{0,5})([smhd])", self.since.strip())
        if not told:
            raise RefusedError(f"--since takes a time such as 30m, 2h or 3d, not '{self.since}'.")
        return int(told[1]) * _SECONDS_OF[told[2]]

    def nothing_found(self) -> str:
        asked = [
            *(["tells of an error"] if self.errors else []),
            *([f"holds '{self.grep}'"] if self.grep else []),
            *([f"is of the last {self.since}"] if self.since else []),
        ]
        return f"of the lines of {self.service} that are kept, none {' and '.join(asked) or 'is there yet'}."
