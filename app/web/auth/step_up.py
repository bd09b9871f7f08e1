"""Step-up: whoever changes how a user signs in proves again who it is; a browser left open is not enough."""

from app.store.access import users
from app.store.db.database import transaction
from app.web.auth import one_time_codes, passwords
from app.web.auth.throttling import Attempt, record
from app.web.http.forms import Fields
from app.web.http.request_context import Visit


def check_password(visit: Visit, fields: Fields) -> None:
    """Say in the fields if the present password is wrong; raises TooManyAttemptsError."""
    attempt = Attempt.at_password(visit.user.email, visit)
    attempt.begin(visit, visit.user)
    if passwords.verify(users.password_hash_of(visit.user.id), visit.form.get("current", "")):
        attempt.succeeded()
        return
    _refuse(visit, "wrong password")
    fields.errors["current"] = "This is not your present password."


def check_code(visit: Visit, fields: Fields) -> None:
    """Say in the fields if the code is wrong; raises TooManyAttemptsError."""
    attempt = Attempt.at_code(visit.user, visit)
    attempt.begin(visit, visit.user)
    if one_time_codes.accepted(visit.user.id, visit.form.get("code", ""), visit.now):
        attempt.succeeded()
        return
    _refuse(visit, "wrong code")
    fields.errors["code"] = "This code is wrong, or was used already: please wait for the next one."


def _refuse(visit: Visit, reason: str) -> None:
    with transaction():
        record(visit, "step_up.refused", visit.user, by=visit.user, reason=reason)
