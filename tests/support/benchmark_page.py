"""docs/benchmarks.md: its parts are written by several commands, each of which leaves the others' alone."""

from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_HEADING = "\n## "
_DEPLOYMENT = """\
Measured by `make e2e ARGS=--write`: `fab` over SSH onto a container that boots systemd and has a Docker engine of its
own, on the same machine that asks it; images of the stack's others are there already, the release is built anew.

| what | seen | goal |
|---|---|---|
"""


def write_parts(parts: Mapping[str, str], preface: str = "") -> None:
    """Write the parts, by heading, in the place of those there are, new ones last; and what stands before them all."""
    before, *kept = PAGE.read_text(encoding="utf-8").split(_HEADING)
    page = {heading: text for heading, _, text in (part.partition("\n") for part in kept)} | dict(parts)
    written = [f"## {heading}\n\n{text.strip()}" for heading, text in page.items()]
    PAGE.write_text("\n\n".join([(preface or before).strip(), *written]) + "\n", encoding="utf-8")


def write_deployment(figures: list[tuple[str, str, str]]) -> None:
    """Write what `make e2e` measured: what, how much, and the goal."""
    rows = "".join(f"| {what} | {seen} | {goal} |\n" for what, seen, goal in figures)
    write_parts({"A deployment": _DEPLOYMENT + rows})
