"""One request of a webhook: signed as Standard Webhooks says, to an address that was checked, with limits."""

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from app.domain.webhooks import is_allowed, is_private_host, why_not

SECONDS = 15.0
_LARGEST_ANSWER = 1_000  # characters of it that are kept; no more is read than their bytes
_GONE = 410
_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """`secrets` are whsec_…, of which each signs; `timestamp` is in seconds since 1970, of this try."""

    event_id: str
    timestamp: int
    body: str
    secrets: Sequence[str]

    def headers(self) -> dict[str, str]:
        return {
            "webhook-id": self.event_id,
            "webhook-timestamp": str(self.timestamp),
            "webhook-signature": " ".join(self._signature(secret) for secret in self.secrets),
        }

    def _signature(self, secret: str) -> str:
        key = base64.b64decode(secret.removeprefix(_PREFIX))
        signed = f"{self.event_id}.{self.timestamp}.{self.body}".encode()
        return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


@dataclass(frozen=True, slots=True)
class EndpointAnswer:
    """`text` is what the endpoint answered, or in a sentence why it did not; `status` is None then."""

    status: int | None
    text: str

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == _GONE


class AddressRefusedError(Exception):
    """Nothing may be sent to this address; the message is one sentence."""


def post(url: str, message: WebhookMessage, private_hosts: Collection[str], seconds: float = SECONDS) -> EndpointAnswer:
    """Send the message and return the answer; redirects are not followed, and after so many seconds it is given up."""
    try:
        return _post(url, message, private_hosts, seconds)
    except AddressRefusedError as refused:
        return EndpointAnswer(None, str(refused))
    except TimeoutError:
        return EndpointAnswer(None, f"No answer came within {seconds:g} seconds.")
    except ssl.SSLCertVerificationError as error:
        return EndpointAnswer(None, f"The certificate is not good: {error.verify_message}.")
    except (OSError, http.client.HTTPException) as error:
        return EndpointAnswer(None, _storable(f"The connection failed: {str(error) or type(error).__name__}."))


def _post(url: str, message: WebhookMessage, private_hosts: Collection[str], seconds: float) -> EndpointAnswer:
    if reason := why_not(url, private_hosts):
        raise AddressRefusedError(reason)
    parts = urlsplit(url)
    addresses = _addresses(parts, may_be_private=is_private_host(url, private_hosts))
    with closing(_CheckedConnection(parts, addresses, seconds)) as connection, connection.deadline:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": "application/json", "User-Agent": "invoices-webhooks", **message.headers()}
        try:
            connection.request("POST", target, message.body.encode(), headers)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            if connection.deadline.has_passed:
                raise TimeoutError from error
            raise
        text = "\n".join(filter(None, (f"{answer.status} {answer.reason}".strip(), _text(answer))))
        return EndpointAnswer(answer.status, _storable(text))


def _text(answer: http.client.HTTPResponse) -> str:
    """Return the beginning of what was answered; what does not arrive changes nothing, as the status is known."""
    with suppress(OSError, http.client.HTTPException, ValueError):
        return answer.read(_LARGEST_ANSWER).decode(errors="replace")
    return ""


def _storable(text: str) -> str:
    """Leave out what PostgreSQL takes in no text: a status line may hold it as well as a body."""
    return text.replace("\x00", "")


def _addresses(parts: SplitResult, *, may_be_private: bool) -> list[str]:
    """Resolve the host once, and return its addresses; raises AddressRefusedError if one of them is not allowed."""
    try:
        found = socket.getaddrinfo(parts.hostname, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefusedError(f"The name {parts.hostname} cannot be found.") from error
    addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
    if not all(is_allowed(address, may_be_private=may_be_private) for address in addresses):
        raise AddressRefusedError(f"The name {parts.hostname} leads to an address that is not on the internet.")
    return addresses


class _Deadline:
    """Ends the connection when the time is up, however little by little the other side answers."""

    def __init__(self, seconds: float) -> None:
        self.has_passed = False
        self._socket: socket.socket | None = None
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, connected: socket.socket) -> None:
        self._socket = connected
        if self.has_passed:  # while it was connecting, when there was nothing to end
            self._end()

    def _end(self) -> None:
        self.has_passed = True
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # of TLS, too, the connection itself


class _CheckedConnection(http.client.HTTPConnection):
    """Connects to the addresses that were checked, whatever the name leads to by now."""

    def __init__(self, parts: SplitResult, addresses: Sequence[str], seconds: float) -> None:
        is_https = parts.scheme == "https"
        usual_port = http.client.HTTPS_PORT if is_https else http.client.HTTP_PORT
        self.default_port = usual_port  # so that the Host header names no port where none is needed
        super().__init__(str(parts.hostname), parts.port or usual_port, timeout=seconds)
        self.deadline = _Deadline(seconds)
        self._addresses = addresses
        self._context = ssl.create_default_context() if is_https else None

    def connect(self) -> None:
        self.sock = self._connected()
        self.deadline.watch(self.sock)
        if self._context is not None:
            # The certificate must be that of the name. A handshake can take for ever, too: it is watched.
            wrapped = self._context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = wrapped
            self.deadline.watch(wrapped)
            wrapped.do_handshake()

    def _connected(self) -> socket.socket:
        failed: OSError | None = None
        for address in self._addresses:
            try:
                return socket.create_connection((address, self.port), self.timeout)
            except OSError as error:
                failed = error
                if self.deadline.has_passed:
                    break
        raise failed or OSError("the name has no address")
