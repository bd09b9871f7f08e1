"""The page of the system, for admins; and the dashboard's one line about backups."""

import json
import re

import pytest
from huey import MemoryHuey
from support.browser import QUICK_HASH, Browser
from support.records import a_user
from support.reports import keep_reports
from support.workbooks import an_importer

from app.actions import events as emitted
from app.domain.permissions import Role
from app.error_groups import ErrorGroups
from app.jobs.heartbeat import Heartbeat
from app.jobs.job_counts import JobCounts
from app.jobs.job_queue import open_queue
from app.jobs.registration import register
from app.process_state import StateInFolder
from app.store.shared.state import StateInDatabase
from app.web.application import build
from app.web.pages.system import KINDS, forecast

PROVED = "Last night's backup was restored in 41 s and agrees to the cent."
HEADINGS = ["Backups", "The machine", "Jobs", "Recent errors", "What the server does by itself"]


@pytest.fixture
def settings(settings, tmp_path):
    """Of a server."""
    return settings.model_copy(update={"reports_dir": tmp_path / "reports"})


@pytest.fixture
def report(settings, tmp_path):
    """A function that has the server report, with changes to single reports; its worker is at work."""
    Heartbeat.of(settings).beat()

    def keep(**changes):
        keep_reports(tmp_path / "reports", **changes)

    keep()
    return keep


def words(page):
    return " ".join(re.sub("<[^>]*>", " ", page.text.replace("&#39;", "'")).split())


def headings(page):
    return re.findall('<h2 id="(?:backups|machine|jobs|errors|chores)">([^<]*)<', page.text)


# --- the dashboard


def test_the_dashboard_says_that_the_backup_was_proved(browser, report):
    page = browser.get("/")

    assert PROVED in words(page)
    assert 'href="/system#backups"' in page


def test_who_is_no_admin_reads_it_without_the_page_of_the_system(app, browser, report):
    a_user("vic@example.com", Role.VIEWER, "Vic", QUICK_HASH)
    viewer = Browser(app)
    viewer.sign_in("vic@example.com")

    page = viewer.get("/")
    assert PROVED in words(page)
    assert "/system" not in page


def test_a_certificate_of_the_day_is_not_of_last_night(browser, report):
    report(certificate={"at": "2026-03-02T09:15:00Z"})

    assert "The newest backup was restored in 41 s and agrees to the cent." in words(browser.get("/"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ok": False}, "The newest backup did not pass its test on 2 Mar 2026, 02:00."),
        ({"at": "2026-03-01T02:00:41Z"}, "No backup was restored for a test in the last 31 hours."),
        ({"at": "2026-03-03T02:00:41Z"}, "The test of the newest backup bears a date of the future."),
        ("{", "It cannot be told whether the newest backup can be restored."),
        (None, "No backup of this server was restored for a test yet."),
    ],
)
def test_the_dashboard_warns_of_a_backup_that_is_not_proved(browser, report, change, sentence):
    report(certificate=change)

    page = browser.get("/")
    assert sentence in words(page)
    assert re.search(r'class="note note--late"[^>]*>\s*<a\s+href="/system#backups"', page.text)
    assert "agrees to the cent" not in page


def test_what_did_not_agree_is_told_to_admins_alone(app, browser, report):
    secret = "Acme owes 12.00 EUR, and 13.00 in the backup."
    report(certificate={"ok": False, "sentence": secret, "problems": [secret]})
    a_user("vic@example.com", Role.VIEWER, "Vic", QUICK_HASH)
    viewer = Browser(app)
    viewer.sign_in("vic@example.com")

    assert secret in words(browser.get("/system"))
    assert "Acme" not in viewer.get("/")


def test_where_there_is_no_server_the_dashboard_says_nothing_of_backups(browser):
    page = words(browser.get("/"))

    assert "backup" not in page.lower()


# --- the page


def test_the_page_says_all_that_the_server_reports(browser, report):
    page = browser.get("/system")

    text = words(page)
    assert headings(page) == HEADINGS
    for sentence in (
        "All is well with the server.",
        "Backed up as 20260302T090500Z. 1.2 MB",
        "restored in 41 s, at most lost 11 s, back after 63 s",
        "18.0 GB of 60.0 GB (30%), full in about 9 weeks at this rate",
        "1.5 GB of 4.0 GB (38%)",
        "invoices.example.com, until 3 May 2026, 00:00 (61 days)",
        "3 wait, 1 of them for security",
        "due: it restarts by itself at night",
        "Server: 24.00, A month: 26.00",
        "PostgreSQL 17.5",
        "Image of proxy 41 days old: older than 35 days, run fab deploy --refresh",
        "Each day, last on 2 Mar 2026, 04:30",
        "Logs 12.0 MB are kept, rotated and bounded.",
        "Each week It was not its time yet.",
    ):
        assert sentence in text


def test_the_disk_is_drawn_day_by_day(browser, report):
    page = browser.get("/system")

    assert '"labels": ["28 Feb 2026", "1 Mar 2026", "2 Mar 2026"]' in page
    assert '"cents": [17000, 17500, 18000]' in page


def test_a_worker_that_is_not_heard_of_is_said_first(browser, report, settings):
    Heartbeat.of(settings).path.unlink()

    text = words(browser.get("/system"))

    assert "Somebody should look at this: The worker has not been heard of for a minute" in text
    assert "All is well" not in text


def test_what_is_not_well_is_said_first(browser, report):
    report(server={"ok": False, "sentence": "81 % of the disk is used."})

    assert "Somebody should look at this: 81 % of the disk is used." in words(browser.get("/system"))


@pytest.mark.parametrize(
    ("name", "at", "sentence"),
    [
        ("figures", "2026-03-02T09:15:00Z", "The last report on its figures is of 2 Mar 2026, 09:15:"),
        ("server", "2026-03-02T08:30:00Z", "The last report on the machine is of 2 Mar 2026, 08:30:"),
        ("backup", "2026-03-02T07:05:00Z", "The last report on the hourly backup is of 2 Mar 2026, 07:05:"),
        ("base_backup", "2026-03-01T01:35:00Z", "The last report on the nightly copy is of 1 Mar 2026, 01:35:"),
        ("certificate", "2026-03-01T01:35:00Z", "The last report on the test of the backup is of 1 Mar 2026, 01:35:"),
        ("maintain_daily", "2026-03-01T04:30:00Z", "The last report on the daily chores is of 1 Mar 2026, 04:30:"),
    ],
)
def test_a_report_that_does_not_come_any_more_is_missed(browser, report, name, at, sentence):
    report(**{name: {"at": at}})

    assert f"{sentence} look whether its timer still runs." in words(browser.get("/system"))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("backup", "No backup was made yet."),
        ("base_backup", "No copy of the whole was made yet."),
        ("certificate", "No backup was restored for a test yet."),
    ],
)
def test_without_a_backup_not_all_is_well(browser, report, name, sentence):
    report(**{name: None})

    assert f"Somebody should look at this: {sentence}" in words(browser.get("/system"))


def test_a_damaged_report_is_said_and_the_rest_is_shown(browser, report):
    report(server="{")

    text = words(browser.get("/system"))
    assert "The server's report server.json cannot be read" in text
    assert "Backed up as 20260302T090500Z." in text


def test_a_backup_in_a_folder_is_called_weaker(browser, report):
    report(backup={"weaker": True})

    assert "1.2 MB, in a folder: anybody in control of the server can delete it" in words(browser.get("/system"))


def test_a_part_that_could_not_be_told_says_why(browser, report):
    report(server={"updates": None, "missing": {"updates": "apt-get said nothing for 60 seconds"}})

    assert "Updates cannot be told: apt-get said nothing for 60 seconds" in words(browser.get("/system"))


def test_a_server_that_has_not_reported_yet_says_so(browser, tmp_path):
    (tmp_path / "reports").mkdir()

    text = words(browser.get("/system"))
    assert "The server has not reported yet. It does so every ten minutes." in text
    assert "All is well" not in text


def test_on_a_laptop_only_jobs_and_errors_stand_there(browser):
    page = browser.get("/system")

    assert headings(page) == ["Backups", "Jobs", "Recent errors"]
    assert "Nothing reports on this machine." in page
    assert "Somebody should look" not in page


def test_errors_are_shown_with_the_ids_under_which_the_log_has_more(browser, settings, clock):
    errors = ErrorGroups(StateInFolder(settings.data_dir))
    for request_id in ("0123abcd", "4567cdef"):
        errors.add("ZeroDivisionError", "app/web/pages/views.py, line 7, in show", request_id, clock())
        clock.advance(minutes=5)

    assert (
        "ZeroDivisionError app/web/pages/views.py, line 7, in show 2 2 Mar 2026, 09:30 2 Mar 2026, 09:35 4567cdef "
        "0123abcd"
    ) in words(browser.get("/system"))


def test_jobs_are_counted_with_what_became_of_them(browser, settings):
    queue = open_queue()
    JobCounts(StateInFolder(settings.data_dir)).count_all_of(queue)
    task = queue.task(name="work_on_import")(lambda outcome: outcome)
    for outcome in ("done", "done", "failed"):
        task(outcome)
        queue.execute(queue.dequeue())
    task("done")

    text = words(browser.get("/system"))
    assert "Workbooks read, applied or undone 2 1" in text
    assert "; 1 job waits." in text


def test_every_job_of_the_worker_has_words(settings, clock, tmp_path, monkeypatch):
    monkeypatch.setattr(emitted, "_wake", emitted._wake)
    queue = MemoryHuey()
    everything = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "ann@example.com", "inbox_dir": tmp_path}
    register(queue, an_importer(tmp_path / "data"), settings.model_copy(update=everything), clock)

    registered = {name.rpartition(".")[2] for name in queue._registry._registry}

    assert registered == {kind for kinds in KINDS.values() for kind in kinds}


def test_jobs_for_the_same_work_are_counted_together(browser, settings):
    queue = open_queue()
    JobCounts(StateInFolder(settings.data_dir)).count_all_of(queue)
    for name in ("send_webhooks", "send_due_webhooks"):
        queue.task(name=name)(lambda: "done")()
        queue.execute(queue.dequeue())

    assert "Rounds of webhooks 2 0" in words(browser.get("/system"))


def test_a_worker_that_is_not_heard_of_is_said(browser, settings, clock):
    Heartbeat.of(settings).beat()
    clock.advance(days=10_000)
    browser.sign_in()

    assert "The worker has not been heard of for a minute" in words(browser.get("/system"))


def test_a_queue_that_is_away_hides_nothing_else(browser, monkeypatch):
    monkeypatch.setattr("huey.api.Huey.pending_count", lambda _self: 1 / 0)

    assert "; the queue does not answer." in words(browser.get("/system"))


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (None, "not filling at this rate"),
        (0.4, "full within a day at this rate"),
        (1.0, "full in about 1 day at this rate"),
        (20.4, "full in about 20 days at this rate"),
        (63.0, "full in about 9 weeks at this rate"),
        (200.0, "full in about 7 months at this rate"),
        (900.0, "not full for years at this rate"),
    ],
)
def test_a_forecast_is_told_as_roughly_as_it_is_known(days, sentence):
    assert forecast(days) == sentence


def test_a_copy_says_that_no_server_reports_and_what_the_workers_of_all_copies_do(sqlite, user, settings, clock):
    copy = settings.model_copy(update={"files_url": "s3://invoices-files"})
    browser = Browser(build(copy, clock))
    browser.sign_in()

    before = browser.get("/system").text
    StateInDatabase().write("workers", json.dumps({"another machine": clock().timestamp()}))
    after = browser.get("/system").text

    assert "No server reports here: the app runs as several copies." in before
    assert "fab provision" not in before
    assert "The worker has not been heard of for a minute" in before
    assert "The worker has not been heard of for a minute" not in after
