"""Every setting of the app, read once from the environment; NAME_FILE names a file that holds NAME's value."""

import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.permissions import Role

MINIMUM_SECRET_BYTES = 32
MEGABYTE = 1_000_000

_LEAST_IDLE_MINUTES = 5

_Value = TypeVar("_Value")


class AppSettingsError(Exception):
    """A setting is missing or wrong; the message is one sentence that names it."""


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """The limits beyond which a workbook is refused, in bytes, counts and seconds."""

    file_bytes: int
    unpacked_bytes: int
    entries: int
    rows_per_tab: int
    memory_bytes: int
    seconds: int


@dataclass(frozen=True, slots=True)
class AppSettings:
    """All settings; pass on only the values that a part needs."""

    database_url: str
    redis_url: str
    data_dir: Path
    secret_key: str
    secret_keys_before: tuple[str, ...]
    host: str
    port: int
    public_url: str
    currency: str
    time_zone: ZoneInfo
    session_hours: int
    session_idle_minutes: int
    require_second_factor: frozenset[Role]
    allowed_addresses: tuple[IPv4Network | IPv6Network, ...]
    smtp_url: str
    mail_from: str
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    api_requests_per_minute: int
    disk_reserve_bytes: int
    server_workers: int
    log_level: str
    log_format: str
    workbook: WorkbookLimits

    @property
    def is_for_this_machine(self) -> bool:
        """Return whether PUBLIC_URL is a loopback address, as in development or on a trial."""
        return urlsplit(self.public_url).hostname in {"localhost", "127.0.0.1", "::1"}

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return the signing key, then the older keys whose signatures are still accepted."""
        return self.secret_key, *self.secret_keys_before

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read all settings; raises AppSettingsError at the first invalid one."""
        source = _Source(os.environ if environment is None else environment)
        data_dir = Path(source.read("DATA_DIR", str, "data")).absolute()
        host = source.read("HOST", str, "127.0.0.1")
        port = source.read("PORT", _whole_number, "8000")
        public_url = source.read("PUBLIC_URL", _http_url, f"http://{host}:{port}")
        default_roles = "admin" if _is_https(public_url) else "nobody"
        smtp_url = source.read("SMTP_URL", _smtp_url, "", may_be_empty=True)
        return cls(
            database_url=source.read("DATABASE_URL", _database_url, f"sqlite:///{data_dir}/invoices.sqlite3"),
            redis_url=source.read("REDIS_URL", _redis_url, "", may_be_empty=True),
            data_dir=data_dir,
            secret_key=source.read("SECRET_KEY", _secret, None) or _stored_secret(data_dir),
            secret_keys_before=source.read("SECRET_KEYS_BEFORE", _secrets, "", may_be_empty=True),
            host=host,
            port=port,
            public_url=public_url,
            currency=source.read("CURRENCY", _currency, "USD"),
            time_zone=source.read("TIME_ZONE", _zone, "UTC"),
            session_hours=source.read("SESSION_HOURS", _positive, "12"),
            session_idle_minutes=source.read("SESSION_IDLE_MINUTES", _idle_minutes, "30"),
            require_second_factor=source.read("REQUIRE_SECOND_FACTOR", _roles, default_roles),
            allowed_addresses=source.read("ALLOWED_ADDRESSES", _networks, ""),
            smtp_url=smtp_url,
            mail_from=source.read("MAIL_FROM", _sender if smtp_url else str, ""),
            trusted_proxies=source.read("TRUSTED_PROXIES", _networks, ""),
            api_requests_per_minute=source.read("API_REQUESTS_PER_MINUTE", _positive, "300"),
            disk_reserve_bytes=source.read("DISK_RESERVE_MEGABYTES", _positive, "200") * MEGABYTE,
            server_workers=source.read("SERVER_WORKERS", _positive, "2"),
            log_level=source.read("LOG_LEVEL", _log_level, "INFO"),
            log_format=source.read("LOG_FORMAT", _log_format, "json" if _is_https(public_url) else "text"),
            workbook=WorkbookLimits(
                file_bytes=source.read("WORKBOOK_MAX_MEGABYTES", _positive, "10") * MEGABYTE,
                unpacked_bytes=source.read("WORKBOOK_MAX_UNPACKED_MEGABYTES", _positive, "100") * MEGABYTE,
                entries=source.read("WORKBOOK_MAX_ENTRIES", _positive, "10000"),
                rows_per_tab=source.read("WORKBOOK_MAX_ROWS", _positive, "200000"),
                memory_bytes=source.read("WORKBOOK_MAX_MEMORY_MEGABYTES", _positive, "1000") * MEGABYTE,
                seconds=source.read("WORKBOOK_MAX_SECONDS", _positive, "60"),
            ),
        )


class _Source:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def read(
        self, name: str, parse: Callable[[str], _Value], default: str | None, *, may_be_empty: bool = False
    ) -> _Value:
        """Return the parsed setting or its default; `may_be_empty` allows an empty file, where that switches it off."""
        text = self._text(name, may_be_empty=may_be_empty)
        if text is None:
            text = default
        try:
            return parse(text or "")
        except ValueError as error:
            raise AppSettingsError(f"{name}: {error}.") from error

    def _text(self, name: str, *, may_be_empty: bool) -> str | None:
        plain, path = self._environment.get(name), self._environment.get(f"{name}_FILE")
        if plain and path:
            raise AppSettingsError(f"{name} and {name}_FILE are both set: keep one.")
        if not path:
            return plain or None
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise AppSettingsError(f"{name}_FILE: the file {path} cannot be read ({error}).") from error
        if not text and not may_be_empty:
            raise AppSettingsError(f"{name}_FILE: the file {path} is empty.")
        return text or None


def _whole_number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"'{text}' is not a whole number")
    return int(text)


def _positive(text: str) -> int:
    number = _whole_number(text)
    if number < 1:
        raise ValueError("it must be at least 1")
    return number


def _database_url(text: str) -> str:
    if urlsplit(text).scheme not in {"sqlite", "postgres", "postgresql"}:
        raise ValueError(f"'{text.rsplit('@', maxsplit=1)[-1]}' is neither a sqlite:/// nor a postgresql:// address")
    return text


def _redis_url(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in {"redis", "rediss"} or not parts.hostname or not _has_port_or_none(parts)):
        raise ValueError(f"'{text.rsplit('@', maxsplit=1)[-1]}' is neither a redis:// nor a rediss:// address")
    return text


def _has_port_or_none(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:  # its text may hold a piece of the password
        return False


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"'{text}' is not an http:// or https:// address")
    return text.rstrip("/")


def _is_https(url: str) -> bool:
    return url.startswith("https:")


def _secret(text: str) -> str:
    if text and len(text.encode()) < MINIMUM_SECRET_BYTES:
        raise ValueError(f"it must have at least {MINIMUM_SECRET_BYTES} characters")
    return text


def _secrets(text: str) -> tuple[str, ...]:
    return tuple(_secret(part.strip()) for part in text.split(",") if part.strip())


def _stored_secret(data_dir: Path) -> str:
    """Return the key in DATA_DIR/secret_key, which is generated on first use."""
    path = data_dir / "secret_key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Write the whole file, then link it: if two processes start at once, both use the key of the first.
            with tempfile.NamedTemporaryFile("w", dir=data_dir, prefix=".secret-") as file:  # its mode is 0600
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
                os.link(file.name, path)
    except FileExistsError:
        pass
    except OSError as error:
        raise AppSettingsError(f"DATA_DIR: no file can be written in {data_dir} ({error.strerror}).") from error
    try:
        return _secret(path.read_text(encoding="ascii").strip() or "-")
    except ValueError as error:
        raise AppSettingsError(
            f"The key in {path} is damaged: delete the file, and everybody signs in again."
        ) from error


def _currency(text: str) -> str:
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise ValueError(f"'{text}' is not a currency code of three letters, such as USD")
    return text.upper()


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"'{text}' is not a time zone, such as Europe/Berlin") from error


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(_network(part.strip()) for part in text.split(",") if part.strip())


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is neither an address nor a network, such as 10.0.0.0/8") from error


def _idle_minutes(text: str) -> int:
    minutes = _whole_number(text)
    if minutes < _LEAST_IDLE_MINUTES:
        raise ValueError(f"it must be at least {_LEAST_IDLE_MINUTES}")
    return minutes


def _roles(text: str) -> frozenset[Role]:
    if text == "nobody":
        return frozenset()
    try:
        return frozenset(Role(part.strip()) for part in text.split(","))
    except ValueError as error:
        raise ValueError(f"'{text}' is neither nobody nor a list of roles: {', '.join(Role)}") from error


def _smtp_url(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname):
        raise ValueError(f"'{text.rsplit('@', maxsplit=1)[-1]}' is neither an smtp:// nor an smtps:// address")
    return text


def _sender(text: str) -> str:
    if "@" not in text.strip("@"):
        raise ValueError("mail is set up by SMTP_URL, so this must be the e-mail address that it comes from")
    return text


def _log_level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError(f"'{text}' is none of DEBUG, INFO, WARNING, ERROR")
    return text.upper()


def _log_format(text: str) -> str:
    if text not in {"json", "text"}:
        raise ValueError(f"'{text}' is neither json nor text")
    return text
