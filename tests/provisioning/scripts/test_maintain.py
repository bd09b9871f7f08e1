"""The chores of each day, week and month: done, or told in a sentence, and never told to be well when they are not."""

import gzip
import json
import os
from datetime import UTC, datetime, timedelta

import app_metrics
import keep_logs
import kept_lines
import maintain
import pytest
import reports
import slow_requests
from machine import UnknownError
from support.server_scripts import CERTIFICATE, container

NOW = datetime(2026, 11, 28, 4, 30, tzinfo=UTC)
BACKUP = {"at": "2026-11-28T04:05:00Z", "ok": True, "sentence": "It was made.", "backup": "20261128T040500Z"}
SERVER = {
    "at": "2026-11-28T04:20:20Z",
    "disk": {"used_percent": 41.5, "full_in_days": 120.4},
    "updates": {"pending": 3, "security": 0},
    "reboot_due": False,
    "images": [{"service": "db", "days": 12}, {"service": "app", "days": 2}],
    "site_certificate": {"days": 62, "life_percent": 70, "ends": "2027-01-30T00:00:00Z"},
}
WORKER = "docker exec --interactive invoices-worker-1-*"


@pytest.fixture
def chore(server, tmp_path, monkeypatch):
    """Return a function that does the chores of a period and returns what one of them says, and whether it is well."""
    for name in ("kept", "packages", "dumps"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(kept_lines, "FOLDER", tmp_path / "kept")
    monkeypatch.setattr(maintain, "PACKAGE_LOGS", tmp_path / "packages")
    monkeypatch.setattr(maintain, "DUMPS", tmp_path / "dumps")
    monkeypatch.setattr(keep_logs, "keep", lambda _container, since: since)
    monkeypatch.setattr(app_metrics, "of", lambda _id: [])
    server.answers["docker exec * invoices report statuses --json"] = json.dumps({"statuses": {"open": 4, "void": 0}})
    for name, report in (("backup", BACKUP), ("certificate", CERTIFICATE), ("server", SERVER)):
        reports.keep(name, report)

    def does(period, what):
        (found,) = [one for one in maintain.done(period, NOW)["chores"] if one["what"] == what]
        return found["is_well"], found["says"]

    return does


@pytest.mark.parametrize("period", ["daily", "weekly", "monthly"])
def test_a_well_server_has_nothing_to_be_done(chore, period):
    report = maintain.done(period, NOW)

    assert (report["ok"], report["sentence"]) == (True, "Everything is as it should be.")


@pytest.mark.parametrize("period", ["daily", "weekly", "monthly"])
def test_a_chore_that_fails_is_told_and_the_others_are_done(chore, server, period):
    server.answers |= {"docker *": UnknownError("docker ended with 1"), "journalctl *": UnknownError("no journal")}
    reports.keep("server", {"at": "2026-11-27T04:20:20Z"})

    report = maintain.done(period, NOW)

    assert report["ok"] is False
    assert [one["what"] for one in report["chores"]] == list(maintain.CHORES[period])


def test_backups_that_are_not_set_up_are_not_well(chore, server):
    server.settings.write_text("")

    assert chore("daily", "Backups") == (False, "None are set up.")


def test_a_backup_is_well_while_it_is_fresh(chore):
    assert chore("daily", "Backups") == (True, "The newest is 0.4 hours old.")

    reports.keep("backup", BACKUP | {"backup": "20261128T010500Z"})
    assert chore("daily", "Backups") == (False, "The newest is 3.4 hours old.")


def test_a_backup_that_failed_says_why(chore):
    reports.keep("backup", BACKUP | {"ok": False, "sentence": "The bucket does not answer."})

    assert chore("daily", "Backups") == (False, "The last one failed: The bucket does not answer.")


def test_a_verified_backup_says_what_was_measured(chore):
    reports.keep("certificate", CERTIFICATE | {"restore_seconds": 41, "rpo_seconds": 12, "rto_seconds": 95.5})

    assert chore("daily", "Verified backup") == (
        True, "20261128T015500Z, 2.6 hours old; restored in 41 s, RPO 12 s, RTO 95.5 s.",
    )  # fmt: skip


def test_a_certificate_of_yesterday_is_not_enough(chore):
    reports.keep("certificate", CERTIFICATE | {"backup": "20261127T005500Z"})

    assert chore("monthly", "Verified backup")[0] is False


def test_logs_are_kept_and_their_size_is_told(chore):
    (kept_lines.FOLDER / "app.log").write_bytes(b" " * 2_500_000)

    assert chore("daily", "Logs") == (True, "2.5 MB are kept, rotated and bounded.")


def test_a_container_that_is_not_healthy_is_named(chore, server):
    services = [container(name) for name in ("app", "proxy", "worker")]
    services.append(container("db", status="Up 2 hours (unhealthy)"))
    server.answers["docker ps *"] = "\n".join(services)

    assert chore("daily", "Containers") == (False, "invoices-db-1 Up 2 hours (unhealthy).")


def test_what_runs_once_before_the_others_is_not_missed(chore, server):
    server.answers["docker ps *"] += "\n" + container("migrate", state="exited", status="Exited (0) 3 hours ago")

    assert chore("daily", "Containers") == (True, "4 run and are healthy.")


def test_what_runs_once_and_failed_is_named(chore, server):
    server.answers["docker ps *"] += "\n" + container("migrate", state="exited", status="Exited (1) 3 hours ago")

    assert chore("daily", "Containers") == (False, "invoices-migrate-1 Exited (1) 3 hours ago.")


def test_a_service_that_is_not_there_is_named(chore, server):
    server.answers["docker ps *"] = "\n".join(container(name) for name in ("app", "db", "proxy"))

    assert chore("daily", "Containers") == (False, "there is no worker.")


def kept(service, *lines, at="2026-11-27T09:00:00.000000000Z"):
    with (kept_lines.FOLDER / f"{service}.log").open("a") as file:
        file.writelines(f"invoices-{service}-1 {at} {line}\n" for line in lines)


def test_errors_of_one_kind_are_told_together(chore):
    kept("app", *[json.dumps({"level": "ERROR", "message": f"invoice {number} is lost"}) for number in (7, 8)])
    kept("app", json.dumps({"level": "INFO", "message": "well"}))
    kept("db", "2026-11-27 09:00:00.000 UTC [12] ERROR:  deadlock detected")
    kept("db", "2026-11-27 09:00:00.000 UTC [13] FATAL:  the database system is starting up")
    kept("proxy", '{"level":"info","msg":"handled request","status":502}')

    assert chore("weekly", "Errors") == (
        False,
        "4 in seven days: 2 × app: invoice … is lost; 1 × db: deadlock detected; 1 × proxy: answered with 502.",
    )


def test_errors_of_before_are_not_told_again(chore):
    kept("app", json.dumps({"level": "ERROR", "message": "no"}), at="2026-11-20T09:00:00.000000000Z")

    assert chore("weekly", "Errors") == (True, "None in seven days.")


def test_errors_in_a_compressed_file_count(chore):
    line = 'invoices-app-1 2026-11-27T09:00:00.000000000Z {"level": "ERROR", "message": "no"}\n'
    (kept_lines.FOLDER / "app.17.log.gz").write_bytes(gzip.compress(line.encode()))

    assert kept_lines.grouped_errors(NOW - timedelta(days=7)) == {"app: no": 1}


def test_the_disk_is_foreseen(chore):
    assert chore("weekly", "Disk") == (True, "41.5 % are used; full in 120 days if it goes on so.")


def test_invoices_are_counted_by_the_app(chore):
    assert chore("weekly", "Invoices") == (True, "4 open.")


def test_where_there_are_no_invoices_that_is_said(chore, server):
    server.answers["docker exec * invoices report statuses --json"] = json.dumps({"statuses": {"open": 0}})

    assert chore("weekly", "Invoices") == (True, "There are none.")


def test_room_is_made_by_pruning_images_and_the_journal(chore, server):
    chore("weekly", "Room")

    assert "systemctl start invoices-prune-images.service" in server.asked
    assert "journalctl --quiet --vacuum-size=500M --vacuum-time=30d" in server.asked


def test_old_dumps_of_before_migrations_go_and_the_newest_stays(chore):
    for name, days in (("before-a.dump", 200), ("before-b.dump", 100), ("before-c.dump", 95), ("other.dump", 300)):
        path = maintain.DUMPS / name
        path.write_text("")
        os.utime(path, ((NOW - timedelta(days=days)).timestamp(),) * 2)

    assert chore("weekly", "Room")[1].endswith("2 dumps of before migrations removed.")
    assert sorted(path.name for path in maintain.DUMPS.iterdir()) == ["before-c.dump", "other.dump"]


def test_updates_are_told_as_applied_and_waiting(chore):
    (maintain.PACKAGE_LOGS / "dpkg.log").write_text(
        "2026-11-20 06:00:01 upgrade libssl3:amd64 3.0.1 3.0.2\n2026-11-20 06:00:02 status installed libssl3:amd64\n"
    )
    (maintain.PACKAGE_LOGS / "dpkg.log.2.gz").write_bytes(
        gzip.compress(b"2026-11-01 06:00:01 upgrade vim:amd64 1 2\n2026-10-01 06:00:01 upgrade old:amd64 1 2\n")
    )

    assert chore("monthly", "Updates") == (
        True, "2 applied in 31 days, 0 security updates and 3 in all wait.",
    )  # fmt: skip


@pytest.mark.parametrize("changes", [{"updates": {"pending": 3, "security": 1}}, {"reboot_due": True}])
def test_a_security_update_or_a_reboot_that_is_due_is_not_well(chore, changes):
    reports.keep("server", SERVER | changes)

    assert chore("monthly", "Updates")[0] is False


def test_an_old_report_of_the_server_is_not_believed(chore):
    reports.keep("server", SERVER | {"at": "2026-11-28T03:20:20Z"})

    assert chore("monthly", "Images") == (
        False, "It cannot be told: the server's own report is older than half an hour.",
    )  # fmt: skip


def test_an_image_that_is_too_old_says_what_to_do(chore):
    reports.keep("server", SERVER | {"images": [{"service": "db", "days": 40}]})

    assert chore("monthly", "Images") == (False, "The oldest is 40 days old; run `fab deploy --refresh`.")


BUCKETS = """invoices_request_duration_seconds_bucket{method="GET",route="/invoices",le="0.1"} 90
invoices_request_duration_seconds_bucket{method="GET",route="/invoices",le="0.5"} 96
invoices_request_duration_seconds_bucket{method="GET",route="/invoices",le="+Inf"} 100
invoices_request_duration_seconds_bucket{method="GET",route="/",le="0.1"} 100
invoices_request_duration_seconds_bucket{method="GET",route="/",le="+Inf"} 100
"""


def test_the_time_of_95_of_100_requests_is_told_by_route():
    assert slow_requests.by_route(list(app_metrics.samples(BUCKETS))) == [("/invoices", 0.5), ("/", 0.1)]


def test_the_slowest_routes_are_told(chore, monkeypatch):
    monkeypatch.setattr(app_metrics, "of", lambda _id: list(app_metrics.samples(BUCKETS)))

    assert chore("monthly", "Requests") == (
        True, "95 of 100 are answered within (slowest routes): /invoices 0.5 s, / 0.1 s.",
    )  # fmt: skip


def test_slow_queries_of_one_kind_are_told_together(chore):
    began = "2026-11-27 09:00:00.000 UTC [12] LOG:  duration:"
    kept("db", f"{began} 1200.5 ms  statement: SELECT a FROM b WHERE id = 7")
    kept("db", f"{began} 2400.0 ms  execute <unnamed>: SELECT a FROM b WHERE id = 8")

    assert chore("monthly", "Queries") == (
        False, "A second or more in 31 days: 2.4 s, 2 ×: SELECT a FROM b WHERE id = ….",
    )  # fmt: skip


@pytest.fixture
def run(chore, monkeypatch, capsys):
    """Return a function that runs the script as its timer does, and returns its report."""
    monkeypatch.setattr(reports, "now", lambda: NOW)

    def ran(*words):
        assert maintain.main(list(words)) == 0
        assert json.loads(capsys.readouterr().out)["period"] == words[0]
        return reports.read(f"maintain-{words[0]}")

    return ran


def test_the_report_is_kept_under_its_period(run):
    assert run("weekly")["ok"] is True


def test_a_well_week_is_mailed_and_a_well_day_is_not(run, server):
    assert run("weekly", "--mail")["mailed"] == "yes"
    assert run("daily", "--mail")["mailed"] == "no: the day was well"

    (subject,) = [line for line in server.asked if "mail-report" in line]
    assert subject.endswith("invoices mail-report --subject Server, weekly: well")
    assert "  Invoices: 4 open." in server.stdin[server.asked.index(subject)]


def test_a_day_that_was_not_well_is_mailed_with_what_to_look_at(run, server):
    reports.keep("backup", {})

    assert run("daily", "--mail")["mailed"] == "yes"

    (subject,) = [line for line in server.asked if "mail-report" in line]
    assert subject.endswith("--subject Server, daily: something needs attention")
    assert "! Backups: None was made yet." in server.stdin[server.asked.index(subject)]


def test_where_no_mail_can_be_sent_the_report_is_kept_and_says_so(run, server):
    server.answers[f"{WORKER} invoices mail-report *"] = UnknownError("docker ended with 1: No mail server is set up")

    assert run("weekly", "--mail")["mailed"] == "no: docker ended with 1: No mail server is set up"


def test_an_unknown_period_is_refused(capsys):
    assert maintain.main(["hourly"]) == 2
    assert capsys.readouterr().err == "Say which chores: daily, weekly, monthly.\n"
