"""The address of the site: a rented one moves along with it, any other is changed in the records of the domain."""

from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from provisioning.settings import HostSettings


def move_address(old: HostSettings, new: HostSettings) -> list[str]:
    """Give the rented address of the old server to the new one; return what is left to do by hand, line by line."""
    if not (old.instance_name and new.instance_name and old.region):
        return [f"Now set these records, with which the site moves: {_records(new, with_ipv4=True)}."]
    left = [f"Now set this record: {_records(new, with_ipv4=False)}."] if new.ipv6_address else []
    try:
        _attach(boto3.client("lightsail", region_name=old.region), old.instance_name, new.instance_name)
    except (BotoCoreError, ClientError, LookupError) as error:
        return [
            f"The address could not be moved ({error}). Run these two, with which the site moves:",
            *_commands(old, new),
            *left,
        ]
    return left


def _attach(lightsail: Any, old: str, new: str) -> None:  # noqa: ANN401  # boto3 has no types
    name = _address_of(lightsail, old)
    lightsail.detach_static_ip(staticIpName=name)
    try:
        lightsail.attach_static_ip(staticIpName=name, instanceName=new)
    except (BotoCoreError, ClientError):
        lightsail.attach_static_ip(staticIpName=name, instanceName=old)
        raise


def _address_of(lightsail: Any, instance: str) -> str:  # noqa: ANN401  # boto3 has no types
    for page in lightsail.get_paginator("get_static_ips").paginate():
        for one in page["staticIps"]:
            if one.get("attachedTo") == instance:
                return str(one["name"])
    raise LookupError(f"no static address is attached to {instance}")


def _commands(old: HostSettings, new: HostSettings) -> list[str]:
    name = f"--region {old.region} --static-ip-name {old.server_name}-address"
    return [
        f"aws lightsail detach-static-ip {name}",
        f"aws lightsail attach-static-ip {name} --instance-name {new.instance_name}",
    ]


def _records(new: HostSettings, *, with_ipv4: bool) -> str:
    ipv4 = [f"{new.domain} A {new.host}"] if with_ipv4 else []
    return ", ".join([*ipv4, *([f"{new.domain} AAAA {new.ipv6_address}"] if new.ipv6_address else [])])
