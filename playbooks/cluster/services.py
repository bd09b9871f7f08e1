"""The services of a cluster: let one run another revision, and say in one sentence why it does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError
from botocore.waiter import WaiterModel, create_waiter_with_client

from playbooks.cluster import releases, task_definitions
from playbooks.steps.session import ClusterError, ClusterSession

_PAUSE_SECONDS = 5
_TRIES = 240  # 20 minutes
_FAILED = {"EssentialContainerExited", "TaskFailedToStart"}


@dataclass(frozen=True, slots=True)
class Rolled:
    """A service, the revision that it is to run, and how many tasks of it."""

    name: str
    revision: str
    tasks: int


def roll(found: ClusterSession, wanted: list[Rolled], version: str) -> None:
    """Let the services run these revisions in new tasks, and wait until they do.

    If one does not, all go back to the revisions before, and ClusterError says why.
    """
    before = {one.name: str(releases.service(found, one.name)["taskDefinition"]) for one in wanted}
    begun = {one.name: _update(found, one) for one in wanted}
    try:
        for one in wanted:
            _wait(found, one.name, begun[one.name])
    except WaiterError as error:
        raise _failed(found, wanted, before, version) from error


def rolled_again(found: ClusterSession, release: releases.ClusterRelease) -> list[Rolled]:
    """Return app and worker at the revisions of the release."""
    settings, size = found.settings, found.settings.size
    return [
        Rolled(settings.app_service, release.revisions[settings.app_family], size.app_tasks),
        Rolled(settings.worker_service, release.revisions[settings.worker_family], size.worker_tasks),
    ]


def _update(found: ClusterSession, wanted: Rolled) -> str:
    """Return the id of the deployment that was begun."""
    answer = found.aws.client("ecs").update_service(
        cluster=found.settings.ecs_cluster,
        service=wanted.name,
        taskDefinition=wanted.revision,
        desiredCount=wanted.tasks,
        forceNewDeployment=True,  # what tasks read as they start may have changed
    )
    return next(str(one["id"]) for one in answer["service"]["deployments"] if one["status"] == "PRIMARY")


def _wait(found: ClusterSession, service: str, deployment: str) -> None:
    ecs = found.aws.client("ecs")
    create_waiter_with_client("DeploymentCompleted", _waiter(deployment), ecs).wait(
        cluster=found.settings.ecs_cluster, services=[service]
    )


def _waiter(deployment: str) -> WaiterModel:
    """AWS's own `services_stable` is content as well once the circuit breaker has gone back to the revision before."""
    this = f"services[0].deployments[?id=='{deployment}']"
    acceptors = [
        {"matcher": "path", "argument": f"{this} | [0].rolloutState", "expected": "COMPLETED", "state": "success"},
        {"matcher": "path", "argument": f"{this} | [0].rolloutState", "expected": "FAILED", "state": "failure"},
        {"matcher": "path", "argument": f"length({this})", "expected": 0, "state": "failure"},
    ]
    operation = {
        "operation": "DescribeServices", "delay": _PAUSE_SECONDS, "maxAttempts": _TRIES, "acceptors": acceptors
    }  # fmt: skip
    return WaiterModel({"version": 2, "waiters": {"DeploymentCompleted": operation}})


def _failed(found: ClusterSession, wanted: list[Rolled], before: Mapping[str, str], version: str) -> ClusterError:
    reason = _reason(found, wanted)
    now = {one.name: str(releases.service(found, one.name)["taskDefinition"]) for one in wanted}
    goes_back = bool(releases.served(found))  # at first there are Pulumi's revisions only, without an image
    if goes_back:
        for one in wanted:
            if now[one.name] != before[one.name]:
                _update(found, Rolled(one.name, before[one.name], one.tasks))
    rest = "the version before serves on" if goes_back else "no version serves yet"
    return ClusterError(f"{found.settings.name}: {version} does not become ready, and {rest}: {reason}")


def _reason(found: ClusterSession, wanted: list[Rolled]) -> str:
    """Return why a task of these revisions stopped, by what AWS and the container say."""
    for one in wanted:
        if stopped := _stopped(found, one):
            return _of_task(found, one, stopped)
    return "its tasks run, but the balancer does not find them healthy: see `fab logs --service app`."


def _stopped(found: ClusterSession, wanted: Rolled) -> dict[str, Any]:
    """Return the last task of the revision that ended by itself, empty if none did."""
    ecs, cluster = found.aws.client("ecs"), found.settings.ecs_cluster
    arns = ecs.list_tasks(cluster=cluster, serviceName=wanted.name, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns[:100])["tasks"] if arns else []
    ours = [one for one in tasks if one["taskDefinitionArn"] == wanted.revision and _has_failed(one)]
    return max(ours, key=lambda one: one["createdAt"], default={})


def _has_failed(task: Mapping[str, Any]) -> bool:
    """Tell it from one that the service stopped because there were too many."""
    return task.get("stopCode") in _FAILED or "failed" in str(task.get("stoppedReason", "")).lower()


def _of_task(found: ClusterSession, wanted: Rolled, task: Mapping[str, Any]) -> str:
    stopped = str(task.get("stoppedReason", "")).strip().rstrip(".")
    for container in task["containers"]:
        name = container["name"]
        if container.get("reason"):
            return f"{stopped}: {name}: {container['reason']}"
        if container.get("exitCode"):
            last = _last_printed(found, wanted.revision, name, str(task["taskArn"]).rpartition("/")[2])
            return f"{stopped}: {name} ended with {container['exitCode']}{f', after {last!r}' if last else ''}."
    return f"{stopped or 'AWS gives no reason'}: see `fab logs --service {task['containers'][0]['name']}`."


def _last_printed(found: ClusterSession, revision: str, container: str, task_id: str) -> str:
    group, beginning = task_definitions.log_of(found, revision, container)
    stream = f"{beginning}{task_id}"
    try:
        page = found.aws.client("logs").get_log_events(logGroupName=group, logStreamName=stream, limit=1)
    except ClientError:  # it has printed nothing, or this user may not read it: AWS's own reason is there already
        return ""
    return str(page["events"][-1]["message"]).strip()[:200] if page["events"] else ""
