"""The rules as plain functions: each takes a resource and yields a sentence for each thing wrong with it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.prices import BUNDLES, ITEMS

Properties = Mapping[str, Any]

_EVERYBODY = {"0.0.0.0/0", "::/0"}
_SSH = 22
_BUDGET = "aws:budgets/budget:Budget"
_HOLDS_DATA = {
    "aws:lightsail/instance:Instance",
    "aws:lightsail/staticIp:StaticIp",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
}
_POLICIES = {"aws:iam/userPolicy:UserPolicy", "aws:iam/groupPolicy:GroupPolicy", "aws:s3/bucketPolicy:BucketPolicy"}
_PRICED = {
    "aws:s3/bucket:Bucket": "backups",
    "aws:route53/healthCheck:HealthCheck": "outside_check",
    "aws:secretsmanager/secret:Secret": "secrets_manager",
    "aws:cloudwatch/logGroup:LogGroup": "logs",
}
_TAGGED = {
    "aws:lightsail/instance:Instance",
    "aws:lightsail/keyPair:KeyPair",
    "aws:s3/bucket:Bucket",
    "aws:iam/user:User",
    "aws:sns/topic:Topic",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:route53/healthCheck:HealthCheck",
    _BUDGET,
    "aws:secretsmanager/secret:Secret",
}


@dataclass(frozen=True, slots=True)
class Resource:
    kind: str
    properties: Properties
    is_protected: bool


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    description: str
    faults: Callable[[Resource], Iterator[str]]


def _ssh_from_everywhere(resource: Resource) -> Iterator[str]:
    if resource.kind != "aws:lightsail/instancePublicPorts:InstancePublicPorts":
        return
    for port in resource.properties.get("portInfos") or ():
        if not _includes(port, _SSH):
            continue
        cidrs = {*(port.get("cidrs") or ()), *(port.get("ipv6Cidrs") or ())}
        if not cidrs and not port.get("cidrListAliases"):
            yield "SSH names no networks, which Lightsail takes for everybody."
        for cidr in sorted(cidrs & _EVERYBODY):
            yield f"SSH is open to everybody ({cidr})."


def _public_or_unlocked(resource: Resource) -> Iterator[str]:
    properties = resource.properties
    if resource.kind == "aws:s3/bucket:Bucket":
        if not properties.get("objectLockEnabled"):
            yield "The bucket cannot lock its objects."
        if properties.get("forceDestroy"):
            yield "The bucket would be deleted with all that it holds."
    elif resource.kind == "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":
        for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
            if not properties.get(name):
                yield f"The bucket may become public: {name} is off."
    elif resource.kind == "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration":
        kept = ((properties.get("rule") or {}).get("defaultRetention")) or {}
        if not kept.get("days") and not kept.get("years"):
            yield "Objects are not locked for any time."


def _unprotected(resource: Resource) -> Iterator[str]:
    if resource.kind in _HOLDS_DATA and not resource.is_protected:
        yield "It holds what cannot be had again, and is not protected."


def _all_actions(resource: Resource) -> Iterator[str]:
    if resource.kind not in _POLICIES:
        return
    for statement in _statements(resource.properties.get("policy")):
        for action in _as_list(statement.get("Action")) if statement.get("Effect") == "Allow" else ():
            if "*" in action:
                yield f"It allows {action}: name the actions."


def _untagged(resource: Resource) -> Iterator[str]:
    if resource.kind in _TAGGED and not (resource.properties.get("tags") or {}).get("Project"):
        yield "It has no tag Project."


def _silent_alarm(resource: Resource) -> Iterator[str]:
    if resource.kind == "aws:cloudwatch/metricAlarm:MetricAlarm" and not resource.properties.get("alarmActions"):
        yield "The alarm tells nobody."


RULES = (
    Rule("no-ssh-from-everywhere", "SSH is answered to named networks only.", _ssh_from_everywhere),
    Rule("bucket-closed-and-locked", "Buckets are never public and always locked.", _public_or_unlocked),
    Rule("data-is-protected", "What holds data is protected.", _unprotected),
    Rule("actions-are-named", "No policy allows all actions.", _all_actions),
    Rule("everything-is-tagged", "Everything that can be is tagged.", _untagged),
    Rule("alarms-tell-somebody", "Every alarm has somebody to tell.", _silent_alarm),
)


def above_budget(resources: Iterable[Resource], otherwise: Decimal) -> Iterator[str]:
    """Yield a sentence if all resources together cost more a month than the budget, by the prices of `prices.toml`.

    The budget in dollars is the limit of the stack's own budget alarm, else `otherwise`.
    """
    resources = list(resources)
    cost = sum((_cost(resource) for resource in resources), Decimal(0))
    budget = min(
        (Decimal(one.properties["limitAmount"]) for one in resources if one.kind == _BUDGET), default=otherwise
    )
    if cost > budget:
        yield f"The stack costs ${cost:.2f} a month, above the budget of ${budget:.2f}."


def _cost(resource: Resource) -> Decimal:
    if resource.kind == "aws:lightsail/instance:Instance":
        bundle = BUNDLES.get(resource.properties.get("bundleId") or "")
        return bundle.dollars if bundle else Decimal(0)
    item = _PRICED.get(resource.kind)
    return ITEMS[item].dollars if item else Decimal(0)


def _includes(port: Properties, wanted: int) -> bool:
    if port.get("protocol") == "all":
        return True
    return port.get("protocol") == "tcp" and port.get("fromPort", 0) <= wanted <= port.get("toPort", 65_535)


def _statements(policy: object) -> list[dict[str, Any]]:
    if not isinstance(policy, str):  # unknown until it is created
        return []
    found = json.loads(policy).get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _as_list(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []
