"""API for digests: what they say, whether they are to be sent, and that they were."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from app.actions.automation import digests
from app.domain.digests import DigestKind
from app.domain.firm import Firm
from app.domain.permissions import Right, TokenRight
from app.store.ledger import firm
from app.web.api import problems
from app.web.api.calls import Answer, Call
from app.web.api.shapes import Matching, ResponseModel, Sent

_Period = Annotated[
    str,
    Matching("^[0-9]{4}-(?:W[0-9]{2}|[0-9]{2})$", "Please write the period of the digest, as 2026-W48 or 2026-11."),
]


class DigestAnswer(ResponseModel):
    """A digest of the current period, in words."""

    kind: DigestKind
    period: str = Field(description="The week, as 2026-W48, or the month, as 2026-11.")
    due: bool = Field(description="Whether it is to be sent now: its hour has come, and it was not sent.")
    subject: str
    text: str
    html: str
    recipients: tuple[str, ...] = Field(description="Who is sent it; only for tokens with the right to import.")
    chat_url: str | None = Field(
        description="The incoming webhook that it is posted to; only for tokens with the right to import."
    )


class DigestSent(Sent):
    """The period of a digest that was sent."""

    period: _Period


class DigestNoted(ResponseModel):
    """Noted that the digest of the period was sent."""

    kind: DigestKind
    period: str


@dataclass(frozen=True, slots=True)
class DigestsApi:
    public_url: str
    unsaved_firm: Firm

    def overdue(self, call: Call) -> Answer[DigestAnswer]:
        return self._digest(call, DigestKind.OVERDUE)

    def month_end(self, call: Call) -> Answer[DigestAnswer]:
        return self._digest(call, DigestKind.MONTH_END)

    def overdue_sent(self, call: Call, body: DigestSent) -> Answer[DigestNoted]:
        return self._sent(call, DigestKind.OVERDUE, body.period)

    def month_end_sent(self, call: Call, body: DigestSent) -> Answer[DigestNoted]:
        return self._sent(call, DigestKind.MONTH_END, body.period)

    def _digest(self, call: Call, kind: DigestKind) -> Answer[DigestAnswer]:
        found = digests.digest(kind, firm.current(self.unsaved_firm), self.public_url, call.now)
        is_carrier = call.token.may(TokenRight.IMPORT, Right.IMPORT)
        return Answer(
            DigestAnswer.filled(
                found,
                found.message,
                period=found.period.name,
                recipients=found.settings.recipients if is_carrier else (),
                chat_url=(found.settings.chat_url or None) if is_carrier else None,
            )
        )

    def _sent(self, call: Call, kind: DigestKind, period: str) -> Answer[DigestNoted]:
        try:
            digests.note_sent(kind, period, firm.current(self.unsaved_firm), call.user, call.now)
        except digests.OtherPeriodError as other:
            raise problems.conflict(other, "period") from other
        return Answer(DigestNoted(kind=kind, period=period))
