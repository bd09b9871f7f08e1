"""`fab verify`: check the running server against every control, and print a table."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree  # parses only a file that we wrote ourselves

from rich.box import SIMPLE_HEAD
from rich.table import Table

from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps import ssh_config
from playbooks.steps.inventory import KEPT, ROOT
from playbooks.steps.session import Session

_SECONDS = 900
_NOTHING_FOUND = 5  # pytest's exit code when no test was collected


@shape_task(Shape.verify, only="Only the controls whose name holds this, such as tls.")
def verify(found: Session, *, only: str = "") -> None:
    """Check the running server against every control; read-only."""
    config = ssh_config.write(found.settings, found.identity)
    report = KEPT / "verify.xml"
    facts = KEPT / "verify.json"
    hidden = {"aws_secret_access_key"}
    facts.write_text(found.settings.model_dump_json(exclude=hidden), encoding="utf-8")
    command = [
        sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", f"--junit-xml={report}",
        f"--hosts=ssh://{ssh_config.NAME}", f"--ssh-config={config}", f"--server-facts={facts}",
        *(["-k", only] if only else []), "tests/server",
    ]  # fmt: skip
    with found.steps.step("Look at every control"):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if not report.exists():
        found.console.print(done.stdout + done.stderr, markup=False)
        sys.exit("The controls could not be looked at.")
    if done.returncode == _NOTHING_FOUND:
        sys.exit(f"No control's name holds '{only}'.")
    failed, unchecked = _print(found, report)
    if failed:
        sys.exit(f"{failed} controls are not kept.")
    if done.returncode:
        found.console.print(done.stdout + done.stderr, markup=False)
        sys.exit("Not every control could be looked at.")
    found.steps.recap(f"Every control is kept{f'; {unchecked} could not be looked at' if unchecked else ''}.")


def _print(found: Session, report: Path) -> tuple[int, int]:
    """Return the number of failed controls, and of those that could not be checked."""
    table = Table("Control", "", "What was seen", box=SIMPLE_HEAD)
    cases = ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314  # pytest wrote it a moment ago
    failures = unchecked = 0
    for case in cases:
        failed, skipped = case.find("failure"), case.find("skipped")
        broken = case.find("error") if failed is None else failed
        name = (case.get("name") or "").removeprefix("test_").replace("_", " ").split("[ssh")[0]
        if broken is not None:
            failures += 1
            table.add_row(name, "[red]✗[/]", (broken.get("message") or "").splitlines()[0][:100])
        elif skipped is not None:
            unchecked += 1
            table.add_row(name, "[yellow]–[/]", (skipped.get("message") or "")[:100])
        else:
            table.add_row(name, "[green]✓[/]", "")
    found.console.print(table)
    return failures, unchecked
