"""Health and figures of the app, for those who watch it; what it is about is told within the server only."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bottle import HTTPResponse, request
from huey import Huey
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.error_groups import ErrorGroups
from app.jobs.heartbeat import Heartbeat
from app.jobs.job_counts import JobCounts
from app.store.db.database import connection, is_current
from app.store.ledger import imports
from app.store.ledger.statements import mails as statement_mails
from app.store.outbox import events, link_mails
from app.web.http.client_ip import is_from_within
from app.web.http.errors import NotFoundError
from app.web.http.metrics import MEDIA_TYPE, Metrics
from app.web.http.no_writing.disk_space import DiskSpace
from app.web.http.threads import server_process

PATHS = frozenset({"/health", "/healthz", "/readyz", "/metrics"})
_OK = "ok"
_AWAY = "the database does not answer"
_OUTDATED = "migrations are missing"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watched(Collector):
    """What is counted elsewhere, looked up whenever somebody asks."""

    queue: Huey
    jobs: JobCounts
    errors: ErrorGroups

    def collect(self) -> Iterable[Metric]:
        jobs = CounterMetricFamily("invoices_jobs", "Jobs by kind and outcome.", labels=["kind", "outcome"])
        for (kind, outcome), count in self.jobs.counted().items():
            jobs.add_metric([kind, outcome], count)
        yield jobs
        yield CounterMetricFamily("invoices_errors", "Errors of app and worker.", value=self.errors.recent().total)
        for figure in (self._queued, self._imports, self._statement_mails, self._link_mails, self._deliveries):
            try:
                with connection():
                    yield figure()
            except Exception:  # noqa: BLE001  # one figure less is better than none at all
                log.warning("a figure of the database or the queue cannot be told")

    def _queued(self) -> Metric:
        waiting = self.queue.pending_count()
        return GaugeMetricFamily("invoices_queued_jobs", "Jobs that wait for the worker.", value=waiting)

    def _imports(self) -> Metric:
        return _by_state("invoices_imports", "Imports by state.", imports.count_by_state().items())

    def _statement_mails(self) -> Metric:
        counts = statement_mails.queue.count_by_state().items()
        return _by_state("invoices_statement_mails", "Statements by mail by state.", counts)

    def _link_mails(self) -> Metric:
        return _by_state("invoices_link_mails", "Mails with links by state.", link_mails.queue.count_by_state().items())

    def _deliveries(self) -> Metric:
        counts = events.count_by_state().items()
        return _by_state("invoices_webhook_deliveries", "Deliveries of webhooks by state.", counts)


@dataclass(frozen=True, slots=True)
class HealthAnswers:
    now: Callable[[], datetime]
    disk_space: DiskSpace
    heartbeat: Heartbeat
    metrics: Metrics
    watched: Watched

    def show(self) -> HTTPResponse:
        """Answer 200 when the database answers and has every migration, else 503.

        A server keeps a version that does this much: without worker, or with a full disk, everything can be read.
        """
        status = _database()
        return _answer(status == _OK, {"status": status})

    def alive(self) -> HTTPResponse:
        """Answer 200 while this process takes requests, whatever becomes of them."""
        is_leaving = server_process.is_leaving()
        return _answer(not is_leaving, {"status": "leaving" if is_leaving else _OK})

    def ready(self) -> HTTPResponse:
        """Answer 200 when everything can be done, else 503; within the server, with a line for each part."""
        parts = dict(self._parts())
        is_ready = set(parts.values()) == {_OK}
        told = {"status": _OK if is_ready else "not ready"} | (parts if is_from_within(request.environ) else {})
        return _answer(is_ready, told)

    def tell(self) -> HTTPResponse:
        """Answer with what is counted, for whoever asks within the server."""
        if not is_from_within(request.environ):
            raise NotFoundError("There is no page at this address.")
        return HTTPResponse(self.metrics.told(self.watched), headers={"Content-Type": MEDIA_TYPE})

    def _parts(self) -> Iterator[tuple[str, str]]:
        status = _database()
        yield "database", _AWAY if status == _AWAY else _OK
        yield "migrations", "unknown" if status == _AWAY else status
        yield "disk", "nothing is entered for lack of room" if self.disk_space.is_scarce else _OK
        is_heard = self.heartbeat.was_heard(self.now().timestamp())
        yield "worker", _OK if is_heard else "not heard of for a minute"


def _by_state(name: str, description: str, counts: Iterable[tuple[str, int]]) -> Metric:
    states = GaugeMetricFamily(name, description, labels=["state"])
    for state, count in counts:
        states.add_metric([state], count)
    return states


def _database() -> str:
    try:
        with connection():
            return _OK if is_current() else _OUTDATED
    except Exception:
        log.exception("the database does not answer")
        return _AWAY


def _answer(is_well: bool, told: Mapping[str, str]) -> HTTPResponse:  # noqa: FBT001  # what the answer is about
    body = json.dumps(told, indent=1) if len(told) > 1 else json.dumps(told)
    return HTTPResponse(body, 200 if is_well else 503, headers={"Content-Type": "application/json"})
