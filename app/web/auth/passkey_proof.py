"""What a browser sends after a passkey was used: whose it is, and whether its signature counts."""

from app.store.access import passkeys
from app.store.access.passkeys import Passkey
from app.web.http.passkeys.relying_party import PasskeyRefusedError, credential_id_in

FIELD = "passkey"


def claimed_id(sent: str) -> str:
    """Return the id of the passkey that was used, as the browser says; empty if that cannot be read."""
    try:
        return credential_id_in(sent)
    except PasskeyRefusedError:
        return ""


def claimed_passkey(sent: str) -> Passkey:
    """Return the passkey that was used, as the browser says; raises PasskeyRefusedError if it does not count."""
    passkey = passkeys.find(credential_id_in(sent))
    if passkey is None:
        raise PasskeyRefusedError("an unknown or removed passkey")
    return passkey
