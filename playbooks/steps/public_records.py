"""The DNS records of the domain as the public sees them: unless they lead to the server, it gets no certificate."""

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address, ip_network

import dns.exception
import dns.flags
import dns.name
import dns.resolver

from playbooks.steps.session import RefusedError
from provisioning.host import Host
from provisioning.settings import HostSettings

_ISSUER = "letsencrypt.org"
_SECONDS = 5
_TTL = 300
_SERVERS_ASKED = 4
# A server that is reached by such an address has a public one that only its owner knows.
_NOT_PUBLIC = [
    ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
]


def missing(settings: HostSettings) -> list[str]:
    """Return a line for each record that is to be changed, and what it is now; raises RefusedError if DNS is silent."""
    if is_not_public(settings.host):
        return []
    domains = [settings.domain, *filter(None, [settings.automation_domain])]
    return [line for domain in domains for line in _missing_of(domain, settings)]


def _missing_of(domain: str, settings: HostSettings) -> list[str]:
    wanted = {"A": settings.host, "AAAA": settings.ipv6_address}
    lines = [_line(domain, kind, value, public_values(domain, kind)) for kind, value in wanted.items()]
    return [line for line in (*lines, _issuer(domain)) if line]


def require_for_certificate(host: Host, settings: HostSettings) -> None:
    """Raise RefusedError if the server has no certificate of the domain, and would get none."""
    if has_certificate(host, settings.domain):
        return
    if is_not_public(settings.host):
        return
    if lines := _missing_of(settings.domain, settings):
        listed = "\n".join(f"  {line}" for line in lines)
        raise RefusedError(
            f"{settings.domain} would get no certificate, as its records do not lead to this server. Set these where "
            f"the domain is kept, wait with `fab records --wait`, and deploy again:\n{listed}"
        )


def has_certificate(host: Host, domain: str) -> bool:
    """Return whether the proxy has one that browsers trust, expired or not."""
    inspect = ("docker", "volume", "inspect", "--format", "{{.Mountpoint}}", "invoices_certificates")
    folder = host.run(*inspect, check=False).out.strip()
    trusted = ("-not", "-path", "*/local/*", "-not", "-path", "*-staging-*")
    return bool(folder and host.run("find", folder, "-name", f"{domain}.crt", *trusted, check=False).out.strip())


def public_values(name: str, kind: str) -> frozenset[str]:
    """Ask the servers of the zone, which have no older answer in a cache; raises RefusedError if none answers."""
    for resolver in _resolvers(name):
        try:
            found = resolver.resolve(name, kind, lifetime=_SECONDS, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return frozenset()
        except (dns.exception.DNSException, OSError):
            continue
        if found.rrset is not None:
            return frozenset(value.to_text() for value in found.rrset)
        is_final = found.response.flags & dns.flags.AA and found.canonical_name == found.qname
        if is_final or resolver is dns.resolver.get_default_resolver():
            return frozenset()
    raise RefusedError(f"No DNS server answers for {name}: see that this machine reaches the internet.")


def _resolvers(name: str) -> Iterator[dns.resolver.Resolver]:
    with suppress(dns.exception.DNSException, OSError):
        yield _of_zone(name)
    yield dns.resolver.get_default_resolver()


def _of_zone(name: str) -> dns.resolver.Resolver:
    # The zone of the parent: asked for a name that is not there yet, a resolver would remember that for hours.
    asked = dns.name.from_text(name)
    zone = dns.resolver.zone_for_name(asked.parent() if _depth(asked) > 2 else asked, lifetime=_SECONDS)
    names = [server.target for server in dns.resolver.resolve(zone, "NS", lifetime=_SECONDS)][:_SERVERS_ASKED]
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [
        address.to_text() for server in names for address in dns.resolver.resolve(server, "A", lifetime=_SECONDS)
    ]
    return resolver


def _line(domain: str, kind: str, value: str, seen: frozenset[str]) -> str:
    """Return how the record is to be set, empty if it is so."""
    now = ", ".join(sorted(seen)) or "nothing"
    if not value:
        return f"no {kind} record of {domain} (now: {now})" if seen else ""
    return "" if _same(seen, value) else f"{domain}. {_TTL} IN {kind} {value} (now: {now})"


def _same(seen: frozenset[str], value: str) -> bool:
    return {ip_address(one) for one in seen} == {ip_address(value)}


def _issuer(domain: str) -> str:
    """Return the CAA record to set, empty if Let's Encrypt may issue: the nearest name that has any counts."""
    name = dns.name.from_text(domain)
    while _depth(name) > 1:
        seen = public_values(name.to_text(omit_final_dot=True), "CAA")
        if seen:
            issuers = [text.split('"')[1] for text in seen if text.split()[1] == "issue"]
            allowed = not issuers or any(one.partition(";")[0].strip() == _ISSUER for one in issuers)
            now = ", ".join(sorted(seen))
            return "" if allowed else f'{domain}. {_TTL} IN CAA 0 issue "{_ISSUER}" (now: {now})'
        name = name.parent()
    return ""


def _depth(name: dns.name.Name) -> int:
    """Return 1 for a top-level domain."""
    return len(name.labels) - 1


def is_not_public(host: str) -> bool:
    """Tell whether the records of its domain cannot be known from its address: a private one, or a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return True
    return any(address in network for network in _NOT_PUBLIC)
