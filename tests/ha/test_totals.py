"""What all drills together left: runs last."""

from collections import Counter

import pytest
from support.steady_load import ENTRIES_A_REQUEST

LEAST_ENTRIES = 20_000
_LONGEST_REST_SECONDS = 240
_TOTALS_THAT_DIFFER = """
SELECT i.number, i.paid_cents, coalesce(sum(p.amount_cents), 0) FROM invoices i
LEFT JOIN payments p ON p.invoice_id = i.id AND p.voided_at IS NULL
GROUP BY i.id HAVING i.paid_cents <> coalesce(sum(p.amount_cents), 0)
"""


@pytest.fixture(scope="module")
def ended(running):
    """Everything as it is once the last of the payments is recorded."""
    site, load = running
    site.fill_up()
    assert site.pair.is_whole_within(60)
    wanted = max(0, LEAST_ENTRIES - load.entries()) // ENTRIES_A_REQUEST + 1
    assert load.goes_on(wanted, _LONGEST_REST_SECONDS)
    load.stop()
    return site, load


def test_of_20000_acknowledged_entries_none_is_lost_and_none_is_there_twice(ended, totals):
    site, load = ended
    stored = Counter(dict(site.look_up("SELECT reference, count(*) FROM payments GROUP BY reference")))

    lost = sorted(key for key in load.acknowledged if stored[key] < ENTRIES_A_REQUEST)
    twice = sorted(key for key, entries in stored.items() if entries > ENTRIES_A_REQUEST)
    totals(f"{load.entries():,} entries acknowledged, {len(lost)} lost, {len(twice)} twice")
    assert load.entries() >= LEAST_ENTRIES
    assert (lost, twice) == ([], [])
    assert site.look_up(_TOTALS_THAT_DIFFER) == []


def test_the_audit_is_whole_on_primary_and_standby(ended, totals):
    site, _ = ended
    entries = site.sealed_entries(site.pair.primary())

    assert site.holds_within(30, site.pair.standby(), entries)
    assert site.sealed_entries(site.pair.standby()) == entries
    totals(f"{entries:,} entries of the audit verified on both servers")
