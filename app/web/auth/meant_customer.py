"""The customer that somebody means by what they typed into a field."""

from app.store.ledger import customer_choice
from app.store.ledger.customer_choice import Choice
from app.web.http.forms import Form

_MOST_NAMED = 4


def meant_customer(fields: Form, name: str, *, required: bool = False) -> Choice | None:
    """Return None if nobody or more than one is meant, which is said beside the field."""
    text = fields.text(name, required=required)
    found = customer_choice.meant_by(text) if text else []
    if not text or len(found) == 1:
        return found[0] if found else None
    if found:
        names = "; ".join(one.label for one in found[:_MOST_NAMED])
        more = " …" if len(found) > _MOST_NAMED else ""
        fields.errors[name] = f"More than one customer matches: {names}{more}. Choose one of the list."
    elif archived := customer_choice.archived(text):
        fields.errors[name] = f"{archived.name} is archived: take this customer out of the archive first."
        fields.leads[name] = (f"/customers/{archived.id}", f"See {archived.name}")
    else:
        fields.errors[name] = "There is no such customer: choose one of the list."
    return None
