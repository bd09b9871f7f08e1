"""Retention goes by time: whatever is added and however the clock jumps, the newest good backup stays."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backups.manifest import id_of, moment_of
from app.backups.places import Directory
from app.backups.stored_backups import expired, newest_complete, prune, stored_backups

NOW = datetime(2026, 11, 28, 9, 5, tzinfo=UTC)

moments = st.integers(-2_000, 2_000).map(lambda hours: NOW + timedelta(hours=hours))


@given(st.sets(moments, max_size=20), st.sets(moments, max_size=20), st.lists(moments, min_size=1, max_size=5))
def test_the_newest_good_backup_is_never_removed_whatever_is_added_and_whenever_it_is(good, fakes, clocks):
    ids = {id_of(moment) for moment in good | fakes}
    are_good = {id_of(moment) for moment in good}
    for now in clocks:
        ids -= set(expired(ids, ids & are_good, now))

    assert max(are_good, default=None) in ids | {None}


@given(st.sets(moments, max_size=20), moments)
def test_nothing_that_is_younger_than_35_days_is_removed_however_many_there_are(made, now):
    removed = expired({id_of(moment) for moment in made}, set(), now)

    assert all(moment_of(one) < now - timedelta(days=35) for one in removed)


@given(st.sets(moments, min_size=2, max_size=20), moments)
def test_all_that_is_older_goes_but_the_newest_good_one(made, now):
    ids = {id_of(moment) for moment in made}
    old = {one for one in ids if moment_of(one) < now - timedelta(days=35)}

    assert set(expired(ids, ids, now)) == old - {max(ids)}


@pytest.fixture
def place(tmp_path):
    return Directory(tmp_path)


def a_backup(place, days_ago, names=("invoices.dump.age", "manifest.json", "manifest.json.sig"), now=NOW):
    backup_id = id_of(now - timedelta(days=days_ago))
    for name in names:
        path = place.folder / "dumps" / backup_id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("xx")
    return backup_id


def test_backups_are_listed_oldest_first_with_their_sizes(place):
    newer, older = a_backup(place, 1), a_backup(place, 2)

    assert [(one.id, one.bytes, one.is_complete) for one in stored_backups(place)] == [
        (older, 6, True),
        (newer, 6, True),
    ]


@pytest.mark.parametrize("names", [["manifest.json"], ["manifest.json.sig"], ["invoices.dump.age"]])
def test_one_without_manifest_or_signature_does_not_count(place, names):
    whole = a_backup(place, 2)
    a_backup(place, 1, names)

    assert newest_complete(place).id == whole


def test_what_is_no_backup_is_not_listed(place):
    a_backup(place, 1)
    (place.folder / "dumps/notes").mkdir()
    (place.folder / "dumps/notes/manifest.json").write_text("")

    assert len(stored_backups(place)) == 1


def test_old_backups_are_removed_and_files_and_the_newest_good_one_stay(place):
    oldest, good, forged = a_backup(place, 60), a_backup(place, 50), a_backup(place, 40)
    place.folder.joinpath("files").mkdir()
    place.folder.joinpath("files/1.age").write_text("x")

    removed = prune(place, NOW, lambda one: one != forged)

    assert removed == [oldest, forged]
    assert {key.split("/")[1] for key in place.sizes()} == {good, "1.age"}


def test_a_backup_of_the_future_does_not_count_as_the_newest_good_one(place):
    old, future = a_backup(place, 50), a_backup(place, -100)

    assert prune(place, NOW, lambda _: True) == []
    assert [one.id for one in stored_backups(place)] == [old, future]


def test_old_certificates_go_but_the_newest_stays(place):
    (place.folder / "certificates").mkdir()
    for days in (80, 60):
        for ending in (".json", ".json.sig"):
            (place.folder / f"certificates/{id_of(NOW - timedelta(days=days))}{ending}").write_text("x")

    prune(place, NOW, lambda _: True)

    newest = id_of(NOW - timedelta(days=60))
    assert place.keys("certificates/") == [f"certificates/{newest}.json", f"certificates/{newest}.json.sig"]


@pytest.mark.parametrize("text", ["", "20261128", "20261128T090500", "20261328T090500Z", "2026112T090500Z", "notes"])
def test_only_moments_are_ids(text):
    assert moment_of(text) is None


def test_an_id_is_its_moment_in_utc():
    assert id_of(NOW) == "20261128T090500Z"
    assert moment_of("20261128T090500Z") == NOW
