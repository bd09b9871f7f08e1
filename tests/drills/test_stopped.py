"""A server that is asked to stop loses no request: neither of those that it has, nor of those that come meanwhile."""

from contextlib import ExitStack, closing
from itertools import count
from threading import Event, Thread

import pytest
from support.drilled_server import Ledger, Load, is_well, serving

REFUSED = "ConnectionRefusedError"


class Balancer:
    """Asks each server for `/healthz` again and again, and sends requests to those that are well; repeats none."""

    def __init__(self, *ports):
        self._ports = ports
        self._well = ports
        self._turn = count()
        self._over = Event()
        self._thread = Thread(target=self._watch)
        self._thread.start()

    def __call__(self):
        well = self._well
        return well[next(self._turn) % len(well)]

    def _watch(self):
        while not self._over.wait(0.2):
            self._well = tuple(port for port in self._ports if is_well(port)) or self._ports

    def close(self):
        self._over.set()
        self._thread.join()


@pytest.fixture
def ledger(postgresql_url):
    return Ledger.made(postgresql_url, clients=12)


@pytest.fixture
def servers(ledger, tmp_path, request):
    """Two servers, which go on answering for so many seconds as the drill says."""
    with ExitStack() as stack:
        yield [stack.enter_context(serving(ledger.url, tmp_path, LEAVE_SECONDS=str(request.param))) for _ in range(2)]


def drilled(load, stop):
    """Load the servers, stop one of them, and load those that are left."""
    load.start()
    try:
        assert load.has_recorded(100)
        stop()
        assert load.has_recorded(100)
    finally:
        load.stop()


@pytest.mark.parametrize("servers", [3], indirect=True, ids=["leaves for 3 s"])
def test_sigterm_behind_a_balancer(ledger, servers, measured):
    leaving, other = servers
    with closing(Balancer(leaving.port, other.port)) as balancer:
        load = Load(ledger, balancer)
        drilled(load, lambda: (leaving.terminate(), leaving.has_ended()))

    measured(load)
    assert (load.failures, load.lost(), load.twice()) == ({}, [], [])
    assert leaving.popen.poll() == 0


@pytest.mark.parametrize("servers", [0], indirect=True, ids=["leaves at once"])
def test_sigterm_before_who_connects_elsewhere_when_refused(ledger, servers, measured):
    first, second = (server.port for server in servers)
    refused = Event()

    def is_sent_again(outcome):
        if outcome == REFUSED:
            refused.set()
        return outcome == REFUSED

    load = Load(ledger, lambda: second if refused.is_set() else first, is_sent_again)
    drilled(load, servers[0].terminate)

    measured(load)
    assert set(load.failures) <= {REFUSED}
    assert (load.lost(), load.twice()) == ([], [])


@pytest.mark.parametrize("servers", [0], indirect=True, ids=["leaves at once"])
def test_sigterm_after_the_switch_of_a_deploy(ledger, servers, measured):
    ports = [server.port for server in servers]

    def deploy():
        ports.reverse()
        assert load.has_recorded(20)
        servers[0].terminate()

    load = Load(ledger, lambda: ports[0])
    drilled(load, deploy)

    measured(load)
    assert (load.failures, load.lost(), load.twice()) == ({}, [], [])
