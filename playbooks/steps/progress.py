"""Progress output of a `fab` command: each step with its duration, and a recap."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Steps:
    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = time.monotonic()
        self._done = 0

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
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
        self.console.print(f"  {what}")

    def recap(self, sentence: str) -> None:
        self.console.print(f"{sentence} [dim]{self._done} steps, {time.monotonic() - self._began:.1f} s[/]")
