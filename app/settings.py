"""Every setting of the app, read once from the environment; NAME_FILE names a file that holds NAME's value."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, IPvAnyNetwork, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from app.domain.firm import Firm
from app.domain.permissions import Role
from app.files import FilesPlace
from app.stored_secret import LEAST_CHARACTERS, StoredSecretError, stored_secret
from app.workbook.reading.limits import MEGABYTE, WorkbookLimits

_EMPTY_FILE_MEANS_NONE = {
    "N8N_ENCRYPTION_KEY",
    "SECRET_KEYS_BEFORE",
    "SMTP_URL",
    "OIDC_CLIENT_SECRET",
    "REDIS_URL",
    "BACKUP_ACCESS_KEY_ID",
    "BACKUP_SECRET_ACCESS_KEY",
    "BACKUP_ARCHIVES_BEFORE",
}
_SENTENCES = {
    "bool_parsing": "'{input}' is neither on nor off",
    "enum": "'{input}' is not a role: write nobody or a list of {ctx[expected]}",
    "greater_than_equal": "it must be at least {ctx[ge]}",
    "int_parsing": "'{input}' is not a whole number",
    "ip_any_network": "'{input}' is neither an address nor a network, such as 10.0.0.0/8",
    "less_than_equal": "it must be at most {ctx[le]}",
    "literal_error": "it must be {ctx[expected]}, not '{input}'",
    "string_pattern_mismatch": "'{input}' is not a currency code of three letters, such as USD",
    "string_too_short": "it must have at least {ctx[min_length]} characters",
    "value_error": "{ctx[error]}",
    "zoneinfo_str": "'{input}' is not a time zone, such as Europe/Berlin",
}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_BACKUP_SETTINGS = {
    "backup_place": "say where backups are kept, as s3://BUCKET or file:///FOLDER",
    "backup_access_key_id": "give the key that may add to the bucket",
    "backup_secret_access_key": "give the secret of the key that may add to the bucket",
    "backup_recipient": "give the public key (age1…) that backups are encrypted to",
    "backup_signing_key_file": "name the file of this server's own OpenSSH key, which signs its backups",
    "backup_repository": "give the name of this server's repository in the place of the backups",
    "backup_cipher": "give the passphrase of this server's repository",
}


class AppSettingsError(Exception):
    """A setting is missing or wrong; the message is one sentence that names it."""


def _url(*schemes: str, example: str, has_host: bool = True) -> AfterValidator:
    def check(text: str) -> str:
        try:
            parts = urlsplit(text)
            is_right = parts.scheme in schemes and (bool(parts.hostname) or not has_host) and parts.port != 0
        except ValueError:  # its text may hold a piece of the password
            is_right = False
        if not is_right:
            shown = text.rsplit("@", maxsplit=1)[-1]  # a password stands before the @
            raise ValueError(f"'{shown}' is not an address such as {example}")
        return text

    return AfterValidator(check)


def _place(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme == "s3" and (not parts.netloc or parts.path.strip("/")):
        raise ValueError("name the bucket alone, as s3://BUCKET")
    if parts.scheme == "file" and (parts.netloc or not parts.path.strip("/")):
        raise ValueError("name a folder from the root on, as file:///FOLDER")
    return text


def _files_url(text: str, info: ValidationInfo) -> str:
    parts = urlsplit(text)
    if parts.scheme == "file" and (parts.netloc or not parts.path.strip("/")):
        raise ValueError("name a folder from the root on, as file:///FOLDER")
    if parts.scheme == "s3" and not parts.netloc:
        raise ValueError("name the bucket, as s3://BUCKET or s3://BUCKET/PREFIX")
    if parts.scheme == "s3" and info.data.get("database_url", "").startswith("sqlite:"):
        raise ValueError("files in a bucket are for several copies of the app: set DATABASE_URL to that of PostgreSQL")
    return text


def _of_a_bucket(text: str, info: ValidationInfo) -> str:
    if text and info.data.get("files_url", "").startswith("file:"):
        raise ValueError("this is for files in a bucket: set FILES_URL to s3://BUCKET, or leave it out")
    return text


def _whole_key(text: str, info: ValidationInfo) -> str:
    if bool(text) != bool(info.data.get("files_access_key_id")):
        raise ValueError("it is half of a key: set it and FILES_ACCESS_KEY_ID, or neither")
    return text


def _signing_key(values: Mapping[str, Any]) -> str:
    if values["files_url"].startswith("s3:"):
        raise AppSettingsError(
            "SECRET_KEY is not set: the app runs in several copies, as a bucket in FILES_URL says, and they need the "
            f"same key of at least {LEAST_CHARACTERS} characters."
        )
    return stored_secret(values["data_dir"])


def _only_copy(path: Path | None, info: ValidationInfo) -> Path | None:
    if path is not None and info.data.get("files_url", "").startswith("s3:"):
        raise ValueError("several copies of the app, as a bucket in FILES_URL says, have no inbox folder: leave it out")
    return path


def _recipient(text: str) -> str:
    if text.upper().startswith("AGE-SECRET-KEY"):
        raise ValueError("this is the private key: keep it away from the server, and give the public one, age1…")
    if not re.fullmatch("age1[0-9a-z]{58}", text):
        raise ValueError(f"'{text}' is not a public key of age, which begins with age1")
    return text


def _items(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _role_names(text: str) -> list[str]:
    return [] if text == "nobody" else [name.strip() for name in text.split(",")]


def _sender(text: str, info: ValidationInfo) -> str:
    if info.data.get("smtp_url") and "@" not in text.strip("@"):
        raise ValueError("mail is set up by SMTP_URL, so this must be the e-mail address that it comes from")
    return text


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise ValueError("leave out what follows ? or #")
    if url.endswith("/.well-known/openid-configuration"):
        raise ValueError("leave out /.well-known/openid-configuration, which is added")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("it must begin with https://, as it says who signs in")
    return url


def _beside_issuer(what: str) -> AfterValidator:
    def check(text: str, info: ValidationInfo) -> str:
        if info.data.get("oidc_issuer") and not text:
            raise ValueError(f"OIDC_ISSUER is set, so give {what}")
        return text

    return AfterValidator(check)


def _without_admin(roles: frozenset[Role]) -> frozenset[Role]:
    if Role.ADMIN in roles:
        raise ValueError("leave out admin, who keeps a password for the days on which the provider does not answer")
    return roles


def _is_https(values: Mapping[str, Any]) -> bool:
    return str(values["public_url"]).startswith("https:")


_Positive = Annotated[int, Field(ge=1)]
_Secret = Annotated[str, Field(min_length=LEAST_CHARACTERS)]
_Secrets = Annotated[tuple[_Secret, ...], BeforeValidator(_items)]
_DatabaseUrl = Annotated[
    str, _url("sqlite", "postgresql", "postgres", example="sqlite:///FILE or postgresql://HOST/NAME", has_host=False)
]
_RedisUrl = Annotated[str, _url("redis", "rediss", example="redis://:PASSWORD@HOST:6379/0")]
_SmtpUrl = Annotated[str, _url("smtp", "smtps", example="smtp://USER:PASSWORD@HOST:587")]
_PublicUrl = Annotated[
    str, _url("http", "https", example="https://invoices.example.com"), AfterValidator(lambda url: url.rstrip("/"))
]
_PlaceUrl = Annotated[
    str, _url("s3", "file", example="s3://BUCKET or file:///FOLDER", has_host=False), AfterValidator(_place)
]
_FilesUrl = Annotated[
    str,
    _url("s3", "file", example="file:///FOLDER or s3://BUCKET/PREFIX", has_host=False),
    AfterValidator(_files_url),
]
_IssuerUrl = Annotated[str, _url("http", "https", example="https://accounts.google.com"), AfterValidator(_issuer)]
_EndpointUrl = Annotated[str, _url("http", "https", example="https://s3.REGION.amazonaws.com")]
_Recipient = Annotated[str, AfterValidator(_recipient)]
_Roles = Annotated[frozenset[Role], BeforeValidator(_role_names)]
_Hosts = Annotated[tuple[str, ...], BeforeValidator(lambda text: _items(text.lower()))]
_Networks = Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(_items)]


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(
        alias_generator=str.upper,
        case_sensitive=True,
        enable_decoding=False,  # lists are separated by commas, not written as JSON
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read all settings; raises AppSettingsError at the first invalid one."""
        source = _EnvironmentAndFiles(cls, os.environ if environment is None else environment)
        try:
            return cls(_build_sources=((source,), {}))
        except ValidationError as error:
            raise AppSettingsError(_sentence(error.errors()[0])) from error
        except StoredSecretError as error:
            raise AppSettingsError(str(error)) from error


class _DataSettings(_Settings):
    """Where the data are: the database, and the uploaded workbooks."""

    data_dir: Annotated[Path, AfterValidator(Path.absolute)] = Field(Path("data"), validate_default=True)
    database_url: _DatabaseUrl = Field(
        default_factory=lambda values: f"sqlite:///{values['data_dir']}/invoices.sqlite3", repr=False
    )
    files_url: _FilesUrl = Field(default_factory=lambda values: (values["data_dir"] / "imports").as_uri())
    files_endpoint: Annotated[_EndpointUrl, AfterValidator(_of_a_bucket)] = ""
    files_region: Annotated[str, AfterValidator(_of_a_bucket)] = ""
    files_access_key_id: Annotated[str, AfterValidator(_of_a_bucket)] = Field("", repr=False)
    files_secret_access_key: Annotated[str, AfterValidator(_of_a_bucket), AfterValidator(_whole_key)] = Field(
        "", repr=False, validate_default=True
    )

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite:")

    @property
    def is_one_of_several(self) -> bool:
        """Return whether other copies of the app share database and files, so that nothing may be kept beside them."""
        return self.files_url.startswith("s3:")

    @property
    def files_place(self) -> FilesPlace:
        return FilesPlace(
            self.files_url,
            self.files_endpoint,
            self.files_region,
            self.files_access_key_id,
            self.files_secret_access_key,
        )


class AppSettings(_DataSettings):
    """All settings, named as in the environment, in small letters; pass on only the values that a part needs."""

    redis_url: _RedisUrl = Field("", repr=False)
    secret_key: _Secret = Field(default_factory=_signing_key, repr=False)
    secret_keys_before: _Secrets = Field((), repr=False)
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65_535)
    public_url: _PublicUrl = Field(default_factory=lambda values: f"http://{values['host']}:{values['port']}")
    currency: Annotated[str, Field(pattern="^[A-Za-z]{3}$"), AfterValidator(str.upper)] = "USD"
    time_zone: ZoneInfo = ZoneInfo("UTC")
    session_hours: _Positive = 12
    session_idle_minutes: int = Field(30, ge=5)
    require_second_factor: _Roles = Field(
        default_factory=lambda values: frozenset({Role.ADMIN} if _is_https(values) else ())
    )
    oidc_issuer: _IssuerUrl = ""
    oidc_client_id: Annotated[str, _beside_issuer("the client id that the provider names")] = Field(
        "", validate_default=True
    )
    oidc_client_secret: str = Field("", repr=False)  # without it the app starts, for those who have a password
    oidc_name: str = Field(default_factory=lambda values: urlsplit(values["oidc_issuer"]).hostname or "")
    oidc_only: Annotated[_Roles, AfterValidator(_without_admin)] = frozenset()
    allowed_addresses: _Networks = ()
    automation_subnet: _Networks = ()
    trusted_proxies: _Networks = ()
    behind_cloudfront: bool = False
    smtp_url: _SmtpUrl = Field("", repr=False)
    mail_from: Annotated[str, AfterValidator(_sender)] = Field("", validate_default=True)
    webhook_private_hosts: _Hosts = ()
    api_requests_per_minute: _Positive = 300
    disk_reserve_megabytes: _Positive = 200
    server_workers: _Positive = 2
    leave_seconds: int = Field(0, ge=0, le=30)  # the container is given time for as many, in docker-compose.yml
    reports_dir: Path | None = None
    inbox_dir: Annotated[Path | None, AfterValidator(_only_copy)] = None
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(str.upper)] = "INFO"
    log_format: Literal["json", "text"] = Field(default_factory=lambda values: "json" if _is_https(values) else "text")
    workbook_max_megabytes: _Positive = 10
    workbook_max_unpacked_megabytes: _Positive = 100
    workbook_max_entries: _Positive = 10_000
    workbook_max_rows: _Positive = 250_000
    workbook_max_cells: _Positive = 3_000_000
    workbook_max_memory_megabytes: _Positive = 500
    workbook_max_seconds: _Positive = 60
    worker_max_memory_megabytes: int = Field(1_000, ge=150)  # with less it cannot begin

    @classmethod
    def database_url_now(cls) -> str:
        """Return what the environment and its files say at this moment, as passwords are rotated."""
        return cls.from_environment().database_url

    @property
    def workbook(self) -> WorkbookLimits:
        return WorkbookLimits(
            file_bytes=self.workbook_max_megabytes * MEGABYTE,
            unpacked_bytes=self.workbook_max_unpacked_megabytes * MEGABYTE,
            entries=self.workbook_max_entries,
            rows=self.workbook_max_rows,
            cells=self.workbook_max_cells,
            memory_bytes=self.workbook_max_memory_megabytes * MEGABYTE,
            seconds=self.workbook_max_seconds,
        )

    @property
    def unsaved_firm(self) -> Firm:
        """Return what holds until somebody saves the firm's data: ask `app.store.ledger.firm.current`."""
        return Firm(self.currency, self.time_zone)

    @property
    def roles_by_provider(self) -> frozenset[Role]:
        """Return the roles whose users sign in by the provider only."""
        return self.oidc_only if self.oidc_issuer else frozenset()

    @property
    def is_for_this_machine(self) -> bool:
        """Return whether PUBLIC_URL is a loopback address, as in development or on a trial."""
        return urlsplit(self.public_url).hostname in _LOOPBACK

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return the signing key, then the older keys whose signatures are still accepted."""
        return self.secret_key, *self.secret_keys_before


class BackupSettings(_DataSettings):
    """What the container of the backups reads; all of its own may be missing until something needs them."""

    scratch_dir: Annotated[Path, AfterValidator(Path.absolute)] = Field(
        default_factory=lambda values: values["data_dir"] / "scratch"
    )
    backup_place: _PlaceUrl = ""
    backup_endpoint: _EndpointUrl = ""
    backup_region: str = "us-east-1"
    backup_access_key_id: str = Field("", repr=False)
    backup_secret_access_key: str = Field("", repr=False)
    backup_by_role: bool = False  # the task's own, as on a cluster: there is no key then
    backup_ca_file: Path | None = None
    backup_recipient: _Recipient = ""
    backup_signing_key_file: Path | None = None
    backup_repository: str = ""
    backup_cipher: str = Field("", repr=False)
    backup_archives_before: str = Field("", repr=False)  # JSON: each with name, cipher, and the moment that it ended
    n8n_database: str = "n8n"  # on the server of DATABASE_URL
    n8n_encryption_key: str = Field("", repr=False)

    def require(self, *names: str) -> None:
        """Raise AppSettingsError for the first of these settings that is missing."""
        for name in names:
            if not getattr(self, name):
                raise AppSettingsError(f"{name.upper()} is not set: {_BACKUP_SETTINGS[name]}.")


def plain_settings(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what is set, by name, without what is secret and what only stands in a file."""
    found = os.environ if environment is None else environment
    fields = [*AppSettings.model_fields.values(), *BackupSettings.model_fields.values()]
    names = {field.alias or "" for field in fields} - {field.alias for field in fields if not field.repr}
    return {name: found[name] for name in sorted(names) if found.get(name)}


class _EnvironmentAndFiles(EnvSettingsSource):
    def __init__(self, settings: type[BaseSettings], environment: Mapping[str, str]) -> None:
        super().__init__(settings)
        names = [field.alias or "" for field in settings.model_fields.values()]
        self.env_vars = {name: text for name in names if (text := _text(environment, name))}


def _text(environment: Mapping[str, str], name: str) -> str | None:
    plain, path = environment.get(name), environment.get(f"{name}_FILE")
    if plain and path:
        raise AppSettingsError(f"{name} and {name}_FILE are both set: keep one.")
    if not path:
        return plain
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AppSettingsError(f"{name}_FILE: the file {path} cannot be read ({error}).") from error
    if not text and name not in _EMPTY_FILE_MEANS_NONE:
        raise AppSettingsError(f"{name}_FILE: the file {path} is empty.")
    return text


def _sentence(error: ErrorDetails) -> str:
    return f"{str(error['loc'][0]).upper()}: {_SENTENCES.get(error['type'], '{msg}').format(**error)}."
