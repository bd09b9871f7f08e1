"""n8n on a server: ready, published, for its networks only; off and on again, and killed, it comes back."""

import json
import re

import pytest

from tests.support.operators import DOMAIN, ROOT
from tests.support.public_site import Site
from tests.support.stand_in_images import serve_n8n

_MEGABYTES = 1_048_576
_EDITOR = f"n8n.{DOMAIN}"


@pytest.fixture(scope="module")
def automated(deployed, operator):
    """The server, with automation; afterwards it has none again."""
    serve_n8n()
    before = operator.server.read_text()
    operator.server.write_text(json.dumps({**json.loads(before), "automation": True}))
    operator.fab("deploy")
    yield deployed
    operator.server.write_text(before)
    operator.fab("deploy")


def editor(deployed):
    """Return n8n's site as this machine reaches it."""
    authority = deployed.site().authority
    return Site(deployed.instance.address, _EDITOR, authority)


def query(deployed, sql):
    (database,) = deployed.containers("db").values()
    return deployed.instance.exec("docker", "exec", database, "psql", "-U", "postgres", "-At", "-c", sql, "n8n")


def test_n8n_is_ready_and_what_has_its_secrets_is_published(automated):
    (container,) = automated.containers("n8n").values()
    state = automated.inside(f"docker inspect --format '{{{{.State.Health.Status}}}}' {container}")

    assert state.strip() == "healthy"
    assert automated.inside(f"docker exec {container} cat /home/node/.n8n/setup.problems") == ""
    shipped = [path.stem for path in (ROOT / "stack/n8n/workflows").glob("*.json")]
    assert query(automated, "SELECT count(*) FROM workflow_entity").strip() == str(len(shipped))
    assert query(automated, "SELECT count(*) FROM credentials_entity").strip() == "5"


def test_the_editor_is_for_the_operators_networks_and_asks_for_a_password(automated):
    site, from_the_server = editor(automated), f"--resolve {_EDITOR}:443:127.0.0.1 https://{_EDITOR}/"

    assert site.ask("GET", "/").status == 200
    assert site.ask("GET", "/rest/workflows").status == 401
    assert automated.inside(f"curl -sk -o /dev/null -w '%{{http_code}}' {from_the_server}").strip() == "404"


def test_the_same_commit_again_does_not_restart_n8n(automated):
    before = automated.containers()

    automated.operator.fab("deploy")

    assert automated.containers() == before


def test_the_whole_stack_with_n8n_takes_less_than_1_2_gigabytes(automated, figure):
    used = automated.inside("docker stats --no-stream --format '{{.MemUsage}}'")
    megabytes = sum(_megabytes(line) for line in used.splitlines())
    figure("memory of the stack with n8n", f"{megabytes:.0f} MB", "1,200 MB")

    assert megabytes < 1_200


def _megabytes(line):
    number, unit = re.match(r"([\d.]+)(\w+)", line).groups()
    return float(number) * {"B": 1 / _MEGABYTES, "KiB": 1 / 1_024, "MiB": 1, "GiB": 1_024}[unit]


def test_n8n_that_is_killed_comes_back(automated):
    (container,) = automated.containers("n8n").values()
    automated.inside(f"docker exec {container} node -e 'process.kill(-1, 9)' || true")

    assert (
        automated.recovered_within(180, lambda: "(healthy)" in automated.inside("docker ps --filter name=n8n-1")) < 180
    )


def test_off_and_on_again_keeps_its_data_and_gives_it_another_token(automated):
    operator = automated.operator
    with_it = operator.server.read_text()
    tables, hashes = query(automated, "SELECT count(*) FROM credentials_entity"), "SELECT token_hash FROM api_tokens"
    before = automated.query(f"{hashes} WHERE revoked_at IS NULL AND name = 'n8n'")

    operator.server.write_text(json.dumps({**json.loads(with_it), "automation": False}))
    assert "Its data is kept" in operator.fab("deploy").printed
    assert automated.containers("n8n") == {}
    operator.server.write_text(with_it)
    operator.fab("deploy")

    assert query(automated, "SELECT count(*) FROM credentials_entity") == tables
    assert automated.query(f"{hashes} WHERE revoked_at IS NULL AND name = 'n8n'") != before
