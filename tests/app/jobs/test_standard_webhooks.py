"""The reference library of Standard Webhooks verifies what the worker sends, and so does the example of docs/api.md."""

import re
import time
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from support.webhook_receiver import webhook_receiver

from app.jobs.webhook_requests import WebhookMessage, post

OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_plJ3nmyCDGBKInavdOK15jsl"
API = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def sent():
    """What a receiver got that was signed with the new secret and the one before."""
    message = WebhookMessage("msg_1", int(time.time()), '{"payer": "Łódź"}', (NEW, OLD))
    with webhook_receiver() as receiver:
        post(receiver.url(), message, {receiver.host})
        return receiver.received[0]


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_the_reference_library_verifies_it_with_either_secret(sent, secret):
    assert Webhook(secret).verify(sent.body, sent.headers) == {"payer": "Łódź"}


def test_the_reference_library_refuses_a_body_that_was_changed(sent):
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(sent.body.replace("Łódź", "Lodz"), sent.headers)


def test_the_reference_library_refuses_another_secret(sent):
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").verify(sent.body, sent.headers)


@pytest.fixture
def is_genuine():
    """The function that docs/api.md shows."""
    block = re.search(r"^    import base64, .*?(?=^\S)", API, re.DOTALL | re.MULTILINE)[0]
    shown = {}
    exec(re.sub(r"^    ", "", block, flags=re.MULTILINE), shown)
    return shown["is_genuine"]


@pytest.mark.parametrize(("change", "genuine"), [("", True), ("x", False)])
def test_the_example_of_the_documentation_tells_a_genuine_message(sent, is_genuine, change, genuine):
    assert is_genuine(sent.headers, (sent.body + change).encode(), NEW) is genuine
