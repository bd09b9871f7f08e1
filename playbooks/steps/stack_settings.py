"""The stack's settings on a server: from the server's own settings, and from the operator's file."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from playbooks.steps.inventory import ROOT
from playbooks.steps.session import STACK
from playbooks.steps.stack import SETTINGS
from provisioning import ensure
from provisioning.change import Change
from provisioning.host import Host
from provisioning.settings import HostSettings, HostSettingsError

_WATCHING_KEY = "/etc/invoices/aws.json"
_APPLIED = "/etc/invoices/stack.applied.env"
FOLDER = ROOT
_OURS = {"DATABASE_URL", "DATA_DIR", "HOST", "PORT", "PUBLIC_URL", "SECRET_KEY", "TRUSTED_PROXIES", "VERSION"}
_MAIL_SERVER = "SMTP_URL"
# Of providers whose tokens and keys come from other hosts than the one that signs in.
_SEVERAL_HOSTS = {
    "accounts.google.com": {"OIDC_EXCHANGE_HOST": "oauth2.googleapis.com", "OIDC_KEYS_HOST": "www.googleapis.com"}
}
_CERTIFICATES = {"production", "staging", "internal"}


def file_of(stack: str) -> Path:
    """Return the operator's file: `server.env`, or `server.STACK.env` for any stack but the default one."""
    return FOLDER / ("server.env" if stack == STACK else f"server.{stack}.env")


def chosen_in(path: Path) -> dict[str, str]:
    """Return what the operator's file says, nothing without one; raises HostSettingsError for what it must not say."""
    added = {name: value or "" for name, value in (dotenv_values(path) if path.exists() else {}).items()}
    if refused := sorted(_OURS & added.keys()):
        raise HostSettingsError(f"{path.name}: {', '.join(refused)} is set by the stack itself: take it out.")
    if _MAIL_SERVER in added:
        raise HostSettingsError(
            f"{path.name}: {_MAIL_SERVER} holds a password: take it out, and run `fab secrets --mail`."
        )
    if "OIDC_CLIENT_SECRET" in added:
        raise HostSettingsError(
            f"{path.name}: OIDC_CLIENT_SECRET is secret: take it out, and run `fab secrets --oidc`."
        )
    return added


def wanted(settings: HostSettings, path: Path) -> dict[str, str]:
    """Let the file's settings, if it exists, come on top; raises HostSettingsError."""
    added = chosen_in(path)
    if added.get("CERTIFICATES", "production") not in _CERTIFICATES:
        raise HostSettingsError(f"{path.name}: CERTIFICATES is none of {', '.join(sorted(_CERTIFICATES))}.")
    if "automation" in added.get("COMPOSE_PROFILES", "").split(","):
        raise HostSettingsError(
            f"{path.name}: COMPOSE_PROFILES cannot switch the automation on: take it out, and set automation to true, "
            "in the stack's configuration or the server's JSON file."
        )
    ours = {
        "DOMAIN": settings.domain,
        "CERTIFICATES": "production",
        "PROXY_DIR": "/opt/invoices/proxy",
        "EDGE_IPV6": "true" if settings.ipv6_address else "false",
        "ARCHIVE_MODE": "on",
        "BACKUPS_DIR": "/var/lib/invoices/backups",
        "REPORTS_DIR": "/reports",
        "REPORTS_FROM": "/var/lib/invoices/reports",
        "INBOX_FROM": "/srv/inbox",
        **_bucket(settings),
        **_automation(settings),
        **_provider(added.get("OIDC_ISSUER", ""), path),
    }
    optional = {"bucket": bool(settings.backup_bucket), "automation": settings.automation}
    optional["oidc"] = bool(added.get("OIDC_ISSUER"))
    profiles = [
        *(profile for profile, is_wanted in optional.items() if is_wanted),
        *added.pop("COMPOSE_PROFILES", "").split(","),
    ]
    return {**ours, **added, "COMPOSE_PROFILES": ",".join(filter(None, profiles))}


def _bucket(settings: HostSettings) -> dict[str, str]:
    """Return where backups go: to a folder of the server where no bucket is rented."""
    if not settings.backup_bucket:
        return {"BACKUP_PLACE": "file:///backups"}
    endpoint = settings.backup_endpoint or f"s3.{settings.region}.amazonaws.com"
    address = urlsplit(f"//{endpoint}")
    of_aws = str(address.hostname).endswith(".amazonaws.com")
    return {
        "BACKUP_PLACE": f"s3://{settings.backup_bucket}",
        "BACKUP_ENDPOINT": f"https://{endpoint}",
        "BACKUP_REGION": settings.region or "us-east-1",
        "BACKUP_CA_FILE": "/run/secrets/authority.pem" if settings.backup_authority else "",
        # Amazon's buckets have a name of their own, those of other stores are a folder below the store's.
        "BUCKET_HOST": f"{settings.backup_bucket}.{address.hostname}" if of_aws else str(address.hostname),
        "BUCKET_PORT": str(address.port or 443),
    }


def _provider(issuer: str, path: Path) -> dict[str, str]:
    """Return the hosts that the gate of the app lets through; the file names those that are others."""
    if not issuer:
        return {}
    address = urlsplit(issuer)
    if address.scheme != "https" or not address.hostname or address.port not in {None, 443}:
        raise HostSettingsError(f"{path.name}: OIDC_ISSUER must be an https:// address without a port.")
    host = address.hostname
    return {
        "OIDC_ISSUER_HOST": host,
        "OIDC_EXCHANGE_HOST": host,
        "OIDC_KEYS_HOST": host,
        **_SEVERAL_HOSTS.get(host, {}),
    }


def _automation(settings: HostSettings) -> dict[str, str]:
    if not settings.automation:
        return {"AUTOMATION": "off"}
    return {
        "AUTOMATION": "on",
        "AUTOMATION_DOMAIN": settings.automation_domain,
        "AUTOMATION_NETWORKS": " ".join(settings.editor_networks),
        "WEBHOOK_PRIVATE_HOSTS": "n8n:5678",
    }


def noted(host: Host) -> dict[str, str]:
    """Return the settings that the server has, none before its first deploy."""
    values = dotenv_values(stream=StringIO(host.read(SETTINGS) or ""), interpolate=False)
    return {name: value or "" for name, value in values.items()}


def ensure_settings(host: Host, values: dict[str, str]) -> Change:
    """Let only root read the file; the returned diff hides the values."""
    lines = [f"{name}={_quoted(value)}" for name, value in sorted(values.items()) if value]
    change = ensure.file(host, SETTINGS, "".join(f"{line}\n" for line in lines), mode="0600")
    return replace(change, diff="other values" if change.changed else "")


def ensure_watching_key(host: Host, settings: HostSettings, path: Path) -> None:
    """Let the server send its figures, and tell the watchdog of WATCHDOG_URL that all is well."""
    sends = bool(settings.metric_namespace or settings.log_group or settings.disk_secret)
    key = {
        "region": settings.region,
        "access_key_id": settings.aws_access_key_id if sends else "",
        "secret_access_key": settings.aws_secret_access_key if sends else "",
        "namespace": settings.metric_namespace,
        "server": settings.server_name,
        "watchdog_url": wanted(settings, path).get("WATCHDOG_URL", ""),
    }
    ensure.file(host, _WATCHING_KEY, json.dumps(key) + "\n", mode="0600")


def are_applied(host: Host) -> bool:
    """Return whether what serves was started with the current settings: a deploy may have failed in between."""
    return host.run("cmp", "--silent", SETTINGS, _APPLIED, check=False).ok


def note_applied(host: Host) -> None:
    host.act("cp", "--preserve", SETTINGS, _APPLIED)


def _quoted(value: str) -> str:
    return value if value.isascii() and not set(value) & set(" \t#'\"$\\") else "'" + value.replace("'", "\\'") + "'"
