"""A software authenticator: makes passkeys, and signs what a page asks for, as a browser with one would send it."""

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field, replace

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

ORIGIN = "http://localhost"

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass(frozen=True)
class Authenticator:
    """One passkey. What it says of itself and of the page can be made wrong by `replace`."""

    origin: str = ORIGIN
    rp_id: str = ""
    is_verified: bool = True
    client_data: dict = field(default_factory=dict)
    user_handle: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def created(self, options, sign_count=0):
        """Return the passkey as it is kept, and the JSON for the page that made the options."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], sign_count, _ATTESTED) + attested
        response = {
            "clientDataJSON": bytes_to_base64url(self._client_data("webauthn.create", options)),
            "attestationObject": bytes_to_base64url(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        return replace(self, user_handle=options["user"]["id"]), self._credential(response)

    def used(self, options, sign_count=0):
        """Return the JSON for the page that made the options."""
        data = self._data(options["rpId"], sign_count)
        client_data = self._client_data("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": bytes_to_base64url(client_data),
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signature),
            "userHandle": self.user_handle,
        }
        return self._credential(response)

    def _data(self, rp_id, sign_count, flags=0):
        known = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return known + struct.pack(">BI", flags | _PRESENT | (_VERIFIED if self.is_verified else 0), sign_count)

    def _client_data(self, kind, options):
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | self.client_data).encode()

    def _credential(self, response):
        number = bytes_to_base64url(self.credential_id)
        return json.dumps({"id": number, "rawId": number, "type": "public-key", "response": response})


def changed(sent, **response):
    """Return the JSON with other values in its response."""
    credential = json.loads(sent)
    credential["response"] |= response
    return json.dumps(credential)


def signature_of_another(sent):
    """Return the JSON with a signature that its key did not make."""
    signature = bytearray(base64url_to_bytes(json.loads(sent)["response"]["signature"]))
    signature[-1] ^= 1
    return changed(sent, signature=bytes_to_base64url(bytes(signature)))
