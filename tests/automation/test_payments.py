"""Payments that a provider reports: signed, received once, refused, or asked about."""

import base64
import hmac
import json
import time
from decimal import Decimal

import pytest
from support.automated_stack import OF_THE_PROVIDER
from support.polling import is_so_within
from support.workbooks import invoices_tab, workbook


@pytest.fixture
def reported(stack):
    """Report a payment as a provider does that signs by Standard Webhooks."""

    def report(body, *, secret=OF_THE_PROVIDER, seconds_ago=0, sent=None, message="msg_1"):
        text = json.dumps(body, ensure_ascii=False)
        at = str(int(time.time()) - seconds_ago)
        digest = hmac.digest(secret.encode(), f"{message}.{at}.{text}".encode(), "sha256")
        headers = {
            "Content-Type": "application/json", "webhook-id": message, "webhook-timestamp": at,
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }  # fmt: skip
        return stack.post("/webhook/payments", (sent or text).encode(), headers)

    return report


def payment(number, *, of="pi_1", currency="EUR"):
    return {
        "provider": "stripe", "provider_payment_id": of, "amount_cents": 4_000, "currency": currency,
        "paid_on": "2026-02-01", "reference": f"Invoice {number}", "payer": "Bäcker & Söhne",
    }  # fmt: skip


@pytest.fixture
def invoice(stack, mail, tmp_path):
    """An invoice of 100.00 that a mailed workbook brought."""
    number = f"P-{int(time.time() * 1000)}"
    row = [number, "Acme", "2026-01-05", "2026-02-04", Decimal("100.00")]
    stack.send(mail(workbook(tmp_path, invoices_tab(row), name=f"{number}.xlsx")))
    assert is_so_within(60, lambda: number in stack.app.numbers())
    return number


def test_a_payment_with_the_right_signature_is_recorded_once_though_it_is_reported_three_times(
    stack, reported, invoice
):
    (owed,) = stack.app.ask(f"/invoices?q={invoice}")["data"]
    paid = payment(invoice, of=f"pi_{invoice}", currency=owed["currency"])
    answers = [reported(paid, message=f"msg_{time_sent}") for time_sent in range(3)]

    assert [(status, body["state"]) for status, body in answers] == [(200, "recorded")] * 3
    recorded = stack.app.ask(f"/payments?q={invoice}")["data"]
    assert [one["amount_cents"] for one in recorded] == [4_000]


@pytest.mark.parametrize(
    "wrong",
    [{"secret": "another secret"}, {"seconds_ago": 400}, {"seconds_ago": -400}, {"sent": '{"amount_cents": 1}'}],
    ids=["another secret", "too old", "from the future", "an altered body"],
)
def test_a_payment_with_a_wrong_signature_is_refused(stack, reported, wrong):
    seen = len(stack.proxy.seen)
    status, answer = reported(payment("1001", of="pi_wrong"), **wrong)

    assert (status, answer["sentence"]) == (401, "The signature is missing, wrong or older than five minutes.")
    assert [one for one in stack.proxy.seen[seen:] if "incoming-payments" in one] == []


@pytest.mark.parametrize("body", [b'{"amount_cents": 1}', b""], ids=["a body", "nothing at all"])
def test_a_payment_without_any_signature_is_refused(stack, body):
    status, _ = stack.post("/webhook/payments", body, {"Content-Type": "application/json"})

    assert status == 401


def test_a_payment_that_fits_no_invoice_becomes_a_question(reported):
    status, answer = reported(payment("No such number", of="pi_unmatched"))

    assert (status, answer["state"]) == (200, "question")


def test_what_the_app_refuses_is_said_to_the_provider(reported):
    status, answer = reported({**payment("1001", of="pi_bad"), "currency": "Euro"})

    assert status == 422
    assert answer["sentence"]


def test_while_the_app_is_away_the_provider_is_asked_to_come_again(stack, reported, monkeypatch):
    monkeypatch.setattr(stack.proxy, "app", "http://127.0.0.1:9")
    status, _ = reported(payment("1001", of="pi_later"))

    assert status == 503
