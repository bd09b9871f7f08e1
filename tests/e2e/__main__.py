"""Start and stop a test instance by hand: `python -m tests.e2e start`, then `ssh -F … instance`."""

import argparse
import sys

from tests.support import combinations
from tests.support import instance as instances
from tests.support.docker_engine import EngineError, why_there_is_none

VERBS = {
    "start": "start one anew, and all that it takes",
    "show": "say how it is reached",
    "kill": "take its power away",
    "boot": "give it power again",
    "disconnect": "cut it off from the network",
    "reconnect": "give it its network again",
    "stop": "remove it with all that it holds",
}


def main() -> int:
    """Do what the command line says; print how the instance is reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e", description=__doc__)
    parser.add_argument("verb", choices=VERBS, help="; ".join(f"{verb}: {text}" for verb, text in VERBS.items()))
    parser.add_argument("name", nargs="?", default="instance", help="what the instance is called (default: instance)")
    parser.add_argument("--system", choices=combinations.SYSTEMS, help="what it boots (default: E2E_SYSTEM, debian-13)")
    given = parser.parse_args()
    if reason := why_there_is_none():
        print(f"Not here: {reason}.", file=sys.stderr)
        return 1
    try:
        if given.verb == "start":
            show(instances.start(given.name, system=given.system or ""))
        elif given.verb == "show":
            show(instances.found(given.name))
        else:
            getattr(instances.found(given.name), given.verb)()
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def show(instance: instances.Instance) -> None:
    """Print what it takes to reach an instance."""
    print(f"address      {instance.address} {instance.ipv6_address}")
    print(f"user         {instances.USER}")
    print(f"host key     {instance.host_key}")
    print(f"identity     {instance.identity}")
    print(f"known hosts  {instance.known_hosts}")
    print(f"sign in      ssh -F {instance.ssh_config} {instance.name}")
    print(f"root, no SSH docker exec -it {instance.container} bash")


if __name__ == "__main__":
    sys.exit(main())
