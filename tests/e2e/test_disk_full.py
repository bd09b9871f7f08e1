"""A server whose disk something has filled: it is read on, refuses to be written, and recovers when there is room."""

import secrets

import pytest

BALLAST = "/var/lib/docker/ballast"
# As containers and their volumes, users and ordinary programs fill a disk: without CAP_SYS_RESOURCE. Who has that right
# (root's own programs: the engine with its layers and logs, apt) also fills what is kept back for the database.
FILL = f"""
set -u
free=$(df --block-size=1 --output=avail /var/lib/docker | tail -1)
fallocate --length $((free - 64000000)) {BALLAST}
dd if=/dev/zero of={BALLAST}-rest bs=4096 2>&1 | grep -c 'No space left on device'
"""


@pytest.fixture
def full(serving):
    """The server with nothing left on its disk."""
    assert serving.inside(f"setpriv --bounding-set=-sys_resource sh -c '{FILL}'") == "1"
    yield serving
    serving.inside(f"rm -f {BALLAST} {BALLAST}-rest")


def test_a_full_disk_is_read_on_refuses_to_be_written_and_recovers_by_itself(site, invoice_id, full, figure):
    key = f"on-a-full-disk-{secrets.token_hex(4)}"
    before = full.containers()
    assert site.ask("GET", "/health").status == 200
    assert site.ask("GET", f"/api/v1/invoices/{invoice_id}").json()["number"] == "1001"

    refused = site.pay(invoice_id, 1, key)
    assert (refused.status, refused.json()["title"]) == (507, "The disk of the server is full")

    full.inside(f"rm {BALLAST} {BALLAST}-rest")
    took = full.recovered_within(30, lambda: site.pay(invoice_id, 1, key).status == 201)
    figure("disk full: written to again after", f"{took:.1f} s", "30 s")

    assert full.query(f"SELECT count(*) FROM payments WHERE reference = '{key}'") == "1"
    assert full.containers() == before
    assert is_sound(full)


def test_a_database_that_falls_on_a_full_disk_gets_up_again(site, invoice_id, full):
    (database,) = full.containers("db").values()
    first = full.inside(f"docker inspect -f '{{{{.State.Pid}}}}' {database}")
    one_of_many = full.inside(f"pgrep --parent {first} --oldest")

    full.inside(f"kill -9 {one_of_many}")
    full.recovered_within(30, lambda: site.ask("GET", f"/api/v1/invoices/{invoice_id}").status == 200)

    assert is_sound(full)


def test_a_release_is_refused_while_there_is_no_room_for_it(full):
    full.operator.commit("app/__init__.py", '"""too large a version"""\n')

    done = full.operator.fab("deploy", fails=True)

    assert "MB of disk are free, and a release takes" in done.printed
    assert full.inside("ls -d /opt/invoices/lock 2>/dev/null || true") == ""


def is_sound(deployed):
    """Tell whether all that is stored can be read, is as it was written, and is as the audit trail says."""
    (database,) = deployed.containers("db").values()
    dumped = deployed.inside(f"docker exec {database} pg_dump -U postgres --schema-only invoices | wc -l")
    failures = deployed.query("SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database")
    deployed.inside(f"docker exec {database} pg_dump -U postgres --file=/dev/null invoices")
    deployed.invoices("audit", "verify")
    return int(dumped) > 0 and failures == "0"
