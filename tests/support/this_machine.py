"""How this machine reaches package registries, for images that have to reach them as it does.

Read at the time of a build and put into images for tests only: nothing of it stands in a committed file.
"""

import os
import re
import subprocess
from functools import cache
from pathlib import Path

from tests.support.docker_engine import EngineError

_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_NAMES_OF_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
_KEPT_OF_PIP = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout")
_KEPT_OF_APT = re.compile(r"^(Acquire::(https?::.+|Check-.+|Retries)) ")


@cache
def files() -> dict[str, str]:
    """Return what an image needs to reach the registries, by path."""
    authorities = {
        f"/usr/local/share/ca-certificates/machine-{number}.crt": certificate + "\n"
        for number, certificate in enumerate(sorted(_private_authorities()), 1)
    }
    return {**authorities, "/etc/pip.conf": _pip_conf(), "/etc/apt/apt.conf.d/99machine": apt_conf()}


@cache
def debian_mirrors(suite: str) -> list[str]:
    """Return the lines of a sources.list for a suite, from where this machine has its own; raises EngineError."""
    main = security = ""
    for line in _printed("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)").splitlines():
        uri, _, release = line.partition(" ")
        if "debian" in uri and release.endswith("-security"):
            security = uri.rstrip("/")
        elif "debian" in uri and re.fullmatch(r"[a-z]+", release):
            main = uri.rstrip("/")
    if not main:
        raise EngineError("apt knows no mirror of Debian on this machine: look at /etc/apt, then run `apt-get update`.")
    lines = [f"deb {main} {suite} main", f"deb {main} {suite}-updates main"]
    return [*lines, f"deb {security} {suite}-security main"] if security else lines


@cache
def apt_conf() -> str:
    """Return the settings of apt that say how its mirrors are reached."""
    kept = [line for line in _printed("apt-config", "dump").splitlines() if _KEPT_OF_APT.match(line)]
    kept += [
        f'Acquire::{name}::Proxy "{proxy}";'
        for name in ("http", "https")
        if (proxy := os.environ.get(f"{name}_proxy") or os.environ.get(f"{name.upper()}_PROXY"))
    ]
    return "".join(f"{line}\n" for line in kept)


def nameservers() -> str:
    """Return a resolv.conf whose servers can be reached from a container."""
    for path in (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        servers = [line for line in lines if line.startswith("nameserver") and " 127." not in line]
        if servers:
            return "\n".join(servers) + "\n"
    return "nameserver 9.9.9.9\n"


def _pip_conf() -> str:
    settings = {"cert": _BUNDLE}
    for line in _printed("pip", "config", "list").splitlines():
        name, _, value = line.partition("=")
        if (key := name.rpartition(".")[2]) in _KEPT_OF_PIP:
            settings[key] = value.strip("'\"").replace("\\n", "\n    ")
    proxy = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY")
    if proxy:
        settings.setdefault("proxy", proxy)
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


def _private_authorities() -> set[str]:
    """Return the certificates that this machine trusts beyond those of Debian's package."""
    named = {os.environ.get(name, "") for name in _NAMES_OF_BUNDLES} - {""}
    trusted = {certificate for path in {*named, _BUNDLE} for certificate in _certificates_in(Path(path))}
    packaged = Path("/usr/share/ca-certificates").rglob("*.crt")
    return trusted - {certificate for path in packaged for certificate in _certificates_in(path)}


def _certificates_in(path: Path) -> list[str]:
    return _CERTIFICATE.findall(path.read_text(encoding="utf-8")) if path.is_file() else []


def _printed(*command: str) -> str:
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60).stdout
    except FileNotFoundError:
        return ""
