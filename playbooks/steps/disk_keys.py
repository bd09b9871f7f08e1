"""The keys of an encrypted disk: in a file on the operator's machine, or in a secret of AWS; never on the server."""

import base64
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from playbooks.steps.operator_files import FOLDER
from provisioning.host import HostError
from provisioning.settings import HostSettings

_FIRST_LINE = "# Opens the server's encrypted disk. Keep a copy where you keep passwords.\n"
_RECOVERY_BYTES = 25  # 40 letters of base32
_GROUP = 5


@dataclass(frozen=True, slots=True)
class TypedKey:
    """A key in a file that only the operator reads."""

    settings: HostSettings
    console: Console

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.settings.domain}.disk-key"

    def kept(self) -> str:
        try:
            lines = self.path.read_text(encoding="ascii").splitlines()
        except OSError as error:
            raise HostError(
                f"{self.path} cannot be read ({error.strerror}): copy it from where it is kept, "
                "or run `fab unlock --recovery`."
            ) from error
        key = next((line for line in lines if line and not line.startswith("#")), "")
        if not key:
            raise HostError(f"{self.path} has no key: copy it from where it is kept, or run `fab unlock --recovery`.")
        return key

    def made(self) -> str:
        return self.kept() if self.path.exists() else self.renewed()

    def renewed(self) -> str:
        """Return a new key; raises HostError where there is one, which must not be lost."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self.path.touch(mode=0o600, exist_ok=False)
        except FileExistsError as error:
            raise HostError(
                f"{self.path} is there already: move it away first if it does not open the disk."
            ) from error
        self.path.write_text(f"{_FIRST_LINE}{secrets.token_hex(32)}\n", encoding="ascii")
        self.console.print(
            f"[bold]{self.path} was made: after each reboot the server waits for it.[/] Keep a copy where you keep "
            "passwords; `fab unlock` sends it, and it is never written to the server.",
            soft_wrap=True,
        )
        return self.kept()

    def recovery(self) -> str:
        return _shown_recovery_key(self.console)


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key in Secrets Manager, read and written with the operator's own rights."""

    settings: HostSettings
    console: Console

    def kept(self) -> str:
        if key := self._value():
            return key
        raise HostError(f"The secret {self.settings.disk_secret} has no key: run `fab unlock --recovery --new-key`.")

    def made(self) -> str:
        return self._value() or self.renewed()

    def renewed(self) -> str:
        """Return a new key; the secret keeps the one before as its previous version."""
        key = secrets.token_hex(32)
        try:
            self._client().put_secret_value(SecretId=self.settings.disk_secret, SecretString=key)
        except (BotoCoreError, ClientError) as error:
            raise HostError(f"The disk's key cannot be written to {self.settings.disk_secret}: {error}") from error
        return key

    def recovery(self) -> str:
        return _shown_recovery_key(self.console)

    def _value(self) -> str:
        """Return an empty text where none was written yet."""
        try:
            return str(self._client().get_secret_value(SecretId=self.settings.disk_secret)["SecretString"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException" and self._exists():
                return ""
            raise HostError(f"The disk's key cannot be read from {self.settings.disk_secret}: {error}") from error
        except BotoCoreError as error:
            raise HostError(f"The disk's key cannot be read from {self.settings.disk_secret}: {error}") from error

    def _exists(self) -> bool:
        # AWS answers alike where there is no secret and where it has no value.
        try:
            self._client().describe_secret(SecretId=self.settings.disk_secret)
        except (BotoCoreError, ClientError):
            return False
        return True

    def _client(self) -> Any:  # noqa: ANN401  # boto3 has no types
        return boto3.client("secretsmanager", region_name=self.settings.region)


def keys_of(settings: HostSettings, console: Console) -> TypedKey | SecretKey:
    kind = SecretKey if settings.disk_encryption == "secretsmanager" else TypedKey
    return kind(settings, console)


def as_typed(recovery_key: str) -> str:
    """Return a recovery key as it was made, however its groups were typed."""
    return "".join(recovery_key.replace("-", " ").split()).upper()


def _shown_recovery_key(console: Console) -> str:
    key = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
    groups = "-".join(key[place : place + _GROUP] for place in range(0, len(key), _GROUP))
    console.print(
        f"[bold]The recovery key of the encrypted disk, shown this once: {groups}[/]\nWrite it down on paper: it opens "
        "the disk with `fab unlock --recovery` if the other key is lost.",
        soft_wrap=True,
    )
    return key
