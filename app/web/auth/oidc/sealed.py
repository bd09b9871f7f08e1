"""Texts that only this site can read: what a browser carries during a sign-in, and stored tokens of a provider."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.web.http.signing import derived_all


@dataclass(frozen=True, slots=True)
class Sealing:
    keys: MultiFernet

    @classmethod
    def with_keys(cls, secret_keys: Sequence[str], purpose: str) -> "Sealing":
        """Return an instance that seals with the first secret key; what the others sealed is still read."""
        keys = derived_all(secret_keys, purpose)
        return cls(MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys]))

    def seal(self, texts: Mapping[str, str], now: datetime) -> str:
        return self.keys.encrypt_at_time(json.dumps(dict(texts)).encode(), int(now.timestamp())).decode()

    def open(self, sealed: str, now: datetime, *, seconds: int | None = None) -> dict[str, str] | None:
        """Return None if it was not sealed by this site, or longer than so many seconds ago."""
        try:
            if seconds is None:
                return dict(json.loads(self.keys.decrypt(sealed)))
            return dict(json.loads(self.keys.decrypt_at_time(sealed, seconds, int(now.timestamp()))))
        except (InvalidToken, ValueError):
            return None
