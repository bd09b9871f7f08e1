"""Pulumi's real engine rents a cluster, changes it, and takes it over from a server: what holds data is never lost."""

import pytest
from support.aws_account import DATABASE, LISTENER, TARGET_GROUP, TASK_DEFINITION
from support.pulumi_engine import Engine

from provisioning.settings import HostSettings

OF_A_SERVER = {"Instance", "StaticIp", "StaticIpAttachment", "InstancePublicPorts", "KeyPair"}
COMPONENT = "urn:pulumi:prod::invoices::invoices:infra:Cluster$invoices:infra:Database::database"
RECORD = "aws:route53/record:Record"


@pytest.fixture(scope="session")
def cluster_once(fresh, tmp_path_factory) -> Engine:
    engine = fresh.copied(tmp_path_factory.mktemp("cluster"))
    engine.configure(shape="cluster", dns="route53", dnsZone="example.com", monthlyBudget=900)
    engine.up()
    return engine


@pytest.fixture
def cluster(cluster_once, tmp_path) -> Engine:
    return cluster_once.copied(tmp_path)


def asked_since(engine, before):
    return [tuple(one) for one in engine.account.asked[len(before.account.asked) :]]


def of_kind(engine, kind):
    return [one for name, one in engine.account.others.items() if name.startswith(f"{kind} ")]


def test_a_second_run_changes_nothing_and_the_playbooks_read_the_outputs(cluster):
    assert "unchanged" in cluster.preview("--expect-no-changes")
    found = HostSettings.from_outputs(cluster.outputs("--show-secrets")).cluster

    assert (found.domain, found.database_host) == ("invoices.example.com", "invoices.1.us-east-1.rds.amazonaws.com")
    assert found.app_repository == "123456789012.dkr.ecr.us-east-1.amazonaws.com/invoices/app"


def test_a_preview_says_what_a_cluster_would_rent_and_what_it_costs_and_rents_nothing(fresh, tmp_path):
    engine = fresh.copied(tmp_path)
    engine.configure(shape="cluster", monthlyBudget=900)

    printed = engine.preview()

    assert "aws:rds:Instance" in printed
    assert "aws:lb:LoadBalancer" in printed
    assert "A month" in printed
    assert engine.account.asked == []


def test_the_database_with_the_data_is_not_deleted_for_one_of_another_number(cluster, cluster_once):
    cluster.configure(databaseNumber=2)

    refused = " ".join(cluster.preview(fails=True).split())
    assert 'Instance::database" cannot be deleted because it is protected' in refused
    assert asked_since(cluster, cluster_once) == []


def test_a_database_that_was_restored_takes_over_and_the_first_goes_only_once_aws_lets_it(cluster, cluster_once):
    account = cluster.account
    (first,) = of_kind(cluster, DATABASE)
    host = "invoices-2.1.us-east-1.rds.amazonaws.com"
    restored = {**first, "identifier": "invoices-2", "address": host}
    account.others[f"{DATABASE} invoices-2"] = restored
    cluster.change_account(account)

    cluster.run(
        "import", DATABASE, "database-2", "invoices-2", "--parent", f"owner={COMPONENT}", "--generate-code=false",
        "--yes",
    )  # fmt: skip
    cluster.configure(databaseNumber=2)
    cluster.run(
        "state", "unprotect", f"{COMPONENT.replace('::database', '')}$aws:rds/instance:Instance::database", "--yes"
    )
    assert "Cannot delete protected DB Instance: invoices" in cluster.up(fails=True)

    found = HostSettings.from_outputs(cluster.outputs("--show-secrets")).cluster
    assert (found.database_identifier, found.database_host) == ("invoices-2", host)
    assert {one["identifier"] for one in of_kind(cluster, DATABASE)} == {"invoices", "invoices-2"}
    made = [kind for verb, kind, _ in asked_since(cluster, cluster_once) if verb == "create"]
    assert set(made) == {"LogGroup", "TaskDefinition"}


def test_another_port_replaces_targets_while_the_listener_has_them_and_keeps_all_revisions(cluster, cluster_once):
    network = cluster.folder / "project" / "infra" / "cluster" / "network.py"
    network.write_text(network.read_text().replace("PROXY_PORT = 8080", "PROXY_PORT = 8081"))

    cluster.up()

    asked = asked_since(cluster, cluster_once)
    made, led, removed = (
        asked.index(one)
        for one in (("create", "TargetGroup", "app"), ("update", "Listener", "https"), ("delete", "TargetGroup", "app"))
    )
    assert made < led < removed
    (targets,) = of_kind(cluster, TARGET_GROUP)
    assert targets["port"] == 8081
    assert targets["arn"] in str(of_kind(cluster, LISTENER))
    app = [one["revision"] for one in of_kind(cluster, TASK_DEFINITION) if one["family"] == "invoices-app"]
    assert sorted(app) == [1, 2]
    assert ("delete", "Service", "app") not in asked


def test_a_cluster_takes_over_from_a_server_that_nobody_touches_until_it_is_unprotected(rented, rented_once):
    rented.configure(shape="both", dns="route53", dnsZone="example.com", monthlyBudget=900)
    rented.up()

    beside = asked_since(rented, rented_once)
    assert [one for one in beside if one[0] == "delete" or one[1] in OF_A_SERVER - {"Instance"}] == []
    assert [one for one in beside if one[1] == "Instance"] == [("create", "Instance", "database")]

    rented.configure(shape="cluster")
    refused = rented.preview(fails=True)
    assert "protected" in refused
    rented.run("state", "unprotect", "--all", "--yes")
    rented.up()

    after = asked_since(rented, rented_once)[len(beside) :]
    assert {one[2] for one in after if one[0] == "delete" and one[1] in OF_A_SERVER} == {
        "server", "address", "ports", "operator",
    }  # fmt: skip
    kept = {"Bucket", "Secret", "Repository", "LoadBalancer", "TargetGroup", "Certificate"}
    assert [one for one in after if one[0] == "delete" and one[1] in kept] == []
    assert len(of_kind(rented, DATABASE)) == 1
    (record,) = [one for one in of_kind(rented, RECORD) if (one["name"], one["type"]) == ("invoices.example.com", "A")]
    assert record["aliases"][0]["name"].endswith("elb.amazonaws.com")


def test_cloudfront_comes_and_goes_with_a_setting_and_its_secret_stays_in_between(cluster, tmp_path):
    cluster.configure(cdn="cloudfront")
    cluster.up()
    (record,) = [
        one for one in of_kind(cluster, RECORD) if one["name"] == "invoices.example.com" and one["type"] == "A"
    ]
    (distribution,) = of_kind(cluster, "aws:cloudfront/distribution:Distribution")
    assert record["aliases"][0]["name"] == distribution["domainName"]

    assert "unchanged" in cluster.preview("--expect-no-changes")

    cluster.configure(cdn="off")
    cluster.up()
    assert of_kind(cluster, "aws:cloudfront/distribution:Distribution") == []
