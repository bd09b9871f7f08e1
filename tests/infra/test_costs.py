"""What a stack costs, by item, before anything is rented."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pulumi
import pytest
from support.pulumi_stack import CONFIG, REGION

from infra import costs, program
from infra.settings import InfraSettings

ROOT = Path(__file__).parents[2]
PRICES = tomllib.loads((ROOT / "infra" / "prices.toml").read_text())
AT_ROUTE53 = {"dns": "route53", "dnsZone": "example.com"}


def configured(**changes):
    return InfraSettings.read({**CONFIG, **changes}, REGION)


def test_a_small_cluster_costs_at_most_150_dollars_a_month():
    assert costs.by_item(configured(shape="cluster", **AT_ROUTE53)) == {
        "Bucket of locked backups, about 10 GB with its requests": "1.00",
        "Hosted zone of Route 53": "0.50",
        "Load balancer in two zones": "17.89",
        "App, 2 tasks of 0.5 vCPU and 1 GB": "36.04",
        "Worker, 1 task of 0.5 vCPU and 2 GB": "21.26",
        "Hourly backup, a task for 3 minutes": "1.06",
        "Database db.t4g.small in two zones, 20 GB": "51.32",
        "Public addresses, 5": "18.25",
        "Secrets Manager, the cluster's": "0.80",
        "Alarms and dashboard of the cluster": "0.30",
        "Logs of the cluster, about 1 GB": "0.50",
        "Images and files of the cluster": "0.42",
        "A month": "149.34",
    }


@pytest.mark.parametrize(
    ("size", "dollars"),
    [("small", "149.34"), ("medium", "264.24"), ("large", "582.42")],
    ids=["small", "medium", "large"],
)
def test_each_size_of_a_cluster_has_its_price(size, dollars):
    settings = configured(shape="cluster", clusterSize=size, **AT_ROUTE53)

    assert costs.total(costs.monthly(settings)) == Decimal(dollars)


def test_cloudfront_with_its_firewall_is_counted_as_it_is_without_a_plan():
    items = costs.by_item(configured(shape="cluster", cdn="cloudfront"))

    assert items["CloudFront with its firewall (WAF), without a plan"] == "10.00"


def test_figures_of_each_container_are_counted_where_monitoring_is_detailed():
    items = costs.by_item(configured(shape="cluster", monitoring="detailed"))

    assert items["Container Insights (detailed), about 135 figures"] == "9.45"


def test_without_backups_and_alarms_neither_is_counted():
    items = costs.by_item(configured(shape="cluster", backups="false", monitoring="off"))

    assert [item for item in items if "ackup" in item or "larm" in item] == []


def test_while_a_cluster_takes_over_both_are_counted():
    alone = [costs.total(costs.monthly(configured(shape=shape, backups="false"))) for shape in ("server", "cluster")]

    both = costs.total(costs.monthly(configured(shape="both", backups="false")))
    assert both == sum(alone) == Decimal("171.68")


def test_a_cluster_alone_is_not_missing_the_price_of_a_server():
    assert "A month" in costs.by_item(configured(shape="cluster", bundle="m_large_1_0"))


@pytest.mark.parametrize("shape", ["server", "both", "cluster"])
@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_the_budget_that_a_shape_has_by_itself_is_enough_for_all_that_it_can_rent(shape, size):
    everything = {
        **AT_ROUTE53, "monitoring": "detailed", "secrets": "secretsmanager", "logs": "cloudwatch",
        "diskEncryption": "secretsmanager", "cdn": "off" if shape == "server" else "cloudfront",
    }  # fmt: skip

    assert not costs.is_above_budget(configured(shape=shape, clusterSize=size, **everything))


def test_the_budget_that_a_shape_has_by_itself_is_what_the_project_says():
    budgets = {
        (shape, size): configured(shape=shape, clusterSize=size).monthly_budget
        for shape, size in [
            ("server", "small"),
            ("cluster", "small"),
            ("cluster", "medium"),
            ("cluster", "large"),
            ("both", "large"),
        ]
    }

    assert list(budgets.values()) == [50, 175, 300, 675, 725]


def test_a_cluster_above_its_budget_is_not_rented_and_its_items_are_listed():
    with pytest.raises(pulumi.RunError) as refused:
        program.rent(configured(shape="cluster", monthlyBudget="100"))

    assert "Database db.t4g.small in two zones, 20 GB                        $ 51.32\n" in str(refused.value)
    assert str(refused.value).endswith("That is above monthlyBudget, $100.")


@pytest.mark.parametrize("kind", ["bundles", "items", "units"])
def test_each_price_has_the_day_on_which_it_was_noted_and_its_source(kind):
    lacking = [name for name, row in PRICES[kind].items() if not (row["noted_on"] and row["source"])]

    assert lacking == []
