"""What no linter holds: names, docstrings, migrations that stand by themselves."""

import ast
from pathlib import Path

from tests import structure

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "app").rglob("*.py"))
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "core", "base", "manager", "stuff"}


def test_no_module_is_a_drawer():
    assert [module.name for module in MODULES if module.stem in DRAWERS] == []


def test_no_folder_of_the_app_has_more_than_twenty_modules():
    assert structure.fullest_folder() <= 20


def test_no_class_name_stands_twice():
    assert structure.repeated_classes() == {}


def test_a_recorded_payment_passes_through_eleven_modules_and_fourteen_calls_at_most():
    modules, calls = structure.followed_payment()

    assert 0 < modules <= 11
    assert 0 < calls <= 14


def test_no_line_of_a_template_is_longer_than_160_characters():
    assert structure.longest_template_line() <= 160


def test_the_first_line_of_each_module_is_a_sentence():
    unsaid = []
    for module in MODULES:
        docstring = ast.get_docstring(ast.parse(module.read_text())) or ""
        if not docstring.split("\n")[0].endswith((".", ":")):
            unsaid.append(str(module.relative_to(ROOT)))

    assert unsaid == []


def test_a_migration_does_not_depend_on_the_code_of_today():
    migrations = sorted((ROOT / "app/store/migrations").glob("[0-9]*.py"))
    borrowing = [
        migration.name
        for migration in migrations
        for node in ast.walk(ast.parse(migration.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app")
    ]

    assert migrations
    assert borrowing == []


def test_money_is_never_a_float():
    """How likely a header is, when a reading must end, how long a database may be silent: nothing else is a float."""
    meaning = ROOT / "app/workbook/meaning"
    waiting = {ROOT / "app/workbook/reading/book.py", ROOT / "app/store/db/postgresql.py"}
    waiting |= {ROOT / "app/store/shared/maintenance.py"}
    allowed = {meaning / "tables/headers.py", meaning / "tables/tables.py", *waiting}
    places = [ROOT / "app/domain", ROOT / "app/store", ROOT / "app/workbook"]
    found = [
        f"{module.name}:{node.lineno}"
        for place in places
        for module in set(place.rglob("*.py")) - allowed
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Name) and node.id == "float"
    ]

    assert found == []
