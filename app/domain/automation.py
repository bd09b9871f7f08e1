"""What comes and goes by itself: whether mailed workbooks are applied, and who is sent which digest when."""

from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_RECIPIENTS = 20
LONGEST_ADDRESS = 254
LONGEST_CHAT_URL = 500


@dataclass(frozen=True, slots=True)
class Automation:
    """`weekday` is 1 for Monday, `version` 0 until it is saved for the first time; `chat_url` is a secret."""

    applies_mailed: bool = False
    overdue_digest: bool = False
    weekday: int = 1
    hour: int = 8
    month_end_digest: bool = False
    recipients: tuple[str, ...] = ()
    chat_url: str = ""
    version: int = 0

    @property
    def masked_chat_url(self) -> str:
        return masked(self.chat_url)

    def described(self) -> dict[str, object]:
        """Return what the audit may hold: all of it, the chat address masked."""
        return {
            "applies_mailed": self.applies_mailed,
            "overdue_digest": self.overdue_digest,
            "weekday": self.weekday,
            "hour": self.hour,
            "month_end_digest": self.month_end_digest,
            "recipients": list(self.recipients),
            "chat_url": self.masked_chat_url,
        }


def masked(url: str) -> str:
    """Return the host and the last four characters: the rest of an incoming webhook's address is its password."""
    return f"{urlsplit(url).hostname}/…{url[-4:]}" if url else ""


def is_chat_url(url: str) -> bool:
    """Return whether it can be the https address of an incoming webhook, without user and password."""
    try:
        parts = urlsplit(url)
        is_plain = parts.username is None and parts.port in {None, 443} and not parts.fragment
    except ValueError:
        return False
    is_host = "." in (parts.hostname or "") and not (parts.hostname or "").replace(".", "").isdigit()
    return (
        parts.scheme == "https"
        and is_plain
        and is_host
        and len(parts.path) > 1
        and url.isprintable()
        and " " not in url
    )
