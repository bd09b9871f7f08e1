"""Flash messages for the next page, kept in a signed cookie so that nobody else can set their text."""

import base64
import binascii
from dataclasses import dataclass

from app.web.http.signing import is_signature, signature

_LONGEST_BYTES = 2_400  # signed and encoded, it fits into the 4,096 of a cookie


@dataclass(frozen=True, slots=True)
class Flashes:
    """Each message is bound to the login for which it was written."""

    keys: tuple[bytes, ...]

    def sign(self, sentence: str, jti: str) -> str:
        """Cut the sentence to what a cookie holds."""
        encoded = sentence.encode()
        if len(encoded) > _LONGEST_BYTES:
            sentence = encoded[:_LONGEST_BYTES].decode(errors="ignore") + "…"
        return f"{base64.urlsafe_b64encode(sentence.encode()).decode()}.{signature(self.keys[0], jti + sentence)}"

    def read(self, cookie: str, jti: str) -> str:
        """Return an empty text if the message was not signed for this login."""
        encoded, _, claimed = cookie.partition(".")
        try:
            sentence = base64.urlsafe_b64decode(encoded).decode()
        except (binascii.Error, ValueError):
            return ""
        return sentence if is_signature(self.keys, jti + sentence, claimed) else ""
