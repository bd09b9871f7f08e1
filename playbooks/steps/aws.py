"""AWS as the operator's commands reach it: one limit of time, one policy of retries, each error as one sentence."""

from dataclasses import dataclass, field
from typing import Any

import boto3.session
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})
Error = (BotoCoreError, ClientError)

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN_KEY = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
_NO_RIGHT = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
_THROTTLED = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
_SIGNED_OUT = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.ProfileNotFound,
    exceptions.SSOError,
)
_NO_ANSWER = (exceptions.HTTPClientError, exceptions.ConnectionError)
_SIGN_IN = "sign in to AWS (such as by `aws sso login`), then run this again."


@dataclass(frozen=True, slots=True)
class Aws:
    region: str
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str) -> Any:  # noqa: ANN401  # boto3 has no types
        if service not in self._clients:
            session = boto3.session.Session()
            self._clients[service] = session.client(service, region_name=self.region, config=CONFIG)
        return self._clients[service]


def sentence(error: BotoCoreError | ClientError) -> str:
    """Return what went wrong, and what to do."""
    if isinstance(error, ClientError):
        return _of_answer(error)
    if isinstance(error, exceptions.WaiterError):
        return f"AWS: what was begun is not done yet ({error}): `fab status` shows how far it is; run this again then."
    if isinstance(error, _SIGNED_OUT):
        return f"AWS: there are no credentials that are valid ({error}): {_SIGN_IN}"
    if isinstance(error, _NO_ANSWER):
        return (
            f"AWS did not answer ({error}), so it may have been done or not: look at `fab status`, and run this again, "
            "which goes on where it stopped."
        )
    return f"AWS: {error}"


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_answer(error: ClientError) -> str:
    found, operation = code(error), error.operation_name
    message = str(error.response.get("Error", {}).get("Message", "")).strip() or "no reason was given"
    if found in _EXPIRED:
        return f"AWS: your sign-in has expired: {_SIGN_IN}"
    if found in _UNKNOWN_KEY:
        return f"AWS does not accept your key ({found}): {_SIGN_IN}"
    if found in _NO_RIGHT:
        return f"AWS: you have no right to {operation} ({message}): sign in as one who has it, then run this again."
    if found in _THROTTLED:
        return f"AWS: {operation} was asked for too often at once: wait a minute, then run this again."
    return f"AWS: {operation} failed with {found}: {message}"
