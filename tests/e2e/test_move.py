"""A larger server takes over while payments come in, and none that was acknowledged is missing."""

import re

import pytest

from tests.support import instance as instances
from tests.support.deployed import Deployed
from tests.support.public_site import Load, Site
from tests.support.stand_in_images import SUBNET

MINUTES = re.compile(r"For ([\d.]+) minutes nobody could write; nothing is lost\.")


@pytest.fixture
def larger(bucket, serving):
    """Another server of the same operator, deployed to, which the operator reaches with the same key."""
    with instances.running("larger") as started:
        key = serving.instance.identity.with_suffix(".pub").read_text().strip()
        started.exec("sh", "-c", f"echo '{key}' >> /home/ubuntu/.ssh/authorized_keys")
        operator = serving.operator.of_another(started, SUBNET, bucket)
        operator.fab("provision")
        done = operator.fab("deploy")
        yield Deployed(started, operator, operator.version, done.printed)


def owed(deployed):
    return deployed.invoices("report", "customers", "--json")


def test_a_server_moves_under_load_without_losing_an_entry_and_can_return(serving, site, invoice_id, larger, figure):
    serving.operator.fab("backup", "--base")
    with Load(site, invoice_id) as load:
        load.goes_on(200)
        moved = serving.operator.fab("move", str(larger.operator.server))
        figure("move to another server: nobody could write for", f"{MINUTES.search(moved.printed)[1]} min")

    like = f"load-{id(load)}-%"
    found = set(larger.query(f"SELECT reference FROM payments WHERE reference LIKE '{like}'").splitlines())
    assert len(load.acknowledged) > 100
    assert set(load.acknowledged) - found == set()
    assert larger.invoices("audit", "verify").startswith("All ")
    (worker,) = larger.containers("worker").values()
    assert larger.inside(f"docker exec {worker} find /data/imports -name workbook -size +0 | wc -l") != "0"
    there = Site(larger.instance.address, site.domain, site.authority, site.token)  # the same certificates and tokens
    assert there.ask("GET", "/api/v1/payments?limit=1").status == 200
    assert serving.containers() == {}
    assert "holds the lock" in serving.operator.fab("deploy", fails=True).printed
    before = owed(larger)

    serving.operator.fab("move", str(larger.operator.server), "--back")

    assert owed(serving) == before
    assert larger.containers() == {}
    assert site.pay(invoice_id, 1, f"after-the-way-back-{id(load)}").status == 201
