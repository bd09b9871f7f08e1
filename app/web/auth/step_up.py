"""Step-up: changing how a user signs in requires the password or a code again; an open session is not enough."""

from app.store.access import users
from app.store.db.database import transaction
from app.web.auth import one_time_codes, passwords
from app.web.auth.throttling import Attempt, record
from app.web.http.forms import Form
from app.web.http.request_context import RequestContext


def check_password(context: RequestContext, fields: Form) -> None:
    """Add an error to the fields if the current password is wrong; raises TooManyAttemptsError."""
    attempt = Attempt.at_password(context.user.email, context)
    attempt.begin(context, context.user)
    if passwords.verify(users.password_hash_of(context.user.id), context.form.get("current", "")):
        attempt.succeeded()
        return
    _refuse(context, "wrong password")
    fields.errors["current"] = "This is not your present password."


def check_code(context: RequestContext, fields: Form) -> None:
    """Add an error to the fields if the code is wrong; raises TooManyAttemptsError."""
    attempt = Attempt.at_code(context.user, context)
    attempt.begin(context, context.user)
    if one_time_codes.accepted(context.user.id, context.form.get("code", ""), context.now):
        attempt.succeeded()
        return
    _refuse(context, "wrong code")
    fields.errors["code"] = "This code is wrong, or was used already: please wait for the next one."


def _refuse(context: RequestContext, reason: str) -> None:
    with transaction():
        record(context, "step_up.refused", context.user, by=context.user, reason=reason)
