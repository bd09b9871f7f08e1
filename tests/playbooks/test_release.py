"""A release is one commit, whole on the server or not there."""

import subprocess
import tarfile

import pytest
from support.recording_host import RecordingHost
from support.recording_stack import served

from playbooks.steps import release
from playbooks.steps.inventory import ROOT
from playbooks.steps.release import Release, ReleaseError
from provisioning.host import Ran


def git(folder, *words):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def checkout(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "app.py").write_text("one\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "One")
    return tmp_path


def test_a_release_is_named_after_its_commit(checkout):
    commit = git(checkout, "rev-parse", "HEAD").strip()

    assert Release.of_checkout(allow_dirty=False, root=checkout) == Release(commit[:12], commit)


def test_what_is_not_committed_is_refused_and_named(checkout):
    (checkout / "app.py").write_text("two\n")

    with pytest.raises(ReleaseError, match=r"commit them, or mark the release with --allow-dirty\.\nM app\.py"):
        Release.of_checkout(allow_dirty=False, root=checkout)


@pytest.mark.parametrize(
    "name",
    [
        "Pulumi.prod.yaml", "Pulumi.staging.yaml", "server.env", "server.staging.env", "server.json", "server-new.json",
        ".invoices/198.51.100.9.known_hosts",
    ],
)  # fmt: skip
def test_the_files_that_an_operator_writes_are_not_tracked(name):
    assert subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT, check=False).returncode == 0


def test_the_example_of_a_configuration_is_tracked():
    assert git(ROOT, "ls-files", "Pulumi.*.yaml") == "Pulumi.example.yaml\n"


def test_what_is_not_committed_is_marked_and_released_where_that_is_allowed(checkout, tmp_path_factory):
    (checkout / "app.py").write_text("two\n")

    made = Release.of_checkout(allow_dirty=True, root=checkout)

    assert "-dirty-" in made.version
    with made.archive(checkout) as archive, tarfile.open(archive) as files:
        assert files.extractfile("app.py").read() == b"two\n"


def test_other_changes_make_another_release(checkout):
    (checkout / "app.py").write_text("two\n")
    first = Release.of_checkout(allow_dirty=True, root=checkout)
    (checkout / "app.py").write_text("three\n")

    assert Release.of_checkout(allow_dirty=True, root=checkout).version != first.version


def test_outside_a_repository_it_says_so(tmp_path):
    with pytest.raises(ReleaseError, match="git rev-parse failed"):
        Release.of_checkout(allow_dirty=False, root=tmp_path)


def test_a_release_that_is_there_is_not_uploaded_again():
    host = RecordingHost()

    release.upload(host, Release("abc", "abc"))

    assert host.acted == []


def test_the_links_goes_to_the_new_release_at_once():
    host = RecordingHost()

    release.make_current(host, "abc")

    assert host.acted == [
        "ln -sfn -- /opt/invoices/releases/abc /opt/invoices/current.new",
        "mv -T -- /opt/invoices/current.new /opt/invoices/current",
    ]


def test_five_releases_are_kept_and_the_serving_one_and_none_that_never_served():
    host = RecordingHost(
        answers={
            "readlink *": Ran(0, "/opt/invoices/releases/g\n"),
            "find *": Ran(0, served("g", "f", "e", "d", "c", "b", "a")),
            "ls -1 *": Ran(0, "a\nb\nc\nd\ne\nf\ng\nbroken\n"),
            "docker image ls * reference=invoices-*:f[*]": Ran(
                0, "invoices-app:f\ninvoices-backup:f-postgresql17\ninvoices-app:f-until-20261121T000000Z\n"
            ),
        }
    )

    assert release.prune(host) == ["f", "broken"]
    assert host.acted[:2] == [
        "rm -rf -- /opt/invoices/releases/f",
        "docker image rm invoices-app:f invoices-backup:f-postgresql17 invoices-app:f-until-20261121T000000Z",
    ]


def test_the_release_that_served_last_is_the_first():
    assert release.kept(RecordingHost(answers={"find *": Ran(0, served("a", "b"))})) == ["b", "a"]
