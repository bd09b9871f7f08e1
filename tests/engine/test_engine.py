"""Pulumi's real engine runs the program: what it rents, updates, replaces, refuses, and finds again."""

import re
from dataclasses import replace

from support.aws_account import Instance
from support.aws_rights import Need, allows, statements
from support.pulumi_engine import INSTANCE, SERVER

from provisioning.settings import HostSettings

BOUNDARY = "arn:aws:iam::123456789012:policy/invoices-boundary"
EVERYBODY = {"cidrs": ["0.0.0.0/0"], "ipv6Cidrs": ["::/0"]}
OPEN = [
    {"fromPort": 22, "toPort": 22, "protocol": "tcp", "cidrs": ["203.0.113.7/32"], "ipv6Cidrs": ["100::/64"]},
    {"fromPort": 80, "toPort": 80, "protocol": "tcp", **EVERYBODY},
    {"fromPort": 443, "toPort": 443, "protocol": "tcp", **EVERYBODY},
    {"fromPort": 443, "toPort": 443, "protocol": "udp", **EVERYBODY},
]


def asked_since(engine, before):
    return [tuple(one) for one in engine.account.asked[len(before.account.asked) :]]


def test_the_operator_s_policy_gives_every_right_that_renting_all_of_it_uses(fresh, tmp_path):
    engine = fresh.copied(tmp_path)
    engine.run("config", "set", "aws:region", "eu-central-1")
    engine.configure(
        dns="route53", dnsZone="example.com", monitoring="detailed", logs="cloudwatch", secrets="secretsmanager",
        diskEncryption="secretsmanager", permissionsBoundary=BOUNDARY,
    )  # fmt: skip

    engine.up()

    policy = statements("operator-policy.json", "eu-central-1")
    needed = [Need(**need) for need in engine.account.needed]
    assert len(needed) > 100
    assert [need for need in needed if not allows(policy, need)] == []


def test_a_preview_says_what_it_would_rent_and_rents_nothing(fresh):
    printed = fresh.preview()

    assert "+ 35 to create" in printed
    assert re.search(r"A month +\$ 26\.00", printed)
    assert fresh.account.asked == []


def test_what_is_rented_once_is_not_changed_by_a_second_run(rented):
    assert "35 unchanged" in rented.preview("--expect-no-changes")


def test_the_server_has_the_address_and_exactly_the_ports_that_were_asked_for(rented):
    server = rented.account.instances["invoices"]

    assert server.static_ip == "invoices-address"
    assert server.ports == OPEN


def test_secrets_are_hidden_in_the_outputs_until_they_are_asked_for(rented):
    assert rented.outputs()["aws_secret_access_key"] == "[secret]"
    assert str(rented.outputs("--show-secrets")["aws_secret_access_key"]).startswith("secret-half-")


def test_the_playbooks_read_the_outputs_as_the_command_line_prints_them(rented):
    settings = HostSettings.from_outputs(rented.outputs("--show-secrets"))

    assert (settings.host, settings.user, settings.instance_name) == (
        rented.account.static_ips["invoices-address"], "ubuntu", "invoices",
    )  # fmt: skip


def test_secrets_stand_encrypted_in_the_state(rented):
    state = "".join(path.read_text() for path in (rented.folder / "state").rglob("*.json"))

    assert "secret-half-" not in state


def test_another_network_for_ssh_closes_the_old_set_before_it_opens_the_new(rented, rented_once):
    rented.run("config", "set", "--path", "sshCidrs[0]", "192.0.2.0/24")
    rented.up()

    assert asked_since(rented, rented_once) == [
        ("delete", "InstancePublicPorts", "ports"), ("create", "InstancePublicPorts", "ports"),
    ]  # fmt: skip
    assert rented.account.instances["invoices"].ports == [{**OPEN[0], "cidrs": ["192.0.2.0/24"]}, *OPEN[1:]]


def test_another_budget_updates_in_place(rented, rented_once):
    rented.configure(monthlyBudget=70)
    rented.up()

    assert asked_since(rented, rented_once) == [("update", "Budget", "budget")]


def test_another_size_would_delete_the_server_and_is_refused(rented, rented_once):
    rented.configure(bundle="large_3_0")

    assert "as it is currently marked for protection" in rented.up(fails=True)
    assert asked_since(rented, rented_once) == []


def test_another_operating_system_is_not_put_over_a_server_that_serves(rented):
    rented.configure(blueprint="debian_13")

    assert "35 unchanged" in rented.preview()


def test_a_larger_server_from_a_snapshot_takes_over_the_address_and_closes_its_ports(rented):
    account = rented.account
    larger = {**account.instances["invoices"].inputs, "name": "invoices-2", "bundleId": "large_3_0"}
    rented.change_account(replace(account, instances={**account.instances, "invoices-2": Instance(larger)}))

    rented.configure(serverNumber=2, bundle="large_3_0")
    rented.run("state", "unprotect", INSTANCE, "--yes")
    rented.run("state", "delete", INSTANCE, "--target-dependents", "--yes")
    rented.run(
        "import", "aws:lightsail/instance:Instance", "server", "invoices-2",
        "--parent", f"owner={SERVER}", "--generate-code=false", "--yes",
    )  # fmt: skip
    rented.up()

    servers = rented.account.instances
    assert (servers["invoices"].static_ip, servers["invoices-2"].static_ip) == ("", "invoices-address")
    assert servers["invoices-2"].ports == OPEN
    assert rented.outputs()["host"] == rented_address(rented)
    assert "35 unchanged" in rented.preview("--expect-no-changes")


def rented_address(engine):
    return engine.account.static_ips["invoices-address"]


def test_a_new_server_in_place_of_the_old_keeps_the_address_and_has_all_ports(rented):
    address = rented_address(rented)

    rented.run("state", "unprotect", INSTANCE, "--yes")
    rented.configure(serverNumber=2, blueprint="debian_13")
    rented.up()

    assert list(rented.account.instances) == ["invoices-2"]
    server = rented.account.instances["invoices-2"]
    assert (server.static_ip, server.ports, rented_address(rented)) == ("invoices-address", OPEN, address)
    assert server.inputs["blueprintId"] == "debian_13"


def test_ports_that_somebody_opened_by_hand_are_seen_and_closed(rented):
    account = rented.account
    account.instances["invoices"].ports.append({"fromPort": 8080, "toPort": 8080, "protocol": "tcp", **EVERYBODY})
    rented.change_account(account)

    assert "8080" in rented.run("refresh", "--yes", "--diff")
    rented.up()

    assert rented.account.instances["invoices"].ports == OPEN


def test_new_keys_are_made_and_the_old_ones_stay_until_they_are_retired(rented, rented_once):
    rented.configure(keyNumber=2)
    rented.up()
    made = asked_since(rented, rented_once)
    rented.configure(retiredKeyNumber=1)
    rented.up()

    assert set(made) == {("create", "AccessKey", "server-2"), ("create", "AccessKey", "restorer-2")}
    assert set(asked_since(rented, rented_once)[len(made) :]) == {
        ("delete", "AccessKey", "server-1"), ("delete", "AccessKey", "restorer-1"),
    }  # fmt: skip


def test_destroying_is_refused_by_what_holds_data(rented, rented_once):
    assert "protected" in rented.run("destroy", "--yes", fails=True)
    assert asked_since(rented, rented_once) == []


def test_tearing_down_on_purpose_leaves_the_backups(rented):
    rented.run("state", "unprotect", "--all", "--yes")
    rented.run("destroy", "--yes")

    account = rented.account
    assert (account.instances, account.static_ips) == ({}, {})
    assert {name.split()[0].rpartition(":")[2] for name in account.others} == {
        "Bucket", "BucketPublicAccessBlock", "BucketOwnershipControls", "BucketPolicy", "BucketVersioning",
        "BucketServerSideEncryptionConfiguration", "BucketObjectLockConfiguration", "BucketLifecycleConfiguration",
        "Group", "GroupPolicy",
    }  # fmt: skip


def test_mistakes_in_the_configuration_are_listed_before_anything_is_rented(fresh, tmp_path):
    engine = fresh.copied(tmp_path)
    engine.configure(domain="Invoices", bundle="nano_3_0")

    printed = engine.up(fails=True)

    assert "domain: 'Invoices' is not a domain name in small letters" in printed
    assert "bundle: 'nano_3_0'" in printed
    assert engine.account.asked == []
