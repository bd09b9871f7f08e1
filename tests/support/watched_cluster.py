"""A cluster as alarms and the dashboard know it."""

from infra.cluster.alarms import WatchedCluster
from infra.cluster.sizes import SIZES


def watched(size="small"):
    return WatchedCluster(
        load_balancer="app/invoices/1", target_group="targetgroup/inv/2", certificate="arn:aws:acm:us-east-1:1:c/3",
        ecs_cluster="invoices", app_service="invoices-app", worker_service="invoices-worker", database="invoices",
        log_group="/invoices/invoices/cluster", size=SIZES[size],
    )  # fmt: skip
