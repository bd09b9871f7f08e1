"""Secrets that users type: the password or a code again where an open session is not enough, and a new password."""

from dataclasses import replace

from app.actions import second_factors, sign_in
from app.actions.credentials import passkeys
from app.store.access import users
from app.store.access.users import User
from app.web.auth import passwords
from app.web.auth.passkey_proof import FIELD, claimed_id, claimed_passkey
from app.web.auth.throttling import Attempt
from app.web.http.forms import Form
from app.web.http.passkeys.relying_party import Ceremony, PasskeyRefusedError
from app.web.http.request_context import RequestContext

_AGAIN = "password_again"
_PROOF = {"current", "code", FIELD}


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
    if context.is_by_provider and context.form.get(FIELD):
        check_passkey(context, fields)
    elif context.is_by_provider:
        fields.errors["provider"] = "Please confirm who you are first, by the link below; then send this again."
    else:
        check_proof(context, fields)
    return context if fields.errors else replace(context, login=sign_in.step_up(context.login, context.now))


def check_proof(context: RequestContext, fields: Form) -> None:
    """Add errors to the fields unless a passkey was used, or password and code are right.

    A user whose second factor is a passkey alone has to use it. Raises TooManyAttemptsError.
    """
    needs_code = context.user.has_totp
    if context.form.get(FIELD):
        check_passkey(context, fields)
        return
    if context.user.has_passkey and not needs_code:
        fields.errors[FIELD] = "Please use your passkey."
        return
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


def check_passkey(context: RequestContext, fields: Form) -> None:
    """Add an error to the fields unless the user's own passkey was used; raises TooManyAttemptsError."""
    sent, user = context.form.get(FIELD, ""), context.user
    attempt = Attempt.at_passkey(claimed_id(sent), context).begin(context, user)
    try:
        passkey = claimed_passkey(sent)
        use = context.relying_party.used(sent, passkey, Ceremony.STEP_UP, context.form_secret, context.now)
        if not passkeys.use(user.id, passkey, use.sign_count, use.challenged_at, context.now):
            raise PasskeyRefusedError("another user's passkey, or a signature that was used before")
    except PasskeyRefusedError as refused:
        sign_in.refuse_step_up(user, str(refused), context.now)
        fields.errors[FIELD] = "This passkey was not accepted: please try again."
        return
    attempt.succeeded(context)


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
