"""What a provider gives and says; without the libraries that ask it, which a site without a provider never loads."""

from dataclasses import dataclass
from typing import Final

CALLBACK: Final = "/sign-in/provider/callback"
LEEWAY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Identity:
    """`email` is empty unless the provider vouches for it; `claimed_email` is what it says."""

    issuer: str
    subject: str
    email: str
    claimed_email: str
    authenticated_at: int | None


@dataclass(frozen=True, slots=True)
class ProviderTokens:
    """`refresh_token` is empty where the provider gives none, `id_token` where a refresh brings no new one."""

    id_token: str
    access_token: str
    refresh_token: str
