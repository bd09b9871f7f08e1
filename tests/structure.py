"""Figures about the structure of the code: `python -m tests.structure` prints them.

A recorded payment is followed from its page's handler down: each module that it enters counts once, and each pair of
functions in two modules of which one calls the other. Making a value, and what every request needs of HTTP and of the
database (`app/web/http`, `app/store/db`), is left out.
"""

import ast
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
PRODUCTION = ("app", "infra", "provisioning", "playbooks")


def main() -> None:
    """Print each figure with its goal."""
    table = Table("figure", "now", "goal")
    modules, calls = followed_payment()
    for name, now, goal in (
        ("modules in the fullest folder of app with packages", fullest_folder(), "20"),
        ("modules that a recorded payment passes through", modules, "11"),
        ("calls between them", calls, "14"),
        ("class names that stand twice", len(repeated_classes()), "0"),
        ("longest template line", longest_template_line(), "160"),
        ("production lines", production_lines(), ""),
    ):
        table.add_row(name, str(now), goal)
    Console().print(table)


def modules() -> list[Path]:
    """Return the files of the product's own Python, without migrations."""
    files = (path for package in PRODUCTION for path in (ROOT / package).rglob("*.py"))
    return sorted(path for path in files if "migrations" not in path.parts)


def fullest_folder() -> int:
    """Return how many modules the fullest folder directly below a package of `app` has; flat packages are left out."""
    folders = Counter(path.parent for path in modules() if path.name != "__init__.py")
    flat = {ROOT / "app" / name for name in ("domain", "cli")}
    return max(count for folder, count in folders.items() if ROOT / "app" in folder.parents and folder not in flat)


def repeated_classes() -> dict[str, list[Path]]:
    """Return the files of each class name that is defined more than once; peewee's inner Meta has no other name."""
    found: dict[str, list[Path]] = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name != "Meta":
                found.setdefault(node.name, []).append(path)
    return {name: paths for name, paths in found.items() if len(paths) > 1}


def longest_template_line() -> int:
    """Return the length of the longest line of any template."""
    templates = (ROOT / "app" / "templates").rglob("*.html")
    return max(len(line) for path in templates for line in path.read_text(encoding="utf-8").splitlines())


def production_lines() -> int:
    """Return the lines of the product's own Python, blank ones and migrations left out."""
    return sum(1 for path in modules() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


def followed_payment() -> tuple[int, int]:
    """Return the modules that recording a payment passes through, and the calls between them."""
    from support.browser import QUICK_HASH, Browser
    from support.clock import Clock
    from support.records import a_user, an_invoice
    from support.settings import settings_of

    from app.cli.opening import migrate
    from app.domain.permissions import Role
    from app.store.db import database
    from app.web.application import build

    with tempfile.TemporaryDirectory() as folder:
        database.open_database(f"sqlite:///{folder}/invoices.sqlite3")
        with database.connection():
            migrate()
            a_user("ann@example.com", Role.ADMIN, "Ann", QUICK_HASH)
            invoice = an_invoice()
            browser = Browser(build(settings_of(Path(folder)), Clock(datetime(2026, 3, 2, 12, tzinfo=UTC))))
            browser.sign_in()
            form = next(
                one for one in browser.get(f"/invoices/{invoice.id}").forms.values() if one.action.endswith("/payments")
            )
            form["amount"] = "10.00"
            with _Following() as following:
                form.submit()
    return len(following.modules), len(following.calls)


class _Following:
    """Notes the app modules entered below the handler of a page, and the calls between them."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.calls: set[tuple[str, str, str, str]] = set()
        self._depth = 0

    def __enter__(self) -> "_Following":
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        name = frame.f_globals.get("__name__", "")
        is_handler = name == "app.web.pages.receivables.payments" and frame.f_code.co_name == "create"
        if is_handler:
            self._depth += {"call": 1, "return": -1}.get(event, 0)
        is_constructor = frame.f_code.co_name.startswith("__")
        if event != "call" or not self._depth or is_constructor or not _is_followed(name):
            return
        self.modules.add(name)
        caller = frame.f_back
        called_by = caller.f_globals.get("__name__", "") if caller else ""
        if caller and _is_followed(called_by) and called_by != name:
            self.calls.add((called_by, caller.f_code.co_name, name, frame.f_code.co_name))


def _is_followed(name: str) -> bool:
    return name.startswith("app.") and not name.startswith(("app.web.http.", "app.web.guard", "app.store.db."))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    main()
