"""docs/benchmarks.md: its parts are written by two commands, each of which leaves the other's alone."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_DEPLOYMENT = "## A deployment"
_PREFACE = """\
Measured by `make e2e ARGS=--write`: `fab` over SSH onto a container that boots systemd and has a Docker engine of its
own, on the same machine that asks it; images of the stack's others are there already, the release is built anew.
"""


def write_pages_and_imports(text: str) -> None:
    """Write what `make bench` measured."""
    PAGE.write_text(f"{text.rstrip()}\n{_deployment()}", encoding="utf-8")


def write_deployment(figures: list[tuple[str, str, str]]) -> None:
    """Write what `make e2e` measured: what, how much, and the goal."""
    before = PAGE.read_text(encoding="utf-8").partition(f"\n{_DEPLOYMENT}")[0]
    rows = "\n".join(f"| {what} | {seen} | {goal} |" for what, seen, goal in figures)
    table = f"| what | seen | goal |\n|---|---|---|\n{rows}\n"
    PAGE.write_text(f"{before.rstrip()}\n\n{_DEPLOYMENT}\n\n{_PREFACE}\n{table}", encoding="utf-8")


def _deployment() -> str:
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    _, found, after = text.partition(f"\n{_DEPLOYMENT}")
    return f"{found}{after}" if found else ""
