"""Webhooks: admins say where events are sent, and see what became of each."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from bottle import HTTPResponse

from app.actions import webhooks as actions
from app.domain.webhooks import LONGEST_URL, DeliveryState, EventType, why_not
from app.store.outbox import endpoints, events
from app.store.outbox.endpoints import Endpoint, EndpointFacts
from app.web.http.errors import ConflictError
from app.web.http.forms import LARGEST_ID, Form
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext

TYPES = {
    EventType.IMPORT_APPLIED: "An import was applied",
    EventType.IMPORT_UNDONE: "An import was undone",
    EventType.IMPORT_FAILED: "An import failed",
    EventType.PAYMENT_RECORDED: "A payment was recorded",
    EventType.PAYMENT_VOIDED: "A payment was voided",
    EventType.INCOMING_PAYMENT_UNMATCHED: "An incoming payment waits for an answer",
}
_STATES = [(DeliveryState.WAITING, "Waiting"), (DeliveryState.FAILED, "Failed"), (DeliveryState.DELIVERED, "Delivered")]


class _Shown(StrEnum):
    WAITING = DeliveryState.WAITING
    FAILED = DeliveryState.FAILED
    DELIVERED = DeliveryState.DELIVERED


@dataclass(frozen=True, slots=True)
class Webhooks:
    pages: Pages
    private_hosts: Collection[str]

    def index(self, context: RequestContext, fields: Form | None = None) -> HTTPResponse:
        return self.pages.show(
            context,
            "webhooks/index.html",
            fields=fields or Form({}),
            endpoints=endpoints.all_endpoints(),
            counts=events.counts(),
            types=TYPES,
        )

    def create(self, context: RequestContext) -> HTTPResponse:
        """Show the secret of the new endpoint, once."""
        fields = Form(context.form)
        facts = self._facts(fields)
        if facts is None:
            return self.index(context, fields)
        secret = actions.add(facts, context.user, context.now)
        return self.pages.show(context, "webhooks/secret.html", secret=secret, url=facts.url, is_renewed=False)

    def show(self, context: RequestContext, endpoint_id: int, fields: Form | None = None) -> HTTPResponse:
        return self._form(context, endpoints.existing(endpoint_id), fields or Form({}))

    def ask_again(self, context: RequestContext, endpoint_id: int, fields: Form) -> HTTPResponse:
        """Show the page again for one of the actions beside its form; `fields` are those of the action."""
        endpoint = endpoints.existing(endpoint_id)
        return self._form(context, endpoint, Form({}), action_fields=fields, status=422)

    def update(self, context: RequestContext, endpoint_id: int) -> HTTPResponse:
        fields = Form(context.form)
        facts = self._facts(fields)
        if facts is None:
            return self.show(context, endpoint_id, fields)
        changed = actions.change(endpoint_id, facts, context.user, context.now)
        flash = "The webhook was changed." if changed else "Nothing was different."
        return self.pages.redirect(context, "/webhooks", flash=flash)

    def switch_on(self, context: RequestContext, endpoint_id: int) -> HTTPResponse:
        actions.switch(endpoint_id, context.user, context.now, active=True)
        return self._back(context, endpoint_id, "The webhook is on: what waited is sent now.")

    def switch_off(self, context: RequestContext, endpoint_id: int) -> HTTPResponse:
        actions.switch(endpoint_id, context.user, context.now, active=False)
        return self._back(context, endpoint_id, "The webhook is off: what happens from now on is not sent to it.")

    def renew_secret(self, context: RequestContext, endpoint_id: int) -> HTTPResponse:
        """Show the new secret, once."""
        url = endpoints.existing(endpoint_id).facts.url
        secret = actions.renew_secret(endpoint_id, context.user, context.now)
        return self.pages.show(context, "webhooks/secret.html", secret=secret, url=url, is_renewed=True)

    def remove(self, context: RequestContext, endpoint_id: int) -> HTTPResponse:
        url = actions.remove(endpoint_id, context.user, context.now)
        return self.pages.redirect(context, "/webhooks", flash=f"The webhook to {url} was removed.")

    def test(self, context: RequestContext, endpoint_id: int) -> HTTPResponse:
        if not endpoints.existing(endpoint_id).active:
            raise ConflictError("This webhook is off: switch it on to send a test event.")
        actions.send_test(endpoint_id, context.now)
        return self.pages.redirect(context, "/webhooks/deliveries", flash="A test event is on its way.")

    def deliveries(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.query)
        shown = fields.choice("state", _Shown)
        before = fields.whole_number("before", None, most=LARGEST_ID)
        fields.refuse_errors()
        state = DeliveryState(shown) if shown else None
        found = events.deliveries(state, before)
        page = found[: events.PAGE_LENGTH]
        query = {"state": shown} if shown else {}
        return self.pages.show(
            context,
            "webhooks/deliveries.html",
            fields=fields,
            deliveries=page,
            states=_STATES,
            is_narrowed=bool(query),
            newest=address("/webhooks/deliveries", **query) if before else "",
            older=address("/webhooks/deliveries", **query, before=page[-1].id) if len(found) > len(page) else "",
        )

    def delivery(self, context: RequestContext, delivery_id: int) -> HTTPResponse:
        return self.pages.show(context, "webhooks/delivery.html", delivery=events.existing(delivery_id))

    def send_again(self, context: RequestContext, delivery_id: int) -> HTTPResponse:
        try:
            actions.send_again(delivery_id, context.user, context.now)
        except actions.NotEndedError as error:
            raise ConflictError(str(error)) from error
        path = f"/webhooks/deliveries/{delivery_id}"
        return self.pages.redirect(context, path, flash="It is sent again, under the same id.")

    def _back(self, context: RequestContext, endpoint_id: int, flash: str) -> HTTPResponse:
        return self.pages.redirect(context, f"/webhooks/{endpoint_id}", flash=flash)

    def _form(
        self,
        context: RequestContext,
        endpoint: Endpoint,
        fields: Form,
        *,
        action_fields: Form | None = None,
        status: int | None = None,
    ) -> HTTPResponse:
        return self.pages.show(
            context,
            "webhooks/show.html",
            status=status,
            endpoint=endpoint,
            fields=fields,
            nothing=Form({}),
            action_fields=action_fields,
            types=TYPES,
        )

    def _facts(self, fields: Form) -> EndpointFacts | None:
        url = fields.text("url", required=True, longest=LONGEST_URL)
        if url and "url" not in fields.errors and (sentence := why_not(url, self.private_hosts)):
            fields.errors["url"] = sentence
        description = fields.text("description")
        types = frozenset(one for one in EventType if fields.checked(f"type:{one}"))
        if not types:
            fields.errors["types"] = "Choose at least one: a webhook without events is of no use."
        return None if fields.errors else EndpointFacts(url, description, types)
