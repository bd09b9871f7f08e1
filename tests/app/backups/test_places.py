"""A bucket or a folder: nothing is written over, nothing appears in part, each refusal is a sentence."""

import contextlib
import errno
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.backups.places import AlreadyThereError, Directory, PlaceError, place_at
from app.settings import AppSettingsError, BackupSettings


def settings_of(**values):
    return BackupSettings.from_environment({"DATA_DIR": "data", **values})


def bucket_of(server, key):
    return place_at(settings_of(**server.environment(key)))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "some"
    path.write_bytes(b"content")
    return path


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    if request.param == "folder":
        return Directory(request.getfixturevalue("folder"))
    server = request.getfixturevalue("s3_server")
    return bucket_of(server, server.writer)


def test_what_was_put_is_listed_with_its_size(place, file, request):
    prefix = f"dumps/{request.node.name}/"
    place.put(f"{prefix}b", file)
    place.put(f"{prefix}a", file)

    assert place.keys(prefix) == [f"{prefix}a", f"{prefix}b"]
    assert place.size(f"{prefix}a") == 7


def test_nothing_is_written_over(place, file, request):
    key = f"dumps/{request.node.name}"
    place.put(key, file)
    file.write_bytes(b"changed")

    with pytest.raises(AlreadyThereError) as refused:
        place.put(key, file)

    assert str(refused.value) == f"{key} is there already, and nothing is written over."


def test_what_is_not_there_is_a_sentence(place, tmp_path):
    with pytest.raises(PlaceError):
        place.size("dumps/nothing")
    with pytest.raises(PlaceError):
        place.get("dumps/nothing", tmp_path / "got")


def test_the_restorer_reads_what_the_server_put(s3_server, file, tmp_path):
    bucket_of(s3_server, s3_server.writer).put("dumps/read", file)

    bucket_of(s3_server, s3_server.restorer).get("dumps/read", tmp_path / "got")

    assert (tmp_path / "got").read_bytes() == b"content"


@pytest.mark.parametrize("folder", ["dumps", "files", "certificates"])
def test_the_server_cannot_read_back_what_it_put(s3_server, file, tmp_path, folder):
    place = bucket_of(s3_server, s3_server.writer)
    place.put(f"{folder}/unread", file)

    with pytest.raises(PlaceError, match=f"The bucket invoices-backups-1 refuses {folder}/unread: its key may not do"):
        place.get(f"{folder}/unread", tmp_path / "got")
    assert not (tmp_path / "got").exists()


@pytest.mark.parametrize(
    "deed",
    [
        lambda s3, at: s3.delete_object(**at),
        lambda s3, at: s3.delete_object(**at, BypassGovernanceRetention=True),
        lambda s3, at: s3.put_object_retention(**at, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": 0}),
        lambda s3, at: s3.put_bucket_versioning(Bucket=at["Bucket"], VersioningConfiguration={"Status": "Suspended"}),
        lambda s3, at: s3.put_bucket_lifecycle_configuration(
            Bucket=at["Bucket"],
            LifecycleConfiguration={
                "Rules": [{"ID": "all", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}]
            },
        ),
    ],
    ids=["delete a version", "bypass the lock", "shorten the lock", "stop the versions", "let them expire"],
)
def test_the_server_cannot_destroy_what_it_put(s3_server, file, deed, request):
    key = f"dumps/{request.node.name}"
    bucket_of(s3_server, s3_server.writer).put(key, file)
    [version] = s3_server.client().list_object_versions(Bucket=s3_server.bucket, Prefix=key)["Versions"]
    s3 = s3_server.client(s3_server.writer)

    with pytest.raises(s3.exceptions.ClientError) as refused:
        deed(s3, {"Bucket": s3_server.bucket, "Key": key, "VersionId": version["VersionId"]})

    assert refused.value.response["Error"]["Code"] == "AccessDenied"


def test_the_lock_holds_even_against_the_owner(s3_server, file):
    bucket_of(s3_server, s3_server.writer).put("dumps/locked", file)
    owner = s3_server.client()
    [version] = owner.list_object_versions(Bucket=s3_server.bucket, Prefix="dumps/locked")["Versions"]

    with pytest.raises(owner.exceptions.ClientError, match="AccessDenied"):
        owner.delete_object(Bucket=s3_server.bucket, Key="dumps/locked", VersionId=version["VersionId"])


def test_the_bucket_tells_the_time(s3_server, place):
    told = place.now()

    assert told is None or told.tzinfo is not None


def test_a_bucket_that_is_away_is_a_sentence(file):
    place = place_at(
        settings_of(
            BACKUP_PLACE="s3://invoices",
            BACKUP_ENDPOINT="http://127.0.0.1:9",
            BACKUP_ACCESS_KEY_ID="a",
            BACKUP_SECRET_ACCESS_KEY="s",
        )
    )

    with pytest.raises(PlaceError, match="The bucket invoices cannot be reached for dumps/1: "):
        place.put("dumps/1", file)


def test_a_line_that_is_cut_in_the_middle_is_a_sentence(file):
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as cutting:
        cutting.submit(cut_every_line, listener)
        values = {"BACKUP_PLACE": "s3://invoices", "BACKUP_ACCESS_KEY_ID": "a", "BACKUP_SECRET_ACCESS_KEY": "s"}
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with pytest.raises(PlaceError, match="The bucket invoices cannot be reached for dumps/1: "):
                place_at(settings_of(**values, BACKUP_ENDPOINT=endpoint)).put("dumps/1", file)
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def cut_every_line(listener):
    with contextlib.suppress(OSError):  # the listener was shut down
        while True:
            listener.accept()[0].close()


def test_an_authority_that_is_not_there_is_named(s3_server, tmp_path):
    values = s3_server.environment(s3_server.writer) | {"BACKUP_CA_FILE": str(tmp_path / "none.pem")}

    with pytest.raises(PlaceError, match=r"^BACKUP_CA_FILE: the file .*/none\.pem is not there\.$"):
        place_at(settings_of(**values))


def test_a_disk_without_links_is_written_over_as_little(folder, file, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("app.backups.places.os.link", refuse)
    place = Directory(folder)
    place.put("dumps/1", file)

    with pytest.raises(AlreadyThereError):
        place.put("dumps/1", file)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["1"]


def test_a_wrong_secret_is_a_sentence(s3_server, file):
    values = s3_server.environment(s3_server.writer) | {"BACKUP_SECRET_ACCESS_KEY": "wrong"}

    with pytest.raises(PlaceError, match="refuses dumps/1: the secret of its key is wrong"):
        place_at(settings_of(**values)).put("dumps/1", file)


def test_by_the_role_of_its_container_it_needs_no_key_of_its_own(s3_server, file, monkeypatch):
    values = s3_server.environment(s3_server.writer)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):  # boto3 finds those of a role as it finds these
        monkeypatch.setenv(f"AWS_{name}", values.pop(f"BACKUP_{name}"))

    place = place_at(settings_of(**values, BACKUP_BY_ROLE="on"))
    place.put("dumps/by-role", file)

    assert "dumps/by-role" in place.keys("dumps/")


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("BACKUP_PLACE", "BACKUP_PLACE is not set: say where backups are kept, as s3://BUCKET or file:///FOLDER."),
        ("BACKUP_ACCESS_KEY_ID", "BACKUP_ACCESS_KEY_ID is not set: give the key that may add to the bucket."),
    ],
)
def test_what_is_missing_is_named(missing, sentence):
    values = {"BACKUP_PLACE": "s3://b", "BACKUP_ACCESS_KEY_ID": "a", "BACKUP_SECRET_ACCESS_KEY": "s", missing: ""}

    with pytest.raises(AppSettingsError) as refused:
        place_at(settings_of(**values))

    assert str(refused.value) == sentence


def test_a_file_that_was_half_written_is_not_listed(folder, file):
    place = Directory(folder)
    place.put("dumps/1", file)
    (folder / "dumps/.partial-x").write_bytes(b"con")

    assert place.keys() == ["dumps/1"]


@pytest.mark.parametrize("key", ["../outside", "/etc/passwd", "dumps/../../outside", ""])
def test_no_key_leads_out_of_the_folder(folder, file, key):
    with pytest.raises(PlaceError, match="is no name of a file in a place of backups"):
        Directory(folder).put(key, file)


def test_a_folder_that_is_not_mounted_is_not_made(tmp_path, file):
    with pytest.raises(PlaceError, match=r"The folder .*/usb is not there: make it, or mount the disk that it is on\."):
        Directory(tmp_path / "usb").put("dumps/1", file)

    assert not (tmp_path / "usb").exists()


def test_a_folder_is_called_weaker_than_a_locked_bucket(tmp_path, s3_server):
    assert place_at(settings_of(BACKUP_PLACE=f"file://{tmp_path}")).is_weaker
    assert not bucket_of(s3_server, s3_server.writer).is_weaker
