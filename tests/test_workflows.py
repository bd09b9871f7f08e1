"""What GitHub is asked to do is what the code knows, and the README says what of it was tried."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support import combinations

ROOT = Path(__file__).parents[1]
E2E = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["e2e"]
MATRIX = E2E["strategy"]["matrix"]["include"]
NAMES = {"stand-ins": "stand-ins made from Debian's and Python's packages", "official": "official"}


def test_the_workflow_deploys_onto_systems_and_with_images_that_the_tests_know():
    assert {one["system"] for one in MATRIX} <= combinations.SYSTEMS.keys()
    assert {one["images"] for one in MATRIX} == set(combinations.IMAGES)


def test_the_workflow_says_to_the_tests_what_they_read():
    given = next(step["env"] for step in E2E["steps"] if "make e2e" in step.get("run", ""))

    assert given == {
        combinations.SYSTEM_NAME: "${{ matrix.system }}", combinations.IMAGES_NAME: "${{ matrix.images }}",
    }  # fmt: skip


def test_the_readme_has_a_line_for_each_combination_of_the_workflow():
    readme = (ROOT / "README.md").read_text()
    told = re.findall(r"^\| (Debian \d+|Ubuntu [\d.]+) \| ([^|]+) \|", readme, re.MULTILINE)

    assert told == [(one["system"].replace("-", " ").title(), NAMES[one["images"]]) for one in MATRIX]


@pytest.mark.parametrize("name", [combinations.SYSTEM_NAME, combinations.IMAGES_NAME])
def test_a_combination_that_is_not_known_is_named_with_those_that_are(monkeypatch, name):
    monkeypatch.setenv(name, "windows")
    ask = {combinations.SYSTEM_NAME: combinations.system, combinations.IMAGES_NAME: combinations.are_official}[name]

    with pytest.raises(combinations.CombinationError, match=rf"{name}=windows: say one of "):
        ask()


def test_without_a_word_a_deployment_is_tried_with_what_this_machine_can_make(monkeypatch):
    monkeypatch.delenv(combinations.SYSTEM_NAME, raising=False)
    monkeypatch.delenv(combinations.IMAGES_NAME, raising=False)

    assert (combinations.system(), combinations.are_official()) == ("debian-13", False)


def test_dependabot_looks_at_each_folder_that_names_what_others_publish():
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    looked_at = {
        (one["package-ecosystem"], folder)
        for one in updates
        for folder in one.get("directories", [one.get("directory")])
    }
    dockerfiles = {
        ("docker", f"/{path.parent.relative_to(ROOT)}")
        for path in [*ROOT.glob("app/Dockerfile"), *ROOT.glob("stack/*/Dockerfile")]
    }

    assert looked_at == {("pip", "/requirements"), ("github-actions", "/"), ("docker-compose", "/"), *dockerfiles}
    assert all((ROOT / folder.strip("/")).is_dir() for _, folder in looked_at)


def test_dependabot_is_said_nothing_that_its_schema_does_not_know():
    given = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())
    known = {"package-ecosystem", "directory", "directories", "schedule", "cooldown", "groups", "ignore"}

    assert (given.keys(), given["version"]) == ({"version", "updates"}, 2)
    assert {key for one in given["updates"] for key in one} <= known
    assert {one["schedule"]["interval"] for one in given["updates"]} == {"weekly"}
