"""A new version takes over only when it is ready, and what fails leaves the old one serving."""

import pytest
from rich.console import Console
from support.recording_stack import LIST, NEW, OLD, Server, state

from playbooks.steps.progress import Steps
from playbooks.steps.stack import Stack
from playbooks.steps.switching import UPSTREAM, Switch
from provisioning.host import HostError, Ran


def switch(server, is_well=lambda: None, **options):
    steps = Steps(Console(quiet=True))
    switching = Switch(server, Stack(server, "new"), steps, is_well, pause=lambda seconds: None, **options)
    switching.finish(switching.to_new_version())


def test_the_new_version_is_started_beside_the_old_gets_the_requests_then_the_old_is_stopped_by_its_id():
    server = Server()

    switch(server)

    assert server.done == [
        "up --detach --no-deps --no-recreate --scale app=2 app",
        f"write {UPSTREAM}",
        "docker stop --time 40 1",
        "python3 -E -s -B /usr/local/lib/invoices/keep_logs.py",
        "docker rm --force 1",
    ]
    assert server.files[UPSTREAM] == f"{NEW}:8000\n"


def test_a_version_takes_over_from_itself_when_what_it_reads_at_its_start_has_changed():
    server = Server(app=(f"1 {OLD} invoices-app:new running",))

    switch(server, recreates=True)

    assert server.files[UPSTREAM] == f"{NEW}:8000\n"
    assert server.done[-1] == "docker rm --force 1"


def test_the_first_version_has_nothing_to_stop_and_starts_the_proxy():
    server = Server(app=())
    server.answers[LIST.format("proxy")] = Ran(0, "")

    switch(server)

    assert server.done == [
        "up --detach --no-deps --no-recreate --scale app=1 app",
        f"write {UPSTREAM}",
        "up --detach --no-deps proxy",
    ]


@pytest.mark.parametrize(
    "health",
    [
        state(status="unhealthy", output="migrations are missing"),
        state(running=False, status="starting", exit_code=3, output="migrations are missing"),
        state(status="starting", restarts=1, output="migrations are missing"),
    ],
)
def test_a_version_that_does_not_become_ready_is_removed_and_its_words_are_told(health):
    server = Server()
    server.answers["docker inspect * 2"] = health
    server.answers["docker logs * 2"] = Ran(0, "", "Traceback: no such table\n")

    with pytest.raises(HostError) as told:
        switch(server)

    assert "migrations are missing" in str(told.value)
    assert "Traceback: no such table" in str(told.value)
    assert server.done == ["up --detach --no-deps --no-recreate --scale app=2 app", "docker rm --force 2"]
    assert server.files[UPSTREAM] == f"{OLD}:8000\n"


def test_a_site_that_does_not_answer_after_the_switch_is_switched_back():
    server = Server()

    def not_well():
        raise HostError("https://invoices.example.com does not answer")

    with pytest.raises(HostError, match="does not answer"):
        switch(server, not_well)

    assert server.files[UPSTREAM] == f"{OLD}:8000\n"
    assert server.done[-1] == "docker rm --force 2"
    assert "docker stop --time 40 1" not in server.done


def test_what_gets_the_requests_stays_when_it_cannot_be_switched_back():
    server = Server()

    def not_well():
        server.write = disk_is_full
        raise HostError("https://invoices.example.com does not answer")

    def disk_is_full(*_words, **_options):
        raise HostError("No space left on device")

    with pytest.raises(HostError):
        switch(server, not_well)

    assert server.files[UPSTREAM] == f"{NEW}:8000\n"
    assert "docker rm --force 2" not in server.done


def test_changed_settings_are_the_proxy_s_too():
    server = Server()

    switch(server, recreates=True)

    assert server.done[1:3] == [f"write {UPSTREAM}", "up --detach --no-deps proxy"]


def test_what_a_deploy_that_was_cut_off_left_behind_is_removed_first():
    server = Server(
        app=(f"1 {OLD} invoices-app:old running", "7 invoices-app-9 invoices-app:broken running"),
    )

    switch(server)

    assert server.done[:2] == ["docker rm --force 7", "up --detach --no-deps --no-recreate --scale app=2 app"]


def test_a_deploy_that_was_cut_off_after_the_switch_goes_on_from_there():
    server = Server(app=(f"1 {OLD} invoices-app:old running", f"2 {NEW} invoices-app:new running"))
    server.files[UPSTREAM] = f"{NEW}:8000\n"

    switch(server)

    assert server.done[0] == "docker rm --force 1"
    assert not any("--scale" in line for line in server.done)


def test_when_two_containers_start_instead_of_one_nothing_is_switched():
    server = Server(started="")

    with pytest.raises(HostError, match="Compose started 0 containers"):
        switch(server)

    assert server.files[UPSTREAM] == f"{OLD}:8000\n"
