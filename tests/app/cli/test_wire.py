"""What the server itself does with what browsers never send, and what it writes into the log."""

import json
import socket
import urllib.request
from urllib.parse import urlsplit

import pytest
from support.server import running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOG_FORMAT", "json")
        patch.setenv("SERVER_WORKERS", "2")
        with running_server(tmp_path_factory.mktemp("data")) as running:
            yield running


def answered(server, *lines, body=b""):
    """The first line of the answer to what is sent as it stands."""
    place = urlsplit(server.address)
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, f"Host: {place.netloc}", "Connection: close", "", ""]).encode() + body)
        return connection.makefile("rb").readline().decode().strip()


def test_a_body_in_chunks_of_unsaid_size_is_refused(server):
    body = b"5\r\nemail\r\n0\r\n\r\n"

    assert answered(server, "POST /sign-in HTTP/1.1", "Transfer-Encoding: chunked", body=body).split()[1] == "411"


def test_a_body_that_is_said_to_be_huge_is_refused_before_it_is_sent(server):
    assert answered(server, "POST /sign-in HTTP/1.1", "Content-Length: 900000000").split()[1] == "413"


@pytest.mark.parametrize(
    "lines",
    [
        ("POST /sign-in HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked"),
        ("POST /sign-in HTTP/1.1", "Content-Length: 5", "Content-Length: 6"),
        ("POST /sign-in HTTP/1.1", "Content-Length: -1"),
        ("GET / HTTP/1.1", "X-Long: " + "x" * 100_000),
        ("GET /" + "x" * 100_000 + " HTTP/1.1",),
        ("GET /\x00 HTTP/1.1",),
    ],
)
def test_what_two_servers_could_read_in_two_ways_is_refused(server, lines):
    assert answered(server, *lines, body=b"0\r\n\r\n").split()[1] in {"400", "411", "414", "431", "404"}


@pytest.mark.parametrize("header", ["SCRIPT_NAME: /elsewhere", "PATH_INFO: /elsewhere"])
def test_a_header_cannot_say_where_the_app_is_mounted(server, header):
    assert answered(server, "GET /health HTTP/1.1", header).split()[1] == "200"


def test_what_all_processes_of_the_server_count_is_added_up(server):
    for _ in range(25):
        answered(server, "GET /healthz HTTP/1.1")

    with urllib.request.urlopen(f"{server.address}/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    assert 'invoices_requests_total{method="GET",route="/healthz",status="2xx"} 25.0' in lines


def test_the_server_does_not_send_back_what_it_was_sent(server):
    assert answered(server, "TRACE / HTTP/1.1", "Cookie: session=x").split()[1] == "405"


def test_every_line_of_the_log_is_an_object(server):
    answered(server, "GET /nowhere?q=nobodys-business HTTP/1.1")

    log = (server.data_dir / "server.log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if not line.startswith("The dashboard is at")]
    [asked] = [line for line in lines if line.get("path") == "/nowhere"]
    assert {"time", "level", "logger", "message", "method", "status", "milliseconds", "request_id"} <= set(asked)
    assert asked["status"] == 404
    assert "nobodys-business" not in log
