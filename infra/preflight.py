"""Checks before the first `pulumi up`: what AWS would refuse, before anything is rented."""

import secrets
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError

from infra import costs
from infra.cluster.preflight import cluster_checks, own_balancers
from infra.findings import Clients, Finding, PublicDns, all_of, asked, one_of
from infra.prices import bundle_price
from infra.settings import DOMAINS_REGION, LEAST_MEMORY_GIGABYTES, InfraSettings

MOST_STATIC_IPS = 5  # AWS's default quota for an account in a region


def run_checks(settings: InfraSettings, client: Clients, dns: PublicDns) -> Iterator[Finding]:
    """Yield a finding for each check; without valid credentials only theirs."""
    who = _credentials(client, settings.region)
    yield who
    if who.wrong:
        return
    yield _budget(settings)
    if settings.has_server:
        yield from _server_checks(settings, client)
    if settings.has_cluster:
        yield from cluster_checks(settings, client)
    yield asked("domain", _delegation, settings, client, dns)
    for name in names_of(settings):
        yield asked("records", _present_records, settings, client, dns, name)
    yield _apex(settings, dns)


def names_of(settings: InfraSettings) -> Iterator[str]:
    """Yield the names of the server, and that at which the cluster answers."""
    yield from settings.names
    if settings.shape == "both":
        yield settings.cluster_domain


def _server_checks(settings: InfraSettings, client: Clients) -> Iterator[Finding]:
    lightsail = client("lightsail", settings.region)
    for check in (_zone, _bundle, _blueprint, _key, _static_ips, _name_is_free):
        yield asked(check.__name__.removeprefix("_").replace("_", " "), check, settings, lightsail)


def _credentials(client: Clients, region: str) -> Finding:
    try:
        identity: Mapping[str, str] = client("sts", region).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return Finding(
            "credentials",
            f"AWS does not know who asks ({error}): run `aws configure`, or set AWS_PROFILE, and see that "
            f"aws:region, {region}, is a region.",
        )
    return Finding(f"credentials of {identity['Arn']}")


def _budget(settings: InfraSettings) -> Finding:
    what = f"monthlyBudget, ${settings.monthly_budget}"
    if costs.is_above_budget(settings):
        return Finding(what, "What is rented costs more, as listed below: raise it, or rent less.")
    return Finding(what)


def _zone(settings: InfraSettings, lightsail: BaseClient) -> Finding:
    regions = lightsail.get_regions(includeAvailabilityZones=True)["regions"]
    zones = [zone["zoneName"] for region in regions for zone in region.get("availabilityZones", ())]
    return one_of("zone", settings.availability_zone, zones)


def _bundle(settings: InfraSettings, lightsail: BaseClient) -> Finding:
    what, active = f"bundle {settings.bundle}", {}
    for bundle in all_of(lightsail, "get_bundles", "bundles"):
        if bundle.get("isActive") and "LINUX_UNIX" in bundle.get("supportedPlatforms", ["LINUX_UNIX"]):
            active[bundle["bundleId"]] = bundle
    found = active.get(settings.bundle)
    if found is None:
        others = ", ".join(f"{one['bundleId']} (${one['price']:g}, {one['ramSizeInGb']:g} GB)" for one in _fit(active))
        return Finding(what, f"It is not for sale in {settings.region}. For sale are: {others}.")
    if found not in _fit(active):
        return Finding(
            what,
            f"It has {found['ramSizeInGb']:g} GB of memory, {found.get('publicIpv4AddressCount', 1)} IPv4 addresses, "
            f"and the stack takes {LEAST_MEMORY_GIGABYTES} GB and one: choose another size.",
        )
    return _priced(what, settings, Decimal(str(found["price"])))


def _fit(bundles: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    fit = [
        one
        for one in bundles.values()
        if one["ramSizeInGb"] >= LEAST_MEMORY_GIGABYTES and one.get("publicIpv4AddressCount", 1)
    ]
    return sorted(fit, key=lambda one: one["price"])


def _priced(what: str, settings: InfraSettings, asked: Decimal) -> Finding:
    noted, known = bundle_price(settings.bundle), f"{what}, ${asked:.2f} a month"
    if noted is None:
        return Finding(known, advice="infra/prices.toml does not have its price: monthlyBudget counts the rest only.")
    if noted.dollars != asked:
        return Finding(known, advice=f"infra/prices.toml has ${noted.dollars:.2f}, which monthlyBudget counts.")
    return Finding(known)


def _key(settings: InfraSettings, lightsail: BaseClient) -> Finding:
    """Have Lightsail take the key, under a name that is deleted at once: its own description names RSA only."""
    kind = settings.ssh_public_key.split()[0]
    name = f"{settings.server_name}-preflight-{secrets.token_hex(4)}"
    try:
        lightsail.import_key_pair(keyPairName=name, publicKeyBase64=settings.ssh_public_key)
    except lightsail.exceptions.InvalidInputException as error:
        return Finding(
            f"key of the kind {kind}",
            f"Lightsail does not take it ({error}): make another with `ssh-keygen -t rsa -b 4096`.",
        )
    lightsail.delete_key_pair(keyPairName=name)
    return Finding(f"key of the kind {kind}")


def _blueprint(settings: InfraSettings, lightsail: BaseClient) -> Finding:
    active = [one["blueprintId"] for one in all_of(lightsail, "get_blueprints", "blueprints") if one.get("isActive")]
    return one_of("blueprint", settings.blueprint, active)


def _static_ips(settings: InfraSettings, lightsail: BaseClient) -> Finding:
    names = [one["name"] for one in all_of(lightsail, "get_static_ips", "staticIps")]
    taken = len(names)
    if taken >= MOST_STATIC_IPS and _address_name(settings) not in names:
        return Finding("static address", f"{taken} of {MOST_STATIC_IPS} are taken: release one, or ask AWS for more.")
    return Finding(f"static address, {taken} of {MOST_STATIC_IPS} taken")


def _name_is_free(settings: InfraSettings, lightsail: BaseClient) -> Finding:
    what = f"name {settings.instance_name}"
    for instance in all_of(lightsail, "get_instances", "instances"):
        if instance["name"] == settings.instance_name and not _is_ours(settings, instance):
            return Finding(what, "Another server of the account is called so: choose another serverName.")
    return Finding(what)


def _present_records(settings: InfraSettings, client: Clients, dns: PublicDns, name: str) -> Finding:
    what = f"records of {name}"
    seen = dns.records(name)
    own = _own_values(settings, client, dns, name) if seen else set()
    others = {(kind, value) for kind, value in seen if value not in own}
    if not others:
        return Finding(what)
    said = ", ".join(f"{kind} {value}" for kind, value in sorted(others))
    if settings.dns == "external" or (settings.dns == "route53" and not any(kind == "CNAME" for kind, _ in others)):
        return Finding(
            what, advice=f"The name leads elsewhere now ({said}); with the records of this stack it no longer does."
        )
    return Finding(what, f"The name leads elsewhere now ({said}): remove these records at {settings.dns} first.")


def _own_values(settings: InfraSettings, client: Clients, dns: PublicDns, name: str) -> set[str]:
    """Return what records of the name may say already: the server's addresses, or the balancer's name and its own."""
    if settings.has_server and name != settings.next_domain:
        return _own_addresses(settings, client("lightsail", settings.region))
    balancers = own_balancers(settings, client("elbv2", settings.region))
    return balancers | {value for balancer in balancers for _, value in dns.records(balancer)}


def _own_addresses(settings: InfraSettings, lightsail: BaseClient) -> set[str]:
    name = _address_name(settings)
    static = {one["ipAddress"] for one in all_of(lightsail, "get_static_ips", "staticIps") if one["name"] == name}
    ipv6 = (
        one.get("ipv6Addresses", ())
        for one in all_of(lightsail, "get_instances", "instances")
        if _is_ours(settings, one)
    )
    return static.union(*ipv6)


def _address_name(settings: InfraSettings) -> str:
    return f"{settings.server_name}-address"


def _apex(settings: InfraSettings, dns: PublicDns) -> Finding:
    what = f"place of {settings.domain}"
    if settings.is_apex or dns.name_servers(settings.domain):
        return Finding(
            what,
            advice="It is a zone of its own, and what is set there counts for all names below it: better one of those, "
            f"such as invoices.{settings.domain}.",
        )
    return Finding(what)


def _delegation(settings: InfraSettings, client: Clients, dns: PublicDns) -> Finding:
    what = f"domain {settings.domain}"
    if settings.dns == "external":
        return Finding(f"{what}: its records are printed by `pulumi up`, to be set where it is kept")
    ours = _name_servers_of_zone(settings, client)
    if not ours:
        return Finding(what, f"{settings.dns} has no zone {settings.dns_zone}: make it there first.")
    seen = dns.name_servers(settings.dns_zone)
    if not seen & ours:
        others = ", ".join(sorted(seen)) or "nobody"
        return Finding(
            what, f"{settings.dns_zone} is kept by {others}: set its name servers to {', '.join(sorted(ours))}."
        )
    return Finding(f"{what}, kept by {settings.dns}")


def _name_servers_of_zone(settings: InfraSettings, client: Clients) -> frozenset[str]:
    if settings.dns == "lightsail":
        domains = all_of(client("lightsail", DOMAINS_REGION), "get_domains", "domains")
        ours = (domain.get("domainEntries", ()) for domain in domains if domain["name"] == settings.dns_zone)
        return frozenset(one["target"].rstrip(".") for entries in ours for one in entries if one["type"] == "NS")
    route53 = client("route53", settings.region)
    for zone in route53.list_hosted_zones_by_name(DNSName=settings.dns_zone)["HostedZones"]:
        if zone["Name"].rstrip(".") == settings.dns_zone and not zone.get("Config", {}).get("PrivateZone"):
            return frozenset(route53.get_hosted_zone(Id=zone["Id"])["DelegationSet"]["NameServers"])
    return frozenset()


def _is_ours(settings: InfraSettings, instance: Mapping[str, Any]) -> bool:
    tags = {tag["key"]: tag.get("value") for tag in instance.get("tags", ())}
    return tags.get("ManagedBy") == "pulumi" and tags.get("Server", settings.server_name) == settings.server_name
