"""A database that falls silent, without a word to its connections, costs seconds."""

import time

import pytest
from support.drilled_server import Ledger, Load, asked, serving
from support.silent_proxy import proxied

LONGEST_SECONDS = 10
AWAY = "The database does not answer just now. Nothing was changed; please try again soon."


@pytest.fixture
def ledger(postgresql_url):
    return Ledger.made(postgresql_url, clients=4)


@pytest.fixture
def proxy(ledger):
    with proxied(ledger.url) as running:
        yield running


@pytest.fixture
def server(proxy, tmp_path):
    with serving(proxy.url, tmp_path) as running:
        yield running


@pytest.fixture
def load(ledger, server):
    """Clients that send again what the server could not do."""
    started = Load(ledger, lambda: server.port, retries=lambda outcome: outcome == 503).start()
    assert started.has_recorded(40)
    yield started
    started.stop()


def test_connections_that_the_network_drops(load, proxy, measured):
    proxy.drop_current()

    assert load.has_recorded(4)
    load.stop()
    measured(load)
    assert set(load.failures) <= {"503"}
    assert (load.lost(), load.twice()) == ([], [])
    assert load.longest_pause() < LONGEST_SECONDS + 1


def test_database_that_stands_still(load, proxy, server, measured):
    proxy.freeze()
    begun = time.monotonic()
    answers = [asked(server.port, "GET", "/invoices") for _ in range(2)]
    answered_after = time.monotonic() - begun
    proxy.thaw()
    thawed = time.monotonic()

    assert load.has_recorded(4)
    first = min(moment for moment in load.successes_at if moment > thawed)
    load.stop()
    measured(load)
    assert [(status, headers["Retry-After"], AWAY in body) for status, headers, body in answers] == [
        (503, "5", True),
        (503, "5", True),
    ]
    assert answered_after < 2 * LONGEST_SECONDS
    assert first - thawed < LONGEST_SECONDS + 1
    assert set(load.failures) <= {"503"}
    assert (load.lost(), load.twice()) == ([], [])
