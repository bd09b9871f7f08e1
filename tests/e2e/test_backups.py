"""Whatever is lost, damaged or entered by mistake is restored, and nothing that was acknowledged is missing."""

import json
import re
import time

import pytest

from tests.support import instance as instances
from tests.support.deployed import Deployed
from tests.support.operators import ROOT
from tests.support.polling import is_so_within
from tests.support.public_site import Load
from tests.support.stand_in_images import SUBNET

LOSS_SECONDS = 15


def report(deployed, name):
    return json.loads(deployed.inside(f"cat /var/lib/invoices/reports/{name}.json"))


def owed(deployed):
    """Return what each customer owes, as the app itself tells it."""
    return deployed.invoices("report", "customers", "--json")


def now(deployed):
    """Return a moment of the database's clock that lies between what was done before and what is done after."""
    moment = deployed.query("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
    later = f"SELECT clock_timestamp() > '{moment}'::timestamptz + interval '1 second'"
    assert is_so_within(10, lambda: deployed.query(later) == "t")
    return moment


@pytest.fixture
def backed_up(serving) -> Deployed:
    """The server with a copy of the whole and a logical backup of this moment."""
    serving.operator.fab("backup", "--base")
    serving.operator.fab("backup")
    return serving


@pytest.fixture
def empty_server(bucket, provisioned):
    """Another server of the same operator, hardened, to which nothing was deployed."""
    with instances.running("beside") as started:
        operator = provisioned.of_another(started, SUBNET, bucket)
        operator.fab("provision")
        yield started, operator


def test_a_server_that_is_lost_under_writes_is_restored_on_a_new_one(backed_up, site, invoice_id, empty_server, figure):
    with Load(site, invoice_id) as load:
        for _ in range(5):
            load.goes_on(300)
        backed_up.instance.kill()
        lost_at = time.time()
    try:
        instance, operator = empty_server
        began = time.monotonic()
        operator.fab("deploy")
        done = operator.fab("restore")
        took = time.monotonic() - began
        restored = Deployed(instance, operator, operator.version, done.printed)
        like = f"load-{id(load)}-%"
        found = set(restored.query(f"SELECT reference FROM payments WHERE reference LIKE '{like}'").splitlines())
        newest = max(load.moments[key] for key in found & load.moments.keys())
        figure("server lost under writes: entries lost are of the last", f"{lost_at - newest:.0f} s", "15 s")
        figure("new server: deployed and restored after", f"{took:.0f} s", "180 s")

        due = {key for key, at in load.moments.items() if at < lost_at - LOSS_SECONDS}
        assert len(due) > 100
        assert due - found == set()
        assert restored.invoices("audit", "verify").startswith("All ")
        assert "receivables.xlsx" in restored.query("SELECT file_name FROM imports")
        (worker,) = restored.containers("worker").values()
        assert restored.inside(f"docker exec {worker} find /data/imports -name workbook -size +0 | wc -l") != "0"
    finally:
        backed_up.instance.boot()
        backed_up.recovered_within(180, lambda: site.ask("GET", "/health", seconds=2).status == 200)


def test_what_was_done_by_mistake_is_undone_by_restoring_the_second_before(backed_up, site, invoice_id, figure):
    site.pay(invoice_id, 100, f"before-the-mistake-{time.time()}")
    before = owed(backed_up)
    moment = now(backed_up)
    backed_up.query("UPDATE invoices SET voided_at = now(), void_reason = 'by mistake'")
    assert owed(backed_up) != before

    done = backed_up.operator.fab("restore", "--at", moment)
    figure("a moment restored after", f"{done.seconds:.0f} s")

    assert owed(backed_up) == before

    backed_up.operator.fab("restore", "--back")
    assert owed(backed_up) != before

    backed_up.query("UPDATE invoices SET voided_at = NULL, void_reason = ''")
    backed_up.operator.fab("restore", "--confirm")
    assert owed(backed_up) == before
    assert backed_up.inside("ls /var/lib/docker/volumes/invoices_database/_data/17") == "data"


def test_the_runbook_of_restoring_is_followed_line_by_line(backed_up, site, invoice_id):
    before = owed(backed_up)
    moment, backup = now(backed_up), report(backed_up, "backup")["backup"]
    runbook = (ROOT / "docs/operations.md").read_text().split("\n## Restoring\n")[1].split("\n## ")[0]
    lines = [line for block in re.findall(r"```\n(.*?)```", runbook, re.DOTALL) for line in block.splitlines()]
    site.pay(invoice_id, 100, f"after-the-moment-{time.time()}")

    for line in lines:
        command, *words = line.replace("MOMENT", moment).replace("ID", backup).split()
        assert command == "fab"
        backed_up.operator.fab(*words)

    assert len(lines) == 9
    assert owed(backed_up) == before


def test_a_logical_backup_takes_the_place_of_the_database_and_gives_it_back(backed_up, site, invoice_id):
    before = owed(backed_up)
    backup = report(backed_up, "backup")["backup"]
    site.pay(invoice_id, 100, f"after-the-backup-{time.time()}")
    after = owed(backed_up)

    backed_up.operator.fab("restore", "--backup", backup)
    assert owed(backed_up) == before

    backed_up.operator.fab("restore", "--back")
    assert owed(backed_up) == after
    backed_up.operator.fab("restore", "--confirm")


def test_a_new_server_has_backed_itself_up_and_proved_it_within_ten_minutes_of_its_first_deploy(serving, figure):
    took = serving.recovered_within(600, lambda: report(serving, "certificate")["ok"] is True)
    figure("first deploy: backed up and proved after", f"{took:.0f} s more", "600 s")

    assert report(serving, "base-backup")["ok"] is True
    assert report(serving, "backup")["ok"] is True


def test_the_newest_backups_are_restored_on_the_server_agree_to_the_cent_and_that_is_signed(backed_up, figure):
    done = backed_up.operator.fab("backup", "--prove")
    certificate = report(backed_up, "certificate")
    figure("certificate: made after", f"{done.seconds:.0f} s", "60 s")
    figure("certificate: restored in", f"{certificate['restore_seconds']:.0f} s")
    figure("certificate: RPO, RTO measured", f"{certificate['rpo_seconds']:.0f} s, {certificate['rto_seconds']:.0f} s")

    assert certificate["ok"] is True
    assert "agrees to the cent" in done.printed
    assert certificate["problems"] == []


def test_a_backup_is_opened_compared_and_nothing_is_changed(backed_up):
    before = owed(backed_up)

    done = backed_up.operator.fab("verify-backup")

    assert "every file is as the server signed it" in done.printed
    assert "agrees in every figure; nothing was changed" in done.printed
    assert owed(backed_up) == before


def test_without_the_private_key_or_with_another_one_nothing_is_opened_and_nothing_changed(backed_up):
    (key,) = (backed_up.operator.home / ".config/invoices").iterdir()
    kept = key.read_text()
    try:
        key.write_text(kept.replace("AGE-SECRET-KEY-1", "AGE-SECRET-KEY-2"))
        damaged = backed_up.operator.fab("verify-backup", fails=True).printed
        key.unlink()
        missing = backed_up.operator.fab("verify-backup", fails=True).printed
    finally:
        key.write_text(kept)

    assert "key" in damaged.splitlines()[-1]
    assert "it is the one key that opens backups. Put your copy of it there." in missing


def test_while_the_bucket_is_away_nothing_is_lost_and_it_is_told(backed_up, site, invoice_id, figure):
    (gate,) = backed_up.containers("gate").values()
    backed_up.inside(f"docker stop {gate}")
    try:
        key = f"while-away-{time.time()}"
        assert site.pay(invoice_id, 1, key).status == 201
        waiting = backed_up.query("SELECT pg_walfile_name(pg_current_wal_lsn())")
        backed_up.query("SELECT pg_switch_wal()")
        refused = backed_up.operator.fab("backup", fails=True)
    finally:
        backed_up.inside(f"docker start {gate}")

    assert "cannot be reached" in refused.printed
    assert report(backed_up, "backup")["ok"] is False
    archived = f"SELECT last_archived_wal >= '{waiting}' FROM pg_stat_archiver"
    took = backed_up.recovered_within(400, lambda: backed_up.query(archived) == "t")
    figure("bucket back: all archived after", f"{took:.0f} s")
    backed_up.operator.fab("backup")
    assert report(backed_up, "backup")["ok"] is True
    assert backed_up.query(f"SELECT count(*) FROM payments WHERE reference = '{key}'") == "1"


def test_a_backup_or_restore_that_is_killed_leaves_the_site_as_it_was_and_works_the_next_time(backed_up, site):
    before = owed(backed_up)

    for words, service in ((("backup",), "backup"), (("restore", "--to-scratch"), "restore")):
        started = backed_up.operator.started(*words)
        of = f"docker ps -q --filter label=com.docker.compose.service={service}"
        backed_up.recovered_within(60, lambda of=of: backed_up.inside(of) != "")
        backed_up.inside(f"docker kill $({of})")
        assert started.communicate_within(300).exit_code == 1

        assert site.ask("GET", "/health").status == 200
        assert owed(backed_up) == before
        backed_up.operator.fab(*words)


def test_the_database_reaches_the_bucket_and_nothing_else(serving):
    (database,) = serving.containers("db").values()
    asks = "timeout 5 bash -c 'exec 3<>/dev/tcp/{}/{}' 2>/dev/null && echo reached || echo refused"
    (port,) = serving.inside("sed -n 's/^BUCKET_PORT=//p' /etc/invoices/stack.env").splitlines()

    def seen(address, asked_port):
        return serving.inside(f"docker exec {database} {asks.format(address, asked_port)}")

    assert seen("bucket.invoices.test", port) == "reached"
    assert seen("10.213.81.1", port) == "refused"
    assert seen("10.213.81.2", 5000) == "refused"
