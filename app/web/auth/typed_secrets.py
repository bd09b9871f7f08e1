"""Secrets that users type: the password or a code again where an open session is not enough, and a new password."""

from dataclasses import replace

from app.actions import second_factors, sign_in
from app.store.access import users
from app.store.access.users import User
from app.web.auth import passwords
from app.web.auth.throttling import Attempt
from app.web.http.forms import Form
from app.web.http.request_context import RequestContext

_AGAIN = "password_again"
_PROOF = {"current", "code"}


def typed_beside_secrets(context: RequestContext) -> Form:
    """Return the form as typed, without the proof of who typed it, which no page shows again."""
    return Form({name: text for name, text in context.form.items() if name not in _PROOF})


def with_step_up(context: RequestContext, fields: Form) -> RequestContext:
    """Return the context of a login whose user proved again who they are, by this form or a short while ago.

    If they did not, errors are added to the fields. Raises TooManyAttemptsError.
    """
    if context.login is None:
        raise LookupError("Nobody is signed in.")
    if context.has_stepped_up:
        return context
    if context.is_by_provider:
        fields.errors["provider"] = "Please confirm who you are first, by the link below; then send this again."
    else:
        _check_proof(context, fields)
    return context if fields.errors else replace(context, login=sign_in.step_up(context.login, context.now))


def _check_proof(context: RequestContext, fields: Form) -> None:
    needs_code = context.user.has_second_factor
    if not context.form.get("current"):
        fields.errors["current"] = "Please type your password."
    if needs_code and not context.form.get("code"):
        fields.errors["code"] = "Please type a code of your app, or a recovery code."
    if not fields.errors:
        check_password(context, fields)
    if needs_code and not fields.errors:  # a code can be used once: do not spend it on a wrong password
        check_code(context, fields)


def check_password(context: RequestContext, fields: Form) -> None:
    """Add an error to the fields if the current password is wrong; raises TooManyAttemptsError."""
    attempt = Attempt.at_password(context.user.email, context).begin(context, context.user)
    if passwords.verify(users.password_hash_of(context.user.id), context.form.get("current", "")):
        attempt.succeeded(context)
        return
    sign_in.refuse_step_up(context.user, "wrong password", context.now)
    fields.errors["current"] = "This is not your current password."


def check_code(context: RequestContext, fields: Form) -> None:
    """Add an error to the fields if the code is wrong; raises TooManyAttemptsError."""
    attempt = Attempt.at_code(context.user, context).begin(context, context.user)
    if second_factors.use_code(context.user.id, context.form.get("code", ""), context.now):
        attempt.succeeded(context)
        return
    sign_in.refuse_step_up(context.user, "wrong code", context.now)
    fields.errors["code"] = "This code is wrong, or was used already: please wait for the next one."


def hash_of_chosen(context: RequestContext, fields: Form, user: User) -> str:
    """Return the hash of the new password; empty, with errors in the fields, if it is not acceptable."""
    password = context.form.get("password", "")
    if password != context.form.get(_AGAIN, ""):
        fields.errors[_AGAIN] = "The two are not the same: please type the new password again."
        return ""
    try:
        return passwords.hash_password(password, user.email, user.name)
    except ValueError as error:
        fields.errors["password"] = str(error)
        return ""
