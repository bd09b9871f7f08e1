"""A version takes over without a request lost; what is broken never serves, and leaves nothing behind."""

import re
import subprocess
import time

import pytest

from tests.support.operators import ROOT
from tests.support.public_site import Load

WSGI = "app/wsgi.py"
HEALTH = "app/web/pages/health.py"
PROXY_VERSION = re.search(r"invoices-proxy:(\S+)", (ROOT / "docker-compose.yml").read_text())[1]
# How often the app is asked whether it is well, and how long it may take to be: a minute and more.
IS_GIVEN_TIME = re.compile(r"(the test itself stands in the image\n +)interval: 10s(.*?)start_period: 60s", re.DOTALL)


def changed(operator, mark):
    """Commit a change of the app that does not matter, so that there is another version."""
    return operator.commit("app/__init__.py", f'"""{mark}"""\n')


def left(deployed):
    """Return what a failed deploy must not leave: containers of the app, and the lock."""
    return deployed.inside(
        "docker ps -aq --filter label=com.docker.compose.service=app | wc -l; "
        "ls -d /opt/invoices/lock 2>/dev/null || true"
    ).split()


def test_the_first_deploy_asks_nothing_and_prints_the_first_admin_s_password(deployed, request):
    if request.config.getoption("--on"):
        pytest.skip("an instance that is kept had its first deploy before")

    assert "admin@invoices.test can sign in as admin." in deployed.first_printed
    assert "The password, shown only now:" in deployed.first_printed


def test_the_same_commit_again_restarts_nothing(serving, figure):
    before = serving.containers()

    done = serving.operator.fab("deploy")
    figure("deploy of the same commit", f"{done.seconds:.1f} s", "8 s")

    assert "serves already" in done.printed
    assert serving.containers() == before


def test_a_new_version_takes_over_under_load_without_a_request_lost(serving_any, site, invoice_id, figure):
    proxy, database = serving_any.containers("proxy"), serving_any.containers("db")
    version = changed(serving_any.operator, "another version")

    with Load(site, invoice_id) as load:
        done = serving_any.operator.fab("deploy")
    figure("deploy of a changed app", f"{done.seconds:.0f} s", "60 s")
    figure("requests during it, failed", f"{len(load.failures)} of {load.total}", "0")
    figure("slowest of them", f"{load.slowest:.2f} s")

    assert "\n".join(load.failures) == ""
    assert load.total > 100
    assert serving_any.inside("readlink /opt/invoices/current").endswith(version)
    assert (serving_any.containers("proxy"), serving_any.containers("db")) == (proxy, database)
    assert recorded(serving_any, load) == set(load.acknowledged)


def recorded(deployed, load):
    """Return which of the acknowledged receipts the database has."""
    prefix = f"load-{id(load)}-"
    stored = set(deployed.query(f"SELECT reference FROM payments WHERE reference LIKE '{prefix}%'").splitlines())
    return stored & set(load.acknowledged)


def test_plain_compose_up_is_measured_beside_it(serving, site, invoice_id, figure):
    version = changed(serving.operator, "by compose alone")
    serving.operator.fab("deploy")
    folder = f"/opt/invoices/releases/{serving.first_version}"

    with Load(site, invoice_id) as load:
        load.goes_on(50)
        serving.inside(
            f"VERSION={serving.first_version} docker compose -p invoices --project-directory {folder} "
            f"--env-file /etc/invoices/stack.env -f {folder}/docker-compose.yml up -d --no-deps app"
        )
        serving.recovered_within(60, lambda: site.ask("GET", "/health").status == 200)
        load.goes_on(100)
    figure("plain `docker compose up -d app`, failed", f"{len(load.failures)} of {load.total}")
    figure("slowest of them", f"{load.slowest:.2f} s")

    assert load.total > 20
    assert version != serving.first_version


@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        (WSGI, "raise RuntimeError('broken on purpose')\n", "broken on purpose"),
        (
            "app/store/migrations/9999_broken.py",
            "def up(migrator, db):\n    db.execute_sql('SELECT broken_on_purpose')\n\n\ndef down(context):\n    pass\n",
            "broken_on_purpose",
        ),
    ],
    ids=["crashes", "migration-fails"],
)
def test_a_broken_version_never_serves_and_leaves_nothing_behind(serving, site, path, content, told):
    before = serving.containers("app")
    serving.operator.commit(path, content)

    done = serving.operator.fab("deploy", fails=True)

    assert told in done.printed
    assert serving.containers("app") == before
    assert left(serving) == ["1"]
    assert site.ask("GET", "/health").status == 200
    assert serving.inside("readlink /opt/invoices/current").endswith(serving.first_version)


def test_a_version_that_is_never_ready_never_serves(serving, site):
    before = serving.containers("app")
    patient = serving.operator.text("docker-compose.yml")
    serving.operator.commit(
        "docker-compose.yml", IS_GIVEN_TIME.sub(r"\g<1>interval: 1s\g<2>start_period: 20s", patient)
    )
    text = serving.operator.text(HEALTH)
    serving.operator.commit(
        HEALTH,
        text.replace(
            'return _answer(status == _OK, {"status": status})', 'return _answer(False, {"status": "never ready"})'
        ),
    )

    done = serving.operator.fab("deploy", fails=True)

    assert "never ready" in done.printed
    assert serving.containers("app") == before
    assert site.ask("GET", "/health").status == 200


def test_the_version_before_serves_again_in_seconds(serving, site, figure):
    version = changed(serving.operator, "to be taken back")
    serving.operator.fab("deploy")

    done = serving.operator.fab("rollback")
    figure("rollback", f"{done.seconds:.1f} s", "10 s")

    assert serving.inside("readlink /opt/invoices/current").endswith(serving.first_version)
    assert site.ask("GET", "/health").status == 200
    assert version in serving.operator.fab("status").printed


def test_going_back_twice_leads_further_back(serving):
    second = changed(serving.operator, "bad")
    serving.operator.fab("deploy")
    changed(serving.operator, "worse")
    serving.operator.fab("deploy")

    serving.operator.fab("rollback")
    assert serving.inside("readlink /opt/invoices/current").endswith(second)
    serving.operator.fab("rollback")
    assert serving.inside("readlink /opt/invoices/current").endswith(serving.first_version)


def test_changed_settings_reach_whatever_reads_them(serving, site):
    settings = serving.operator.checkout / "server.env"
    before = settings.read_text()
    settings.write_text(before + "CURRENCY=EUR\nWORKBOOK_MAX_MEGABYTES=12\n")
    try:
        serving.operator.fab("deploy")
        read = {service: environment_of(serving, service) for service in ("app", "worker", "proxy")}
        answer = site.ask("GET", "/health")
    finally:
        settings.write_text(before)

    assert {service for service, words in read.items() if "CURRENCY=EUR" in words} == {"app", "worker"}
    assert all("WORKBOOK_MAX_MEGABYTES=12" in words for words in read.values())
    assert answer.status == 200


def environment_of(deployed, service):
    (container,) = deployed.containers(service).values()
    return deployed.inside(f"docker exec {container} env").splitlines()


def test_settings_that_the_proxy_refuses_never_reach_it(serving, site):
    before = serving.inside("cat /opt/invoices/proxy/Caddyfile")
    serving.operator.commit("stack/proxy/conf/Caddyfile", "this is not how it is written {\n")

    done = serving.operator.fab("deploy", fails=True)

    assert "Caddyfile" in done.printed
    assert serving.inside("cat /opt/invoices/proxy/Caddyfile") == before
    assert site.ask("GET", "/health").status == 200


def test_newer_images_are_taken_with_all_data_kept_and_can_be_gone_back_from(serving, site, invoice_id):
    image = f"docker image inspect -f '{{{{.Id}}}}' invoices-proxy:{PROXY_VERSION}"
    before = serving.inside(image)
    # A newer image: built from the same base here, where no other is published.
    serving.operator.commit(
        "stack/proxy/Dockerfile", serving.operator.text("stack/proxy/Dockerfile") + "LABEL newer=1\n"
    )
    serving.operator.fab("deploy", "--refresh")
    refreshed = serving.inside(image)

    printed = serving.operator.fab("rollback").printed

    assert "with the images from before the refresh of" in printed
    assert (refreshed != before, serving.inside(image) == before) == (True, True)
    assert serving.inside("docker inspect -f '{{.Image}}' invoices-proxy-1") == before
    assert site.ask("GET", f"/api/v1/invoices/{invoice_id}").json()["number"] == "1001"


def test_a_release_that_nobody_kept_cannot_be_gone_back_to(serving):
    assert "is not kept there" in serving.operator.fab("rollback", "--to", "000000000000", fails=True).printed


def test_what_is_not_committed_is_not_deployed(serving):
    (serving.operator.checkout / WSGI).write_text("raise RuntimeError\n")

    assert "There are changes that are not committed" in serving.operator.fab("deploy", fails=True).printed


def test_of_two_deploys_at_once_one_is_refused(serving_any, tmp_path):
    colleague = serving_any.operator.another(tmp_path)
    changed(serving_any.operator, "the first of two")
    first = serving_any.operator.started("deploy")
    first.wait_for("Look at what is there")

    refused = colleague.fab("deploy", fails=True)

    assert "holds the lock since" in refused.printed
    assert first.communicate_within(300).exit_code == 0


@pytest.mark.parametrize(
    "step",
    [
        "Upload the release", "Fetch and build images", "Have secrets and the database", "Start the new version",
        "Wait until it is ready", "Switch the proxy", "Let the old version finish",
    ],
)  # fmt: skip
def test_a_deploy_that_is_killed_after_any_step_ends_well_when_it_is_run_again(serving_any, site, step):
    version = changed(serving_any.operator, f"killed after: {step}")
    cut_off = serving_any.operator.started("deploy")
    cut_off.wait_for(step)
    cut_off.process.kill()
    cut_off.process.communicate()
    assert site.ask("GET", "/health").status == 200

    serving_any.operator.fab("lock", "--release")
    serving_any.operator.fab("deploy")

    assert serving_any.inside("readlink /opt/invoices/current").endswith(version)
    assert left(serving_any) == ["1"]
    assert site.ask("GET", "/health").status == 200


def test_a_deploy_that_loses_its_server_says_so_and_the_old_version_serves_on(serving, site, figure):
    old = serving.first_version
    new = changed(serving.operator, "cut off")
    cut_off = serving.operator.started("deploy")
    cut_off.wait_for("Upload the release")

    serving.instance.disconnect()
    began = time.monotonic()
    try:
        done = cut_off.communicate_within(120)
    finally:
        serving.instance.reconnect()
    figure("network cut: a deploy says so after", f"{time.monotonic() - began:.0f} s", "60 s")

    assert done.exit_code == 1
    assert "the connection was lost during" in done.printed
    assert "Traceback" not in done.printed
    serving.recovered_within(30, lambda: site.ask("GET", "/health", seconds=2).status == 200)
    assert serving.inside("readlink /opt/invoices/current").endswith(old)

    refused = serving.operator.fab("deploy", fails=True)
    assert "fab lock --release" in refused.printed
    serving.operator.fab("lock", "--release")
    serving.operator.fab("deploy")
    assert serving.inside("readlink /opt/invoices/current").endswith(new)


def test_a_dry_run_changes_nothing(serving):
    changed(serving.operator, "never deployed")
    before = serving.inside("ls -la --time-style=full-iso /opt/invoices /opt/invoices/releases"), serving.containers()

    told = serving.operator.fab("deploy", "--dry-run").printed

    assert "would serve in place of" in told
    assert (
        serving.inside("ls -la --time-style=full-iso /opt/invoices /opt/invoices/releases"),
        serving.containers(),
    ) == before


def test_no_secret_stands_where_it_should_not(serving):
    secrets = serving.inside(
        "cat $(docker volume inspect -f '{{.Mountpoint}}' $(docker volume ls -q --filter name=secrets)"
        " | sed 's#$#/*#') 2>/dev/null"
    ).split()
    assert secrets
    words = {
        word for secret in secrets for word in (secret, secret.rpartition(":")[2].partition("@")[0]) if len(word) > 15
    }
    everywhere = serving.inside(
        "docker ps -q | xargs docker inspect; docker image history --no-trunc invoices-app:$(basename $(readlink "
        "/opt/invoices/current)); ps axeww; cat /etc/invoices/stack.env; journalctl --no-pager -n 5000; "
        "for one in $(docker ps -q); do docker logs $one 2>&1; done"
    )
    assert [word[:4] for word in words if word in everywhere] == []


def test_a_workbook_that_is_not_there_is_named(serving):
    assert "nowhere.xlsx is not there" in serving.operator.fab("import-workbook", "nowhere.xlsx", fails=True).printed


def test_the_logs_of_a_service_are_printed(serving):
    assert serving.operator.fab("logs", "--service", "proxy", "--lines", "5").printed.count("\n") >= 1
    assert (
        "there is no container of 'nothing'" in serving.operator.fab("logs", "--service", "nothing", fails=True).printed
    )


def test_everything_that_was_done_is_in_the_log_of_the_server(serving):
    log = serving.operator.fab("audit").printed

    assert "deploy" in log
    assert subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip() in log
