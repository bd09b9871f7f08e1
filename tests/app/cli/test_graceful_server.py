"""A server that is asked to stop says so, and takes what waits for it."""

import os
import selectors
import socket
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from app.cli.graceful_server import DrainingWorker, Leaving
from app.web.http.threads import server_process


def test_a_server_process_that_was_asked_to_stop_says_that_it_leaves(monkeypatch):
    monkeypatch.setattr(server_process, "is_leaving", server_process.is_leaving)
    worker = SimpleNamespace(alive=True)
    Leaving().watch(worker)

    before = server_process.is_leaving()
    worker.alive = False

    assert (before, server_process.is_leaving()) == (False, True)


def test_each_process_of_a_server_that_was_asked_to_stop_says_that_it_leaves(monkeypatch):
    monkeypatch.setattr(server_process, "is_leaving", server_process.is_leaving)
    leaving = Leaving()
    leaving.watch(SimpleNamespace(alive=True))

    before = server_process.is_leaving()
    leaving.begin()

    assert (before, server_process.is_leaving()) == (False, True)


@pytest.fixture
def stopped_worker():
    """A worker that listens on a port of its own and was asked to stop, with that port."""
    listener = socket.create_server(("127.0.0.1", 0))
    worker = DrainingWorker(1, os.getppid(), [listener], None, 30, Config(), None)
    worker.poller = selectors.DefaultSelector()
    worker.set_accept_enabled(True)
    worker.alive = False
    yield worker, listener.getsockname()[1]
    listener.close()
    worker.poller.close()
    worker.tmp.close()


def test_a_worker_that_stops_takes_each_connection_that_waits_and_refuses_later_ones(stopped_worker, monkeypatch):
    worker, port = stopped_worker
    taken = []
    monkeypatch.setattr(worker, "enqueue_req", taken.append)
    waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]

    worker.set_accept_enabled(False)
    worker.set_accept_enabled(False)

    assert len(taken) == len(waiting)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    for connection in [*waiting, *(one.sock for one in taken)]:
        connection.close()
