"""The site is well only when it says so through its name, with a certificate that is right."""

import datetime
import http.server
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from playbooks.steps import public_check
from playbooks.steps.public_check import wait_until_served
from provisioning.host import HostError

DOMAIN = "invoices.example.com"


def certificate(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - day).not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(made.public_bytes(pem) + plain)
    return folder / "both.pem", made.public_bytes(pem).decode()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A real HTTPS server that answers what the test says."""

    class Answer(http.server.BaseHTTPRequestHandler):
        told = (200, b'{"status": "ok"}')
        asked = []  # noqa: RUF012  # the server makes one of this class for each request

        def do_GET(self):
            self.asked.append(self.path)
            status, body = self.told
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words):
            pass

    path, Answer.authority = certificate(tmp_path, DOMAIN)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(public_check, "_PORT", server.server_port)
    yield Answer
    server.shutdown()
    server.server_close()


def ask(site, *, domain=DOMAIN, authority=None):
    wait_until_served(
        "127.0.0.1",
        domain,
        authority=site.authority if authority is None else authority,
        seconds=0,
        pause=lambda _: None,
    )


def test_a_site_that_says_it_is_well_is_well(site):
    ask(site)

    assert site.asked == ["/health"]


def test_a_certificate_that_nobody_vouches_for_is_not_well(site):
    with pytest.raises(HostError, match="certificate verify failed"):
        ask(site, authority="")


def test_a_certificate_of_another_name_is_not_well(site):
    with pytest.raises(HostError, match="Hostname mismatch"):
        ask(site, domain="other.example.com")


def test_a_site_that_lacks_migrations_is_not_well(site):
    site.told = (503, b'{"status": "migrations are missing"}')

    with pytest.raises(HostError, match=r"answers 503: .*migrations are missing"):
        ask(site)


def test_an_answer_that_is_not_the_app_s_is_not_well(site):
    site.told = (200, b"<html>It works!</html>")

    with pytest.raises(HostError, match="answers 200: <html>"):
        ask(site)


def test_where_nothing_listens_it_says_so(site, monkeypatch):
    monkeypatch.setattr(public_check, "_PORT", 1)

    with pytest.raises(HostError, match=r"at 127.0.0.1 does not answer: .*refused"):
        ask(site)


def test_a_certificate_that_nobody_trusts_will_do_for_a_trial(site):
    wait_until_served("127.0.0.1", DOMAIN, is_trial=True, seconds=0)

    assert site.asked == ["/health"]
