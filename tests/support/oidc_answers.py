"""Stands in for a provider of sign-ins: what its documents say, and the tokens that it gives."""

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from app.settings import AppSettings
from app.web.auth.oidc.errors import ProviderAwayError
from app.web.auth.oidc.identity import ProviderTokens
from app.web.auth.oidc.provider import Provider

ISSUER = "https://login.example.com"
KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}
CALLBACK = "/sign-in/provider/callback"


class Answers:
    def __init__(self, clock):
        self.clock = clock
        self.metadata = dict(METADATA)
        self.keys = [KEY]
        self.signed_with = KEY
        self.nonce = ""
        self.claims = {}
        self.refresh_token = "a refresh token"
        self.is_away = False
        self.asked_for_keys = 0

    def document(self, url):
        if self.is_away:
            raise ProviderAwayError("Example Ltd does not answer as it should: please try again in a minute.", url)
        if url.endswith("/keys"):
            self.asked_for_keys += 1
            return KeySet(self.keys).as_dict(private=False)
        return self.metadata

    def tokens(self):
        if self.is_away:
            raise ProviderAwayError("Example Ltd does not answer as it should: please try again in a minute.", "away")
        now = int(self.clock().timestamp())
        claims = {"iss": ISSUER, "sub": "ann-1", "aud": "invoices", "iat": now, "exp": now + 300, "nonce": self.nonce}
        claims |= {"email": "ann@example.com", "email_verified": True} | self.claims
        header = {"alg": "RS256", "kid": self.signed_with.kid}
        return ProviderTokens(jwt.encode(header, claims, self.signed_with), "access", self.refresh_token)


def answering(answers, monkeypatch):
    """Have the app get these answers instead of asking by HTTP, and return them."""
    monkeypatch.setattr(Provider, "_document", lambda _, url: answers.document(url))
    monkeypatch.setattr(Provider, "tokens_for", lambda *_: answers.tokens())
    monkeypatch.setattr(Provider, "refreshed", lambda *_: answers.tokens())
    return answers


def settings_with_provider(tmp_path):
    """Return settings by which viewers sign in by the provider only."""
    return AppSettings.from_environment(
        {
            "DATA_DIR": str(tmp_path / "data"),
            "SECRET_KEY": "k" * 40,
            "PUBLIC_URL": "http://localhost:80",
            "OIDC_ISSUER": ISSUER,
            "OIDC_CLIENT_ID": "invoices",
            "OIDC_CLIENT_SECRET": "a secret",
            "OIDC_NAME": "Example Ltd",
            "OIDC_ONLY": "viewer",
        }
    )


def come_back(browser, answers, wanted="/", again=False, **query):
    asked = {"again": "1"} if again else {"next": wanted}
    parameters = browser.get("/sign-in/provider", asked).location.split("?")[1].split("&")
    sent = dict(part.split("=", 1) for part in parameters)
    answers.nonce = sent["nonce"]
    return browser.get(CALLBACK, {"code": "c", "state": sent["state"], **query}, expect_errors=True)
