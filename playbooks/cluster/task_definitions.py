"""Task definitions: a deploy registers the newest revision once more, with the images and settings of a release."""

from collections.abc import Mapping
from typing import Any

from playbooks.cluster import task_settings
from playbooks.steps.session import ClusterSession


def newest(found: ClusterSession, family: str) -> str:
    """Return the ARN of the newest revision, which Pulumi or a deploy registered."""
    return str(_described(found, family)["taskDefinition"]["taskDefinitionArn"])


def registered(found: ClusterSession, family: str, images: Mapping[str, str], settings: Mapping[str, str]) -> str:
    """Return the ARN of a new revision with these images, by the names of its containers, and these settings."""
    ecs = found.aws.client("ecs")
    described = _described(found, family)
    definition = described["taskDefinition"]
    # What describes a revision and is not of the wish for one, such as its number, is left out.
    wish = {
        name: definition[name]
        for name in ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
        if name in definition
    }
    wish["containerDefinitions"] = [
        {**task_settings.with_settings(container, settings), "image": images[container["name"]]}
        for container in wish["containerDefinitions"]
    ]
    tags = {"tags": described["tags"]} if described.get("tags") else {}
    answer = ecs.register_task_definition(**wish, **tags)
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def log_of(found: ClusterSession, revision: str, container: str) -> tuple[str, str]:
    """Return the log group of a container, and the beginning of the names of its streams."""
    definition = _described(found, revision)["taskDefinition"]
    (options,) = (
        one["logConfiguration"]["options"] for one in definition["containerDefinitions"] if one["name"] == container
    )
    return options["awslogs-group"], f"{options['awslogs-stream-prefix']}/{container}/"


def _described(found: ClusterSession, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = found.aws.client("ecs").describe_task_definition(taskDefinition=name, include=["TAGS"])
    return answer
