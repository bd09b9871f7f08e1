"""Incoming payments that become questions to a person, whatever they were before."""

from datetime import datetime

from app.actions import events
from app.store.db.current_user import seeing_everything
from app.store.ledger.incoming_payments import received


def ask(incoming_id: int, question: str, now: datetime) -> None:
    """Make it a question and emit that; call it inside the action's transaction."""
    received.ask(incoming_id, question)
    with seeing_everything():
        incoming = received.get(incoming_id)
    events.incoming_payment_unmatched(incoming, now)
