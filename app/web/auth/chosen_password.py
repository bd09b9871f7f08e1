"""A newly chosen password: typed twice, and checked."""

from app.store.access.users import User
from app.web.auth.passwords import hash_password
from app.web.http.forms import Form
from app.web.http.request_context import RequestContext

_AGAIN = "password_again"


def hash_of_chosen(context: RequestContext, fields: Form, user: User) -> str:
    """Return the hash of the chosen password; empty, with errors in the fields, if it is not acceptable."""
    password = context.form.get("password", "")
    if password != context.form.get(_AGAIN, ""):
        fields.errors[_AGAIN] = "The two are not the same: please type the new password again."
        return ""
    try:
        return hash_password(password, user.email, user.name)
    except ValueError as error:
        fields.errors["password"] = str(error)
        return ""
