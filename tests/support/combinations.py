"""What a deployment is tried with: the system of the server, and the images that its stack is made of."""

import os

SYSTEMS = {"debian-13": "trixie", "debian-12": "bookworm", "ubuntu-24.04": "noble"}
IMAGES = ("stand-ins", "official")
SYSTEM_NAME, IMAGES_NAME = "E2E_SYSTEM", "E2E_IMAGES"


class CombinationError(Exception):
    """The message names what was chosen and what there is."""


def system() -> str:
    """Return the name of the server's system, by E2E_SYSTEM."""
    return _chosen(SYSTEM_NAME, "debian-13", tuple(SYSTEMS))


def are_official() -> bool:
    """Say whether the stack is made of the images that a public registry has, by E2E_IMAGES."""
    return _chosen(IMAGES_NAME, "stand-ins", IMAGES) == "official"


def _chosen(name: str, default: str, known: tuple[str, ...]) -> str:
    chosen = os.environ.get(name) or default
    if chosen not in known:
        raise CombinationError(f"{name}={chosen}: say one of {', '.join(known)}.")
    return chosen
