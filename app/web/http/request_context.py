"""The context of a request: who sent it, when, and with what parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bottle import FileUpload

from app.domain.as_of import AsOf
from app.domain.firm import Firm
from app.store.access.logins import Login
from app.store.access.throttles import Throttles
from app.store.access.users import User
from app.web.http.locales import Locale
from app.web.http.passkeys.relying_party import RelyingParty


@dataclass(frozen=True, slots=True)
class RequestContext:
    now: datetime
    today: date
    path: str
    address: str
    user_agent: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    files: Mapping[str, FileUpload]
    login: Login | None
    form_secret: str
    flash: str
    locale: Locale
    firm: Firm
    throttles: Throttles
    relying_party: RelyingParty

    @property
    def user(self) -> User:
        """Raise LookupError on routes that do not require a right and have no user."""
        if self.login is None:
            raise LookupError("Nobody is signed in.")
        return self.login.user

    @property
    def is_by_provider(self) -> bool:
        return self.login is not None and self.login.is_by_provider

    @property
    def has_stepped_up(self) -> bool:
        return self.login is not None and self.login.has_stepped_up(self.now)

    def as_of(self, day: date | None = None) -> AsOf:
        """Return the end of the day, by default of today, in the time zone of the business."""
        return AsOf.end_of(day or self.today, self.locale.zone)
