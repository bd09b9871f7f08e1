"""Whatever endpoints take and refuse, each hears of an invoice in order, and nothing is lost."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.records import a_webhook

from app.domain.webhooks import DeliveryState
from app.store.db import tables
from app.store.db.transactions import transaction
from app.store.outbox import events
from app.store.outbox.events import NewEvent

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ENDED = (DeliveryState.DELIVERED, DeliveryState.FAILED)


@settings(max_examples=25)
@given(
    invoices=st.lists(st.integers(min_value=1, max_value=3), min_size=1, max_size=6),
    outcomes=st.lists(st.sampled_from(["taken", "refused", "given up", "killed"]), max_size=10),
)
def test_whatever_becomes_of_each_try_every_event_ends_after_the_earlier_ones_of_its_invoice(
    sqlite, invoices, outcomes
):
    tables.WebhookEndpointModel.delete().execute()
    tables.EventModel.delete().execute()
    endpoint_id = a_webhook()
    for number, invoice in enumerate(invoices):
        with transaction():
            events.add(NewEvent(f"msg_{number}", "payment.recorded", f"invoice:{invoice}", "{}", NOW), [endpoint_id])

    ended, now = [], NOW
    for outcome in [*outcomes, *["taken"] * len(invoices)]:
        claimed = events.claim_next(now, set())
        state = {"taken": DeliveryState.DELIVERED, "given up": DeliveryState.FAILED}.get(outcome, DeliveryState.WAITING)
        if claimed and outcome != "killed":
            events.end_try(claimed, state, now, "", now + timedelta(minutes=1))
        if claimed and state in ENDED:
            ended.append(int(claimed.event_id.removeprefix("msg_")))
        now += timedelta(hours=1)

    assert sorted(ended) == list(range(len(invoices)))
    for invoice in invoices:
        of_invoice = [number for number in ended if invoices[number] == invoice]
        assert of_invoice == sorted(of_invoice)
