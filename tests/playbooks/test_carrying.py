"""Folders are carried from one server to another as they are, with their owners; by real programs, on this machine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from playbooks.steps import carrying
from playbooks.steps.carrying import carry, require_equal, require_room
from playbooks.steps.session import RefusedError
from provisioning.host import HostError, Ran


class Folder:
    """A server that is a folder of this machine: what it runs, it runs here."""

    def __init__(self, folder):
        self.name, self.folder = folder.name, folder
        folder.mkdir()

    def run(self, *command, check=True, seconds=60, stdin=""):
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds, input=stdin)
        if check and done.returncode:
            raise HostError(done.stderr)
        return Ran(done.returncode, done.stdout, done.stderr)

    act = run

    def download(self, path, local):
        shutil.copy(path, local)

    def upload(self, local, path):
        shutil.copy(local, path)

    def put(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def servers(tmp_path, monkeypatch):
    monkeypatch.setattr(carrying, "_PACKED", str(tmp_path / "packed.tar"))
    return Folder(tmp_path / "old"), Folder(tmp_path / "new")


def carried(old, new, **options):
    carry(old, f"{old.folder}/imports", new, f"{new.folder}/arrived", **options)


def test_files_arrive_with_their_modes_and_owners(servers):
    old, new = servers
    old.put("imports/1/workbook", "one").chmod(0o640)
    if os.getuid() == 0:
        os.chown(old.folder / "imports/1/workbook", 10001, 10001)

    carried(old, new)

    before, after = (old.folder / "imports/1/workbook").stat(), (new.folder / "arrived/1/workbook").stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert not Path(carrying._PACKED).exists()
    require_equal(old, f"{old.folder}/imports", new, f"{new.folder}/arrived")


def test_a_second_time_only_what_changed_since_is_carried(servers):
    old, new = servers
    os.utime(old.put("imports/1/workbook", "one"), (0, 0))
    carried(old, new)
    (new.folder / "arrived/1/workbook").write_text("carried before")
    old.put("imports/2/a name with blanks", "two")

    carried(old, new, changed_since="2001-01-01 00:00:00 UTC")

    assert (new.folder / "arrived/2/a name with blanks").read_text() == "two"
    assert (new.folder / "arrived/1/workbook").read_text() == "carried before"


@pytest.mark.parametrize("spoil", [lambda one: one.write_text("other"), lambda one: one.unlink()])
def test_a_file_that_differs_or_is_missing_is_noticed(servers, spoil):
    old, new = servers
    old.put("imports/1/workbook", "one")
    carried(old, new)
    spoil(new.folder / "arrived/1/workbook")

    with pytest.raises(RefusedError, match=r"new: the files in .*/arrived are not those in .*/imports of old"):
        require_equal(old, f"{old.folder}/imports", new, f"{new.folder}/arrived")


def test_where_nothing_was_uploaded_nothing_is_carried(servers):
    old, new = servers

    carried(old, new)

    assert list(new.folder.iterdir()) == []
    require_equal(old, f"{old.folder}/imports", new, f"{new.folder}/arrived")


def test_whatever_fails_nothing_packed_stays(servers):
    old, new = servers
    old.put("imports/1/workbook", "one")
    new.put("arrived", "a file where a folder has to be")

    with pytest.raises(HostError):
        carried(old, new)

    assert not Path(carrying._PACKED).exists()


def test_a_server_without_room_for_it_is_refused(servers, monkeypatch):
    old, new = servers
    df = Ran(0, "Avail\n10\n")
    for one, answer in ((old, {"sh": Ran(0, "4 .\n"), "df": Ran(0, "Avail\n90\n")}), (new, {"df": df})):
        monkeypatch.setattr(one, "run", lambda *command, answer=answer, **_: answer[command[0]])

    with pytest.raises(RefusedError, match=r"new: to carry .*/imports of old takes 0 MB, and 0 are free"):
        require_room(old, f"{old.folder}/imports", new)
