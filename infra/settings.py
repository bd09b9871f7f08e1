"""The stack's configuration, read and checked at once: all mistakes are listed before anything is rented."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from infra.prices import bundle_price

_Blueprint = Literal["ubuntu_24_04", "ubuntu_22_04", "debian_13"]
Monitoring = Literal["off", "basic", "detailed"]
Shape = Literal["server", "both", "cluster"]
ClusterSize = Literal["small", "medium", "large"]
Cdn = Literal["off", "cloudfront"]

DOMAINS_REGION = "us-east-1"  # the only region whose Lightsail API has domains
LEAST_MEMORY_GIGABYTES = 2
LEAST_MEMORY_WITH_AUTOMATION = 4
_KEYS_AT_ONCE = 2
# Somewhat more than each costs by infra/prices.toml; a test compares them.
_BUDGETS: Mapping[ClusterSize | None, int] = {None: 50, "small": 175, "medium": 300, "large": 675}
_LEAST_ZONES = 2
_KEY_KINDS = {"ssh-ed25519", "ssh-rsa"}
LOGIN_USERS: Mapping[_Blueprint, str] = {"ubuntu_24_04": "ubuntu", "ubuntu_22_04": "ubuntu", "debian_13": "admin"}
_EXAMPLES = {
    "aws:region": "such as us-east-1",
    "domain": "HTTPS needs a name, such as invoices.example.com",
    "sshCidrs": "name the networks you work from, such as 203.0.113.7/32",
    "sshPublicKey": "the line of ~/.ssh/id_ed25519.pub",
}
_SENTENCES = {
    "bool_parsing": "'{input}' is neither true nor false",
    "greater_than_equal": "it must be at least {ctx[ge]}, not {input}",
    "int_parsing": "'{input}' is not a whole number",
    "less_than_equal": "it must be at most {ctx[le]}, not {input}",
    "literal_error": "it must be {ctx[expected]}, not '{input}'",
    "value_error": "{ctx[error]}",
}


class InfraSettingsError(Exception):
    """Some settings are missing or wrong; the message has a line for each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(["The stack cannot be rented as it is configured:", *mistakes]))
        self.mistakes = mistakes


def _matching(pattern: str, description: str) -> AfterValidator:
    def check(text: str) -> str:
        if text and not re.fullmatch(pattern, text):
            raise ValueError(f"'{text}' is not {description}")
        return text

    return AfterValidator(check)


def _zone_of_region(zone: str, info: ValidationInfo) -> str:
    region = info.data.get("region", "")
    if zone and region and not re.fullmatch(rf"{re.escape(region)}[a-z]", zone):
        raise ValueError(f"'{zone}' is not a zone of the region {region}, such as {region}a")
    return zone or f"{region}a"


def _name_of_a_cluster(name: str, info: ValidationInfo) -> str:
    if "--" in name and info.data.get("shape", "server") != "server":
        raise ValueError(f"'{name}' has two dashes in a row, which AWS takes for no database")
    return name


def _two_zones(zones: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    region = info.data.get("region", "")
    wrong = next((zone for zone in zones if not re.fullmatch(rf"{re.escape(region)}[a-z]", zone)), "")
    if wrong and region:
        raise ValueError(f"'{wrong}' is not a zone of the region {region}, such as {region}a")
    if zones and len(set(zones)) < _LEAST_ZONES:
        raise ValueError(f"it must name {_LEAST_ZONES} zones, such as {region}a and {region}b")
    return zones or (f"{region}a", f"{region}b")


def _large_enough(bundle: str) -> str:
    noted = bundle_price(bundle)
    if noted and noted.memory_gigabytes < LEAST_MEMORY_GIGABYTES:
        raise ValueError(
            f"'{bundle}' has {noted.memory_gigabytes:g} GB of memory, and the stack takes {LEAST_MEMORY_GIGABYTES}"
        )
    return bundle


def _of_a_server(found: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    if not found and info.data.get("shape", "server") != "cluster":
        raise ValueError(f"it is missing; {_EXAMPLES['sshCidrs']}")
    return found


def _public_key(text: str, info: ValidationInfo) -> str:
    if not text and info.data.get("shape", "server") == "cluster":
        return ""
    if not text:
        raise ValueError(f"it is missing; {_EXAMPLES['sshPublicKey']}")
    if "PRIVATE KEY" in text:
        raise ValueError("this is a private key, which must never leave your machine; the public one ends in .pub")
    kind = text.partition(" ")[0]
    if re.fullmatch(r"(ecdsa|sk|ssh)-[a-z0-9@.-]+", kind) and kind not in _KEY_KINDS:
        raise ValueError(f"Lightsail takes no key of the kind {kind}; `ssh-keygen -t ed25519` makes one that it takes")
    try:
        load_ssh_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"this is not a public SSH key: '{text[:30]}'") from error
    return text


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is not a network, such as 203.0.113.7/32 ({error})") from error
    if network.prefixlen == 0:
        raise ValueError(f"'{text}' is everybody; name the networks you work from")
    return text


def _as_list(found: str | list[str]) -> list[str]:
    return [found] if isinstance(found, str) else found


def _without_lightsail(dns: str, info: ValidationInfo) -> str:
    if dns == "lightsail" and info.data.get("shape", "server") == "cluster":
        raise ValueError("lightsail answers for a server only; set it to route53 or external for the shape cluster")
    return dns


def _zone_for_dns(zone: str, info: ValidationInfo) -> str:
    dns = info.data.get("dns", "external")
    if dns != "external" and not zone:
        raise ValueError(f"it is missing; {dns} needs the zone that the domain belongs to")
    return zone


def _in_zone(domain: str, info: ValidationInfo) -> str:
    zone = info.data.get("dns_zone")
    if zone and domain != zone and not domain.endswith(f".{zone}"):
        raise ValueError(f"'{domain}' does not belong to the zone '{zone}' of dnsZone")
    return domain


def _of_two_keys(retired: int, info: ValidationInfo) -> int:
    newest = info.data.get("key_number")
    if newest is None:
        return retired
    if retired >= newest:
        raise ValueError(f"it must be below keyNumber, {newest}, whose keys are in use")
    if newest - retired > _KEYS_AT_ONCE:
        raise ValueError(f"it must be at least {newest - _KEYS_AT_ONCE}: AWS lets a user have {_KEYS_AT_ONCE} keys")
    return retired


def _with_room(automation: bool, info: ValidationInfo) -> bool:  # noqa: FBT001  # pydantic passes it so
    shape = info.data.get("shape", "server")
    if automation and shape != "server":
        raise ValueError(f"n8n runs on a server only; set automation to false for the shape {shape}")
    noted = bundle_price(info.data.get("bundle", ""))
    if automation and noted and noted.memory_gigabytes < LEAST_MEMORY_WITH_AUTOMATION:
        raise ValueError(
            f"it takes a bundle of {LEAST_MEMORY_WITH_AUTOMATION} GB, and '{info.data['bundle']}' has "
            f"{noted.memory_gigabytes:g} GB"
        )
    return automation


def _of_a_cluster(cdn: Cdn, info: ValidationInfo) -> Cdn:
    if cdn != "off" and info.data.get("shape", "server") == "server":
        raise ValueError("CloudFront stands before a cluster only; set cdn to off for the shape server")
    return cdn


def _budget_of_the_shape(dollars: int, info: ValidationInfo) -> int:
    shape = info.data.get("shape", "server")
    server = _BUDGETS[None] if shape != "cluster" else 0
    cluster = _BUDGETS[info.data.get("cluster_size", "small")] if shape != "server" else 0
    return dollars or server + cluster


def _for_alarms(email: str, info: ValidationInfo) -> str:
    if not email and info.data.get("monitoring", "off") != "off":
        raise ValueError("it is missing; alarms need somebody to be sent to, or set monitoring to off")
    return email


_Number = Annotated[int, Field(ge=1, le=9_999)]
_ServerName = Annotated[
    str,
    _matching(r"[a-z][a-z0-9-]{1,40}[a-z0-9]", "3 to 42 small letters, digits and dashes that begin with a letter"),
]
_HostName = Annotated[
    str,
    _matching(
        r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
        "a domain name in small letters, such as invoices.example.com",
    ),
]
_Network = Annotated[str, AfterValidator(_network)]
_Email = Annotated[str, _matching(r"[^@\s]+@[^@\s]+", "an e-mail address")]


class InfraSettings(BaseModel):
    """All settings of the stack; each is named as its key, which is written in camelCase there.

    `server_name` never changes and is part of all resources' names; `server_number` counts replacements of the machine;
    a higher `key_number` makes new keys, and those up to `retired_key_number` are deleted. `ssh_cidrs` are the networks
    that may connect by SSH, with `ssh_from_browser` also Lightsail's own client in the browser; `dns` is where the
    domain's records are set; `backup_lock_mode` is who can lift a backup's lock early: an administrator, or nobody.
    `automation` runs n8n beside the app, whose editor `automation_networks` may open, or else those of SSH.
    `permissions_boundary` is a policy that no IAM user or role of the stack gets beyond.
    `shape` is a server, a cluster of ECS tasks, or both while one takes over from the other; `cdn` is what stands
    before the cluster's balancer; `database_number` counts the instances of the cluster's database, as a restore makes
    another one. `monthly_budget` follows the shape where it is 0.
    """

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    region: str = Field(alias="aws:region")
    shape: Shape = "server"
    cluster_size: ClusterSize = "small"
    cdn: Annotated[Cdn, AfterValidator(_of_a_cluster)] = "off"
    cluster_zones: Annotated[tuple[str, ...], BeforeValidator(_as_list), AfterValidator(_two_zones)] = Field(
        (), validate_default=True
    )
    database_number: _Number = 1
    server_name: Annotated[_ServerName, AfterValidator(_name_of_a_cluster)] = "invoices"
    server_number: _Number = 1
    availability_zone: Annotated[str, AfterValidator(_zone_of_region)] = Field("", validate_default=True)
    bundle: Annotated[
        str,
        _matching(r"[a-z0-9]+(_[a-z0-9]+)+", "the name of a bundle, such as medium_3_0"),
        AfterValidator(_large_enough),
    ] = "medium_3_0"
    blueprint: _Blueprint = "ubuntu_24_04"
    addresses: Literal["dualstack", "ipv4"] = "dualstack"
    snapshot_time: Annotated[str, _matching(r"([01][0-9]|2[0-3]):00", "a full hour, such as 06:00")] = "06:00"
    reboot_time: Annotated[str, _matching(r"([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day, such as 03:30")] = "03:30"
    mail_server: Annotated[
        str,
        _matching(r"(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:]+\]):\d{1,5}", "an address and a port, such as 10.0.0.5:2525"),
    ] = ""
    ssh_public_key: Annotated[str, AfterValidator(_public_key)] = Field("", validate_default=True)
    ssh_cidrs: Annotated[tuple[_Network, ...], BeforeValidator(_as_list), AfterValidator(_of_a_server)] = Field(
        (), validate_default=True
    )
    ssh_from_browser: bool = False
    dns: Annotated[Literal["route53", "lightsail", "external"], AfterValidator(_without_lightsail)] = "external"
    dns_zone: Annotated[_HostName, AfterValidator(_zone_for_dns)] = Field("", validate_default=True)
    domain: Annotated[_HostName, AfterValidator(_in_zone)]
    backups: bool = True
    backup_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    backup_lock_days: int = Field(30, ge=1, le=3_650)
    monitoring: Monitoring = "basic"
    alert_email: Annotated[_Email, AfterValidator(_for_alarms)] = Field("", validate_default=True)
    monthly_budget: Annotated[int, AfterValidator(_budget_of_the_shape)] = Field(
        0, ge=0, le=10_000, validate_default=True
    )
    secrets: Literal["server", "secretsmanager"] = "server"
    logs: Literal["server", "cloudwatch"] = "server"
    permissions_boundary: Annotated[
        str, _matching(r"arn:aws[a-z-]*:iam::[0-9]{12}:policy/.+", "the ARN of an IAM policy")
    ] = ""
    disk_encryption: Literal["off", "typed", "secretsmanager"] = "off"
    automation: Annotated[bool, AfterValidator(_with_room)] = False
    automation_networks: Annotated[tuple[_Network, ...], BeforeValidator(_as_list)] = ()
    key_number: _Number = 1
    retired_key_number: Annotated[int, AfterValidator(_of_two_keys)] = Field(0, ge=0, validate_default=True)

    @classmethod
    def read(cls, config: Mapping[str, Any], region: str) -> Self:
        """Return the settings from a stack's configuration; raises InfraSettingsError with every mistake."""
        given = {key: _without_blanks(value) for key, value in {**config, "aws:region": region}.items()}
        try:
            return cls.model_validate({key: value for key, value in given.items() if value})
        except ValidationError as error:
            raise InfraSettingsError([_sentence(mistake) for mistake in error.errors()]) from error

    @property
    def instance_name(self) -> str:
        """Return the machine's own name: names are unique, so a replacement needs another one."""
        return self.server_name if self.server_number == 1 else f"{self.server_name}-{self.server_number}"

    @property
    def has_server(self) -> bool:
        return self.shape != "cluster"

    @property
    def has_cluster(self) -> bool:
        return self.shape != "server"

    @property
    def cluster_domain(self) -> str:
        """Return where the cluster answers: beside the name of the server, while one is rented."""
        return self.next_domain if self.shape == "both" else self.domain

    @property
    def next_domain(self) -> str:
        return f"next.{self.domain}"

    @property
    def database_identifier(self) -> str:
        return self.server_name if self.database_number == 1 else f"{self.server_name}-{self.database_number}"

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the site: the domain, and that of n8n where there is automation."""
        return (self.domain, *([f"n8n.{self.domain}"] if self.automation else []))

    @property
    def is_apex(self) -> bool:
        """Tell whether the domain is the zone itself, as far as names say: what is set there counts for all below."""
        return self.domain == self.dns_zone or self.domain.count(".") == 1

    @property
    def login_user(self) -> str:
        return LOGIN_USERS[self.blueprint]


LISTS = ("sshCidrs", "automationNetworks", "clusterZones")
KEYS = [field.alias or "" for name, field in InfraSettings.model_fields.items() if name != "region"]


def _without_blanks(value: object) -> str | list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    return "" if value is None else str(value).strip()


def _sentence(mistake: ErrorDetails) -> str:
    name = str(mistake["loc"][0])
    field = InfraSettings.model_fields.get(name)  # where the default is wrong: then its name stands for the key
    key = (field and field.alias) or name
    if mistake["type"] == "missing":
        return f"{key}: it is missing; {_EXAMPLES[key]}."
    return f"{key}: {_SENTENCES.get(mistake['type'], '{msg}').format(**mistake)}."
