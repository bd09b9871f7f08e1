"""One-off tasks: a command in a container of its own, and what it printed."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from playbooks.cluster import releases, task_definitions
from playbooks.steps import aws
from playbooks.steps.session import ClusterError, ClusterSession

_PAUSE_SECONDS = 3
_LOG_SECONDS = 30
_LOG_PAUSE_SECONDS = 0.5
# Lines arrive in CloudWatch a moment after the task has ended: the last of them says that all have.
_WITH_END = 'end="$1"; shift; "$@"; code=$?; echo; echo "$end"; exit $code'


@dataclass(frozen=True, slots=True)
class Ended:
    exit_code: int
    out: str

    @property
    def is_ok(self) -> bool:
        return self.exit_code == 0


@dataclass(frozen=True, slots=True)
class OneOff:
    """A revision of a family whose only container has that name."""

    session: ClusterSession
    revision: str
    container: str

    @classmethod
    def of_app(cls, session: ClusterSession) -> "OneOff":
        """Of the release that serves; raises ReleaseError if none does yet."""
        release = releases.deployed(session)
        return cls(session, release.revisions[session.settings.once_family], "once")

    @classmethod
    def of_backup(cls, session: ClusterSession) -> "OneOff":
        release = releases.deployed(session)
        return cls(session, release.revisions[session.settings.backup_family], "backup")

    def output_of(self, *command: str, seconds: int = 900, is_secret: bool = False) -> str:
        """Return what the command printed; raises ClusterError with its last line if it fails."""
        ended = self.run(*command, seconds=seconds, is_secret=is_secret)
        if not ended.is_ok:
            raise ClusterError(
                f"{self.session.settings.name}: `{' '.join(command[:3])}` ended with {ended.exit_code} in a one-off "
                f"task: {_last_line(ended.out)}"
            )
        return ended.out

    def run(
        self,
        *command: str,
        seconds: int = 900,
        is_secret: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Ended:
        """Return how it ended; raises ClusterError if it did not start, WaiterError if it takes longer than `seconds`.

        What it prints stays in the log as long as everything else does, unless it `is_secret`.
        """
        end = f"end of {secrets.token_hex(8)}"
        task = self._started(["sh", "-c", _WITH_END, "sh", end, *command], environment or {})
        arn = str(task["taskArn"])
        cluster = self.session.settings.ecs_cluster
        self.session.aws.client("ecs").get_waiter("tasks_stopped").wait(
            cluster=cluster,
            tasks=[arn],
            WaiterConfig={"Delay": _PAUSE_SECONDS, "MaxAttempts": max(1, seconds // _PAUSE_SECONDS)},
        )
        stopped = self.session.aws.client("ecs").describe_tasks(cluster=cluster, tasks=[arn])["tasks"][0]
        container = next(one for one in stopped["containers"] if one["name"] == self.container)
        if "exitCode" not in container:
            raise ClusterError(
                f"{self.session.settings.name}: a one-off task did not start: "
                f"{container.get('reason') or stopped.get('stoppedReason') or 'AWS gives no reason'}"
            )
        return Ended(int(container["exitCode"]), self._printed(arn.rpartition("/")[2], end, is_secret=is_secret))

    def _started(self, command: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
        settings = self.session.settings
        network = releases.service(self.session, settings.app_service)["networkConfiguration"]
        override: dict[str, Any] = {"name": self.container, "command": list(command)}
        if environment:
            override["environment"] = [{"name": name, "value": text} for name, text in environment.items()]
        answer = self.session.aws.client("ecs").run_task(
            cluster=settings.ecs_cluster,
            taskDefinition=self.revision,
            launchType="FARGATE",
            networkConfiguration=network,
            overrides={"containerOverrides": [override]},
            startedBy="fab",
            clientToken=secrets.token_hex(16),  # asked again after a lost answer, it is one task all the same
        )
        if not answer["tasks"]:
            reasons = ", ".join(str(one.get("reason", "")) for one in answer["failures"])
            raise ClusterError(f"{settings.name}: a one-off task cannot be started: {reasons}")
        started: dict[str, Any] = answer["tasks"][0]
        return started

    def _printed(self, task_id: str, end: str, *, is_secret: bool) -> str:
        group, beginning = task_definitions.log_of(self.session, self.revision, self.container)
        stream = f"{beginning}{task_id}"
        until = time.monotonic() + _LOG_SECONDS
        lines = self._lines(group, stream)
        while end not in lines and time.monotonic() < until:
            time.sleep(_LOG_PAUSE_SECONDS)
            lines = self._lines(group, stream)
        if is_secret:
            self.session.aws.client("logs").delete_log_stream(logGroupName=group, logStreamName=stream)
        printed = lines[: lines.index(end)] if end in lines else lines
        return "\n".join(printed).strip()

    def _lines(self, group: str, stream: str) -> list[str]:
        logs, lines, token = self.session.aws.client("logs"), [], ""
        while True:
            after = {"nextToken": token} if token else {}
            try:
                page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **after)
            except ClientError as error:
                if aws.code(error) == "ResourceNotFoundException":  # it has printed nothing yet
                    return []
                raise
            lines += [str(event["message"]) for event in page["events"]]
            if page["nextForwardToken"] == token:  # a page may be empty before the last one
                return lines
            token = page["nextForwardToken"]


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "it printed nothing")
