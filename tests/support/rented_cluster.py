"""A cluster in an AWS account that ministack plays: what `pulumi up` leaves behind, before anything was deployed."""

import hashlib
import json
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.cluster_facts import CLUSTER
from support.ministack import running_ministack

from playbooks.steps.aws import Aws
from provisioning.settings import ClusterSettings

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"
NOT_DEPLOYED = "public.ecr.aws/docker/library/busybox:1"  # of the revisions that Pulumi registers
_NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}}
_BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
_SET_UP = '#!/bin/sh\n[ -n "$OWNER_DATABASE_URL" ] && echo "set up" >> {folder}/set-up\n'
# The operator's `docker`: builds nothing, and pushes a manifest of its own for each image.
_DOCKER = """\
#!{python} -IS
import json, os, sys, urllib.request
from pathlib import Path
with Path({log!r}).open("a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "push":
    repository, _, tag = sys.argv[-1].partition("/")[2].rpartition(":")
    manifest = json.dumps({{"schemaVersion": 2, "image": sys.argv[-1]}})
    body = json.dumps({{"repositoryName": repository, "imageManifest": manifest, "imageTag": tag}}).encode()
    headers = {{
        "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.PutImage", "Content-Type": "application/x-amz-json-1.1",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20261128/us-east-1/ecr/aws4_request",
    }}
    urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, headers)).read()
"""
_LAUNCHER = "#!{python}\nimport sys\nsys.path.insert(0, {root!r})\nfrom app.cli import main\nmain()\n"


@dataclass(frozen=True)
class RentedCluster:
    settings: ClusterSettings
    folder: Path
    aws: Aws

    @property
    def database(self) -> Path:
        return self.folder / "data/invoices.db"

    @property
    def docker_commands(self) -> list[str]:
        log = self.folder / "docker.log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def set_up(self) -> int:
        """Return how often the database's roles were made."""
        noted = self.folder / "set-up"
        return len(noted.read_text().splitlines()) if noted.exists() else 0

    def break_version(self, version: str) -> None:
        """Let the app of this version end as soon as it starts in a service."""
        image = f"{self.settings.app_repository}:{version}"
        digest = hashlib.sha256(manifest_of(image).encode()).hexdigest()
        (self.folder / "broken").write_text(f"{self.settings.app_repository}@sha256:{digest}")

    def service(self, name: str) -> dict[str, Any]:
        found = self.aws.client("ecs").describe_services(cluster=self.settings.ecs_cluster, services=[name])
        return found["services"][0]

    def images_of(self, name: str) -> dict[str, str]:
        revision = self.service(name)["taskDefinition"]
        found = self.aws.client("ecs").describe_task_definition(taskDefinition=revision)["taskDefinition"]
        return {one["name"]: one["image"] for one in found["containerDefinitions"]}


@contextmanager
def rented_cluster(setenv: Callable[[str, str], None]) -> Iterator[RentedCluster]:
    """Set the variables that boto3 has to know; skips the test where there is no ministack.

    The app's containers are real processes of the product with SQLite, as there is no PostgreSQL in this account.
    """
    with tempfile.TemporaryDirectory(prefix="cluster-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        _write_programs(folder)
        containers = str(ROOT / "tests/support/containers_as_processes")
        settings = {
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": containers,
            "CONTAINER_PATH": f"{folder / 'containers'}:/usr/bin:/bin",
            "BROKEN_IMAGES": str(folder / "broken"),
        }
        setenv("AWS_ACCESS_KEY_ID", "test")
        setenv("AWS_SECRET_ACCESS_KEY", "test")

        def ask(port: int) -> object:
            setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
            return Aws(REGION).client("s3").list_buckets()

        with running_ministack(folder, ask, **settings):
            cluster = RentedCluster(ClusterSettings.model_validate(CLUSTER), folder, Aws(REGION))
            yield _rent(cluster)


def manifest_of(image: str) -> str:
    """Return what the operator's `docker` pushes as this image."""
    return json.dumps({"schemaVersion": 2, "image": image})


def _write_programs(folder: Path) -> None:
    (folder / "broken").write_text("")
    (folder / "data").mkdir()
    python = sys.executable
    programs = {
        "containers/invoices": _LAUNCHER.format(python=python, root=str(ROOT)),
        "containers/python": f'#!/bin/sh\nexec {python} "$@"\n',
        "containers/invoices-database-setup": _SET_UP.format(folder=folder),
        "operator/docker": _DOCKER.format(python=python, log=str(folder / "docker.log")),
    }
    for name, text in programs.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)


def _rent(cluster: RentedCluster) -> RentedCluster:
    client = cluster.aws.client
    for bucket in (cluster.settings.files_bucket, cluster.settings.backup_bucket):
        client("s3").create_bucket(Bucket=bucket)
    for name in ("app", "proxy", "backup"):
        client("ecr").create_repository(
            repositoryName=f"invoices/{name}", imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=[{"filter": "deployed", "filterType": "WILDCARD"}],
        )  # fmt: skip
    secret = client("secretsmanager").create_secret(Name="invoices/cluster")["ARN"]
    client("logs").create_log_group(logGroupName=cluster.settings.log_group)
    client("ecs").create_cluster(clusterName=cluster.settings.ecs_cluster)
    client("rds").create_db_instance(
        DBInstanceIdentifier=cluster.settings.database_identifier, DBInstanceClass="db.t4g.small", Engine="postgres",
        AllocatedStorage=20, MultiAZ=True, MasterUsername="postgres", MasterUserPassword="not-a-secret-1",
        StorageEncrypted=True, DeletionProtection=True, BackupRetentionPeriod=14,
    )  # fmt: skip
    target_group = client("elbv2").create_target_group(
        Name="invoices", Protocol="HTTP", Port=8080, VpcId="vpc-1", TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    settings = cluster.settings.model_copy(
        update={"secret": secret, "target_group_arn": target_group, "alarm_topic": ""}
    )
    rented = RentedCluster(settings, cluster.folder, cluster.aws)
    for family, containers in _families(settings).items():
        register(rented, family, containers)
    for service, family in {
        settings.app_service: settings.app_family, settings.worker_service: settings.worker_family
    }.items():  # fmt: skip
        client("ecs").create_service(
            cluster=settings.ecs_cluster, serviceName=service, taskDefinition=family, desiredCount=0,
            launchType="FARGATE", networkConfiguration=_NETWORK, deploymentConfiguration=_BREAKER,
        )  # fmt: skip
    return rented


def _families(settings: ClusterSettings) -> dict[str, tuple[str, ...]]:
    return {
        settings.app_family: ("app", "proxy"),
        settings.worker_family: ("worker",),
        settings.once_family: ("once",),
        settings.backup_family: ("backup",),
    }


def register(cluster: RentedCluster, family: str, containers: tuple[str, ...], **variables: str) -> None:
    """Register a revision as `pulumi up` does, with other variables."""
    settings = cluster.settings
    environment = {
        "DATABASE_URL": f"sqlite:///{cluster.database}", "DATA_DIR": str(cluster.folder / "data"),
        "PUBLIC_URL": "https://invoices.example.com", **variables,
    }  # fmt: skip
    cluster.aws.client("ecs").register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        tags=[{"key": "project", "value": "invoices"}],
        containerDefinitions=[
            {
                "name": name,
                "image": NOT_DEPLOYED,
                "environment": [{"name": key, "value": value} for key, value in environment.items()],
                "secrets": [
                    {"name": key, "valueFrom": f"{settings.secret}:{key}::"}
                    for key in ("SECRET_KEY", "OWNER_DATABASE_URL")
                ],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": settings.log_group, "awslogs-region": REGION, "awslogs-stream-prefix": "v1"
                    },
                },
            }
            for name in containers
        ],
    )  # fmt: skip


def stored(cluster: RentedCluster) -> dict[str, str]:
    found = cluster.aws.client("secretsmanager").get_secret_value(SecretId=cluster.settings.secret)
    return dict(json.loads(found["SecretString"]))
