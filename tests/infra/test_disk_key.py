"""The secret with the key of the encrypted disk: rented where it is asked for, read from one address only."""

import json

import pytest
from support.pulumi_stack import rented


def policies(stack):
    texts = [one.inputs["policy"] for one in stack.resources if one.kind == "UserPolicy"]
    return [statement for text in texts for statement in json.loads(text)["Statement"]]


@pytest.mark.parametrize("mode", ["off", "typed"])
def test_where_nobody_but_an_operator_has_the_key_no_secret_is_rented(mode):
    stack = rented(diskEncryption=mode)

    assert "Secret" not in stack.kinds()
    assert (stack.outputs["disk_encryption"], stack.outputs["disk_secret"]) == (mode, "")


def test_a_copy_of_the_disk_elsewhere_reads_no_key():
    stack = rented(diskEncryption="secretsmanager")

    (reading,) = [one for one in policies(stack) if one["Sid"] == "DiskKeyOnTheServer"]
    assert reading["Action"] == ["secretsmanager:GetSecretValue"]
    assert reading["Resource"] == [stack.outputs["disk_secret"]]
    assert reading["Condition"] == {"IpAddress": {"aws:SourceIp": "198.51.100.9/32"}}


def test_the_secret_has_no_name_of_ours_so_that_one_can_follow_another():
    assert "name" not in rented(diskEncryption="secretsmanager").one("Secret").inputs


def test_what_the_secret_costs_is_said():
    assert (
        rented(diskEncryption="secretsmanager").outputs["monthly_cost"]["Secrets Manager, the key of the disk"]
        == "0.40"
    )
