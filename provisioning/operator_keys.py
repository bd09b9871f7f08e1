"""The public keys that log in as the login user of a server: its operators."""

import shlex
from collections.abc import Callable

from provisioning import public_keys
from provisioning.accounts import home_of
from provisioning.host import Host
from provisioning.public_keys import PublicKey
from provisioning.safe_replace import replace_safely


def of_server(host: Host, user: str) -> list[PublicKey]:
    return public_keys.keys_in(_text(host, user))


def add(host: Host, user: str, key: PublicKey, can_still_connect: Callable[[], bool]) -> None:
    """Raise HostError if nobody could connect afterwards; the file is as it was then."""
    _replace(host, user, public_keys.with_line(_text(host, user), key.line), can_still_connect)


def remove(host: Host, user: str, key: PublicKey, can_still_connect: Callable[[], bool]) -> None:
    """Raise HostError if nobody could connect afterwards; the file is as it was then."""
    _replace(host, user, public_keys.without(_text(host, user), key), can_still_connect)


def _replace(host: Host, user: str, text: str, can_still_connect: Callable[[], bool]) -> None:
    path = _path(host, user)
    group = host.run("id", "-gn", user).out.strip()
    replace_safely(
        host,
        path,
        text,
        valid=("ssh-keygen", "-lf", "{}"),
        check=lambda: None,
        apply=shlex.join(("chown", f"{user}:{group}", path)),  # sshd reads it with the rights of its user
        without="true",
        can_still_connect=can_still_connect,
    )


def _path(host: Host, user: str) -> str:
    return f"{home_of(host, user)}/.ssh/authorized_keys"


def _text(host: Host, user: str) -> str:
    return host.read(_path(host, user)) or ""
