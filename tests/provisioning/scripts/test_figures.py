"""Each minute's figures: as they are, sent to where alarms wait, and never one instead of a missing one."""

import json
import os
import shutil
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import app_metrics
import aws_key
import figures
import pytest
import reports
import site_certificate
from machine import UnknownError
from support.server_scripts import CERTIFICATE, container

from infra.monitoring import ALARMS, NAMESPACE

NOW = datetime(2026, 11, 28, 9, 5, tzinfo=UTC)
OURS = [alarm for alarm in ALARMS["detailed"] if alarm.namespace == NAMESPACE]


def taken(name, *, at=NOW, remembered=None):
    return figures.PARTS[name](at, {} if remembered is None else remembered)


def test_every_alarm_that_is_rented_has_somebody_who_sends_its_figure():
    assert {alarm.metric for alarm in OURS} == set(figures.PARTS)


def test_the_watchdog_minds_what_the_alarms_mind():
    rented = {alarm.metric: (alarm.comparison, alarm.threshold) for alarm in OURS}

    assert rented == {
        **{name: ("GreaterThanThreshold", limit) for name, limit in figures.HIGHEST.items()},
        **{name: ("LessThanThreshold", limit) for name, limit in figures.LOWEST.items()},
    }


def test_the_heart_beats_while_everything_runs(server):
    assert taken("Heartbeat") == 1


@pytest.mark.parametrize(
    ("service", "changes"),
    [("db", {"state": "exited", "status": "Exited (1)"}), ("app", {"status": "Up 2 minutes (unhealthy)"})],
)
def test_the_heart_stops_where_something_does_not_run(server, service, changes):
    services = [container(name, **(changes if name == service else {})) for name in ("app", "db", "proxy", "worker")]
    server.answers["docker ps *"] = "\n".join(services)

    with pytest.raises(UnknownError, match=f"{service} does not run"):
        taken("Heartbeat")


def test_the_heart_stops_where_docker_does_not_answer(server):
    server.answers["docker ps *"] = UnknownError("docker ended with 1")

    assert figures.take({"Heartbeat": figures.PARTS["Heartbeat"]}, NOW, {}) == (
        {}, {"Heartbeat": "docker ended with 1"},
    )  # fmt: skip


def test_during_a_deploy_the_old_app_is_enough(server):
    server.answers["docker ps *"] += "\n" + container("app", number=2, state="created", status="Created")

    assert taken("Heartbeat") == 1


def test_a_part_that_fails_keeps_no_other_from_being_taken():
    parts = {"Broken": lambda _at, _remembered: 1 / 0, "Whole": lambda _at, _remembered: 7}

    assert figures.take(parts, NOW, {}) == ({"Whole": 7.0}, {"Broken": "division by zero"})


def test_the_disk_counts_as_df_counts_it(monkeypatch):
    blocks = os.statvfs_result((4096, 4096, 1000, 300, 200, 100, 90, 90, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _path: blocks)

    assert round(taken("DiskUsedPercent"), 1) == 77.8
    assert round(taken("InodesUsedPercent"), 1) == 10.0


def test_services_that_failed_are_counted(server):
    server.answers["systemctl list-units --failed *"] = "a.service loaded failed failed A\nb.service loaded failed\n"

    assert taken("FailedUnits") == 2


def test_a_backup_is_as_old_as_what_was_verified_and_not_as_the_certificate(server):
    reports.keep("certificate", CERTIFICATE)

    assert round(taken("VerifiedBackupAgeHours"), 2) == 7.17


def test_a_certificate_that_failed_makes_no_backup_younger(server):
    remembered = {"verified": "20261127T015500Z"}
    reports.keep("certificate", CERTIFICATE | {"ok": False})

    assert round(taken("VerifiedBackupAgeHours", remembered=remembered), 2) == 31.17


def test_where_none_was_ever_verified_there_is_no_figure(server):
    reports.keep("certificate", CERTIFICATE | {"ok": False})

    with pytest.raises(UnknownError, match="no backup was verified yet"):
        taken("VerifiedBackupAgeHours")


def test_what_waits_to_be_archived_is_told_in_seconds(server):
    server.answers["docker exec --interactive invoices-db-1-* psql *"] = "42.5\n"

    assert taken("UnarchivedWalSeconds") == 42.5


def test_a_database_that_archives_nothing_has_no_such_figure(server):
    server.answers["docker exec --interactive invoices-db-1-* psql *"] = "\n"

    with pytest.raises(UnknownError, match="archives nothing"):
        taken("UnarchivedWalSeconds")


METRICS = """# TYPE invoices_requests_total counter
invoices_requests_total{method="GET",route="/invoices/<id>",status="2xx"} 90.0
invoices_requests_total{method="POST",route="/a \\"quoted\\" one",status="5xx"} 3.0
invoices_requests_total{method="GET",route="/",status="5xx"} 2.0
invoices_other_total{status="5xx"} 7.0
"""


def test_failed_requests_of_all_routes_are_counted():
    assert app_metrics.errors(list(app_metrics.samples(METRICS))) == 5


@pytest.fixture
def counted(server, monkeypatch):
    """Return a function that says how many errors each app has counted, by its number, and takes the figure."""
    remembered = {}

    def take(**errors):
        apps = [container("app", number=number.removeprefix("app")) for number in errors]
        server.answers["docker ps *"] = "\n".join(apps)
        counts = {apps[place].split("\t")[0]: errors[name] for place, name in enumerate(errors)}
        monkeypatch.setattr(app_metrics, "of", lambda id_: counts[id_])
        monkeypatch.setattr(app_metrics, "errors", lambda count: count)
        return taken("ServerErrors", remembered=remembered)

    return take


def test_only_errors_since_the_minute_before_count(counted):
    assert [counted(app1=5), counted(app1=5), counted(app1=8)] == [0, 0, 3]


def test_an_app_that_was_started_anew_counts_from_zero(counted):
    assert [counted(app1=5), counted(app1=2)] == [0, 2]


def test_during_a_deploy_the_errors_of_both_apps_count(counted):
    assert [counted(app1=5), counted(app1=6, app2=4)] == [0, 5]


class Answers(BaseHTTPRequestHandler):
    """Answers each request with the metrics, and keeps its path."""

    paths: ClassVar[list[str]] = []
    names: ClassVar[list[str]] = []
    status = 200

    def do_GET(self):
        self.paths.append(self.path)
        self.names.append(self.headers["Host"])
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(METRICS.encode())

    def log_message(self, *_words):
        pass


@pytest.fixture
def web(monkeypatch):
    """Serve metrics on a port of this machine, and return it with the paths that were asked for."""
    served = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    monkeypatch.setattr(Answers, "paths", [])
    monkeypatch.setattr(Answers, "names", [])
    yield served.server_port
    served.shutdown()
    served.server_close()


def test_the_app_is_asked_at_its_own_address_by_the_name_that_it_answers_to(server, web, monkeypatch):
    monkeypatch.setattr(app_metrics, "PORT", web)
    networks = {"none": {"IPAddress": ""}, "invoices_front": {"IPAddress": "127.0.0.1"}}
    server.answers["docker inspect *"] = json.dumps([{"NetworkSettings": {"Networks": networks}}])

    assert app_metrics.errors(app_metrics.of("1")) == 5
    assert (Answers.paths, Answers.names) == (["/metrics"], ["invoices.example.com"])


def test_an_app_that_counts_nothing_has_no_such_figure(server, web, monkeypatch):
    monkeypatch.setattr(app_metrics, "PORT", web)
    monkeypatch.setattr(Answers, "status", 404)
    server.answers["docker inspect *"] = json.dumps(
        [{"NetworkSettings": {"Networks": {"front": {"IPAddress": "127.0.0.1"}}}}]
    )

    with pytest.raises(UnknownError, match="the app answers /metrics with 404"):
        app_metrics.of("1")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Serve HTTPS with a certificate of forty days, and tell which name it was asked by."""
    key, shown = tmp_path / "key.pem", tmp_path / "shown.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "40", "-subj", "/CN=invoices.example.com", "-keyout", key, "-out", shown],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, key)
    names = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    served = HTTPServer(("127.0.0.1", 0), Answers)
    served.socket = context.wrap_socket(served.socket, server_side=True)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    monkeypatch.setattr(site_certificate, "PORT", served.server_port)
    monkeypatch.setattr(site_certificate, "own_address", lambda: "127.0.0.1")
    yield names
    served.shutdown()
    served.server_close()


def test_the_certificate_is_asked_for_by_name_and_told_in_percent_of_its_life(server, site, monkeypatch):
    server.answers["openssl *"] = "notBefore=Nov 18 09:05:00 2026 GMT\nnotAfter=Dec 28 09:05:00 2026 GMT\n"

    assert taken("CertificateLifePercent") == 75
    assert site == ["invoices.example.com"]
    assert server.stdin[-1].startswith("-----BEGIN CERTIFICATE-----")


def test_the_dates_of_a_certificate_are_those_that_openssl_reads(server, site):
    server.answers["openssl *"] = ""
    with pytest.raises(ValueError):
        taken("CertificateLifePercent")

    read = subprocess.run(
        [shutil.which("openssl"), "x509", "-noout", "-startdate", "-enddate"],
        input=server.stdin[-1], capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    server.answers["openssl *"] = read
    assert round(taken("CertificateLifePercent", at=datetime.now(UTC))) == 100


ALL_WELL = {name: lambda _at, _remembered, value=value: value for name, value in {
    "Heartbeat": 1, "DiskUsedPercent": 41.5, "VerifiedBackupAgeHours": 3,
}.items()}  # fmt: skip


@pytest.fixture
def minute(server, monkeypatch, tmp_path):
    """Return a function that runs a minute of the script, later or with other parts, and returns its report."""
    monkeypatch.setattr(aws_key, "FILE", tmp_path / "aws.json")
    monkeypatch.setattr(figures, "PARTS", ALL_WELL)

    def run(*, at=NOW, key=None, ends=0, **parts):
        if key is not None:
            aws_key.FILE.write_text(json.dumps(key))
        monkeypatch.setattr(reports, "now", lambda: at)
        monkeypatch.setattr(figures, "PARTS", {**ALL_WELL, **parts})
        assert figures.main() == ends
        return reports.read("figures")

    return run


def unknown(_at, _remembered):
    raise UnknownError("it cannot be told")


def test_the_report_has_the_moment_and_every_figure(minute):
    report = minute()

    assert (report["at"], report["ok"]) == ("2026-11-28T09:05:00Z", True)
    assert report["figures"] == {"Heartbeat": 1.0, "DiskUsedPercent": 41.5, "VerifiedBackupAgeHours": 3.0}


def test_the_report_can_be_read_by_the_app_and_is_replaced_as_a_whole(minute, tmp_path):
    minute()
    minute()

    assert [path.name for path in tmp_path.glob("*figures*")] == ["figures.json"]
    assert (tmp_path / "figures.json").stat().st_mode & 0o777 == 0o644


def test_a_figure_that_alarms_is_said(minute):
    report = minute(DiskUsedPercent=lambda _at, _remembered: 91)

    assert (report["ok"], report["sentence"]) == (False, "DiskUsedPercent is 91, above 80.")


def test_a_missing_figure_is_said_and_not_invented(minute):
    report = minute(Heartbeat=unknown)

    assert "Heartbeat" not in report["figures"]
    assert (report["ok"], report["sentence"]) == (False, "Heartbeat: it cannot be told.")


def test_where_no_backups_are_set_up_none_is_missed(minute, server):
    server.settings.write_text("DOMAIN=invoices.example.com\n")

    assert minute(VerifiedBackupAgeHours=unknown)["ok"] is True


def test_where_backups_are_set_up_one_that_was_never_verified_is_missed(minute):
    assert minute(VerifiedBackupAgeHours=unknown)["ok"] is False


def test_a_report_that_is_damaged_begins_anew(minute, tmp_path):
    (tmp_path / "figures.json").write_text("{half")

    assert minute()["ok"] is True


@pytest.fixture
def watched(web):
    return {"watchdog_url": f"http://127.0.0.1:{web}/alive"}


def test_the_watchdog_is_told_every_five_minutes(minute, watched):
    for minutes in range(11):
        minute(at=NOW + timedelta(minutes=minutes), key=watched)

    assert Answers.paths == ["/alive"] * 3


def test_the_watchdog_is_not_told_while_something_is_not_well(minute, watched):
    minute(key=watched, DiskUsedPercent=lambda _at, _remembered: 91)
    minute(key=watched, Heartbeat=unknown)

    assert Answers.paths == []


def test_a_watchdog_that_does_not_answer_is_said_and_the_figures_are_kept(minute):
    report = minute(key={"watchdog_url": "http://127.0.0.1:1/"}, ends=1)

    assert report["sentence"].startswith("The watchdog is not told: ")
    assert report["figures"]["Heartbeat"] == 1


def test_a_watchdog_is_a_web_address_and_no_file(minute):
    report = minute(key={"watchdog_url": "file:///etc/passwd"}, ends=1)

    assert report["sentence"] == "The watchdog is not told: watchdog_url is no web address."


def test_a_key_that_cannot_be_read_is_said_and_the_figures_are_kept(minute):
    aws_key.FILE.write_text("{half")

    report = minute(ends=1)

    assert report["sentence"].startswith("Figures are not sent: ")
    assert report["figures"]["Heartbeat"] == 1
