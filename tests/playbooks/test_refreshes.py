"""A refresh keeps the images before it, goes back to them by itself where it fails, and by `fab rollback` later."""

import pytest
from rich.console import Console
from support.recording_stack import FACTS, OLD, Server, served, state

from playbooks import rollback
from playbooks.deploy import Deployment
from playbooks.steps import refreshes
from playbooks.steps.progress import Steps
from playbooks.steps.release import Release
from playbooks.steps.session import Session
from playbooks.steps.stack import SETTINGS
from provisioning.host import HostError, Ran
from provisioning.settings import HostSettings

PLAIN = {"invoices-app:v1": "app-1", "invoices-database:17": "db-1", "invoices-proxy:2.11": "proxy-1"}
BUILT = {"invoices-app:v1": "app-2", "invoices-database:17": "db-2", "invoices-proxy:2.11": "proxy-2"}


class Engine(Server):
    """A server whose engine knows images by names; what is built with --pull is another image each time."""

    def __init__(self):
        super().__init__(app=[f"1 {OLD} invoices-app:v1 running"], started="2 invoices-app-2 invoices-app:v1 running")
        self.images, self.built, self.runs = dict(PLAIN), dict(BUILT), {OLD: "app-1"}
        self.answers |= {
            "* config --images": Ran(0, "\n".join(PLAIN)),
            "readlink *": Ran(0, "/opt/invoices/releases/v1\n"),
            "find * .served *": Ran(0, served("v1")),
            "df *": Ran(0, "Avail\n9000000\n"),
            "docker exec * invoices users --json": Ran(0, '[{"email": "ann@example.com"}]'),
            "docker ps * label=com.docker.compose.service=db *": Ran(0, "4 invoices-db-1 database running\n"),
        }

    def run(self, *command, **options):
        if command[:3] == ("docker", "image", "inspect"):
            found = self.images.get(command[-1])
            return Ran(0, f"{found}\n") if found else Ran(1, "")
        if command[:4] == ("docker", "inspect", "--format", "{{.Image}}"):
            return Ran(0, f"{self.runs.get(command[4], '')}\n")
        if command[:3] == ("ls", "-1", refreshes.FOLDER):
            return Ran(0, "\n".join(path.rpartition("/")[2] for path in self.files if refreshes.FOLDER in path))
        return super().run(*command, **options)

    def act(self, *command, **options):
        if command[:2] == ("docker", "tag"):
            self.images[command[3]] = self.images[command[2]]
        elif command[:3] == ("docker", "image", "rm"):
            self.images = {name: found for name, found in self.images.items() if name not in command}
        elif command[:2] == ("rm", "-f"):
            self.files.pop(command[-1], None)
        elif "--pull" in command:
            self.images |= self.built
        elif "--scale" in command:
            self.runs["invoices-app-2"] = self.images["invoices-app:v1"]
        return super().act(*command, **options)


@pytest.fixture
def server(monkeypatch, tmp_path):
    moments = (f"2026112{day}T000000Z" for day in range(1, 9))
    monkeypatch.setattr("playbooks.steps.refreshes.utc_now_in_names", lambda: next(moments))
    monkeypatch.setattr("playbooks.steps.takeover.wait_until_served", lambda *_words, **_options: None)
    monkeypatch.setattr("playbooks.steps.switching._HANDING_OVER_SECONDS", 0)
    monkeypatch.setattr("playbooks.steps.stack_settings.FOLDER", tmp_path)
    monkeypatch.setattr("playbooks.steps.backup_key.FOLDER", tmp_path / "keys")
    return Engine()


def session_of(server):
    return Session(HostSettings.from_outputs(FACTS), server, Steps(Console(quiet=True)))


def refresh(server):
    Deployment(session_of(server), Release("v1", "v1"), is_refreshed=True).run()


def kept(server):
    return [path.rpartition("/")[2] for path in server.files if path.startswith(refreshes.FOLDER)]


def plain(server):
    return {name: image for name, image in server.images.items() if "-until-" not in name}


def test_a_refresh_keeps_the_images_that_served_until_then_under_names_of_their_own(server):
    refresh(server)

    assert server.images["invoices-app:v1-until-20261121T000000Z"] == "app-1"
    assert server.images["invoices-database:17-until-20261121T000000Z"] == "db-1"
    assert plain(server) == BUILT


def test_a_refresh_that_brings_nothing_newer_leaves_nothing_to_go_back_to(server):
    server.built = dict(PLAIN)

    refresh(server)

    assert kept(server) == []
    assert server.images == PLAIN


def test_only_what_became_another_image_is_kept(server):
    server.built = PLAIN | {"invoices-proxy:2.11": "proxy-2"}

    refresh(server)

    assert refreshes.newest(server).kept == {"invoices-proxy:2.11": "invoices-proxy:2.11-until-20261121T000000Z"}


def test_a_refresh_that_cannot_be_built_leaves_the_names_as_they_were(server):
    server.answers["* build --pull *"] = Ran(1, "", "no such image")

    with pytest.raises(HostError, match="no such image"):
        refresh(server)

    assert server.images == PLAIN
    assert kept(server) == []


def test_a_database_that_does_not_start_from_its_newer_image_gets_its_image_back(server):
    server.answers["* up --detach --no-deps --wait db"] = Ran(1, "", "db is unhealthy")

    with pytest.raises(HostError, match="db is unhealthy"):
        refresh(server)

    assert server.images == PLAIN
    assert "up --detach --no-deps --wait db proxy" in server.done


def test_an_app_that_does_not_become_ready_on_newer_images_leaves_the_names_as_they_were(server):
    server.answers["docker inspect * 2"] = state(status="unhealthy")

    with pytest.raises(HostError, match="does not become ready"):
        refresh(server)

    assert server.images == PLAIN


def test_a_refresh_after_which_only_the_worker_fails_can_be_gone_back_from(server):
    server.answers["docker inspect * 3"] = state(status="unhealthy")

    with pytest.raises(HostError, match="its worker does not become ready"):
        refresh(server)

    assert kept(server) == ["20261121T000000Z.refresh"]
    assert plain(server) == BUILT


def test_the_next_deploy_ends_a_refresh_that_was_cut_off_in_the_middle(server):
    until = {f"{name}-until-1": image for name, image in PLAIN.items()}
    server.images |= {"invoices-database:17": "db-2", **until}
    begun = refreshes.Refresh("1", "v1", "v1", {name: f"{name}-until-1" for name in PLAIN})
    server.files[f"{refreshes.FOLDER}/1.begun"] = begun.text()

    Deployment(session_of(server), Release("v1", "v1")).run()

    assert server.images["invoices-database:17"] == "db-1"
    assert kept(server) == []


def test_two_refreshes_are_kept(server):
    for number in (2, 3, 4):
        server.built = {name: f"{image[:-1]}{number}" for name, image in BUILT.items()}
        server.app, server.started = server.app[:1], f"{number} invoices-app-2 invoices-app:v1 running"
        refresh(server)

    assert kept(server) == ["20261122T000000Z.refresh", "20261123T000000Z.refresh"]
    assert "invoices-app:v1-until-20261121T000000Z" not in server.images


def test_a_refresh_of_a_release_that_is_no_longer_kept_is_forgotten(server):
    server.files[f"{refreshes.FOLDER}/1.refresh"] = "release v0 v0\ninvoices-app:v0 invoices-app:v0-until-1\n"

    refreshes.prune(server)

    assert kept(server) == []


@pytest.fixture
def refreshed(server, command):
    """A server after a refresh, and the commands that ask it."""
    refresh(server)
    server.acted.clear()
    server.app, server.started = (
        ["2 invoices-app-2 invoices-app:v1 running"],
        "5 invoices-app-3 invoices-app:v1 running",
    )
    command.server = server
    return command


def test_a_rollback_after_a_refresh_goes_back_to_the_images_before_it_and_says_so(refreshed):
    printed = refreshed.run(rollback, "rollback")

    assert plain(refreshed.server) == PLAIN
    assert [line for line in refreshed.server.done if line.startswith("up")] == [
        "up --detach --no-deps --wait db proxy",
        "up --detach --no-deps --no-recreate --scale app=2 app",
        "up --detach --no-deps proxy",
        "up --detach --no-deps --force-recreate worker",
    ]
    assert "serves v1 with the images from before the refresh of 20261121T000000Z" in printed
    assert kept(refreshed.server) == []


@pytest.mark.parametrize(("major", "is_built"), [("17", False), ("18", True)])
def test_a_database_that_was_upgraded_since_gets_its_image_for_backups(refreshed, major, is_built):
    refreshed.server.images["invoices-backup:v1-postgresql17"] = "backup-1"
    refreshed.server.files[SETTINGS] = f"POSTGRESQL={major}\n"

    refreshed.run(rollback, "rollback")

    assert ("build backup" in refreshed.server.done) == is_built


def test_a_rehearsal_of_it_only_says_which_images(refreshed):
    printed = refreshed.run(rollback, "rollback", dry_run=True)

    assert "v1 with the images from before the refresh of 20261121T000000Z would serve." in printed
    assert plain(refreshed.server) == BUILT


def test_a_rollback_that_fails_can_be_run_again(refreshed):
    refreshed.server.answers["docker inspect * 5"] = state(status="unhealthy")

    assert "does not become ready" in refreshed.refused(rollback, "rollback")

    assert kept(refreshed.server) == ["20261121T000000Z.refresh"]


def test_a_release_that_came_after_the_refresh_is_gone_back_from_first(refreshed):
    refreshed.server.answers |= {
        "readlink *": Ran(0, "/opt/invoices/releases/v2\n"), "find * .served *": Ran(0, served("v1", "v2")),
    }  # fmt: skip

    assert "v1 would serve in place of v2." in refreshed.run(rollback, "rollback", dry_run=True)


def test_a_release_that_is_named_keeps_the_images_of_the_refresh(refreshed):
    refreshed.server.answers["find * .served *"] = Ran(0, served("v0", "v1"))
    refreshed.server.images["invoices-app:v0"] = "app-0"

    assert "v0 would serve in place of v1." in refreshed.run(rollback, "rollback", to="v0", dry_run=True)


def test_what_a_refresh_keeps_is_listed_as_the_pruning_of_images_reads_it():
    listed = refreshes.Refresh("1", "v1", "v0", {"invoices-app:v1": "invoices-app:v1-until-1"})

    assert listed.text() == "release v1 v0\ninvoices-app:v1 invoices-app:v1-until-1\n"
    assert refreshes.Refresh.read("1", listed.text()) == listed
