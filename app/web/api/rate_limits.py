"""How often a token was used in this minute, and the headers that say how often it still may be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from app.store.access.api_tokens import ApiToken
from app.store.access.limits import TokenUses


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`seconds` is when the minute ends."""

    most: int
    used: int
    seconds: int

    @classmethod
    def counted(cls, uses: TokenUses, token: ApiToken, most: int, now: datetime) -> Self:
        return cls(most, uses.count(token.id, now), 60 - int(now.timestamp()) % 60)

    @property
    def is_exceeded(self) -> bool:
        return self.used > self.most

    @property
    def sentence(self) -> str:
        return f"A token may ask {self.most:,} times a minute: go on in {self.seconds} seconds."

    @property
    def headers(self) -> dict[str, str]:
        left = {
            "RateLimit-Policy": f'"minute";q={self.most};w=60',
            "RateLimit": f'"minute";r={max(0, self.most - self.used)};t={self.seconds}',
        }
        return {**left, "Retry-After": str(self.seconds)} if self.is_exceeded else left
