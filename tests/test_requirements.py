"""The pinned libraries: the same versions wherever they are installed, and no word on where they come from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "requirements").glob("*.txt"))
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def pinned(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def test_an_operator_has_the_versions_that_were_tested():
    tested = pinned("dev")

    assert len(pinned("operator")) > 50
    assert {name: version for name, version in pinned("operator").items() if tested.get(name) != version} == {}


@pytest.mark.parametrize("extra", ["infra", "ops", "app", "backups"])
def test_an_operator_has_all_that_a_command_of_fab_imports(extra):
    wanted = {re.split(r"[\[<>=~]", line)[0] for line in EXTRAS[extra]}

    assert wanted - pinned("operator").keys() == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_list_of_libraries_names_the_place_that_they_come_from(path):
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links", path.read_text()) == []
