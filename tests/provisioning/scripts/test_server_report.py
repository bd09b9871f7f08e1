"""What the server says of itself every ten minutes, and when somebody should look at it."""

import json
import os
from datetime import UTC, datetime, timedelta

import disk_forecast
import pytest
import reports
import server as script
import site_certificate
from machine import UnknownError
from support.server_scripts import container

NOW = datetime(2026, 11, 28, 9, 10, tzinfo=UTC)
BUILT = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
GIGABYTE = 1024**3
UPDATES = """Inst libssl3 [3.0.1] (3.0.2 Ubuntu:24.04/noble-security [amd64])
Inst vim [9.1] (9.2 Ubuntu:24.04/noble-updates [amd64])
Conf vim (9.2 Ubuntu:24.04/noble-updates [amd64])
"""


@pytest.fixture
def report(server, tmp_path, monkeypatch):
    """Return a function that runs the script, at a moment and on a disk with so much used, and reads its report."""
    (tmp_path / "costs.json").write_text('{"A month": "26.00"}')
    (tmp_path / "os-release").write_text('ID=ubuntu\nPRETTY_NAME="Ubuntu 24.04.3 LTS"\n')
    release = tmp_path / "releases" / "abc1234"
    release.mkdir(parents=True)
    (tmp_path / "current").symlink_to(release)
    for name, file in {
        "COSTS": "costs.json",
        "SYSTEM": "os-release",
        "CURRENT": "current",
        "REBOOT_DUE": "due",
    }.items():
        monkeypatch.setattr(script, name, tmp_path / file)
    (tmp_path / "dockerd").touch()
    os.utime(tmp_path / "dockerd", (BUILT, BUILT))
    monkeypatch.setattr(script, "ENGINES", (tmp_path / "elsewhere", tmp_path / "dockerd"))
    begins, ends = datetime(2026, 11, 1, tzinfo=UTC).timestamp(), datetime(2027, 1, 30, tzinfo=UTC).timestamp()
    shown = site_certificate.SiteCertificate(begins, ends)
    monkeypatch.setattr(site_certificate, "shown_for", lambda _domain: shown)
    server.answers |= {
        "docker version *": "28.1.1\n",
        "docker exec * psql * SHOW server_version": "17.5 (Debian 17.5-1)\n",
        "docker exec * caddy version": "v2.11.7 h1:abc=\n",
        "docker image inspect *": "2026-11-20T01:02:03.123456789Z\n",
        "apt-get *": UPDATES,
    }

    def run(*, at=NOW, used=30):
        blocks = os.statvfs_result((4096, GIGABYTE, 100, 100 - used, 100 - used, 100, 90, 90, 0, 255))
        monkeypatch.setattr(os, "statvfs", lambda _path: blocks)
        monkeypatch.setattr(reports, "now", lambda: at)
        script.main()
        return reports.read("server")

    return run


def test_a_well_server_says_so(report):
    found = report()

    assert (found["ok"], found["sentence"], found["at"]) == (True, "The server is well.", "2026-11-28T09:10:00Z")


def test_the_versions_of_everything_are_told(report):
    versions = report()["versions"]

    assert versions.pop("kernel")
    assert versions == {
        "invoices": "abc1234", "PostgreSQL": "17.5", "Caddy": "2.11.7", "Docker": "28.1.1, built on 2026-09-01",
        "system": "Ubuntu 24.04.3 LTS",
    }  # fmt: skip


def test_the_disk_is_told_in_bytes_and_percent(report):
    disk = report()["disk"]

    assert (disk["total_bytes"], disk["free_bytes"], disk["used_percent"]) == (100 * GIGABYTE, 70 * GIGABYTE, 30.0)


def test_security_updates_are_told_apart_from_the_others(report):
    assert report()["updates"] == {"pending": 2, "security": 1}


def test_the_certificate_of_the_site_is_told_with_its_end(report):
    assert report()["site_certificate"] == {
        "domain": "invoices.example.com", "ends": "2027-01-30T00:00:00Z", "days": 62, "life_percent": 69.6,
    }  # fmt: skip


def test_the_costs_are_those_of_what_is_rented(report):
    assert report()["costs"] == {"A month": "26.00"}


def test_each_image_has_its_age(report):
    images = {image["service"]: (image["made_at"], image["days"]) for image in report()["images"]}

    assert images["db"] == ("2026-11-20T01:02:03Z", 8)
    assert set(images) == {"app", "db", "proxy", "worker"}


def test_an_image_of_more_than_35_days_is_to_be_refreshed(report):
    found = report(at=NOW + timedelta(days=28))

    assert found["ok"] is False
    assert "The image of db is 36 days old: run `fab deploy --refresh`." in found["sentence"]


def test_a_disk_that_is_nearly_full_is_said(report):
    assert report(used=81)["sentence"] == "81 % of the disk is used."


def test_a_disk_that_fills_is_said_before_it_is_full(report):
    for day in range(5):
        found = report(at=NOW + timedelta(days=day), used=40 + 8 * day)

    assert found["disk"]["full_in_days"] == 3.5
    assert "The disk will be full in 4 days if it goes on so." in found["sentence"]


def test_of_the_disk_a_point_is_kept_every_six_hours(report):
    for minutes in range(0, 13 * 60, 10):
        found = report(at=NOW + timedelta(minutes=minutes))

    assert [moment for moment, _used in found["disk"]["history"]] == [
        "2026-11-28T09:10:00Z", "2026-11-28T15:10:00Z", "2026-11-28T21:10:00Z",
    ]  # fmt: skip


def test_what_is_kept_of_the_disk_has_an_end():
    history = []
    for hours in range(0, 100 * 24, 6):
        history = disk_forecast.continued(history, NOW + timedelta(hours=hours), 1)

    assert len(history) == 360


@pytest.mark.parametrize(("used", "free"), [([5, 5, 5], 10), ([9, 7, 5], 10)])
def test_a_disk_that_does_not_fill_is_never_full(used, free):
    history = [(reports.written(NOW - timedelta(days=2 - day)), used[day]) for day in range(2)]

    assert disk_forecast.days_until_full(history, NOW, used[2], free) is None


def test_an_hour_is_too_little_to_foresee_anything():
    history = [(reports.written(NOW - timedelta(hours=1)), 1)]

    assert disk_forecast.days_until_full(history, NOW, 50, 50) is None


def test_what_failed_is_named(report, server):
    server.answers["systemctl list-units --failed *"] = "invoices-backup.service loaded failed failed Back up\n"

    assert report()["sentence"] == "Failed: invoices-backup.service."


def test_a_certificate_that_was_not_renewed_is_said(report, monkeypatch):
    assert report(at=datetime(2027, 1, 10, tzinfo=UTC))["sentence"].endswith(
        "The certificate of the site ends at 2027-01-30T00:00:00Z and was not renewed."
    )


def test_a_reboot_that_is_due_is_told(report, tmp_path):
    (tmp_path / "due").write_text("")

    assert report()["reboot_due"] is True


def test_a_part_that_cannot_be_told_is_named_and_the_rest_is_there(report, server):
    server.answers["apt-get *"] = UnknownError("apt-get said nothing for 60 seconds")

    found = report()

    assert "updates" not in found
    assert found["sentence"] == "updates cannot be told: apt-get said nothing for 60 seconds."
    assert found["disk"]["used_percent"] == 30.0


def test_what_docker_keeps_of_one_off_commands_is_no_part_of_it(report, server):
    server.answers["docker ps *"] += "\n" + container("db", number=2, state="exited", image="old:1")

    assert "old:1" not in json.dumps(report()["images"])
