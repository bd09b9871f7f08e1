"""New passwords reach the database by the script that made its roles."""

from pathlib import Path

import pytest
import yaml
from support.recording_host import RecordingHost

from playbooks.steps.roles import set_roles
from playbooks.steps.stack import Stack
from provisioning.host import HostError, Ran

ROOT = Path(__file__).parents[2]


def last_words(host):
    return host.acted[-1].partition("docker-compose.yml ")[2].split()


def test_the_database_takes_them_from_its_own_secrets_by_the_script_of_its_roles():
    host = RecordingHost()

    set_roles(Stack(host, "new"))

    assert last_words(host) == ["exec", "-T", "db", "bash", "/docker-entrypoint-initdb.d/10-roles.sh"]
    assert host.stdin == [""]


def test_the_script_lies_where_the_stack_has_it():
    host = RecordingHost()
    set_roles(Stack(host, "new"))
    script = Path(last_words(host)[-1])

    mounted = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["db"]["volumes"]

    assert f"database-making:{script.parent}:ro" in mounted
    assert (ROOT / "stack/database" / script.name).exists()


def test_a_database_that_does_not_take_them_is_told_of():
    host = RecordingHost(answers={"*10-roles.sh": Ran(1, "", "the database does not answer")})

    with pytest.raises(HostError, match="the database does not answer"):
        set_roles(Stack(host, "new"))
