"""The deliveries of webhooks on the page of jobs: what is sent at the moment, what was not taken, what was given up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.actions import webhooks as actions
from app.domain.permissions import Right
from app.domain.webhooks import CLAIMED_FOR, DeliveryState
from app.jobs.job_list import FAILED_FOR, JobAction, JobRefusedError, JobRow, JobState
from app.store.access.users import User
from app.store.outbox import events
from app.store.outbox.events import Delivery

_STATES = {
    DeliveryState.ON_ITS_WAY: JobState.RUNNING,
    DeliveryState.WAITING: JobState.WAITING,
    DeliveryState.FAILED: JobState.FAILED,
}
_CAN = {
    JobState.RUNNING: (),
    JobState.WAITING: ((JobAction.CANCEL, "Cancel"),),
    JobState.FAILED: ((JobAction.RETRY, "Send again"),),
}
_ON_ITS_WAY = "It is being sent, and cannot be called back."
_OFF = "The webhook is off: it is sent once it is on again."


@dataclass(frozen=True, slots=True)
class DeliverySource:
    name: str = "deliveries"
    right: Right = Right.ADMINISTER

    def rows(self, now: datetime) -> Iterator[JobRow]:
        for delivery in events.in_trouble(now - FAILED_FOR):
            yield _row(delivery)

    def cancel(self, job_id: int, by: User, now: datetime) -> str:
        try:
            delivery = actions.cancel_delivery(job_id, by, now)
        except actions.NotWaitingError as error:
            raise JobRefusedError(str(error)) from error
        return f"{delivery.type} is not sent to {delivery.url}."

    def retry(self, job_id: int, by: User, now: datetime) -> str:
        try:
            delivery = actions.send_again(job_id, by, now)
        except actions.NotEndedError as error:
            raise JobRefusedError(str(error)) from error
        return f"{delivery.type} is sent again to {delivery.url}."


def _row(delivery: Delivery) -> JobRow:
    state = _STATES[delivery.state]
    since = {JobState.RUNNING: delivery.next_try_at - CLAIMED_FOR, JobState.WAITING: delivery.happened_at}
    waits_for_webhook = state is JobState.WAITING and not delivery.is_endpoint_active
    is_put_off = state is JobState.WAITING and not waits_for_webhook
    answer = _OFF if waits_for_webhook else delivery.answer.partition("\n")[0]
    return JobRow(
        delivery.id,
        "Webhook sent",
        f"{delivery.type}, to {delivery.url}",
        state,
        since.get(state, delivery.next_try_at),
        f"/webhooks/deliveries/{delivery.id}",
        tries=delivery.tries,
        next_try=delivery.next_try_at if is_put_off else None,
        failure="" if state is JobState.RUNNING else answer,
        can=_CAN[state],
        why_not=_ON_ITS_WAY if state is JobState.RUNNING else "",
    )
