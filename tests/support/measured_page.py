"""The figures of `make ha-test` in docs/high-availability.md, below its heading "Measured"."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/high-availability.md"
_TABLE = re.compile(r"(?<=<!-- make ha-test ARGS=--write -->\n).*?(?=<!-- end -->)", re.DOTALL)


def write_measured(columns: Sequence[str], lines: Iterable[Sequence[str]], totals: Iterable[str]) -> None:
    """Write the table and the sentences below it in place of those of the last run."""
    rows = [columns, ["---"] * len(columns), *lines]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    below = "\n".join(f"- {sentence}" for sentence in totals)
    PAGE.write_text(_TABLE.sub(lambda _: f"{table}\n\n{below}\n", PAGE.read_text()))
