"""What `fab verify` asks of a cluster: each control returns what is wrong, nothing where it is kept."""

import http.client
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from playbooks.cluster import database, releases
from playbooks.steps import aws
from playbooks.steps.public_check import wait_until_served
from playbooks.steps.session import ClusterSession
from provisioning.host import HostError

Control = Callable[[ClusterSession], str]

_BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_TLS_POLICIES = ("ELBSecurityPolicy-TLS13-1-2", "ELBSecurityPolicy-TLS13-1-3")
_HEADERS = ("Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options")
_SECONDS = 10


def site_answers_over_https(found: ClusterSession) -> str:
    try:
        wait_until_served(found.settings.public_host, found.settings.domain, seconds=0)
    except HostError as error:
        return str(error)
    return ""


def plain_http_leads_to_https(found: ClusterSession) -> str:
    connection = http.client.HTTPConnection(found.settings.public_host, timeout=_SECONDS)
    try:
        connection.request("GET", "/", headers={"Host": found.settings.domain})
        answer = connection.getresponse()
        leads_to = answer.getheader("Location") or ""
    except (OSError, http.client.HTTPException) as error:
        return f"port 80 does not answer: {error}"
    finally:
        connection.close()
    return "" if leads_to.startswith("https://") else f"port 80 answers {answer.status}, and leads to {leads_to!r}"


def pages_have_security_headers(found: ClusterSession) -> str:
    connection = http.client.HTTPSConnection(found.settings.domain, timeout=_SECONDS)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        return f"https://{found.settings.domain} does not answer: {error}"
    finally:
        connection.close()
    missing = [name for name in _HEADERS if not answer.getheader(name)]
    return f"missing: {', '.join(missing)}" if missing else ""


def balancer_takes_new_tls_only(found: ClusterSession) -> str:
    listed = found.aws.client("elbv2").describe_listeners(ListenerArns=[found.settings.listener_arn])["Listeners"]
    policy = str(listed[0].get("SslPolicy", ""))
    return "" if policy.startswith(_TLS_POLICIES) else f"the listener's policy is {policy or 'none'}"


def database_is_encrypted(found: ClusterSession) -> str:
    return "" if database.described(found).get("StorageEncrypted") else "its storage is not encrypted"


def database_is_in_two_zones(found: ClusterSession) -> str:
    return "" if database.described(found)["MultiAZ"] else "MultiAZ is off"


def database_is_protected_from_deletion(found: ClusterSession) -> str:
    return "" if database.described(found)["DeletionProtection"] else "deletion protection is off"


def database_keeps_backups_of_14_days(found: ClusterSession) -> str:
    days = database.described(found)["BackupRetentionPeriod"]
    return "" if days >= 14 else f"it keeps those of {days} days"


def database_is_not_public(found: ClusterSession) -> str:
    return "it has a public address" if database.described(found)["PubliclyAccessible"] else ""


def buckets_are_closed_to_the_public(found: ClusterSession) -> str:
    return _of_each_bucket(found, _openness)


def buckets_keep_versions(found: ClusterSession) -> str:
    return _of_each_bucket(found, _without_versions)


def only_the_balancer_is_reachable(found: ClusterSession) -> str:
    """Look at the groups of tasks and database: they let other groups in, and no address."""
    ec2 = found.aws.client("ec2")
    groups = {
        found.settings.task_security_group,
        *(one["VpcSecurityGroupId"] for one in database.described(found)["VpcSecurityGroups"]),
    }
    described = ec2.describe_security_groups(GroupIds=sorted(groups))["SecurityGroups"]
    is_open = [one["GroupId"] for one in described if any(_addresses(rule) for rule in one["IpPermissions"])]
    return f"addresses are let in by {', '.join(is_open)}" if is_open else ""


def tasks_cannot_write_their_disk(found: ClusterSession) -> str:
    return _of_each_container(found, lambda one: "" if one.get("readonlyRootFilesystem") else "writes its own disk")


def tasks_are_not_root(found: ClusterSession) -> str:
    return _of_each_container(
        found, lambda one: "is root" if str(one.get("user") or "root").startswith(("0", "root")) else ""
    )


def tasks_run_images_by_digest(found: ClusterSession) -> str:
    return _of_each_container(found, lambda one: "" if "@sha256:" in one["image"] else f"runs {one['image']}")


def services_go_back_by_themselves(found: ClusterSession) -> str:
    services = (found.settings.app_service, found.settings.worker_service)
    wrong = [name for name in services if not _has_breaker(releases.service(found, name))]
    return f"no circuit breaker rolls back {', '.join(wrong)}" if wrong else ""


CONTROLS: tuple[Control, ...] = (
    site_answers_over_https,
    plain_http_leads_to_https,
    pages_have_security_headers,
    balancer_takes_new_tls_only,
    database_is_encrypted,
    database_is_in_two_zones,
    database_is_protected_from_deletion,
    database_keeps_backups_of_14_days,
    database_is_not_public,
    buckets_are_closed_to_the_public,
    buckets_keep_versions,
    only_the_balancer_is_reachable,
    tasks_cannot_write_their_disk,
    tasks_are_not_root,
    tasks_run_images_by_digest,
    services_go_back_by_themselves,
)


def _of_each_bucket(found: ClusterSession, wrong: Callable[[Any, str], str]) -> str:
    s3 = found.aws.client("s3")
    buckets = filter(None, (found.settings.files_bucket, found.settings.backup_bucket))
    return "; ".join(filter(None, (wrong(s3, bucket) for bucket in buckets)))


def _openness(s3: Any, bucket: str) -> str:  # noqa: ANN401  # boto3 has no types
    try:
        blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if aws.code(error) != "NoSuchPublicAccessBlockConfiguration":
            raise
        blocked = {}
    return "" if all(blocked.get(name) for name in _BLOCKED) else f"{bucket} is not closed to the public"


def _without_versions(s3: Any, bucket: str) -> str:  # noqa: ANN401  # boto3 has no types
    state = s3.get_bucket_versioning(Bucket=bucket).get("Status", "off")
    return "" if state == "Enabled" else f"versions of {bucket} are {state}"


def _addresses(rule: Mapping[str, Any]) -> list[str]:
    return [
        *(one["CidrIp"] for one in rule.get("IpRanges", ())),
        *(one["CidrIpv6"] for one in rule.get("Ipv6Ranges", ())),
        *(one["PrefixListId"] for one in rule.get("PrefixListIds", ())),
    ]


def _of_each_container(found: ClusterSession, wrong: Callable[[Mapping[str, Any]], str]) -> str:
    services = (found.settings.app_service, found.settings.worker_service)
    return "; ".join(
        f"{container['name']} of {service} {problem}"
        for service in services
        for container in _containers(found, service)
        if (problem := wrong(container))
    )


def _containers(found: ClusterSession, service: str) -> list[dict[str, Any]]:
    revision = releases.service(found, service)["taskDefinition"]
    definition = found.aws.client("ecs").describe_task_definition(taskDefinition=revision)["taskDefinition"]
    containers: list[dict[str, Any]] = definition["containerDefinitions"]
    return containers


def _has_breaker(service: Mapping[str, Any]) -> bool:
    breaker = service.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    return bool(breaker.get("enable") and breaker.get("rollback"))
