"""What a new firm has to do first, derived from what is stored: nothing is kept about it."""

from dataclasses import dataclass
from datetime import timedelta

from app.domain.permissions import Right
from app.store.access import users
from app.web.http.request_context import RequestContext

# What is only advised (a colleague, two-step sign-in) is shown no longer than this to somebody who is on their own.
_ADVISED_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class FirstStep:
    label: str
    href: str
    is_done: bool
    is_needed: bool = False


def first_steps(context: RequestContext, *, has_invoices: bool) -> list[FirstStep]:
    """Return those that the user may do, none for who may only look, or once no step is left."""
    steps = _steps(context, has_invoices=has_invoices)
    left = [step for step in steps if not step.is_done]
    if not left or (not any(step.is_needed for step in left) and not _is_new(context)):
        return []
    return steps


def _steps(context: RequestContext, *, has_invoices: bool) -> list[FirstStep]:
    user = context.user
    steps = []
    if user.may(Right.ADMINISTER):
        steps.append(FirstStep("Say who your firm is", "/settings", bool(context.firm.name), is_needed=True))
    if user.may(Right.IMPORT):
        steps.append(FirstStep("Import your workbook", "/imports", has_invoices, is_needed=True))
    if user.may(Right.ADMINISTER):
        steps.append(FirstStep("Invite a colleague", "/users/new", users.are_several()))
    if user.may(Right.EDIT):
        steps.append(FirstStep("Set up two-step sign-in", "/account/second-factor", user.has_second_factor))
    return steps


def _is_new(context: RequestContext) -> bool:
    return context.now - users.created_at(context.user.id) < _ADVISED_FOR
