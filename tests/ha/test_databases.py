"""The primary is killed, changed as planned, or lost with its whole zone: nothing that was acknowledged is missing."""

import time

from support.workbooks import AN_INVOICE, invoices_tab, workbook

LONGEST_FAILOVER_SECONDS = 20
# A primary that is gone with its Patroni stays the primary until its lease of 20 seconds has ended.
LONGEST_LOSS_OF_A_ZONE_SECONDS = 40
LONGEST_SWITCHOVER_SECONDS = 10
REJOINS_WITHIN_SECONDS = 60


def test_kill_9_of_the_primary_leaves_at_most_20_seconds_without_a_success(site, load, drill):
    killed = site.pair.primary()
    killed.kill_postgresql()
    assert load.goes_on(30)

    seen = drill.end(goal=f"at most {LONGEST_FAILOVER_SECONDS} s")
    assert seen.longest_pause <= LONGEST_FAILOVER_SECONDS
    assert set(seen.failures) <= {"503"}


def test_a_planned_switchover_leaves_at_most_10_seconds_without_a_success(site, load, drill):
    before = site.pair.primary()
    site.pair.switch_over()
    assert load.goes_on(30)

    seen = drill.end(goal=f"at most {LONGEST_SWITCHOVER_SECONDS} s")
    assert seen.longest_pause <= LONGEST_SWITCHOVER_SECONDS
    assert set(seen.failures) <= {"503"}
    assert site.pair.standby() is before


def test_a_primary_that_was_lost_comes_back_as_standby_with_the_whole_audit(site, load, drill):
    lost, other = site.pair.primary(), site.pair.standby()
    lost.kill()
    assert load.goes_on(30)
    back = time.monotonic()
    lost.start()

    assert site.pair.is_whole_within(REJOINS_WITHIN_SECONDS)
    drill.end(goal=f"standby within {REJOINS_WITHIN_SECONDS} s", seen=f"standby after {time.monotonic() - back:.1f} s")
    assert site.pair.primary() is other
    entries = site.sealed_entries(other)
    assert site.holds_within(30, lost, entries)
    assert site.sealed_entries(lost) >= entries


def test_a_zone_that_is_lost_takes_a_copy_a_worker_and_the_primary_and_the_other_goes_on(site, load, drill, tmp_path):
    before = site.upload(workbook(tmp_path, invoices_tab(["Z-1", *AN_INVOICE[1:]]), "before.xlsx"))
    site.kill(site.copies[0], site.workers[0])
    site.pair.primary().kill()
    assert load.goes_on(30)
    after = site.upload(workbook(tmp_path, invoices_tab(["Z-2", *AN_INVOICE[1:]]), "after.xlsx"))
    assert (site.is_applied(before), site.is_applied(after)) == (True, True)

    seen = drill.end(goal=f"at most {LONGEST_LOSS_OF_A_ZONE_SECONDS} s", seen="imports before and after it applied")
    assert seen.longest_pause <= LONGEST_LOSS_OF_A_ZONE_SECONDS
    assert set(seen.failures) <= {"502", "503", "RemoteDisconnected"}
    assert site.look_up("SELECT number, count(*) FROM invoices WHERE number LIKE 'Z-%%' GROUP BY 1 ORDER BY 1") == [
        ("Z-1", 1),
        ("Z-2", 1),
    ]
