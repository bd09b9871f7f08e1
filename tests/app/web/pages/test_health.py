"""Who watches asks here: is it alive, can everything be done, what does it count."""

import os
import re
from ipaddress import ip_network

import app_metrics
import pytest
import slow_requests
from support.browser import Browser
from support.records import a_customer, a_delivery, a_link_mail, a_statement_mail, an_import, an_invoice

from app.domain.statement_mail import MailState
from app.domain.webhooks import DeliveryState
from app.error_groups import ErrorGroups
from app.jobs.heartbeat import Heartbeat
from app.jobs.job_counts import JobCounts
from app.jobs.job_queue import open_queue
from app.process_state import StateInFolder
from app.store.ledger.imports import State
from app.web.application import build
from app.web.http.threads import server_process

WITHIN = {"REMOTE_ADDR": "172.28.80.3"}
BY_THE_PROXY = WITHIN | {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}


@pytest.fixture
def worker(settings, clock):
    """A worker that was heard of a moment ago."""
    heartbeat = Heartbeat.of(settings)
    settings.data_dir.mkdir(exist_ok=True)
    heartbeat.beat()
    os.utime(heartbeat.path, (clock().timestamp(),) * 2)


@pytest.fixture
def counted(stranger):
    """Return a function that asks for a figure, by its name and labels."""

    def figure(name):
        lines = stranger.get("/metrics", extra_environ=WITHIN).text.splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == name), None)

    return figure


def test_health_needs_no_login(stranger):
    answer = stranger.get("/health")

    assert answer.json == {"status": "ok"}


def test_health_fails_while_migrations_are_missing(stranger, monkeypatch):
    monkeypatch.setattr("app.web.pages.health.is_current", lambda: False)

    answer = stranger.get("/health", expect_errors=True)

    assert answer.status_int == 503
    assert answer.json == {"status": "migrations are missing"}


def test_health_fails_while_the_database_does_not_answer(stranger, monkeypatch, caplog):
    monkeypatch.setattr("app.web.pages.health.is_current", lambda: 1 / 0)

    answer = stranger.get("/health", expect_errors=True)

    assert answer.status_int == 503
    assert answer.json == {"status": "the database does not answer"}


@pytest.mark.parametrize("broken", ["is_current", "_database"])
def test_a_process_is_alive_whatever_becomes_of_its_database(stranger, monkeypatch, broken):
    monkeypatch.setattr(f"app.web.pages.health.{broken}", lambda: 1 / 0)

    assert stranger.get("/healthz").json == {"status": "ok"}


def test_a_process_that_leaves_is_alive_no_more(stranger, monkeypatch):
    monkeypatch.setattr(server_process, "is_leaving", lambda: True)

    answer = stranger.get("/healthz", status=503)

    assert answer.json == {"status": "leaving"}


def test_everything_can_be_done(stranger, worker):
    assert stranger.get("/readyz", extra_environ=WITHIN).text.splitlines() == [
        "{",
        ' "status": "ok",',
        ' "database": "ok",',
        ' "migrations": "ok",',
        ' "disk": "ok",',
        ' "worker": "ok"',
        "}",
    ]


def test_a_worker_that_is_not_heard_of_is_told(stranger, worker, clock):
    clock.advance(minutes=2)

    parts = stranger.get("/readyz", extra_environ=WITHIN, status=503).json

    assert (parts["status"], parts["worker"]) == ("not ready", "not heard of for a minute")


def test_a_disk_without_room_is_told(sqlite, settings, clock, worker):
    full = Browser(build(settings.model_copy(update={"disk_reserve_megabytes": 10**12}), clock))

    parts = full.get("/readyz", extra_environ=WITHIN, status=503).json

    assert (parts["database"], parts["disk"]) == ("ok", "nothing is entered for lack of room")


def test_a_database_that_is_away_is_told(stranger, worker, monkeypatch):
    monkeypatch.setattr("app.web.pages.health.is_current", lambda: 1 / 0)

    parts = stranger.get("/readyz", extra_environ=WITHIN, status=503).json

    assert (parts["database"], parts["migrations"]) == ("the database does not answer", "unknown")


def test_migrations_that_are_missing_are_told(stranger, worker, monkeypatch):
    monkeypatch.setattr("app.web.pages.health.is_current", lambda: False)

    parts = stranger.get("/readyz", extra_environ=WITHIN, status=503).json

    assert (parts["database"], parts["migrations"]) == ("ok", "migrations are missing")


@pytest.mark.parametrize("sender", [BY_THE_PROXY, {"REMOTE_ADDR": "203.0.113.7"}, {}])
def test_a_stranger_hears_only_whether_everything_can_be_done(stranger, sender):
    assert stranger.get("/readyz", extra_environ=sender, status=503).json == {"status": "not ready"}


@pytest.mark.parametrize(
    "sender",
    [
        BY_THE_PROXY,
        WITHIN | {"HTTP_FORWARDED": "for=203.0.113.7"},
        WITHIN | {"HTTP_VIA": "1.1 proxy"},
        {"REMOTE_ADDR": "203.0.113.7"},
        {"REMOTE_ADDR": "2001:db8::7"},
        {"REMOTE_ADDR": "172.32.0.1"},
        {"REMOTE_ADDR": ""},
        {},
    ],
)
def test_figures_are_told_within_the_server_only(stranger, sender):
    assert stranger.get("/metrics", extra_environ=sender, expect_errors=True).status_int == 404


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.5", "172.28.80.1", "192.168.1.4", "::ffff:172.28.80.1"]
)
def test_figures_are_told_to_whoever_asks_at_our_own_address(stranger, address):
    assert stranger.get("/metrics", extra_environ={"REMOTE_ADDR": address}).content_type == "text/plain"


def test_figures_are_told_whatever_the_proxies_and_the_host(sqlite, settings, clock):
    public = settings.model_copy(
        update={"public_url": "https://invoices.example.com", "trusted_proxies": (ip_network("172.28.80.0/24"),)}
    )
    asked = Browser(build(public, clock))

    assert asked.get("/metrics", extra_environ=WITHIN | {"HTTP_HOST": "172.28.80.3:8000"}).status_int == 200


def test_requests_are_counted_by_route_method_and_class_of_status(browser, counted):
    an_invoice("1001")
    an_invoice("1002")
    for number in (1, 2, 9):
        browser.get(f"/invoices/{number}", expect_errors=True)

    name = 'invoices_requests_total{method="GET",route="/invoices/<invoice_id:id>",status="%s"}'
    assert (counted(name % "2xx"), counted(name % "4xx")) == (2, 1)


def test_the_seconds_of_a_route_are_counted(browser, counted):
    before = counted('invoices_request_seconds_bucket{le="60.0",route="/customers"}') or 0
    browser.get("/customers")

    assert counted('invoices_request_seconds_bucket{le="60.0",route="/customers"}') == before + 1


def test_failures_are_counted(browser, counted, monkeypatch):
    monkeypatch.setattr("app.web.http.rendering.Pages.show", lambda *_, **__: 1 / 0)
    browser.get("/customers", expect_errors=True)

    assert counted('invoices_requests_total{method="GET",route="/customers",status="5xx"}') == 1


def test_the_server_reads_what_the_app_tells(browser, stranger, monkeypatch):
    browser.get("/customers")
    monkeypatch.setattr("app.web.http.rendering.Pages.show", lambda *_, **__: 1 / 0)
    browser.get("/customers", expect_errors=True)

    samples = list(app_metrics.samples(stranger.get("/metrics", extra_environ=WITHIN).text))
    assert app_metrics.errors(samples) == 1
    assert "/customers" in dict(slow_requests.by_route(samples))


def test_no_label_has_more_values_than_there_are_routes(app, stranger, counted):
    for number in range(30):
        stranger.get(f"/nowhere/{number}", expect_errors=True)
    stranger.request("/", method="TRACE", expect_errors=True)

    told = stranger.get("/metrics", extra_environ=WITHIN).text
    assert set(re.findall('route="([^"]*)"', told)) <= {"none", *(route.rule for route in app.routes)}
    assert set(re.findall('method="([^"]*)"', told)) == {"GET", "other"}


def test_sign_ins_that_failed_are_counted(stranger, user, counted):
    stranger.sign_in(password="wrong")
    stranger.sign_in(email="nobody@example.com")

    assert counted('invoices_failed_logins_total{step="password"}') == 2


def test_what_waits_in_the_queue_is_counted(stranger, counted):
    open_queue().task(name="do")(print)("something")

    assert counted("invoices_queued_jobs") == 1


def test_imports_are_counted_by_their_state(stranger, counted):
    an_import()

    assert counted('invoices_imports{state="applied"}') == 1
    assert counted('invoices_imports{state="failed"}') == 0


def test_statements_by_mail_are_counted_by_their_state(stranger, counted):
    a_statement_mail(a_customer(), state="failed")

    states = [counted(f'invoices_statement_mails{{state="{state}"}}') for state in MailState]
    assert states == [0, 0, 0, 1, 0]


def test_mails_with_links_are_counted_by_their_state(stranger, counted):
    a_link_mail(state="failed")

    states = [counted(f'invoices_link_mails{{state="{state}"}}') for state in MailState]
    assert states == [0, 0, 0, 1, 0]


def test_deliveries_of_webhooks_are_counted_by_their_state(stranger, counted):
    a_delivery(state="failed")

    states = [counted(f'invoices_webhook_deliveries{{state="{state}"}}') for state in DeliveryState]
    assert states == [0, 0, 0, 1, 0]


def test_what_the_worker_did_is_counted(stranger, settings, counted):
    queue = open_queue()
    JobCounts(StateInFolder(settings.data_dir)).count_all_of(queue)
    task = queue.task(name="do")(lambda outcome: outcome)
    for outcome in ("done", "failed", None):
        task(outcome)
        queue.execute(queue.dequeue())

    assert counted('invoices_jobs_total{kind="do",outcome="done"}') == 2
    assert counted('invoices_jobs_total{kind="do",outcome="failed"}') == 1


def test_errors_of_app_and_worker_are_counted(stranger, settings, counted, clock):
    ErrorGroups(StateInFolder(settings.data_dir)).add("ValueError", "app/jobs/mails.py, line 7, in send", "", clock())

    assert counted("invoices_errors_total") == 1


def test_figures_of_the_app_are_told_though_its_database_is_away(stranger, counted, monkeypatch):
    monkeypatch.setattr("app.store.ledger.imports.count_by_state", lambda: 1 / 0)

    assert counted('invoices_imports{state="applied"}') is None
    assert counted('invoices_requests_total{method="GET",route="/metrics",status="2xx"}') == 1


def test_a_queue_that_is_away_hides_no_other_figure(stranger, counted, monkeypatch):
    monkeypatch.setattr("huey.api.Huey.pending_count", lambda _self: 1 / 0)

    assert (counted("invoices_queued_jobs"), counted('invoices_imports{state="applied"}')) == (None, 0)


def test_each_state_of_an_import_has_a_figure(stranger, counted):
    assert [counted(f'invoices_imports{{state="{state}"}}') for state in State] == [0] * 7
