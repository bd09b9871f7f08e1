"""The living server, read and never changed: `fab verify` says where it is; other runs of the tests pass these over.

By hand: `pytest tests/server --hosts=ssh://NAME --ssh-config=FILE --server-facts=FILE`.
"""

import http.client
import json
import socket
import ssl
from pathlib import Path

import pytest

PROJECT = "invoices"
_SECONDS = 10


def pytest_addoption(parser) -> None:
    parser.addoption("--server-facts", help="what is known of the server, as JSON: host, ipv6_address, domain, …")


def pytest_ignore_collect(config) -> bool | None:
    """Without a server there is nothing to look at."""
    return None if config.getoption("hosts", default=None) else True


def pytest_collection_modifyitems(items) -> None:
    """Have what knocks at SSH many times come last: for a while the server answers it no more."""
    items.sort(key=lambda item: item.path.name == "test_ssh_algorithms.py")


def pytest_assertrepr_compare(op, left, right) -> list[str] | None:
    """Name everything that should not be there, on the one line that the table of `fab verify` has room for."""
    if op != "==" or right not in ([], {}, set()) or not isinstance(left, list | dict | set):
        return None
    said = [f"{name}: {value}" for name, value in left.items()] if isinstance(left, dict) else sorted(map(str, left))
    return ["there is " + ", ".join(said)]


@pytest.fixture(scope="session")
def facts(request) -> dict:
    return json.loads(Path(request.config.getoption("--server-facts")).read_text())


@pytest.fixture(scope="module")
def server(host):
    """The server, asked as root."""
    with host.sudo():
        yield host


@pytest.fixture(scope="module")
def lines_of(server):
    """Return a function that runs a command on the server and returns the lines it printed."""
    return lambda command, *words: server.check_output(command, *words).splitlines()


@pytest.fixture(scope="module")
def container(server) -> str:
    """What the server runs in, where it is a container and no machine."""
    found = server.run("systemd-detect-virt --container")
    return found.stdout.strip() if found.rc == 0 else ""


@pytest.fixture(scope="module")
def needs_machine(container) -> None:
    if container:
        pytest.skip(f"not in a container ({container}): it belongs to the machine beneath it")


@pytest.fixture(scope="module")
def all_containers(server, lines_of) -> list[dict]:
    """The containers of the stack, as `docker inspect` tells them."""
    ids = lines_of(f"docker ps --all --quiet --filter label=com.docker.compose.project={PROJECT}")
    if not ids:
        if server.file("/opt/invoices/current").exists:
            pytest.fail("there is a release, and no container of it: `fab deploy`")
        pytest.skip("nothing is deployed yet: `fab deploy`")
    return json.loads(server.check_output("docker inspect " + " ".join(ids)))


@pytest.fixture(scope="module")
def containers(all_containers) -> dict[str, dict]:
    """Those that stay, by service and name; those that ran once and ended are not among them."""
    return {
        f"{each['Config']['Labels']['com.docker.compose.service']} ({each['Name'].strip('/')})": each
        for each in all_containers
        if each["HostConfig"]["RestartPolicy"]["Name"] != "no"
    }


@pytest.fixture(scope="module")
def trust(server, containers) -> ssl.SSLContext:
    """Whom to trust: the authorities of this machine, or the server's own where it has one of its own."""
    context = ssl.create_default_context()
    mode = server.run("sed -n s/^CERTIFICATES=//p /etc/invoices/stack.env").stdout.strip().strip("'")
    if mode == "internal":
        proxy = next(each["Id"] for name, each in containers.items() if name.startswith("proxy "))
        context.load_verify_locations(
            cadata=server.check_output("docker exec %s cat /data/caddy/pki/authorities/local/root.crt", proxy)
        )
    if mode == "staging":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture(scope="module")
def ask(facts, trust):
    """Return a function that asks the site from outside, over HTTPS, by its name at the server's address."""

    def asked(path="/", method="GET", headers=None):
        plain = socket.create_connection((facts["host"], 443), timeout=_SECONDS)
        with plain, trust.wrap_socket(plain, server_hostname=facts["domain"]) as secured:
            connection = http.client.HTTPSConnection(facts["domain"], timeout=_SECONDS)
            connection.sock = secured
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            answer.text = answer.read().decode(errors="replace")
            return answer

    return asked
