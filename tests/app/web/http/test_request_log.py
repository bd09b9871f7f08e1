"""Each request has an id of its own and leaves one line in the log."""

import logging
from ipaddress import ip_network

import pytest
from support.browser import Browser

from app.store.db import tables
from app.web.application import build


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [record for record in caplog.records if record.name == "app.web.http.request_log"]


@pytest.fixture
def behind_a_proxy(sqlite, settings, clock):
    proxied = settings.model_copy(update={"trusted_proxies": (ip_network("10.0.0.0/8"),)})
    return Browser(build(proxied, clock))


def test_each_request_is_answered_with_an_id_of_its_own(stranger):
    first, second = (stranger.get("/health").headers["X-Request-Id"] for _ in range(2))

    assert first != second
    assert len(first) == 16


@pytest.mark.parametrize("path", ["/nowhere", "/static/0/nothing.css", "/sign-in", "/"])
def test_every_answer_says_its_id(stranger, path):
    assert stranger.get(path, expect_errors=True).headers["X-Request-Id"]


def test_the_id_that_our_proxy_gave_is_kept(behind_a_proxy):
    headers = {"X-Request-Id": "from-the-proxy-1"}

    answer = behind_a_proxy.get("/health", headers=headers, extra_environ={"REMOTE_ADDR": "10.0.0.5"})

    assert answer.headers["X-Request-Id"] == "from-the-proxy-1"


@pytest.mark.parametrize("given", ["short", "x" * 65, "with blanks in it", "<script>alert(1)</script>"])
def test_an_id_that_is_none_is_not_kept(behind_a_proxy, given):
    answer = behind_a_proxy.get("/health", headers={"X-Request-Id": given}, extra_environ={"REMOTE_ADDR": "10.0.0.5"})

    assert len(answer.headers["X-Request-Id"]) == 16


@pytest.mark.parametrize("sender", ["203.0.113.7", ""])
def test_nobody_else_gives_a_request_its_id(behind_a_proxy, sender):
    answer = behind_a_proxy.get(
        "/health", headers={"X-Request-Id": "from-somebody-1"}, extra_environ={"REMOTE_ADDR": sender}
    )

    assert answer.headers["X-Request-Id"] != "from-somebody-1"


def test_a_request_leaves_one_line_without_its_parameters(browser, log):
    before = len(log())

    browser.get("/invoices?q=Miller")

    [line] = log()[before:]
    assert (line.method, line.path, line.status) == ("GET", "/invoices", 200)
    assert line.milliseconds > 0
    assert "Miller" not in line.getMessage()


def test_that_all_is_well_is_not_told_every_few_seconds(stranger, log, caplog):
    stranger.get("/health")
    assert log() == []

    caplog.set_level(logging.DEBUG, "app.web.http.request_log")
    stranger.get("/health")
    assert [(line.levelname, line.path) for line in log()] == [("DEBUG", "/health")]


def test_that_all_is_not_well_is_told_each_time(stranger, log, monkeypatch):
    monkeypatch.setattr("app.web.pages.health.is_current", lambda: False)

    stranger.get("/health", status=503)

    assert [(line.levelname, line.status) for line in log()] == [("INFO", 503)]


def test_a_path_cannot_make_two_lines(stranger, log):
    stranger.get("/x%0d%0aINFO%20all%20is%20well%ff", expect_errors=True)

    [line] = log()
    assert line.path == "/x%0D%0AINFO%20all%20is%20well%FF"
    assert line.status == 404


def test_a_failure_leaves_the_line_of_its_id(browser, log, monkeypatch, caplog):
    monkeypatch.setattr("app.store.ledger.invoices.exist", lambda: 1 / 0)

    browser.get("/", expect_errors=True)

    assert log()[-1].status == 500


def test_what_is_recorded_names_the_request_and_from_where_it_came(browser, user):
    form = browser.get("/customers/new").forms[1]
    form["code"], form["name"] = "C1", "Acme"

    answer = form.submit(extra_environ={"REMOTE_ADDR": "203.0.113.7"})

    entry = tables.AuditEntryModel.get(tables.AuditEntryModel.action == "customer.created")
    assert entry.request_id == answer.headers["X-Request-Id"]
    assert entry.address == "203.0.113.7"
