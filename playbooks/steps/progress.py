"""What a command of `fab` says as it goes: each step with its time, and a recap."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Steps:
    """The steps of one command, printed as they end."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = time.monotonic()
        self._done = 0

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say that the step goes on, then that it is done and how long it took, or that it failed."""
        began = time.monotonic()
        try:
            with self.console.status(what):
                yield
        except BaseException:
            self.console.print(f"[red]✗[/] {what} [dim]{time.monotonic() - began:.1f} s[/]")
            raise
        self._done += 1
        self.console.print(f"[green]✓[/] {what} [dim]{time.monotonic() - began:.1f} s[/]")

    def note(self, what: str) -> None:
        """Say something that takes no time."""
        self.console.print(f"  {what}")

    def recap(self, sentence: str) -> None:
        """Say how it ended, and how long all of it took."""
        self.console.print(f"{sentence} [dim]{self._done} steps, {time.monotonic() - self._began:.1f} s[/]")
