"""Whether alarms reach somebody: asked of AWS with the operator's own key, as the server's may only send figures."""

from collections.abc import Iterator

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from provisioning.settings import ClusterSettings, HostSettings

_OUTSIDE_REGION = "us-east-1"  # where the alarm of the check from outside has a topic of its own
_HOW = "`docs/operations.md` says how"


def unheard(settings: HostSettings | ClusterSettings) -> Iterator[str]:
    """Yield a sentence for each topic whose alarms reach nobody; raises nothing if AWS cannot be asked."""
    if not settings.alarm_topic:
        return
    for topic in _topics(settings.alarm_topic):
        try:
            confirmed, waiting = _subscriptions(topic)
        except (BotoCoreError, ClientError) as error:
            if topic == settings.alarm_topic:  # the other one is there with detailed monitoring only
                yield f"Whether alarms reach anybody cannot be told: {error}."
            continue
        for address in waiting:
            yield f"Alarms do not reach {address} yet: confirm the mail from AWS, {_HOW}."
        if not confirmed and not waiting:
            name = topic.rpartition(":")[2]
            yield f"Alarms of {name} reach nobody: run `pulumi up --refresh`, and confirm the mail, {_HOW}."


def _topics(alarms: str) -> list[str]:
    parts = alarms.split(":")
    if parts[3] == _OUTSIDE_REGION:
        return [alarms]
    name = f"{parts[-1].removesuffix('-alarms')}-outside-{parts[3]}"
    return [alarms, ":".join([*parts[:3], _OUTSIDE_REGION, parts[4], name])]


def _subscriptions(topic: str) -> tuple[list[str], list[str]]:
    """Return the addresses that confirmed, and those that did not."""
    client = boto3.client("sns", region_name=topic.split(":")[3])
    found = client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    confirmed = [one["Endpoint"] for one in found if one["SubscriptionArn"].startswith("arn:")]
    waiting = [one["Endpoint"] for one in found if one["SubscriptionArn"] == "PendingConfirmation"]
    return confirmed, waiting
