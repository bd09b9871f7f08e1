"""The settings of the app that an operator chose in `server.env`, as its tasks get them."""

from collections.abc import Mapping
from typing import Any

from playbooks.steps.backup_key import NAME as _RECIPIENT
from playbooks.steps.stack_settings import chosen_in, file_of

CONTAINERS = frozenset({"app", "worker", "once"})
# What else the file says is for a machine: sizes, networks, folders, services beside the app.
NAMES = frozenset({
    "ALLOWED_ADDRESSES", "API_REQUESTS_PER_MINUTE", "CURRENCY", "LOG_FORMAT", "LOG_LEVEL", "MAIL_FROM",
    "OIDC_CLIENT_ID", "OIDC_ISSUER", "OIDC_NAME", "OIDC_ONLY", "REQUIRE_SECOND_FACTOR", "SESSION_HOURS",
    "SESSION_IDLE_MINUTES", "TIME_ZONE", "WEBHOOK_PRIVATE_HOSTS", "WORKBOOK_MAX_CELLS", "WORKBOOK_MAX_ENTRIES",
    "WORKBOOK_MAX_MEGABYTES", "WORKBOOK_MAX_ROWS", "WORKBOOK_MAX_SECONDS", "WORKBOOK_MAX_UNPACKED_MEGABYTES",
})  # fmt: skip


def chosen(stack: str) -> dict[str, str]:
    """Return those of the stack's file by name; raises HostSettingsError for what it must not say."""
    return {name: value for name, value in sorted(chosen_in(file_of(stack)).items()) if name in NAMES and value}


def chosen_recipient(stack: str) -> str:
    return chosen_in(file_of(stack)).get(_RECIPIENT, "")


def with_settings(container: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, Any]:
    """Return the container with these in the place of those that a deploy gave it before."""
    if container["name"] not in CONTAINERS:
        return dict(container)
    own = [one for one in container.get("environment", ()) if one["name"] not in NAMES]
    added = [{"name": name, "value": value} for name, value in settings.items()]
    return {**container, "environment": [*own, *added]}
