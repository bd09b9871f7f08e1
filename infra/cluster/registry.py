"""The registry: a repository for each image, in which no version is ever replaced by another."""

import json

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import ecr

from infra.settings import InfraSettings
from infra.tags import tags_of

DEPLOYED = "deployed"  # the tag that each deploy moves: what Pulumi's own revisions of a task definition run
_KEPT_IMAGES = 20
_DAYS_WITHOUT_TAG = 14


class Registry(ComponentResource):
    """Repositories of the app, the proxy and the backups, by their addresses."""

    def __init__(self, name: str, settings: InfraSettings, opts: ResourceOptions) -> None:
        super().__init__("invoices:infra:Registry", name, opts=opts)
        self._settings = settings
        repositories = {kind: self._repository(kind) for kind in ("app", "proxy", "backup")}
        self.app, self.proxy, self.backup = (one.repository_url for one in repositories.values())
        self.arns: Output[list[str]] = Output.all(*(one.arn for one in repositories.values()))
        self.register_outputs({"app": self.app})

    def _repository(self, kind: str) -> ecr.Repository:
        repository = ecr.Repository(
            kind,
            name=f"{self._settings.server_name}/{kind}",
            image_tag_mutability="IMMUTABLE_WITH_EXCLUSION",
            image_tag_mutability_exclusion_filters=[{"filter": DEPLOYED, "filter_type": "WILDCARD"}],
            image_scanning_configuration={"scan_on_push": True},
            force_delete=False,
            tags=tags_of(self._settings.server_name),
            opts=ResourceOptions(parent=self, protect=True),
        )
        ecr.LifecyclePolicy(kind, repository=repository.name, policy=_lifecycle(), opts=ResourceOptions(parent=self))
        return repository


def _lifecycle() -> str:
    """Keep what is deployed, however old, and the newest versions: `fab rollback` goes back to those.

    The first rule expires nothing, as one image at a time has the tag: what a rule selects, none after it expires.
    """
    return json.dumps(
        {
            "rules": [
                _rule(1, {"tagStatus": "tagged", "tagPatternList": [DEPLOYED]}, "imageCountMoreThan", 1),
                _rule(2, {"tagStatus": "untagged", "countUnit": "days"}, "sinceImagePushed", _DAYS_WITHOUT_TAG),
                _rule(3, {"tagStatus": "any"}, "imageCountMoreThan", _KEPT_IMAGES),
            ]
        }
    )


def _rule(priority: int, selection: dict[str, object], kind: str, number: int) -> dict[str, object]:
    return {
        "rulePriority": priority,
        "selection": {**selection, "countType": kind, "countNumber": number},
        "action": {"type": "expire"},
    }
