"""Which digests were sent, on both databases."""

from datetime import UTC, datetime, timedelta

from app.store.ledger.automation import digests

MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = MOMENT + timedelta(hours=1)


def test_a_digest_is_noted_once_for_its_period(database):
    assert digests.state("overdue", "2026-W10") == (None, False)

    assert [digests.note_sent("overdue", "2026-W10", moment) for moment in (MOMENT, LATER)] == [True, False]

    assert digests.state("overdue", "2026-W10") == (MOMENT, False)
    assert digests.state("month-end", "2026-W10") == (None, False)


def test_a_digest_that_was_asked_for_again_is_noted_once_more(database):
    digests.note_sent("overdue", "2026-W10", MOMENT)

    digests.ask_again("overdue", "2026-W10")

    assert digests.state("overdue", "2026-W10") == (None, True)
    assert [digests.note_sent("overdue", "2026-W10", moment) for moment in (LATER, LATER)] == [True, False]
    assert digests.latest("overdue") == ("2026-W10", LATER)
