"""TLS as it is spoken to the world."""

import socket
import ssl
import time
import warnings

import pytest

OLD = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]
NEW = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
WEAK = [
    "AES128-SHA",
    "AES256-SHA",
    "AES128-SHA256",
    "AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
]
_DAY = 86_400


def _handshake(facts, context):
    plain = socket.create_connection((facts["host"], 443), timeout=10)
    with plain, context.wrap_socket(plain, server_hostname=facts["domain"]) as secured:
        return secured.version(), secured.getpeercert()


def _only(version, ciphers=""):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # This machine's own caution must not be what refuses.
    context.set_ciphers(ciphers or "ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


@pytest.fixture(scope="module")
def certificate(facts, trust) -> dict:
    if trust.verify_mode == ssl.CERT_NONE:
        pytest.skip("the certificate is for trying only (CERTIFICATES=staging)")
    return _handshake(facts, trust)[1]


def test_A43_tls_1_2_and_1_3_are_spoken(facts, containers):
    assert [_handshake(facts, _only(version))[0] for version in NEW] == ["TLSv1.2", "TLSv1.3"]


def test_A43_older_tls_is_refused(facts, containers):
    assert [version.name for version in OLD if _is_spoken(facts, _only(version))] == []


def test_A43_ciphers_without_forward_secrecy_or_authentication_are_refused(facts, containers):
    spoken = [cipher for cipher in WEAK if _is_spoken(facts, _only(ssl.TLSVersion.TLSv1_2, f"{cipher}:@SECLEVEL=0"))]

    assert spoken == []


def test_A43_the_certificate_is_trusted_and_bears_the_name(certificate, facts):
    assert ("DNS", facts["domain"]) in certificate["subjectAltName"]


def test_A43_the_certificate_is_renewed_in_time(certificate):
    begins, ends = (ssl.cert_time_to_seconds(certificate[name]) for name in ("notBefore", "notAfter"))
    left = ends - time.time()

    assert left > (ends - begins) / 4, f"{left / _DAY:.1f} days are left"


def _is_spoken(facts, context):
    try:
        _handshake(facts, context)
    except (ssl.SSLError, ConnectionError):
        return False
    return True
