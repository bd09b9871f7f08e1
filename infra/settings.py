"""The stack's configuration, read and checked at once: all mistakes are listed before anything is rented."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, TypeVar

from infra.prices import PRICES

_Value = TypeVar("_Value")
_Choice = TypeVar("_Choice", bound=StrEnum)
_HOST_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_SERVER_NAME = re.compile(r"[a-z][a-z0-9-]{1,40}[a-z0-9]")
_LEAST_MEMORY_GIGABYTES = 2
_KEY_KINDS = {"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"}
_LOGIN_USERS = {"ubuntu_24_04": "ubuntu", "ubuntu_22_04": "ubuntu", "debian_12": "admin", "debian_13": "admin"}


class InfraSettingsError(Exception):
    """Some settings are missing or wrong; the message has a line for each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(["The stack cannot be rented as it is configured:", *mistakes]))
        self.mistakes = mistakes


class Dns(StrEnum):
    """Where the domain's records are set."""

    ROUTE53 = "route53"
    LIGHTSAIL = "lightsail"
    EXTERNAL = "external"


class LockMode(StrEnum):
    """Who can lift the lock of a backup before it expires: an administrator, or nobody."""

    GOVERNANCE = "GOVERNANCE"
    COMPLIANCE = "COMPLIANCE"


class Monitoring(StrEnum):
    """How closely the server is monitored."""

    OFF = "off"
    BASIC = "basic"
    DETAILED = "detailed"


class Secrets(StrEnum):
    """Where the app's secrets are stored."""

    CONFIG = "config"
    SECRETS_MANAGER = "secretsmanager"


class Addresses(StrEnum):
    """Which IP addresses the server has."""

    DUALSTACK = "dualstack"
    IPV4 = "ipv4"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The server to rent; `ssh_cidrs` are the networks that may connect by SSH.

    `name` never changes and is part of all its resources' names; `number` counts replacements of the machine.
    """

    name: str
    number: int
    availability_zone: str
    bundle: str
    blueprint: str
    addresses: Addresses
    snapshot_time: str
    ssh_public_key: str
    ssh_cidrs: tuple[str, ...]

    @property
    def instance_name(self) -> str:
        """Return the machine's own name: names are unique, so a replacement needs another one."""
        return self.name if self.number == 1 else f"{self.name}-{self.number}"

    @property
    def login_user(self) -> str:
        """Return the login user of the blueprint."""
        return _LOGIN_USERS[self.blueprint]


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """How backups are locked, and for how many days."""

    lock_mode: LockMode
    lock_days: int


@dataclass(frozen=True, slots=True)
class InfraSettings:
    """All settings of the stack.

    `backups` is None if no bucket is rented; a higher `key_number` makes new keys.
    """

    region: str
    server: ServerSettings
    domain: str
    dns: Dns
    dns_zone: str
    backups: BackupSettings | None
    monitoring: Monitoring
    alert_email: str
    monthly_budget: int
    secrets: Secrets
    key_number: int

    @classmethod
    def read(cls, config: Mapping[str, Any], region: str) -> "InfraSettings":
        """Return the settings from a stack's configuration; raises InfraSettingsError with every mistake."""
        reader = _Reader(config)
        if not region:
            reader.mistakes.append("aws:region: it is missing; such as us-east-1.")
        settings = cls(
            region=region,
            server=_server(reader, region),
            domain=reader.read("domain", _host_name, ""),
            dns=reader.choice("dns", Dns, Dns.EXTERNAL),
            dns_zone=reader.read("dnsZone", _host_name_or_nothing, ""),
            backups=_backups(reader),
            monitoring=reader.choice("monitoring", Monitoring, Monitoring.BASIC),
            alert_email=reader.read("alertEmail", _email_or_nothing, ""),
            monthly_budget=reader.whole_number("monthlyBudget", 50, 1, 10_000),
            secrets=reader.choice("secrets", Secrets, Secrets.CONFIG),
            key_number=reader.whole_number("keyNumber", 1, 1, 9_999),
        )
        reader.mistakes += list(_contradictions(settings, reader.mistakes))
        if reader.mistakes:
            raise InfraSettingsError(reader.mistakes)
        return settings


class _Reader:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self.mistakes: list[str] = []

    def read(self, key: str, parse: Callable[[str], _Value], default: _Value) -> _Value:
        """Return the parsed value of the key, or the default after recording the mistake."""
        text = self._config.get(key)
        try:
            return parse("" if text is None else str(text).strip())
        except ValueError as error:
            self.mistakes.append(f"{key}: {error}.")
            return default

    def choice(self, key: str, choices: type[_Choice], default: _Choice) -> _Choice:
        def parse(text: str) -> _Choice:
            if text and text not in set(choices):
                raise ValueError(f"'{text}' is none of {', '.join(choices)}")
            return choices(text) if text else default

        return self.read(key, parse, default)

    def whole_number(self, key: str, default: int, least: int, most: int) -> int:
        def parse(text: str) -> int:
            if not text:
                return default
            if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
                raise ValueError(f"'{text}' is not a whole number from {least} to {most}")
            return int(text)

        return self.read(key, parse, default)

    def flag(self, key: str, *, default: bool) -> bool:
        def parse(text: str) -> bool:
            if text and text.lower() not in {"true", "false"}:
                raise ValueError(f"'{text}' is neither true nor false")
            return text.lower() == "true" if text else default

        return self.read(key, parse, default)

    def texts(self, key: str) -> tuple[str, ...]:
        found = self._config.get(key) or []
        return tuple(map(str, found)) if isinstance(found, list) else (str(found),)


def _server(reader: _Reader, region: str) -> ServerSettings:
    return ServerSettings(
        name=reader.read("serverName", _server_name, ""),
        number=reader.whole_number("serverNumber", 1, 1, 9_999),
        availability_zone=reader.read("availabilityZone", _zone_in(region), ""),
        bundle=reader.read("bundle", _bundle, ""),
        blueprint=reader.read("blueprint", _blueprint, ""),
        addresses=reader.choice("addresses", Addresses, Addresses.DUALSTACK),
        snapshot_time=reader.read("snapshotTime", _full_hour, ""),
        ssh_public_key=reader.read("sshPublicKey", _public_key, ""),
        ssh_cidrs=_ssh_cidrs(reader),
    )


def _backups(reader: _Reader) -> BackupSettings | None:
    settings = BackupSettings(
        lock_mode=reader.choice("backupLockMode", LockMode, LockMode.GOVERNANCE),
        lock_days=reader.whole_number("backupLockDays", 30, 1, 3_650),
    )
    return settings if reader.flag("backups", default=True) else None


def _contradictions(settings: InfraSettings, mistakes: list[str]) -> list[str]:
    found = []
    if settings.dns is not Dns.EXTERNAL and not settings.dns_zone:
        found.append(f"dnsZone: it is missing; {settings.dns} needs the zone that the domain belongs to.")
    elif settings.dns_zone and settings.domain and not _belongs(settings.domain, settings.dns_zone):
        found.append(f"domain: '{settings.domain}' does not belong to the zone '{settings.dns_zone}' of dnsZone.")
    is_reported = any(mistake.startswith("alertEmail:") for mistake in mistakes)
    if settings.monitoring is not Monitoring.OFF and not settings.alert_email and not is_reported:
        found.append("alertEmail: it is missing; alarms need somebody to be sent to, or set monitoring to off.")
    return found


def _belongs(domain: str, zone: str) -> bool:
    return domain == zone or domain.endswith(f".{zone}")


def _ssh_cidrs(reader: _Reader) -> tuple[str, ...]:
    found = reader.texts("sshCidrs")
    if not found:
        reader.mistakes.append("sshCidrs: it is missing; name the networks you work from, such as 203.0.113.7/32.")
    for text in found:
        try:
            network: IPv4Network | IPv6Network = ip_network(text)
        except ValueError as error:
            reader.mistakes.append(f"sshCidrs: '{text}' is not a network, such as 203.0.113.7/32 ({error}).")
            continue
        if network.prefixlen == 0:
            reader.mistakes.append(f"sshCidrs: '{text}' is everybody; name the networks you work from.")
    return found


def _host_name(text: str) -> str:
    if not text:
        raise ValueError("it is missing; HTTPS needs a name, such as invoices.example.com")
    return _host_name_or_nothing(text)


def _host_name_or_nothing(text: str) -> str:
    if text and not _HOST_NAME.fullmatch(text):
        raise ValueError(f"'{text}' is not a domain name in small letters, such as invoices.example.com")
    return text


def _email_or_nothing(text: str) -> str:
    if text and not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        raise ValueError(f"'{text}' is not an e-mail address")
    return text


def _server_name(text: str) -> str:
    name = text or "invoices"
    if not _SERVER_NAME.fullmatch(name):
        raise ValueError(f"'{name}' is not 3 to 42 small letters, digits and dashes that begin with a letter")
    return name


def _zone_in(region: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        zone = text or f"{region}a"
        if region and not re.fullmatch(rf"{re.escape(region)}[a-z]", zone):
            raise ValueError(f"'{zone}' is not a zone of the region {region}, such as {region}a")
        return zone

    return parse


def _bundle(text: str) -> str:
    bundle = text or "medium_3_0"
    found = PRICES.bundles.get(bundle)
    if found is None:
        raise ValueError(f"'{bundle}' is not a bundle we know the price of: {', '.join(PRICES.bundles)}")
    if found.memory_gigabytes < _LEAST_MEMORY_GIGABYTES:
        raise ValueError(
            f"'{bundle}' has {found.memory_gigabytes:g} GB of memory, and the stack takes {_LEAST_MEMORY_GIGABYTES}"
        )
    return bundle


def _blueprint(text: str) -> str:
    blueprint = text or "ubuntu_24_04"
    if blueprint not in _LOGIN_USERS:
        raise ValueError(f"'{blueprint}' is none of {', '.join(_LOGIN_USERS)}")
    return blueprint


def _full_hour(text: str) -> str:
    time = text or "06:00"
    if not re.fullmatch(r"([01][0-9]|2[0-3]):00", time):
        raise ValueError(f"'{time}' is not a full hour, such as 06:00")
    return time


def _public_key(text: str) -> str:
    kind, _, rest = text.partition(" ")
    key = rest.split(" ")[0]
    if not text:
        raise ValueError("it is missing; the line of ~/.ssh/id_ed25519.pub")
    if "PRIVATE KEY" in text:
        raise ValueError("this is a private key, which must never leave your machine; the public one ends in .pub")
    if kind not in _KEY_KINDS or not _is_base64(key):
        raise ValueError(f"this is not a public SSH key: '{text[:30]}'")
    return text


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False
