"""Security headers of every response."""

from app.settings import AppSettings

_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TWO_YEARS = 63_072_000


def security_headers(settings: AppSettings) -> list[tuple[str, str]]:
    headers = list(_HEADERS.items())
    if settings.public_url.startswith("https:"):
        # Without includeSubDomains: below a domain such as example.com there are sites that are not ours.
        headers.append(("Strict-Transport-Security", f"max-age={_TWO_YEARS}"))
    return headers
