"""The worker's job that sends webhooks: several endpoints at once, and to each one delivery after the other."""

import logging
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from huey import Huey
from peewee import PeeweeException

from app.actions import events as emitted
from app.actions import webhooks as actions
from app.jobs.job_counts import DONE, FAILED
from app.jobs.job_queue import QueueUnavailableError
from app.jobs.webhook_requests import EndpointAnswer, WebhookMessage, post
from app.settings import AppSettings
from app.store.db.current_user import Actor, acting_as
from app.store.db.database import connection
from app.store.outbox import events
from app.store.outbox.events import Claimed

# An import waits for a round to end: it is short, and an endpoint that does not take one is not asked again in it.
_LONGEST_ROUND = timedelta(seconds=20)
_AT_ONCE = 4

log = logging.getLogger(__name__)


class WebhookJobs:
    def __init__(self, queue: Huey, private_hosts: Collection[str], now: Callable[[], datetime]) -> None:
        self._private_hosts = private_hosts
        self._now = now
        self._task = queue.task(name="send_webhooks")(self.send_due)
        # It sends what is tried again, and what was lost with a connection or the worker.
        queue.periodic_task(self._is_any_due, name="send_due_webhooks")(self.send_due)
        queue.periodic_task(self._is_any_old, name="delete_old_events")(self.delete_old)
        emitted.wake_by(self.enqueue)

    @classmethod
    def of(cls, queue: Huey, settings: AppSettings, now: Callable[[], datetime]) -> "WebhookJobs":
        return cls(queue, settings.webhook_private_hosts, now)

    def enqueue(self) -> None:
        try:
            self._task()
        except (QueueUnavailableError, PeeweeException) as error:
            # The periodic task will send it: the request was committed and must not appear to have failed.
            log.warning("webhooks wait until the worker looks for what is due: %s", error)

    def _is_any_due(self, _minute: datetime) -> bool:
        """Ask before anything is queued: what is queued is written, and each write of an idle server is archived."""
        with connection():
            return events.is_any_due(self._now())

    def _is_any_old(self, _minute: datetime) -> bool:
        with connection():
            return events.has_old(self._now())

    def delete_old(self) -> None:
        with connection():
            actions.prune(self._now())

    def send_due(self) -> str:
        """Send what is due, for some seconds; what is left then is sent in the next round."""
        ends_at, silent, outcome = self._now() + _LONGEST_ROUND, set[int](), DONE
        with connection(), acting_as(Actor(program="the worker")), ThreadPoolExecutor(_AT_ONCE) as pool:
            while self._now() < ends_at and (claimed := list(self._claimed(silent))):
                messages = [self._message(one) for one in claimed]
                answers = pool.map(self._post, claimed, messages)
                for one, answer in zip(claimed, answers, strict=True):
                    if not self._record(one, answer):
                        silent.add(one.endpoint_id)
                        outcome = FAILED
            if events.is_any_due(self._now(), silent):
                self.enqueue()
        return outcome

    def _claimed(self, silent: Collection[int]) -> Iterator[Claimed]:
        """Claim one delivery to each of some endpoints."""
        besides = {*silent}
        for _ in range(_AT_ONCE):
            claimed = actions.claim_next(self._now(), besides)
            if claimed is None:
                return
            besides.add(claimed.endpoint_id)
            yield claimed

    def _message(self, claimed: Claimed) -> WebhookMessage:
        now = self._now()
        return WebhookMessage(claimed.event_id, int(now.timestamp()), claimed.body, claimed.secrets)

    def _post(self, claimed: Claimed, message: WebhookMessage) -> EndpointAnswer:
        try:
            return post(claimed.url, message, self._private_hosts)
        except Exception:
            log.exception("webhook delivery %s failed", claimed.id)
            return EndpointAnswer(None, "Something went wrong while it was sent: the log of the worker tells more.")

    def _record(self, claimed: Claimed, answer: EndpointAnswer) -> bool:
        if answer.is_success:
            actions.delivered(claimed, answer.text, self._now())
            return True
        log.warning("webhook delivery %s was not taken: %s", claimed.id, answer.text.partition("\n")[0])
        actions.not_delivered(claimed, answer.text, self._now(), is_gone=answer.is_gone)
        return False
