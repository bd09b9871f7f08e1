"""The server watches itself, and what it saw is fresh."""

import json
from datetime import UTC, datetime

import pytest
from support.polling import is_so_within

REPORTS = "/var/lib/invoices/reports"
OF_BACKUPS = {"VerifiedBackupAgeHours", "UnarchivedWalSeconds"}  # where none are set up, there are none


@pytest.fixture
def report(server):
    """Return a function that reads a report and the minutes since it was made."""

    def read(name):
        file = server.file(f"{REPORTS}/{name}.json")
        if not server.file("/opt/invoices/current").exists:
            pytest.skip("nothing is deployed yet: `fab deploy`")
        assert file.exists, f"there is no report {name} yet"
        found = json.loads(file.content_string)
        return found, (datetime.now(UTC) - datetime.fromisoformat(found["at"])).total_seconds() / 60

    return read


def test_W01_the_newest_figures_are_fresh(report):
    assert report("figures")[1] < 3


def test_W01_no_figure_is_missing_that_should_be_there(report):
    # A figure of before the last deploy is no figure of what runs now: the next minute has one.
    assert is_so_within(70, lambda: _missing(report) == {}, pause=2), _missing(report)


def _missing(report):
    found = report("figures")[0]["missing"]
    return {name: why for name, why in found.items() if name not in OF_BACKUPS}


def test_W01_the_newest_report_of_the_server_is_fresh(report):
    assert report("server")[1] < 15


def test_W02_no_image_is_older_than_35_days(report):
    images = {image["service"]: image["days"] for image in report("server")[0].get("images", [])}

    assert {service: days for service, days in images.items() if days > 35} == {}
