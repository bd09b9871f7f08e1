"""n8n, where the server has it: held against the controls of automation."""

import http.client
import json
import socket
from pathlib import Path

import pytest
import yaml

_SECONDS = 10
ROOT = Path(__file__).parents[2]
N8N = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["n8n"]
EDITOR = ("/", "/rest/login", "/webhook-test/x", "/form/x", "/healthz")


@pytest.fixture(scope="module")
def n8n(facts, containers) -> dict:
    """The container of n8n."""
    if not facts.get("automation"):
        pytest.skip("there is no automation")
    found = [each for name, each in containers.items() if name.startswith("n8n ")]
    assert found, "there is no container of n8n: `fab deploy`"
    return found[0]


@pytest.fixture(scope="module")
def inside(server, n8n):
    """Return a function that runs a program of Node in the container, and returns what it printed."""
    return lambda program: server.check_output("docker exec %s node -e %s", n8n["Id"], program)


def ask(facts, trust, path):
    """Return the status with which n8n's name answers at the server's address."""
    name = f"n8n.{facts['domain']}"
    plain = socket.create_connection((facts["host"], 443), timeout=_SECONDS)
    with plain, trust.wrap_socket(plain, server_hostname=name) as secured:
        connection = http.client.HTTPSConnection(name, timeout=_SECONDS)
        connection.sock = secured
        connection.request("GET", path)
        return connection.getresponse().status


def test_N01_the_editor_is_for_its_networks_only(facts, trust, containers, n8n):
    proxy = next(each for name, each in containers.items() if name.startswith("proxy "))
    networks = facts["automation_networks"] or facts["ssh_cidrs"]
    answers = {path: ask(facts, trust, path) for path in EDITOR}

    assert f"AUTOMATION_NETWORKS={' '.join(networks)}" in proxy["Config"]["Env"]
    if answers["/"] != 200:  # this machine is in none of them
        assert set(answers.values()) == {404}


def test_N01_n8n_publishes_no_port(n8n):
    assert n8n["HostConfig"]["PortBindings"] in (None, {})


def test_N02_n8n_has_the_environment_that_the_stack_gives_it(n8n):
    has = dict(variable.split("=", 1) for variable in n8n["Config"]["Env"])
    wanted = {name: str(value) for name, value in N8N["environment"].items() if "${" not in str(value)}

    assert {name: has.get(name) for name, value in wanted.items() if has.get(name) != value} == {}


def test_N03_n8n_s_role_does_not_enter_the_app_s_database(server, containers, n8n):
    database = next(each["Id"] for name, each in containers.items() if name.startswith("db "))
    ask_database = "SELECT has_database_privilege('invoices_n8n', 'invoices', 'CONNECT')"

    answered = server.check_output("docker exec %s psql -U postgres -Atc %s invoices", database, ask_database)

    assert answered == "f"


def test_N05_n8n_is_of_the_version_that_was_tried(n8n):
    assert n8n["Config"]["Image"] == N8N["image"]


def test_N05_n8n_is_healthy_and_imported_everything(server, n8n):
    assert n8n["State"]["Health"]["Status"] == "healthy"
    assert server.check_output("docker exec %s cat /home/node/.n8n/setup.problems", n8n["Id"]) == ""


def test_N07_n8n_reaches_neither_the_metadata_of_the_cloud_nor_its_host(inside, n8n):
    host = n8n["NetworkSettings"]["Networks"]["invoices_n8n"]["Gateway"]
    asked = json.dumps([["169.254.169.254", 80], [host, 22]])
    program = f"""
        const net = require("node:net");
        for (const [host, port] of {asked}) {{
            const tried = net.connect({{ host, port, timeout: 3000 }});
            tried.on("connect", () => {{ console.log(host); tried.destroy(); }});
            tried.on("timeout", () => tried.destroy());
            tried.on("error", () => {{}});
        }}"""

    assert inside(program).split() == []
