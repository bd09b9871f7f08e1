"""The sizes of a cluster, and the version of its database."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.settings import ClusterSize

POSTGRESQL = "17"


@dataclass(frozen=True, slots=True)
class Task:
    """What Fargate gives one: processor in 1,024ths, memory in MB."""

    cpu: int
    memory: int


@dataclass(frozen=True, slots=True)
class ClusterCapacity:
    app: Task
    app_tasks: int
    worker: Task
    worker_tasks: int
    database_class: str
    database_gigabytes: int


SIZES: Mapping[ClusterSize, ClusterCapacity] = {
    "small": ClusterCapacity(Task(512, 1024), 2, Task(512, 2048), 1, "db.t4g.small", 20),
    "medium": ClusterCapacity(Task(1024, 2048), 2, Task(1024, 4096), 1, "db.t4g.medium", 50),
    "large": ClusterCapacity(Task(1024, 4096), 3, Task(1024, 8192), 2, "db.m7g.large", 200),
}
ONCE = Task(512, 2048)  # a single command, and the backup
