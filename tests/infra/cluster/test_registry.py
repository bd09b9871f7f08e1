"""Images are never replaced, and those that a rollback needs are never deleted."""

import json


def test_each_image_has_a_repository_that_is_protected(stack):
    assert [(one.inputs["name"], one.options.protect, one.inputs["forceDelete"]) for one in stack.of("Repository")] == [
        ("invoices/app", True, False), ("invoices/backup", True, False), ("invoices/proxy", True, False),
    ]  # fmt: skip


def test_no_tag_but_that_of_what_is_deployed_can_be_moved(stack):
    for one in stack.of("Repository"):
        assert one.inputs["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
        assert one.inputs["imageTagMutabilityExclusionFilters"] == [{"filter": "deployed", "filterType": "WILDCARD"}]


def test_images_are_scanned_as_they_are_pushed(stack):
    assert [one.inputs["imageScanningConfiguration"] for one in stack.of("Repository")] == [{"scanOnPush": True}] * 3


def test_what_is_deployed_and_the_twenty_newest_versions_are_kept(stack):
    rules = json.loads(stack.one("LifecyclePolicy", "app").inputs["policy"])["rules"]

    more_than, since = {"countType": "imageCountMoreThan"}, {"countType": "sinceImagePushed", "countUnit": "days"}
    assert [(one["rulePriority"], one["selection"]) for one in rules] == [
        (1, {"tagStatus": "tagged", "tagPatternList": ["deployed"], **more_than, "countNumber": 1}),
        (2, {"tagStatus": "untagged", **since, "countNumber": 14}),
        (3, {"tagStatus": "any", **more_than, "countNumber": 20}),
    ]
