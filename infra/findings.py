"""What the checks before renting share: a finding for each, and how AWS and public DNS are asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError

Clients = Callable[[str, str], BaseClient]  # boto3.client, given service and region
Record = tuple[str, str]  # type and value


class PublicDns(Protocol):
    """What everybody is answered about a name; nothing where the query fails."""

    def name_servers(self, zone: str) -> frozenset[str]: ...

    def records(self, domain: str) -> frozenset[Record]:
        """Return those that lead somewhere: the CNAME alone, else A and AAAA."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked; what is wrong with it, or worth knowing, each empty if nothing is."""

    what: str
    wrong: str = ""
    advice: str = ""


def asked(what: str, check: Callable[..., Finding], *arguments: object) -> Finding:
    try:
        return check(*arguments)
    except ClientError as error:
        return Finding(what, f"AWS refuses to say: {error}.")
    except BotoCoreError as error:
        return Finding(what, f"AWS cannot be asked: {error}.")


def all_of(client: BaseClient, operation: str, key: str) -> list[dict[str, Any]]:
    pages = client.get_paginator(operation).paginate()
    return [item for page in pages for item in page.get(key, ())]


def one_of(what: str, wanted: str, offered: list[str]) -> Finding:
    if wanted in offered:
        return Finding(f"{what} {wanted}")
    return Finding(f"{what} {wanted}", f"There is no such {what} now: {', '.join(sorted(offered))}.")
