"""A deploy does all that is to be done, in order, and what fails is logged and leaves the lock open."""

import json
import re

import pytest
from rich.console import Console
from support.recording_stack import FACTS, LIST, OLD, Server, state

from playbooks.deploy import Deployment
from playbooks.steps.progress import Steps
from playbooks.steps.release import Release
from playbooks.steps.session import RefusedError, Session, UnfinishedError
from playbooks.steps.stack_settings import SETTINGS
from provisioning.host import HostError, Ran
from provisioning.settings import HostSettings

NEW_RELEASE = Release("new", "new")
USERS = '[{"email": "ann@example.com"}]'
BEGINNING = (
    "systemctl start --no-block invoices-backup.service invoices-base-backup.service invoices-certificate.service"
)
STACK_ENV = """\
ARCHIVE_MODE=on
BACKUPS_DIR=/var/lib/invoices/backups
BACKUP_RECIPIENT=age1operator
CERTIFICATES=production
DOMAIN=invoices.example.com
EDGE_IPV6=false
PROXY_DIR=/opt/invoices/proxy
REPORTS_DIR=/reports
REPORTS_FROM=/var/lib/invoices/reports
"""


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch, tmp_path):
    monkeypatch.setattr("playbooks.steps.takeover.wait_until_served", lambda *_words, **_options: None)
    monkeypatch.setattr("playbooks.steps.switching._HANDING_OVER_SECONDS", 0)
    monkeypatch.setattr("playbooks.steps.stack_settings.FOLDER", tmp_path)
    monkeypatch.setattr("playbooks.steps.backup_key.FOLDER", tmp_path / "keys")


@pytest.fixture
def server():
    server = Server()
    server.answers |= {
        "df *": Ran(0, "Avail\n9000000\n"),
        "readlink *": Ran(0, "/opt/invoices/releases/old\n"),
        "docker exec 2 invoices users --json": Ran(0, USERS),
        "find *": Ran(0, ""),
    }
    server.files[SETTINGS] = STACK_ENV
    server.modes[SETTINGS] = "600 root:root"
    return server


def session_of(server):
    return Session(HostSettings.from_outputs(FACTS), server, Steps(Console(quiet=True)))


def run(server, release=NEW_RELEASE):
    Deployment(session_of(server), release).run()


def log_of(server):
    return [text for line, text in zip(server.acted, server.stdin, strict=False) if "deploys.log" in line]


def test_the_stack_gets_what_fits_the_machine(server):
    server.files["/proc/meminfo"] = "MemTotal: 7940000 kB\n"

    run(server)

    assert "DB_SHARED_BUFFERS=512MB\n" in server.files[SETTINGS]


def test_a_version_is_built_before_anything_is_touched_and_the_worker_follows_the_app(server):
    run(server)

    done = [
        line
        for line in server.done
        if not line.startswith(("write", "sh", "touch", "ln", "mv", "mkdir", "rm", "cp", "exec"))
        and "/keys/signing_key" not in line
        and "keep_logs.py" not in line
    ]
    assert done == [
        "build app",
        "build backup",
        "run --rm --no-deps -T secrets",
        "run --rm --no-deps -T secrets invoices secrets --set-bucket-key",
        "up --detach --no-deps --wait db",
        "up --detach --no-deps --no-recreate --scale app=2 app",
        "up --detach --no-deps worker",
        "docker stop --time 40 1",
        "docker rm --force 1",
        BEGINNING,
    ]


def test_pending_migrations_are_backed_up_for_and_done_before_the_new_version_starts(server):
    server.answers["* migrate invoices migrate --pending"] = Ran(0, "0008_more\n")

    run(server)

    backup = next(at for at, line in enumerate(server.acted) if "pg_dump" in line)
    migrated = next(at for at, line in enumerate(server.acted) if line.endswith("-T migrate"))
    started = next(at for at, line in enumerate(server.acted) if "--scale" in line)
    assert backup < migrated < started
    assert re.search(r"/var/lib/invoices/dumps/before-new-\d{8}T\d{6}Z\.dump", server.acted[backup])


def test_a_migration_that_fails_starts_nothing_and_is_logged(server):
    server.answers |= {
        "* migrate invoices migrate --pending": Ran(0, "0008_more\n"), "* -T migrate": Ran(1, "", "no such column"),
    }  # fmt: skip

    with pytest.raises(HostError, match="no such column"):
        run(server)

    assert not any("--scale" in line for line in server.acted)
    assert "deploy new failed:" in log_of(server)[-1]
    assert server.acted[-1] == "rm -rf -- /opt/invoices/lock"


def test_a_version_that_is_not_ready_is_logged_and_does_not_become_the_current_one(server):
    server.answers["docker inspect * 2"] = state(status="unhealthy")

    with pytest.raises(HostError, match="does not become ready"):
        run(server)

    assert not any("/opt/invoices/current" in line for line in server.acted)
    assert "failed: new does not become ready" in log_of(server)[-1]
    assert server.acted[-1] == "rm -rf -- /opt/invoices/lock"


@pytest.fixture
def serving(server):
    """A server on which the version that is to be deployed serves already."""
    server.app = [f"1 {OLD} invoices-app:new running"]
    server.answers |= {
        "readlink *": Ran(0, "/opt/invoices/releases/new\n"),
        "docker exec 1 invoices users --json": Ran(0, USERS),
        LIST.format("db"): Ran(0, "4 invoices-db-1 postgres:17-trixie running\n"),
    }
    return server


def test_the_version_that_serves_already_is_left_alone(serving):
    run(serving)

    assert [line for line in serving.acted if "compose" in line or line.startswith("docker")] == []


def test_the_same_version_takes_over_from_itself_when_settings_are_not_applied_yet(serving):
    serving.answers["cmp --silent /etc/invoices/stack.env *"] = Ran(1, "")
    serving.started = "2 invoices-app-2 invoices-app:new running"
    serving.answers["docker exec 2 invoices users --json"] = Ran(0, USERS)

    run(serving)

    assert [line for line in serving.done if line.startswith("up")] == [
        "up --detach --no-deps --wait db",
        "up --detach --no-deps --no-recreate --scale app=2 app",
        "up --detach --no-deps proxy",
        "up --detach --no-deps --force-recreate worker",
    ]
    assert "cp --preserve /etc/invoices/stack.env /etc/invoices/stack.applied.env" in serving.acted


def test_settings_of_a_deploy_that_fails_are_not_taken_for_applied(server):
    server.answers["docker inspect * 2"] = state(status="unhealthy")

    with pytest.raises(HostError, match="does not become ready"):
        run(server)

    assert not any(line.startswith("cp") for line in server.acted)


def test_the_first_admin_is_made_by_the_next_deploy_where_one_that_was_cut_off_left_none(serving):
    serving.answers["docker exec 1 invoices users --json"] = Ran(0, "[]")

    run(serving)

    assert "docker exec 1 invoices create-user --email admin@invoices.example.com --role admin" in serving.acted


def test_newer_images_are_fetched_when_that_is_said_though_the_version_serves_already(serving):
    serving.started = "2 invoices-app-2 invoices-app:new running"
    serving.answers["docker exec 2 invoices users --json"] = Ran(0, USERS)

    Deployment(session_of(serving), NEW_RELEASE, is_refreshed=True).run()

    done = [line for line in serving.done if line.startswith(("pull", "build", "up"))]
    assert done == [
        "build --pull app proxy db",
        "build backup",
        "up --detach --no-deps --wait db",
        "up --detach --no-deps --no-recreate --scale app=2 app",
        "up --detach --no-deps proxy",
        "up --detach --no-deps --force-recreate worker",
    ]


def test_a_worker_that_does_not_become_ready_is_told_and_the_new_version_is_the_current_one(server):
    server.answers["docker inspect * 3"] = state(status="unhealthy")

    with pytest.raises(HostError, match="new serves, but its worker does not become ready"):
        run(server)

    assert "mv -T -- /opt/invoices/current.new /opt/invoices/current" in server.acted
    assert "docker rm --force 1" in server.acted


def test_a_worker_of_another_version_is_not_overlooked(server):
    server.app = [f"1 {OLD} invoices-app:new running"]
    server.answers |= {
        "readlink *": Ran(0, "/opt/invoices/releases/new\n"),
        "docker exec 1 invoices users --json": Ran(0, USERS),
        LIST.format("worker"): Ran(0, "3 invoices-worker-1 invoices-app:old running\n"),
        LIST.format("db"): Ran(0, "4 invoices-db-1 postgres:17-trixie running\n"),
    }

    run(server)

    assert "up --detach --no-deps worker" in server.done
    assert not any("--scale" in line for line in server.acted)


def test_where_nobody_can_sign_in_yet_an_admin_is_made(server):
    server.answers["docker exec 2 invoices users --json"] = Ran(0, "[]")

    run(server)

    assert "docker exec 2 invoices create-user --email admin@invoices.example.com --role admin" in server.acted


def test_without_docker_it_says_what_to_do_first(server):
    server.answers["docker compose version"] = Ran(1, "")

    with pytest.raises(RefusedError, match="Docker or its Compose is not there: run `fab provision` first"):
        run(server)

    assert server.acted == []


def test_a_disk_that_is_too_full_is_refused_before_anything_is_done(server):
    server.answers["df *"] = Ran(0, "Avail\n900000\n")

    with pytest.raises(RefusedError, match="only 900 MB of disk are free, and a release takes 2000"):
        run(server)

    assert server.acted == []


def test_a_rehearsal_does_nothing_at_all(server):
    server.is_rehearsal = True

    run(server)

    assert server.acted == []


@pytest.fixture
def other_proxy(server):
    """The folder of a release whose proxy is configured in another way than the serving one's."""
    folder = "/opt/invoices/releases/{}/stack/proxy/conf"
    server.answers["find */stack/proxy/conf *"] = Ran(0, "Caddyfile\nupstream\n")
    for version, text in (("new", "new one\n"), ("old", "old one\n")):
        server.files[f"{folder.format(version)}/Caddyfile"] = text
        server.files[f"{folder.format(version)}/upstream"] = "app:8000\n"
    server.files["/opt/invoices/proxy/Caddyfile"] = "old one\n"
    return folder.format("new")


def test_the_proxy_s_settings_are_tried_before_it_reads_them(server, other_proxy):
    run(server)

    tried = next(
        at for at, line in enumerate(server.done) if line.startswith(f"run --rm --no-deps -T --volume {other_proxy}")
    )
    written = server.done.index("write /opt/invoices/proxy/Caddyfile")
    read = next(at for at, line in enumerate(server.done) if "caddy reload" in line)
    assert tried < written < read
    assert server.files["/opt/invoices/proxy/Caddyfile"] == "new one\n"
    assert server.files["/opt/invoices/proxy/upstream"] == "invoices-app-2:8000\n"


def test_settings_that_the_proxy_refuses_are_not_written(server, other_proxy):
    server.answers["* validate *"] = Ran(1, "", "unrecognized directive")

    with pytest.raises(HostError, match="unrecognized directive"):
        run(server)

    assert server.files["/opt/invoices/proxy/Caddyfile"] == "old one\n"


def test_the_proxy_s_settings_are_taken_back_with_a_version_that_fails(server, other_proxy):
    server.answers["docker inspect * 2"] = state(status="unhealthy")

    with pytest.raises(HostError, match="does not become ready"):
        run(server)

    assert server.files["/opt/invoices/proxy/Caddyfile"] == "old one\n"
    assert sum("caddy reload" in line for line in server.done) == 2


def test_no_secret_is_in_any_command(server):
    server.answers["* migrate invoices migrate --pending"] = Ran(0, "0008_more\n")
    secret = "a-secret-of-aws"
    settings = HostSettings.from_outputs(FACTS | {"aws_secret_access_key": secret})

    Deployment(Session(settings, server, Steps(Console(quiet=True))), NEW_RELEASE).run()

    assert secret not in json.dumps([server.acted, server.asked, server.files])


def test_keys_that_cannot_be_copied_are_said_once_the_new_version_serves_and_the_lock_is_free(server, monkeypatch):
    def refused(_found):
        raise UnfinishedError("its keys are not copied")

    monkeypatch.setattr("playbooks.steps.app_secret.keep", refused)

    with pytest.raises(UnfinishedError, match="its keys are not copied"):
        run(server)

    assert "deploy new serves, before it old" in log_of(server)[-1]
    assert server.acted[-1] == "rm -rf -- /opt/invoices/lock"


def test_a_server_that_takes_the_place_of_a_lost_one_is_given_its_keys(server, monkeypatch):
    monkeypatch.setattr("playbooks.steps.app_secret.of_server_before", lambda *_words: {"secret_key": "k"})

    run(server)

    given = next(at for at, line in enumerate(server.acted) if line.endswith("invoices secrets --set-app-keys"))
    assert server.stdin[given] == '{"secret_key": "k"}'


BEGINNING = (
    "systemctl start --no-block invoices-backup.service invoices-base-backup.service invoices-certificate.service"
)


@pytest.mark.parametrize("report", [None, '{"ok": false, "sentence": "The bucket cannot be reached."}', '{"ok": tr'])
def test_backups_are_made_and_proved_at_once_where_none_is_proved(server, report):
    if report:
        server.files["/var/lib/invoices/reports/certificate.json"] = report

    run(server)

    assert BEGINNING in server.acted


def test_where_a_backup_is_proved_the_timers_make_the_next(server):
    server.files["/var/lib/invoices/reports/certificate.json"] = '{"ok": true, "at": "2026-03-02", "sentence": "Fine."}'

    run(server)

    assert BEGINNING not in server.acted
