"""The firm whose receivables these are: how it is called and reached, its currency, and where its days end."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.domain.fields import FIRM


@dataclass(frozen=True, slots=True)
class Firm:
    """`currency` is that of amounts that name none, `version` 0 until its data are saved for the first time."""

    currency: str
    zone: ZoneInfo
    name: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    bank_details: str = ""
    version: int = 0

    def described(self) -> dict[str, str]:
        return {field.name: str(getattr(self, field.name)) for field in FIRM}
