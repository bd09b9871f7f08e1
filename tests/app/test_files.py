"""Files are kept whole under their names, in a folder and in a bucket; what cannot be reached is one sentence."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app import files as files_module
from app.files import Files, FilesPlace, FilesUnavailableError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def files(files_place):
    return Files(files_place)


def test_what_is_put_is_read_again(files):
    files.put("a1/workbook", b"one")
    files.put("a1/workbook", b"two")

    assert files.read("a1/workbook") == b"two"
    assert (files.size("a1/workbook"), files.has("a1/workbook")) == (3, True)


def test_a_file_of_this_machine_can_be_put(files, tmp_path):
    (tmp_path / "some").write_bytes(b"content")

    files.put("a1/workbook", tmp_path / "some")

    assert files.read("a1/workbook") == b"content"


def test_a_file_that_is_kept_is_on_the_disk_with_its_name_and_its_folder(tmp_path, monkeypatch):
    flushed = []
    (tmp_path / "some").write_bytes(b"content")
    monkeypatch.setattr(os, "fsync", lambda opened: flushed.append(str(Path(f"/proc/self/fd/{opened}").readlink())))

    Files(FilesPlace.in_folder(tmp_path / "data")).keep("a1/workbook", tmp_path / "some")

    assert flushed == [str(tmp_path / path) for path in ("data/a1/workbook", "data/a1", "data")]


def test_a_kept_file_is_read_again(files, tmp_path):
    (tmp_path / "some").write_bytes(b"content")

    files.keep("a1/workbook", tmp_path / "some")

    assert files.read("a1/workbook") == b"content"


def test_a_fetched_file_is_read_by_its_path(files):
    files.put("a1/workbook", b"content")

    with files.fetched("a1/workbook") as path:
        assert path.read_bytes() == b"content"


def test_a_file_that_was_never_put_is_missing(files):
    files.put("a1/workbook", b"")

    assert (files.size("a1/preview"), files.has("a1/preview")) == (None, False)
    with pytest.raises(FileNotFoundError):
        files.read("a1/preview")
    with pytest.raises(FileNotFoundError), files.fetched("a1/preview"):
        raise AssertionError("it was fetched")


def test_a_deleted_file_is_gone_and_may_be_deleted_again(files):
    files.put("a1/workbook", b"")

    files.delete("a1/workbook")
    files.delete("a1/workbook")

    assert not files.has("a1/workbook")


def test_a_deleted_folder_is_gone_with_all_its_files_and_no_other(files):
    for name in ("a1/workbook", "a1/preview.json", "a11/workbook"):
        files.put(name, b"")

    files.delete_folder("a1")

    assert files.folders() == ["a11"]
    assert files.read("a11/workbook") == b""


def test_all_files_are_never_deleted_at_once(files):
    files.put("a1/workbook", b"")

    with pytest.raises(ValueError, match="without a name"):
        files.delete_folder("")

    assert files.folders() == ["a1"]


def test_a_full_disk_is_an_error_of_the_system(tmp_path):
    (tmp_path / "a1").write_text("a file where a folder is to be")

    with pytest.raises(NotADirectoryError):
        Files(FilesPlace.in_folder(tmp_path)).put("a1/workbook", b"")


AGAIN = "nothing was changed, and it can be tried again in a moment."


def refused(place):
    """Return the sentence that each use of the files answers with."""
    files = Files(place)
    uses = [
        lambda: files.put("a1/workbook", b""),
        lambda: files.read("a1/workbook"),
        lambda: files.has("a1/workbook"),
        files.folders,
        lambda: files.delete_folder("a1"),
    ]
    sentences = set()
    for use in uses:
        with pytest.raises(FilesUnavailableError) as unavailable:
            use()
        sentences.add(str(unavailable.value))
    (sentence,) = sentences
    return sentence


def test_a_bucket_that_is_away_is_named_in_one_sentence():
    place = FilesPlace("s3://files", "http://127.0.0.1:1", "us-east-1", "id", "secret")

    assert refused(place) == f"The uploaded files in s3://files cannot be reached just now: {AGAIN}"


def test_a_bucket_that_never_answers_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr(files_module, "_REQUEST_SECONDS", 0.2)
    monkeypatch.setattr(files_module, "_RETRY_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        place = FilesPlace("s3://files", f"http://127.0.0.1:{silent.getsockname()[1]}", "us-east-1", "id", "secret")

        assert refused(place) == f"The uploaded files in s3://files cannot be reached just now: {AGAIN}"


def test_a_bucket_that_does_not_exist_is_the_operators_to_name(s3_server):
    place = s3_server.files_place(url="s3://nowhere/files")

    assert refused(place) == (
        "The uploaded files in s3://nowhere/files cannot be reached just now: nothing was changed, and the operator of "
        "this site has to name a bucket in FILES_URL that exists."
    )


def test_a_key_that_is_refused_is_the_operators_to_check(s3_server):
    place = s3_server.files_place("x", access_key_id=s3_server.writer.access_key_id)

    assert refused(place) == (
        "The uploaded files in s3://invoices-files-1/x cannot be reached just now: nothing was changed, and the "
        "operator of this site has to check FILES_ACCESS_KEY_ID and its rights, as the bucket refuses it."
    )


def test_a_process_that_has_no_import_to_do_with_does_not_load_the_library():
    program = "import sys, app.web.application, app.jobs.worker; raise SystemExit('obstore' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
