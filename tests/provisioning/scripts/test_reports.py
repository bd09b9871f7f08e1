"""Reports are replaced as a whole, or not at all."""

import os
from datetime import UTC, datetime

import pytest
import reports


def test_what_was_kept_is_read(server):
    reports.keep("figures", {"at": "2026-11-28T09:05:00Z", "sentence": "Größe"})

    assert reports.read("figures") == {"at": "2026-11-28T09:05:00Z", "sentence": "Größe"}


def test_a_full_disk_leaves_the_report_of_before_and_nothing_beside_it(server, monkeypatch, tmp_path):
    reports.keep("figures", {"at": "before"})

    def full(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        reports.keep("figures", {"at": "after"})

    assert reports.read("figures") == {"at": "before"}
    assert [path.name for path in tmp_path.glob("*figures*")] == ["figures.json"]


@pytest.mark.parametrize("text", ["", "{half", "[]", "null"])
def test_a_damaged_report_is_none(server, tmp_path, text):
    (tmp_path / "backup.json").write_text(text)

    assert reports.read("backup") == {}


@pytest.mark.parametrize(
    "text", ["20261128T090500Z", "2026-11-28T09:05:00Z", "2026-11-28T09:05:00+00:00", "2026-11-28T10:05:00+01:00"]
)
def test_moments_are_read_as_backups_and_reports_write_them(text):
    assert reports.moment_of(text) == datetime(2026, 11, 28, 9, 5, tzinfo=UTC)
