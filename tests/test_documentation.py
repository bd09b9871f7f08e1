"""What the documentation says is held against the code."""

import re
from pathlib import Path

from invoke.tasks import Task
from support import layers
from typer.main import get_command

import fabfile
from app.cli import commands
from app.domain.webhooks import EventType
from app.settings import AppSettings, BackupSettings

ROOT = Path(__file__).parents[1]


def test_the_example_of_an_environment_names_exactly_the_settings_that_are_read():
    read = {field.alias for read in (AppSettings, BackupSettings) for field in read.model_fields.values()}
    named = set(re.findall(r"^([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert named == read


def test_the_readme_names_every_command():
    table = (ROOT / "README.md").read_text()
    found = get_command(commands).commands

    missing = [
        f"{name} {below}".strip()
        for name, command in found.items()
        for below in (getattr(command, "commands", None) or [""])
        if f"`invoices {f'{name} {below}'.strip()}" not in table
    ]

    assert missing == []


def test_the_page_on_operations_names_every_command_of_fab():
    page = (ROOT / "docs/operations.md").read_text()
    commands_of_fab = [value.name for value in vars(fabfile).values() if isinstance(value, Task)]

    assert len(commands_of_fab) > 10
    assert [name for name in commands_of_fab if f"fab {name.replace('_', '-')}" not in page] == []


def test_every_playbook_is_a_command_of_fab():
    modules = {module.stem for module in (ROOT / "playbooks").glob("[a-z]*.py")}

    assert modules == set(fabfile.__all__)


def test_the_page_on_the_api_has_a_row_for_each_type_of_event():
    rows = re.findall(r"^\| `([\w.]+)` \|", (ROOT / "docs/api.md").read_text(), re.MULTILINE)

    assert {one.value for one in EventType} - {*rows} == set()


def test_every_picture_and_page_that_the_documentation_links_to_exists():
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for target in re.findall(r"(?:\]\(|src=\"|srcset=\")(?!http)([^)#\"]+)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert broken == []


def test_every_picture_is_shown_somewhere():
    pages = "".join(page.read_text() for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

    assert [picture.name for picture in ROOT.glob("docs/images/*") if f"images/{picture.name}" not in pages] == []


def test_every_test_that_the_security_page_names_exists():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "docs/security.md").read_text())

    assert len(named) > 50
    assert [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^def {name}\(", _text_of(ROOT / "tests" / file), re.MULTILINE)
    ] == []


def _text_of(file):
    return file.read_text() if file.exists() else ""


def test_the_drawing_of_the_layers_is_that_of_the_contracts():
    assert layers.PAGE.read_text(encoding="utf-8") == layers.page_with(layers.drawing())
