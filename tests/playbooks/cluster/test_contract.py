"""What the commands assume of the stack and of what was rented is held against both."""

from pathlib import Path

import yaml

from infra.cluster import containers, registry
from infra.cluster.secret import KEYS
from playbooks.cluster import images, releases, secret
from playbooks.cluster.deploy import _IMAGE_OF

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def test_images_are_looked_for_under_the_names_that_compose_builds_them_by():
    built = {name: COMPOSE[name]["image"] for name in ("app", "proxy", "backup")}

    assert built == {
        "app": images._LOCAL["app"].format("${VERSION:-dev}"),
        "proxy": images._LOCAL["proxy"],
        "backup": images._LOCAL["backup"].format("${VERSION:-dev}").replace("17", "${POSTGRESQL:-17}"),
    }


def test_the_tag_of_what_is_deployed_is_the_one_that_the_registry_lets_be_moved():
    assert images._DEPLOYED == registry.DEPLOYED == "deployed"


def test_the_secret_is_made_with_every_key_that_a_task_definition_names():
    assert set(secret._made("db.example.com")) == set(KEYS)


def test_each_container_that_is_rented_has_an_image():
    made = {name for name in vars(containers) if name.endswith("_containers")}

    assert made == {"app_containers", "worker_containers", "once_containers", "backup_containers"}
    assert set(_IMAGE_OF) == {"app", "worker", "once", "backup", "proxy"}


def test_a_release_knows_the_migrations_of_its_commit():
    assert "0001_tables" in releases.migrations_of("HEAD")
