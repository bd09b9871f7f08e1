"""Something of all that automation brings: incoming payments, webhooks with deliveries, and mails with links."""

from datetime import date, timedelta

from support.records import a_delivery, a_link_mail, a_webhook

from app.actions import incoming_payments
from app.domain.incoming_payment import IncomingFacts
from app.domain.webhooks import DeliveryState, EventType

_RARE = [EventType.IMPORT_UNDONE]  # else a worker that runs would send what a test does meanwhile


def fill(user, now, text, url="https://hooks.example.com/"):
    """Add the records, with the text wherever one can be typed or comes from outside; nothing of it is due."""
    later = now + timedelta(hours=20)
    for number in (1, 2):
        came = {"provider_payment_id": f"pi_{number}", "amount_cents": 777_00, "currency": "USD"}
        facts = IncomingFacts(provider="stripe", paid_on=date(2026, 2, 1), reference=text, payer=text, **came)
        incoming_id = incoming_payments.receive(facts, user, now, now.date()).id
    incoming_payments.dismiss(incoming_id, text, user, now)
    webhooks = [
        a_webhook(url, _RARE, description=text),
        a_webhook(url, _RARE, active=False, off_because=text),
    ]
    for state in DeliveryState:
        for endpoint in webhooks:
            a_delivery(endpoint=endpoint, state=state, tries=3, answer=text, happened_at=now, next_try_at=later)
    for state in ("waiting", "failed"):
        a_link_mail(text, state=state, tries=3, failure=text, asked_at=now, next_try_at=later)
