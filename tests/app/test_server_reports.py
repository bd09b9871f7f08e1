"""Reports of the server are read as its scripts write them; what is damaged is said, what is missing is nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from support.reports import keep_reports

from app.server_reports import Kept, ServerReports

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DAMAGE = (
    "The server's report certificate.json cannot be read: it is written again by its next run; if it stays so, look at "
    "the server."
)


@pytest.fixture
def reports(tmp_path):
    keep_reports(tmp_path / "reports")
    return ServerReports(tmp_path / "reports")


def test_a_certificate_is_read_with_what_was_measured(reports):
    found = reports.certificate().report

    assert (found.at, found.ok, found.backup) == (
        datetime(2026, 3, 2, 2, 0, 41, tzinfo=UTC),
        True,
        "20260302T020000Z",
    )
    assert (found.restore_seconds, found.rpo_seconds, found.rto_seconds) == (41.2, 11.0, 63.4)


def test_what_the_machine_says_is_read_in_its_parts(reports):
    found = reports.machine().report

    assert (found.disk.full_in_days, found.memory.available_bytes, found.updates.security) == (63.0, 1_500_000_000, 1)
    assert found.disk.history[-1] == (datetime(2026, 3, 2, 9, 10, tzinfo=UTC), 18_000_000_000)
    assert (found.images[1].days, found.costs["A month"]) == (41, "26.00")


def test_a_part_that_could_not_be_told_is_none(reports):
    keep_reports(reports.folder, server={"disk": None, "missing": {"disk": "statvfs failed"}})

    found = reports.machine().report
    assert (found.disk, found.missing) == (None, {"disk": "statvfs failed"})


def test_all_reports_are_read(reports):
    read = [reports.backup(), reports.base_backup(), reports.figures(), reports.chores("daily")]

    assert [kept.report.ok for kept in read] == [True, True, True, True]


def test_a_report_that_is_missing_is_none_and_no_damage(reports):
    assert reports.chores("monthly") == Kept()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "\0", '{"ok": true}', '{"at": "now", "ok": true, "sentence": ""}', "x" * 1_000_001],
)
def test_a_damaged_report_is_a_sentence(reports, content):
    keep_reports(reports.folder, certificate=content)

    assert reports.certificate() == Kept(None, DAMAGE)


def test_a_report_that_may_not_be_read_is_a_sentence(reports):
    (reports.folder / "certificate.json").unlink()
    (reports.folder / "certificate.json").mkdir()

    assert reports.certificate().damage == DAMAGE


def test_a_report_of_another_kind_is_no_certificate(reports):
    keep_reports(reports.folder, certificate={"restore_seconds": -1})

    assert reports.certificate().damage == DAMAGE


def test_what_a_newer_server_adds_is_passed_over(reports):
    keep_reports(reports.folder, certificate={"something": "new"})

    assert reports.certificate().report.ok is True


def test_where_nothing_reports_there_is_nothing(tmp_path):
    nowhere, not_made = ServerReports(None), ServerReports(tmp_path / "nothing")

    assert [(one.are_kept, one.certificate()) for one in (nowhere, not_made)] == [(False, Kept())] * 2


@pytest.mark.parametrize(
    ("age", "is_fresh"),
    [
        (timedelta(hours=26), True),
        (timedelta(hours=26, seconds=1), False),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-6), False),
    ],
)
def test_a_certificate_counts_for_26_hours_and_never_before_its_time(reports, age, is_fresh):
    keep_reports(reports.folder, certificate={"at": (NOW - age).isoformat()})

    assert reports.certificate().report.is_fresh(NOW) is is_fresh
