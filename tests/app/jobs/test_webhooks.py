"""What is due is sent to a real receiver: once if it is taken, in the order of each invoice, and again if it is not."""

import json
from datetime import timedelta

import pytest
from huey import MemoryHuey
from support.at_once import all_at_once
from support.clock import Clock
from support.records import a_delivery, a_user, a_webhook
from support.webhook_receiver import webhook_receiver

from app.actions import events as emitted
from app.actions import webhooks as actions
from app.domain.webhooks import DeliveryState
from app.jobs import webhooks as jobs_module
from app.jobs.webhook_requests import EndpointAnswer
from app.jobs.webhooks import WebhookJobs
from app.store.access import audit_entries
from app.store.db import tables
from app.store.db.transactions import transaction
from app.store.outbox import endpoints, events


@pytest.fixture
def receiver():
    with webhook_receiver() as one:
        yield one


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def queue():
    return MemoryHuey(immediate=False)


@pytest.fixture
def jobs(database, queue, receiver, clock, monkeypatch):
    monkeypatch.setattr(emitted, "_wake", emitted._wake)
    return WebhookJobs(queue, {receiver.host}, clock)


@pytest.fixture
def webhook(jobs, receiver):
    return a_webhook(receiver.url())


def emit(clock, number=1, invoice=1):
    with transaction():
        emitted.emit("payment.recorded", f"invoice:{invoice}", {"number": number}, now=clock())


def numbers(receiver, path="/hook"):
    return [json.loads(body)["data"]["number"] for body in receiver.bodies(path)]


def states():
    return [delivery.state for delivery in reversed(events.deliveries())]


def test_an_event_is_sent_and_the_answer_kept(jobs, webhook, receiver, clock):
    emit(clock)

    jobs.send_due()

    [delivery] = events.deliveries()
    assert (delivery.state, delivery.tries, delivery.answer) == ("delivered", 1, "200 OK\nthanks")
    assert delivery.delivered_at == clock()
    assert receiver.bodies() == [delivery.body]
    assert receiver.received[0].headers["webhook-id"] == delivery.event_id


def test_what_was_delivered_is_not_sent_again(jobs, webhook, receiver, clock):
    emit(clock)

    jobs.send_due()
    clock.advance(days=4)
    jobs.send_due()

    assert len(receiver.received) == 1


def test_the_commit_of_an_event_puts_one_job_into_the_queue(jobs, webhook, queue, clock):
    with transaction():
        emitted.emit("payment.recorded", "invoice:1", {}, now=clock())
        emitted.emit("payment.recorded", "invoice:2", {}, now=clock())
        assert queue.pending_count() == 0

    assert [task.name for task in queue.pending()] == ["send_webhooks"]


def test_nothing_is_queued_for_a_minute_in_which_nothing_is_due(jobs, webhook, queue, clock):
    assert queue.read_periodic(clock()) == []


def test_what_is_due_is_looked_for_each_minute(jobs, webhook, queue, clock):
    emit(clock)

    assert [task.name for task in queue.read_periodic(clock())] == ["send_due_webhooks"]


def test_what_is_not_taken_is_tried_again_with_the_same_id_after_growing_waits(jobs, webhook, receiver, clock):
    receiver.statuses["/hook"] = 503
    emit(clock)

    for minutes in (0, 1, 5, 30):
        clock.advance(minutes=minutes)
        jobs.send_due()
        jobs.send_due()

    assert len(receiver.received) == 4
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert len({one.headers["webhook-timestamp"] for one in receiver.received}) == 4


def test_after_three_days_it_is_given_up_and_says_why(jobs, webhook, receiver, clock):
    receiver.statuses["/hook"] = 500
    receiver.answer = b"broken"
    emit(clock)

    for _ in range(20):
        jobs.send_due()
        clock.advance(days=1)

    [delivery] = events.deliveries()
    assert (delivery.state, delivery.tries) == (DeliveryState.FAILED, 10)
    assert delivery.answer == "500 Internal Server Error\nbroken"


def test_a_later_event_of_an_invoice_waits_for_the_earlier_one_and_other_invoices_go_on(jobs, webhook, receiver, clock):
    receiver.statuses["/hook"] = 503
    emit(clock, 1, invoice=1)
    jobs.send_due()
    receiver.statuses.clear()
    receiver.received.clear()
    emit(clock, 2, invoice=1)
    emit(clock, 3, invoice=2)

    jobs.send_due()
    assert numbers(receiver) == [3]

    clock.advance(minutes=1)
    jobs.send_due()
    assert numbers(receiver) == [3, 1, 2]


def test_what_was_given_up_holds_up_nothing(jobs, webhook, receiver, clock):
    emit(clock, 1)
    emit(clock, 2)
    first = events.deliveries()[-1]
    tables.WebhookDeliveryModel.update(state=DeliveryState.FAILED).where(
        tables.WebhookDeliveryModel.id == first.id
    ).execute()

    jobs.send_due()

    assert numbers(receiver) == [2]


def test_what_was_cancelled_holds_up_nothing_and_is_not_sent(jobs, webhook, receiver, clock):
    emit(clock, 1)
    emit(clock, 2)

    actions.cancel_delivery(events.deliveries()[-1].id, a_user(), clock())
    jobs.send_due()

    assert numbers(receiver) == [2]


def test_another_endpoint_does_not_wait_for_one_that_fails(jobs, webhook, receiver, clock):
    receiver.statuses["/hook"] = 503
    a_webhook(receiver.url("/other"))
    emit(clock, 1)
    emit(clock, 2)

    jobs.send_due()

    assert numbers(receiver, "/other") == [1, 2]


def test_an_endpoint_that_fails_is_asked_once_in_a_round(jobs, webhook, receiver, clock):
    receiver.statuses["/hook"] = 503
    for invoice in range(5):
        emit(clock, invoice=invoice)

    jobs.send_due()

    assert len(receiver.received) == 1


def test_an_endpoint_that_answers_410_is_switched_off_and_its_history_says_why(jobs, webhook, receiver, clock):
    receiver.statuses["/hook"] = 410
    emit(clock, invoice=1)
    emit(clock, invoice=2)

    jobs.send_due()
    clock.advance(days=1)
    jobs.send_due()

    endpoint = endpoints.existing(webhook)
    assert (endpoint.active, endpoint.off_because) == (False, "The endpoint answered 410: it wants no more.")
    assert states() == ["failed", "waiting"]
    [entry] = audit_entries.of_subject(f"webhook:{webhook}")
    assert (entry.action, entry.program) == ("webhook.switched_off", "the worker")


def test_what_waits_for_an_endpoint_that_is_off_is_sent_once_it_is_on_again(jobs, webhook, receiver, clock):
    emit(clock, 1)
    ann = a_user()
    actions.switch(webhook, ann, clock(), active=False)
    jobs.send_due()
    assert receiver.received == []

    actions.switch(webhook, ann, clock(), active=True)
    jobs.send_due()

    assert numbers(receiver) == [1]


def test_a_worker_killed_before_it_sent_leaves_nothing_lost(jobs, webhook, receiver, clock):
    emit(clock)
    assert actions.claim_next(clock(), set())

    jobs.send_due()
    assert receiver.received == []
    clock.advance(minutes=2)
    jobs.send_due()

    assert len(receiver.received) == 1
    assert states() == ["delivered"]


def test_a_worker_killed_after_it_sent_sends_the_same_message_again_and_not_a_second_one(
    jobs, webhook, receiver, clock, monkeypatch
):
    emit(clock)

    def killed(*_):
        raise SystemExit

    monkeypatch.setattr(actions, "delivered", killed)
    with pytest.raises(SystemExit):
        jobs.send_due()
    monkeypatch.undo()
    clock.advance(minutes=2)
    jobs.send_due()

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_a_receiver_that_takes_it_and_drops_the_line_gets_it_again_under_the_same_id(jobs, webhook, receiver, clock):
    receiver.drops.add("/hook")
    emit(clock)
    jobs.send_due()
    receiver.drops.clear()

    clock.advance(minutes=1)
    jobs.send_due()

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert states() == ["delivered"]


def test_two_workers_never_have_the_same_delivery(jobs, webhook, clock):
    emit(clock, invoice=1)
    emit(clock, invoice=2)

    claimed = [actions.claim_next(clock(), set()) for _ in range(3)]

    assert [one.id if one else None for one in claimed] == [1, 2, None]


def test_a_worker_that_comes_back_too_late_changes_nothing(jobs, webhook, clock):
    emit(clock)
    late = actions.claim_next(clock(), set())
    clock.advance(minutes=2)
    actions.delivered(actions.claim_next(clock(), set()), "200 OK", clock())

    actions.not_delivered(late, "No answer.", clock())

    assert states() == ["delivered"]


def test_an_endpoint_that_is_removed_while_it_is_sent_to_ends_nothing(jobs, webhook, receiver, clock):
    receiver.statuses["/hook"] = 410
    emit(clock)
    claimed = actions.claim_next(clock(), set())
    actions.remove(webhook, a_user(), clock())

    actions.not_delivered(claimed, "410 Gone", clock(), is_gone=True)

    assert events.deliveries() == []


def test_for_a_day_the_old_secret_signs_along(jobs, webhook, receiver, clock):
    actions.renew_secret(webhook, a_user(), clock())
    emit(clock)
    jobs.send_due()
    clock.advance(hours=24)
    emit(clock)
    jobs.send_due()

    assert [len(one.headers["webhook-signature"].split()) for one in receiver.received] == [2, 1]


def test_send_again_sends_the_same_message_under_its_id(jobs, webhook, receiver, clock):
    emit(clock)
    jobs.send_due()

    actions.send_again(events.deliveries()[0].id, a_user(), clock())
    jobs.send_due()

    first, second = receiver.received
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_what_still_waits_is_not_sent_again(jobs, webhook, clock):
    emit(clock)

    with pytest.raises(actions.NotEndedError):
        actions.send_again(events.deliveries()[0].id, a_user(), clock())


def test_an_error_of_our_own_is_one_failed_try(jobs, webhook, clock, monkeypatch):
    def broken(*_):
        raise KeyError("programming error")

    monkeypatch.setattr(jobs_module, "post", broken)
    emit(clock)

    assert jobs.send_due() == "failed"
    assert events.deliveries()[0].answer.startswith("Something went wrong")


def test_a_round_ends_after_some_seconds_and_the_rest_is_queued(jobs, webhook, queue, clock, monkeypatch):
    def slow(*_):
        clock.advance(seconds=11)
        return EndpointAnswer(200, "200 OK")

    monkeypatch.setattr(jobs_module, "post", slow)
    for invoice in range(5):
        emit(clock, invoice=invoice)
    queue.flush()

    jobs.send_due()

    assert [state.value for state in states()] == ["delivered", "delivered", "waiting", "waiting", "waiting"]
    assert queue.pending_count() == 1


def test_a_round_with_an_endpoint_that_fails_queues_the_rest_for_the_others(
    jobs, webhook, receiver, queue, clock, monkeypatch
):
    def slow(url, *_):
        clock.advance(seconds=11)
        return EndpointAnswer(503 if url.endswith("/hook") else 200, "")

    a_webhook(receiver.url("/other"))
    monkeypatch.setattr(jobs_module, "post", slow)
    for invoice in range(2):
        emit(clock, invoice=invoice)
    queue.flush()

    queued = []
    for _ in range(2):
        jobs.send_due()
        queued.append(queue.pending_count())
        queue.flush()

    assert queued == [1, 0]


def test_delivered_events_are_deleted_after_30_days_and_all_others_after_90(jobs, webhook, receiver, queue, clock):
    emit(clock)
    jobs.send_due()
    receiver.statuses["/hook"] = 410
    emit(clock)
    jobs.send_due()
    a_delivery(state="cancelled", happened_at=clock())
    emit_before = tables.EventModel.select().count()

    kept = []
    for days in (30, 1, 60):
        clock.advance(days=days)
        jobs.delete_old()
        kept.append((states(), tables.EventModel.select().count()))

    assert emit_before == 3
    assert kept == [(["delivered", "failed", "cancelled"], 3), (["failed", "cancelled"], 2), ([], 0)]


def test_old_events_are_looked_for_and_nothing_is_queued_while_there_are_none(jobs, webhook, receiver, queue, clock):
    emit(clock)
    jobs.send_due()
    assert queue.read_periodic(clock()) == []

    clock.advance(days=31)

    assert [task.name for task in queue.read_periodic(clock())] == ["delete_old_events"]


def test_what_waits_is_never_deleted(jobs, webhook, clock):
    emit(clock)
    actions.switch(webhook, a_user(), clock(), active=False)

    clock.advance(days=365)
    jobs.delete_old()

    assert states() == ["waiting"]
    assert clock() - events.deliveries()[0].happened_at == timedelta(days=365)


def test_workers_that_claim_at_the_same_moment_never_have_the_same_delivery(jobs, webhook, clock):
    for invoice in range(4):
        emit(clock, invoice=invoice)
    claimed = []

    def claim():
        claimed.append(actions.claim_next(clock(), set()))

    assert all_at_once(claim, claim, claim, claim) == []

    assert sorted(one.id for one in claimed) == [1, 2, 3, 4]
