"""What is plain is moved onto the encrypted disk whole, or stays where it is."""

import shutil
import subprocess
from pathlib import Path

import encrypted_disk
import pytest


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """Folders in place of the server's, in which nothing can be mounted; what would be run is remembered."""
    mounted, plain = tmp_path / "srv", tmp_path / "volumes"
    mounted.mkdir()
    (plain / "db").mkdir(parents=True)
    (plain / "db/ledger").write_text("100.00 paid\n")
    bound = []
    monkeypatch.setattr(encrypted_disk, "MOUNTED", mounted)
    monkeypatch.setattr(encrypted_disk, "FOLDERS", {"volumes": plain})
    monkeypatch.setattr(encrypted_disk, "DEVICE", tmp_path)
    monkeypatch.setattr(encrypted_disk, "_mount_disk", lambda: None)
    monkeypatch.setattr(encrypted_disk, "_bind", lambda source, folder: bound.append((source, folder)))
    monkeypatch.setattr(encrypted_disk, "_stop_what_writes", lambda: None)
    monkeypatch.setattr(encrypted_disk, "STOPPED", tmp_path / "stopped.json")
    monkeypatch.setattr(encrypted_disk, "run", copying)
    return mounted, plain, bound


def copying(*command, **_options):
    """Copy as rsync does, which not every machine has."""
    if command[0] == "rsync" and "--dry-run" not in command:
        shutil.copytree(command[-2], command[-1], dirs_exist_ok=True)
    return ""


def broken(*command, **options):
    copying(*command, **options)
    raise subprocess.CalledProcessError(20, command)


def differing(*command, **options):
    return copying(*command, **options) or (">fc........ db/ledger\n" if "--dry-run" in command else "")


def test_all_files_are_moved_and_the_plain_ones_are_gone(disk):
    mounted, plain, bound = disk

    encrypted_disk.move()

    assert (mounted / "volumes/db/ledger").read_text() == "100.00 paid\n"
    assert bound == [(mounted / "volumes", plain)]
    assert not plain.with_name("volumes.plain").exists()


def test_half_a_copy_is_never_mounted_in_place_of_the_whole(disk, monkeypatch):
    _mounted, plain, bound = disk
    monkeypatch.setattr(encrypted_disk, "run", broken)

    with pytest.raises(subprocess.CalledProcessError):
        encrypted_disk.move()
    with pytest.raises(encrypted_disk.DiskError) as told:
        encrypted_disk.start()

    assert str(told.value) == ("Database and files are not all on the encrypted disk yet: run `fab provision` again.")
    assert (plain / "db/ledger").read_text() == "100.00 paid\n"
    assert bound == []


def test_a_copy_that_differs_leaves_the_plain_files_where_they_are(disk, monkeypatch):
    _mounted, plain, bound = disk
    monkeypatch.setattr(encrypted_disk, "run", differing)

    with pytest.raises(encrypted_disk.DiskError, match=r"changed while it was moved \(>fc\.+ db/ledger\): run"):
        encrypted_disk.move()

    assert (plain / "db/ledger").read_text() == "100.00 paid\n"
    assert bound == []


def test_a_run_that_broke_off_between_two_names_is_finished_by_the_next(disk):
    mounted, plain, _bound = disk
    shutil.copytree(plain, mounted / "volumes.copy")
    plain.rename(plain.with_name("volumes.plain"))

    encrypted_disk.move()

    assert (mounted / "volumes/db/ledger").read_text() == "100.00 paid\n"
    assert sorted(path.name for path in mounted.iterdir()) == ["volumes"]


def test_two_sets_of_files_are_left_to_a_person(disk):
    mounted, plain, _bound = disk
    (mounted / "volumes").mkdir()

    with pytest.raises(encrypted_disk.DiskError) as told:
        encrypted_disk.move()

    assert str(told.value) == f"{plain} and {mounted}/volumes both hold files: move away the one that is not wanted."


def test_a_locked_disk_says_what_opens_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(encrypted_disk, "DEVICE", tmp_path / "closed")
    monkeypatch.setattr(encrypted_disk, "SETTINGS", tmp_path / "disk.json")
    Path(tmp_path / "disk.json").write_text('{"secret": ""}')

    assert encrypted_disk.main(["start"]) == 1
    assert capsys.readouterr().err == (
        "The disk of database and files is locked: run `fab unlock` on the operator's machine.\n"
    )


@pytest.fixture
def stopping(tmp_path, monkeypatch):
    """Return what is run to stop what writes, while Docker runs one container."""
    done = []
    monkeypatch.setattr(encrypted_disk, "STOPPED", tmp_path / "stopped.json")
    monkeypatch.setattr(encrypted_disk, "_docker_runs", lambda: True)
    answers = {"docker ps --quiet --no-trunc": "c1\n"}

    def run(*command, **_options):
        done.append(" ".join(command))
        return answers.get(done[-1], "")

    monkeypatch.setattr(encrypted_disk, "run", run)
    return done


def test_the_disk_of_the_inbox_lies_in_a_moved_folder_and_is_unmounted_after_the_containers_that_use_it(stopping):
    encrypted_disk._stop_what_writes()

    assert stopping[-3:] == [
        "docker stop --time 60 c1",
        "systemctl stop docker.socket docker.service",
        "systemctl stop srv-inbox.mount",
    ]


def test_an_inbox_that_is_in_use_is_not_copied(stopping, monkeypatch):
    monkeypatch.setattr(encrypted_disk.os.path, "ismount", lambda path: path == "/srv/inbox")

    with pytest.raises(encrypted_disk.DiskError) as told:
        encrypted_disk._stop_what_writes()

    assert str(told.value) == ("/srv/inbox is in use: wait until nobody hands files in, and run `fab provision` again.")
