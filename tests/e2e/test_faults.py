"""Whatever is killed comes back by itself, and no receipt that was acknowledged is lost."""

import time

import pytest

from tests.support.public_site import Load


@pytest.mark.parametrize("service", ["app", "worker", "proxy", "db"])
def test_a_container_that_is_killed_comes_back_and_nothing_acknowledged_is_lost(
    serving, site, invoice_id, figure, service
):
    (container,) = serving.containers(service).values()

    with Load(site, invoice_id) as load:
        load.goes_on(50)
        process = serving.inside(f"docker inspect -f '{{{{.State.Pid}}}}' {container}")
        serving.inside(f"kill -9 {process}")
        took = serving.recovered_within(60, lambda: is_well(serving, site, service))
        load.goes_on(50)
    figure(f"{service} killed: well again after", f"{took:.1f} s", "30 s")
    figure(f"{service} killed: requests failed", f"{len(load.failures)} of {load.total}")

    assert took < 30
    assert lost(serving, load) == set()


def is_well(deployed, site, service):
    states = deployed.inside(
        f"docker inspect -f '{{{{.State.Running}}}} {{{{.State.Health.Status}}}}' "
        f"$(docker ps -aq --filter label=com.docker.compose.service={service})"
    )
    return set(states.splitlines()) == {"true healthy"} and site.ask("GET", "/health", seconds=2).status == 200


def lost(deployed, load):
    """Return which receipts were acknowledged and are not in the database: none ever."""
    stored = set(
        deployed.query(f"SELECT reference FROM payments WHERE reference LIKE 'load-{id(load)}-%'").splitlines()
    )
    return set(load.acknowledged) - stored


def test_when_docker_itself_is_killed_the_site_goes_on(serving, site, invoice_id, figure):
    with Load(site, invoice_id) as load:
        load.goes_on(50)
        serving.inside("kill -9 $(cat /run/docker.pid)")
        took = serving.recovered_within(60, lambda: serving.inside("docker info -f '{{.ServerVersion}}'") != "")
        load.goes_on(50)
    figure("dockerd killed: answers again after", f"{took:.1f} s")
    figure("dockerd killed: requests failed", f"{len(load.failures)} of {load.total}")

    assert serving.recovered_within(60, lambda: is_well(serving, site, "app")) < 60
    assert lost(serving, load) == set()


def test_a_server_that_loses_its_power_under_writes_comes_back_by_itself(serving, site, invoice_id, figure):
    with Load(site, invoice_id) as load:
        load.goes_on(100)
        serving.instance.kill()
    began = time.monotonic()
    serving.instance.boot()
    serving.recovered_within(180, lambda: is_well(serving, site, "app"))
    figure("power lost: well again after", f"{time.monotonic() - began:.0f} s", "180 s")
    figure("power lost: receipts acknowledged, lost", f"{len(load.acknowledged)}, {len(lost(serving, load))}", "0 lost")

    assert load.acknowledged
    assert lost(serving, load) == set()
    assert serving.query("SELECT count(*) FROM pg_stat_database WHERE checksum_failures > 0") == "0"
