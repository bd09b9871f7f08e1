"""The recipes of CONTRIBUTING.md are true: each has an example that applies, passes, and touches the files it names."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATCHES = {patch.stem: patch for patch in sorted((ROOT / "tests/recipes").glob("*.patch"))}


@dataclass(frozen=True)
class Example:
    """`tests` hold with the example; without what it does to `needed`, the test `missed_by` fails."""

    tests: str
    needed: str = ""
    missed_by: str = ""


DOCUMENTATION = "tests/test_documentation.py"
PERMISSIONS = "tests/app/web/test_permission_table.py"
MIGRATIONS = "tests/app/store/db/test_migrations.py"
EQUAL = f"{MIGRATIONS}::test_the_migrated_database_has_exactly_the_tables_of_the_code"
AN_IMPORT = "tests/app/jobs/test_imports.py::test_an_upload_is_read_then_applied_then_undone"
FIGURES = "tests/provisioning/scripts/test_figures.py"
HEADINGS = "tests/app/workbook/meaning/vocabulary/test_headings.py"
TOLD = "tests/app/web/pages/test_audit.py::test_everything_that_the_app_records_is_told_in_words"
EXAMPLES = {
    "page": Example(
        f"tests/app/web/pages/test_help.py {PERMISSIONS} -k statuses_of or row or help/statuses",
        PERMISSIONS, f"{PERMISSIONS}::test_every_route_has_a_row",
    ),
    "column": Example(f"{EQUAL} -k sqlite", "app/store/migrations/0001_tables.py", f"{EQUAL}[sqlite]"),
    "migration": Example(
        f"{MIGRATIONS} {AN_IMPORT} tests/test_architecture.py "
        "-k not before_the_first_release and not without_migrations",
        "app/store/migrations/0002_reason_of_an_undo.py", f"{EQUAL}[sqlite]",
    ),
    "field": Example(
        f"tests/app/domain/test_fields.py tests/app/web/test_fields.py tests/app/web/api/test_fields.py "
        f"tests/app/workbook/test_fields.py {EQUAL} {HEADINGS} "
        "-k po_number or column_of_a_table or (tables_of_the_code and sqlite)",
        "app/store/ledger/snapshot.py",
        "tests/app/workbook/test_fields.py::test_every_field_is_exported[invoice-po_number]",
    ),
    "header": Example(
        f"{HEADINGS} -k Dues or Query",
        "app/workbook/meaning/vocabulary/vocabulary.toml",
        f"{HEADINGS}::test_a_heading_says_what_its_column_is[Dues-balance_cents]",
    ),
    "question": Example("tests/app/workbook/meaning/test_checking.py -k over_nothing"),
    "check": Example("tests/app/workbook/meaning/test_checking.py -k still_to_come"),
    "action": Example(
        f"tests/app/actions/test_invoices.py {TOLD} -k notes_are_cleared or told_in_words",
        "app/web/pages/audit_messages.py", TOLD,
    ),
    "setting": Example(
        f"tests/app/test_settings.py {DOCUMENTATION} -k PAGE_LENGTH or environment",
        ".env.example",
        f"{DOCUMENTATION}::test_the_example_of_an_environment_names_exactly_the_settings_that_are_read",
    ),
    "command": Example(
        f"tests/app/cli/test_reports.py {DOCUMENTATION}",
        "README.md", f"{DOCUMENTATION}::test_the_readme_names_every_command",
    ),
    "fab-command": Example(
        f"tests/playbooks/test_commands.py {DOCUMENTATION} -k disk or fab",
        "docs/operations.md", f"{DOCUMENTATION}::test_the_page_on_operations_names_every_command_of_fab",
    ),
    "alarm": Example(
        f"tests/infra/test_monitoring.py {FIGURES} "
        "-k watches_also or tells_somebody or somebody_who_sends or watchdog_minds",
        "provisioning/rootfs/usr/local/lib/invoices/figures.py",
        f"{FIGURES}::test_every_alarm_that_is_rented_has_somebody_who_sends_its_figure",
    ),
    "server-part": Example(
        f"tests/provisioning/test_small_parts.py tests/provisioning/test_baseline.py {DOCUMENTATION} "
        "-k banner or turn or left_as_it_is or security_page",
        "provisioning/baseline.py", "tests/provisioning/test_baseline.py::test_every_part_has_its_turn",
    ),
}  # fmt: skip
MISSED = [name for name, example in EXAMPLES.items() if example.needed]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project's files, without the repository around them."""
    copy = tmp_path_factory.mktemp("project")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    if (ROOT / ".venv-s3").exists():  # the S3 server of the tests
        (copy / ".venv-s3").symlink_to(ROOT / ".venv-s3")
    return copy


@contextmanager
def changed(project, name, without=""):
    """The example is applied to the project, but for one of its files, and taken back in the end."""
    options = [f"--exclude={without}"] if without else []
    applied = _git_apply(project, [*options, PATCHES[name]])
    assert applied.returncode == 0, (
        f"the example of '{name}' no longer applies: `git apply --3way tests/recipes/{name}.patch`, correct it, "
        f"keep it with `git diff -U1 HEAD > tests/recipes/{name}.patch`, and take it back\n{applied.stderr}"
    )
    try:
        yield
    finally:
        _git_apply(project, ["--reverse", *options, PATCHES[name]])


def _git_apply(project, arguments):
    # Git looks for no repository above: it would leave out what that does not hold.
    environment = {"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(project.parent)}
    command = ["git", "apply", *arguments]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def run_tests(project, selection):
    """Run the tests in the project and return what they print, with "passed" or "failed" in its last line."""
    tests, _, expression = selection.partition(" -k ")
    chosen = [*tests.split(), *(["-k", expression] if expression else [])]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen]
    # No example needs a plugin, and loading them takes longer than most of its tests.
    own = {"PYTHONPATH": os.pathsep.join([str(project), str(project / "tests")]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=project, env=os.environ | own, capture_output=True, text=True, check=False)


def recipe(name):
    """Return the paragraph of the guide that links to the example."""
    [found] = [one for one in GUIDE.split("\n\n") if f"(tests/recipes/{name}.patch)" in one]
    return found


def is_path(word):
    return re.fullmatch(r"[\w.<>/-]+", word) and ("/" in word or (ROOT / word).is_file())


def places(name):
    """Return a pattern for each file or folder that the recipe names; `<noun>` stands for any name."""
    words = [word for word in re.findall(r"`([^`]+)`", recipe(name)) if is_path(word)]
    patterns = [re.sub(r"<\w+>", r"[^/]+", word.replace(".", r"\.")) for word in words]
    return [f"{pattern}.*" if pattern.endswith("/") else pattern for pattern in patterns]


def touched(name):
    return re.findall(r"^diff --git a/(\S+) ", PATCHES[name].read_text(encoding="utf-8"), re.MULTILINE)


def test_every_recipe_has_an_example():
    recipes = [one for one in GUIDE.split("\n\n") if one.startswith("**… ")]

    assert [one.splitlines()[0] for one in recipes if "](tests/recipes/" not in one] == []
    assert set(re.findall(r"\(tests/recipes/([\w-]+)\.patch\)", GUIDE)) == set(PATCHES) == set(EXAMPLES)


@pytest.mark.parametrize("name", PATCHES)
def test_a_recipe_is_short(name):
    assert len(recipe(name).splitlines()) <= 5


@pytest.mark.parametrize("name", PATCHES)
def test_the_example_touches_what_the_recipe_names_and_nothing_else(name):
    files, named = touched(name), places(name)

    assert [file for file in files if not any(re.fullmatch(place, file) for place in named)] == []
    assert [place for place in named if not any(re.fullmatch(place, file) for file in files)] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_whoever_follows_the_recipe_is_done(project, name):
    with changed(project, name):
        result = run_tests(project, EXAMPLES[name].tests)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", MISSED)
def test_whoever_leaves_out_a_step_is_told(project, name):
    example = EXAMPLES[name]

    with changed(project, name, without=example.needed):
        result = run_tests(project, example.missed_by)

    assert re.search(r"^\d+ failed", result.stdout.splitlines()[-1]), result.stdout + result.stderr
