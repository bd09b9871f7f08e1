"""The whole program, with every combination of its switches."""

import json
import runpy
import subprocess
import sys
from itertools import product
from pathlib import Path

import pulumi
import pytest
import yaml
from support.pulumi_stack import CONFIG, REGION, rented

import provisioning.settings
from infra.program import main, rent
from infra.settings import KEYS, InfraSettings

ROOT = Path(__file__).parents[2]
SWITCHES = {
    "dns": ["route53", "lightsail", "external"],
    "backups": ["true", "false"],
    "monitoring": ["off", "basic", "detailed"],
    "secrets": ["server", "secretsmanager"],
    "addresses": ["dualstack", "ipv4"],
}
COMBINATIONS = [dict(zip(SWITCHES, choice, strict=True)) for choice in product(*SWITCHES.values())]
SECRETS = {"aws_secret_access_key", "restorer_secret_access_key"}
READ_TO_RESTORE = {"restorer_access_key_id", "restorer_secret_access_key"}
ONLY_IN_FILES = {"backup_authority"}
# What these do not take: they are parts of something that is tagged, or know no tags.
UNTAGGED = {
    "StaticIp", "StaticIpAttachment", "InstancePublicPorts", "Record", "DomainEntry", "UserPolicy", "AccessKey",
    "Group", "GroupPolicy", "TopicSubscription", "BucketVersioning", "BucketPublicAccessBlock",
    "BucketOwnershipControls", "BucketPolicy", "BucketServerSideEncryptionConfiguration",
    "BucketObjectLockConfiguration", "BucketLifecycleConfiguration",
}  # fmt: skip


@pytest.mark.parametrize("switches", COMBINATIONS, ids=lambda one: "-".join(one.values()))
def test_every_combination_of_switches_can_be_rented(switches):
    stack = rented(dnsZone="example.com", **switches)

    assert ("Bucket" in stack.kinds()) == (switches["backups"] == "true")
    assert ("Secret" in stack.kinds()) == (switches["secrets"] == "secretsmanager")
    assert ("HealthCheck" in stack.kinds()) == (switches["monitoring"] == "detailed")
    assert ("Record" in stack.kinds()) == (switches["dns"] == "route53")
    assert untagged(stack) <= UNTAGGED
    assert stack.secret_outputs == SECRETS


def test_the_log_group_and_the_key_of_the_disk_are_tagged_too():
    assert untagged(rented(logs="cloudwatch", diskEncryption="secretsmanager")) <= UNTAGGED


def untagged(stack):
    """Return the kinds of what AWS has; those of our components are none."""
    return {one.kind for one in stack.resources if one.options.custom and "Project" not in one.inputs.get("tags", {})}


def test_no_secret_stands_in_a_plain_output():
    stack = rented(secrets="secretsmanager")

    plain = {name: value for name, value in stack.outputs.items() if name not in SECRETS}
    assert "the secret half" not in str(plain)
    assert stack.outputs["aws_secret_access_key"] == "the secret half"


def test_the_outputs_are_those_that_the_playbooks_read():
    read_by_all = set(provisioning.settings.HostSettings.model_fields) - ONLY_IN_FILES
    assert set(rented().outputs) == read_by_all | READ_TO_RESTORE


def test_what_every_command_reads_has_no_key_that_reads_backups():
    assert not READ_TO_RESTORE & set(provisioning.settings.HostSettings.model_fields)


def test_the_store_of_the_bucket_is_that_of_the_region():
    assert rented().outputs["backup_endpoint"] == "s3.us-east-1.amazonaws.com"
    assert rented(backups="false").outputs["backup_endpoint"] == ""


def test_the_address_is_the_one_that_stays():
    assert rented().outputs["host"] == "198.51.100.9"


def test_what_it_costs_is_an_output():
    assert rented().outputs["monthly_cost"] == {
        "Server medium_3_0": "24.00",
        "Daily snapshots of the server, about 20 GB that differ": "1.00",
        "Bucket of locked backups, about 10 GB with its requests": "1.00",
        "Metrics and alarms (basic), mails": "0.00",
        "A month": "26.00",
    }


def test_a_server_whose_price_was_not_noted_is_named_in_what_it_costs():
    assert rented(bundle="m_large_1_0").outputs["monthly_cost"] == {
        "Daily snapshots of the server, about 20 GB that differ": "1.00",
        "Bucket of locked backups, about 10 GB with its requests": "1.00",
        "Metrics and alarms (basic), mails": "0.00",
        "A month, without m_large_1_0": "2.00",
    }


def test_a_server_of_another_region_costs_what_one_of_its_size_does():
    assert rented(bundle="medium_3_1").outputs["monthly_cost"]["Server medium_3_1"] == "24.00"


@pytest.mark.parametrize("kind", ["UserPolicy", "GroupPolicy"])
def test_no_right_is_given_by_a_wildcard(kind):
    policies = rented(logs="cloudwatch", diskEncryption="secretsmanager").of(kind)
    allowed = [
        action
        for one in policies
        for statement in json.loads(one.inputs["policy"])["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    ]

    assert len(allowed) > 1
    assert [action for action in allowed if "*" in action] == []


def test_the_server_has_no_right_to_the_secret_outside_and_its_name_is_never_one_that_aws_still_keeps():
    stack = rented(secrets="secretsmanager")

    assert "secretsmanager" not in str([one.inputs for one in stack.of("UserPolicy")])
    assert (stack.one("Secret").inputs["namePrefix"], "name" in stack.one("Secret").inputs) == ("invoices/app-", False)


@pytest.mark.parametrize("kind", ["Instance", "StaticIp", "Bucket", "Secret"])
def test_what_holds_data_is_protected(kind):
    found = rented(secrets="secretsmanager", diskEncryption="secretsmanager").of(kind)

    assert [one.name for one in found if not one.options.protect] == []


def test_above_the_budget_nothing_is_rented():
    settings = InfraSettings.read({**CONFIG, "bundle": "large_3_0", "monthlyBudget": "40"}, REGION)

    with pytest.raises(pulumi.RunError, match=r"That is above monthlyBudget, \$40\."):
        rent(settings)


def test_what_is_rented_is_what_the_stack_is_configured_with():
    def program():
        said = {**CONFIG, "sshCidrs": json.dumps(CONFIG["sshCidrs"]), "backups": "false", "serverName": "till"}
        pulumi.runtime.set_all_config(
            {f"invoices:{name}": value for name, value in said.items()} | {"aws:region": REGION}
        )
        main()

    stack = rented(program)

    assert stack.one("Instance").inputs["name"] == "till"
    assert stack.one("InstancePublicPorts").inputs["portInfos"][0]["ipv6Cidrs"] == ["2001:db8::/48"]
    assert "Bucket" not in stack.kinds()


def test_the_only_other_names_are_those_of_types_that_aws_s_provider_renamed():
    aliases = [(one.kind, alias.spec) for one in rented().resources for alias in one.options.aliases]

    assert {(kind, spec.type.split(":")[-1], spec.name) for kind, spec in aliases} == {
        ("Bucket", "BucketV2", ""), ("BucketVersioning", "BucketVersioningV2", ""),
        ("BucketServerSideEncryptionConfiguration", "BucketServerSideEncryptionConfigurationV2", ""),
        ("BucketObjectLockConfiguration", "BucketObjectLockConfigurationV2", ""),
        ("BucketLifecycleConfiguration", "BucketLifecycleConfigurationV2", ""),
    }  # fmt: skip


def test_outside_pulumi_it_says_how_it_is_run():
    done = subprocess.run([sys.executable, "-m", "infra"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (
        1, "This program is run by Pulumi: `pulumi preview` shows what it would rent, `pulumi up` rents it.\n",
    )  # fmt: skip


def test_pulumi_can_start_it_from_its_folder(monkeypatch):
    """As Pulumi's launcher does: the folder of the program is the working directory, and first on the path."""
    monkeypatch.chdir(ROOT / "infra")
    monkeypatch.syspath_prepend(".")

    with pytest.raises(SystemExit, match="This program is run by Pulumi"):
        runpy.run_path(".", run_name="__main__")


def test_no_file_of_the_program_hides_a_module_of_python():
    names = {path.stem for path in (ROOT / "infra").iterdir() if not path.name.startswith("_")}

    assert not names & sys.stdlib_module_names


def test_every_key_of_the_project_is_read_and_described():
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]

    assert set(declared) == set(KEYS)
    assert all(key["description"] for key in declared.values())


def test_the_defaults_of_the_project_are_those_of_the_program():
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    defaults = {name: key["default"] for name, key in declared.items() if "default" in key}

    said = InfraSettings.read({**CONFIG, **defaults, "alertEmail": CONFIG["alertEmail"]}, REGION)
    assert said == InfraSettings.read(CONFIG, REGION)


def test_the_example_is_a_working_one_with_five_places_to_edit():
    config = yaml.safe_load((ROOT / "Pulumi.example.yaml").read_text())["config"]
    ours = {name.removeprefix("invoices:"): value for name, value in config.items() if name.startswith("invoices:")}

    assert InfraSettings.read(ours, config["aws:region"]).domain == "invoices.example.com"
    assert len(config) == 5
