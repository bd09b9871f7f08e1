"""What narrows a list of invoices without a field of its own: a customer, an import, an own field."""

from app.domain.permissions import Right
from app.store.ledger import customer_choice, imports
from app.web.http.invoice_search import InvoiceSearch
from app.web.http.request_context import RequestContext


def narrowed_to(context: RequestContext, search: InvoiceSearch) -> list[tuple[tuple[str, ...], str, str]]:
    """Return the parameters, in words, and the address of the list without them."""
    found: list[tuple[tuple[str, ...], str, str]] = []
    if search.wanted.customer_id:
        customer = customer_choice.get(search.wanted.customer_id)
        name = customer.name if customer else "no customer"
        found.append((("customer",), f"invoices of {name}", search.without("customer")))
    if search.wanted.import_id:
        # The name of a file may tell of customers beyond a user's scope.
        stored = imports.get(search.wanted.import_id) if context.user.may(Right.SEE_IMPORTS) else None
        name = stored.file_name if stored else f"import {search.wanted.import_id}"
        found.append((("import",), f"what came from {name}", search.without("import")))
    if search.wanted.own_field:
        condition = f"says {search.wanted.own_text}" if search.wanted.own_text else "says anything"
        without = search.without("field", "value")
        found.append((("field", "value"), f"invoices of which {search.wanted.own_field} {condition}", without))
    return found
