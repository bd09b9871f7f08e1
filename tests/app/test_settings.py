"""Settings: read from the environment or from files, each wrong one named in a sentence."""

import re
import stat
from pathlib import Path

import pytest

from app.domain.permissions import Role
from app.settings import AppSettings, AppSettingsError, BackupSettings, plain_settings
from app.store.db import database as store_database


def read(tmp_path, **values):
    return AppSettings.from_environment({"DATA_DIR": str(tmp_path), **values})


def test_without_any_setting_the_data_is_an_sqlite_file_in_the_data_folder(tmp_path):
    assert read(tmp_path).database_url == f"sqlite:///{tmp_path}/invoices.sqlite3"


def test_a_setting_may_stand_in_a_file(tmp_path):
    (tmp_path / "url").write_text("postgresql://app:secret@db/invoices\n")

    settings = read(tmp_path, DATABASE_URL_FILE=str(tmp_path / "url"))

    assert settings.database_url == "postgresql://app:secret@db/invoices"


def test_a_setting_given_twice_is_refused(tmp_path):
    with pytest.raises(AppSettingsError, match="PORT and PORT_FILE are both set: keep one"):
        read(tmp_path, PORT="1", PORT_FILE="x")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(AppSettingsError, match=r"SECRET_KEY_FILE: the file .*/nothing cannot be read"):
        read(tmp_path, SECRET_KEY_FILE=str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT: 'eighty' is not a whole number."),
        ("PORT", "65536", "PORT: it must be at most 65535."),
        ("SERVER_WORKERS", "0", "SERVER_WORKERS: it must be at least 1."),
        ("LEAVE_SECONDS", "31", "LEAVE_SECONDS: it must be at most 30."),
        (
            "DATABASE_URL",
            "mysql://db",
            "DATABASE_URL: 'mysql://db' is not an address such as sqlite:///FILE or postgresql://HOST/NAME.",
        ),
        ("WORKER_MAX_MEMORY_MEGABYTES", "149", "WORKER_MAX_MEMORY_MEGABYTES: it must be at least 150."),
        ("SECRET_KEY", "short", "SECRET_KEY: it must have at least 32 characters."),
        ("CURRENCY", "dollar", "CURRENCY: 'dollar' is not a currency code of three letters, such as USD."),
        ("TIME_ZONE", "Mars/Base", "TIME_ZONE: 'Mars/Base' is not a time zone, such as Europe/Berlin."),
        (
            "PUBLIC_URL",
            "example.com",
            "PUBLIC_URL: 'example.com' is not an address such as https://invoices.example.com.",
        ),
        ("SECRET_KEYS_BEFORE", f"{'k' * 32},short", "SECRET_KEYS_BEFORE: it must have at least 32 characters."),
        ("SESSION_IDLE_MINUTES", "4", "SESSION_IDLE_MINUTES: it must be at least 5."),
        (
            "REQUIRE_SECOND_FACTOR",
            "admin,boss",
            "REQUIRE_SECOND_FACTOR: 'boss' is not a role: write nobody or a list of 'admin', 'accountant' or 'viewer'.",
        ),
        (
            "ALLOWED_ADDRESSES",
            "10.0.0.0/8,home",
            "ALLOWED_ADDRESSES: 'home' is neither an address nor a network, such as 10.0.0.0/8.",
        ),
        (
            "SMTP_URL",
            "mail.example",
            "SMTP_URL: 'mail.example' is not an address such as smtp://USER:PASSWORD@HOST:587.",
        ),
        (
            "REDIS_URL",
            "http://cache",
            "REDIS_URL: 'http://cache' is not an address such as redis://:PASSWORD@HOST:6379/0.",
        ),
        ("REDIS_URL", "redis://", "REDIS_URL: 'redis://' is not an address such as redis://:PASSWORD@HOST:6379/0."),
        ("FILES_URL", "files", "FILES_URL: 'files' is not an address such as file:///FOLDER or s3://BUCKET/PREFIX."),
        ("FILES_URL", "file://files", "FILES_URL: name a folder from the root on, as file:///FOLDER."),
        ("FILES_URL", "s3://", "FILES_URL: name the bucket, as s3://BUCKET or s3://BUCKET/PREFIX."),
        (
            "FILES_URL",
            "s3://files",
            "FILES_URL: files in a bucket are for several copies of the app: set DATABASE_URL to that of PostgreSQL.",
        ),
        (
            "FILES_ENDPOINT",
            "https://s3.example",
            "FILES_ENDPOINT: this is for files in a bucket: set FILES_URL to s3://BUCKET, or leave it out.",
        ),
        (
            "FILES_REGION",
            "eu-central-1",
            "FILES_REGION: this is for files in a bucket: set FILES_URL to s3://BUCKET, or leave it out.",
        ),
        (
            "FILES_ACCESS_KEY_ID",
            "id",
            "FILES_ACCESS_KEY_ID: this is for files in a bucket: set FILES_URL to s3://BUCKET, or leave it out.",
        ),
        (
            "FILES_SECRET_ACCESS_KEY",
            "secret",
            "FILES_SECRET_ACCESS_KEY: this is for files in a bucket: set FILES_URL to s3://BUCKET, or leave it out.",
        ),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: it must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR', not 'LOUD'."),
    ],
)
def test_a_wrong_setting_is_named_in_a_sentence(tmp_path, name, value, sentence):
    with pytest.raises(AppSettingsError) as refused:
        read(tmp_path, **{name: value})

    assert str(refused.value) == sentence


KEY_FILES = (("ACCESS_KEY_ID", "id"), ("SECRET_ACCESS_KEY", "secret"))
ONE_OF_SEVERAL = {"FILES_URL": "s3://files/invoices", "DATABASE_URL": "postgresql://app@db/x", "SECRET_KEY": "k" * 32}


def test_the_app_is_one_of_several_where_its_files_are_in_a_bucket(tmp_path):
    assert read(tmp_path, **ONE_OF_SEVERAL).is_one_of_several
    assert not read(tmp_path).is_one_of_several


def test_files_are_in_a_folder_of_the_data_unless_another_place_is_named(tmp_path):
    folder = tmp_path / "a #1 %41"

    assert read(folder).files_place.folder == folder / "imports"
    assert read(tmp_path, FILES_URL="file:///srv/files").files_place.folder == Path("/srv/files")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"SECRET_KEY": ""},
            "SECRET_KEY is not set: the app runs in several copies, as a bucket in FILES_URL says, and they need the "
            "same key of at least 32 characters.",
        ),
        (
            {"INBOX_DIR": "/inbox"},
            "INBOX_DIR: several copies of the app, as a bucket in FILES_URL says, have no inbox folder: leave it out.",
        ),
        (
            {"FILES_ACCESS_KEY_ID": "id"},
            "FILES_SECRET_ACCESS_KEY: it is half of a key: set it and FILES_ACCESS_KEY_ID, or neither.",
        ),
        (
            {"FILES_SECRET_ACCESS_KEY": "secret"},
            "FILES_SECRET_ACCESS_KEY: it is half of a key: set it and FILES_ACCESS_KEY_ID, or neither.",
        ),
        (
            {"FILES_ENDPOINT": "s3.example"},
            "FILES_ENDPOINT: 's3.example' is not an address such as https://s3.REGION.amazonaws.com.",
        ),
    ],
)
def test_one_of_several_copies_does_not_start_half_configured(tmp_path, changed, sentence):
    with pytest.raises(AppSettingsError) as refused:
        read(tmp_path, **{**ONE_OF_SEVERAL, **changed})

    assert str(refused.value) == sentence
    assert not (tmp_path / "secret_key").exists()


def test_the_key_of_the_files_may_stand_in_files_and_is_never_printed(tmp_path):
    (tmp_path / "id").write_text("the-id")
    (tmp_path / "secret").write_text("the-secret")
    named = {f"FILES_{name}_FILE": str(tmp_path / path) for name, path in KEY_FILES}

    settings = read(tmp_path, **ONE_OF_SEVERAL, **named)

    place = settings.files_place
    assert (place.access_key_id, place.secret_access_key) == ("the-id", "the-secret")
    assert "the-" not in f"{settings!r} {place!r}"


def test_secrets_are_left_out_of_what_is_printed(tmp_path):
    settings = read(tmp_path, SECRET_KEY="s" * 32, REDIS_URL="redis://:hidden@cache")

    assert "hidden" not in repr(settings)
    assert "ssss" not in repr(settings)


def test_the_password_in_a_wrong_database_address_is_not_shown(tmp_path):
    with pytest.raises(AppSettingsError) as refused:
        read(tmp_path, DATABASE_URL="oracle://app:secret@db/x")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["memcached://:secret@cache", "redis://:sec/ret@cache:6379", "redis://:secret@:6379"])
def test_the_password_in_a_wrong_address_of_redis_is_not_shown(tmp_path, url):
    with pytest.raises(AppSettingsError) as refused:
        read(tmp_path, REDIS_URL=url)

    assert "sec" not in str(refused.value)


@pytest.mark.parametrize("url", ["redis://cache", "redis://app:secret@cache:6380/2", "rediss://:secret@cache"])
def test_redis_is_reached_by_its_address_in_the_clear_or_over_tls(tmp_path, url):
    assert read(tmp_path, REDIS_URL=url).redis_url == url


def test_a_key_is_made_once_and_kept_for_its_owner_only(tmp_path):
    first = read(tmp_path).secret_key

    assert read(tmp_path).secret_key == first
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_an_empty_file_of_a_setting_is_refused(tmp_path):
    (tmp_path / "key").write_text("\n")

    with pytest.raises(AppSettingsError, match=r"SECRET_KEY_FILE: the file .*/key is empty"):
        read(tmp_path, SECRET_KEY_FILE=str(tmp_path / "key"))


@pytest.mark.parametrize("name", ["SECRET_KEYS_BEFORE", "SMTP_URL", "REDIS_URL"])
def test_a_file_may_be_empty_where_nothing_switches_off(tmp_path, name):
    (tmp_path / "nothing").write_text("")

    settings = read(tmp_path, **{f"{name}_FILE": str(tmp_path / "nothing")})

    assert (settings.secret_keys_before, settings.smtp_url, settings.redis_url) == ((), "", "")


def test_a_damaged_kept_key_is_refused_and_never_signs_anything(tmp_path):
    (tmp_path / "secret_key").write_text("")

    with pytest.raises(AppSettingsError, match="is damaged: delete the file, and everybody signs in again"):
        read(tmp_path)


def test_a_data_folder_may_hold_signs_that_mean_something_in_an_address(tmp_path):
    folder = tmp_path / "C#x?y"
    store_database.open_database(AppSettings.from_environment({"DATA_DIR": str(folder)}).database_url)

    assert (folder / "invoices.sqlite3").exists()


def test_a_second_factor_is_asked_of_admins_where_the_site_is_on_the_internet(tmp_path):
    assert read(tmp_path, PUBLIC_URL="https://invoices.example").require_second_factor == {Role.ADMIN}
    assert read(tmp_path).require_second_factor == frozenset()


def test_a_second_factor_is_asked_of_the_roles_that_are_named(tmp_path):
    named = read(tmp_path, REQUIRE_SECOND_FACTOR="admin, viewer").require_second_factor
    nobody = read(tmp_path, PUBLIC_URL="https://invoices.example", REQUIRE_SECOND_FACTOR="nobody")

    assert named == {Role.ADMIN, Role.VIEWER}
    assert nobody.require_second_factor == frozenset()


def test_keys_from_before_are_accepted_and_the_present_one_signs(tmp_path):
    settings = read(tmp_path, SECRET_KEY="n" * 32, SECRET_KEYS_BEFORE=f"{'a' * 32}, {'b' * 32}")

    assert settings.secret_keys == ("n" * 32, "a" * 32, "b" * 32)


def test_mail_needs_a_sender(tmp_path):
    with pytest.raises(
        AppSettingsError, match="MAIL_FROM: mail is set up by SMTP_URL, so this must be the e-mail address"
    ):
        read(tmp_path, SMTP_URL="smtp://mail.example:587")


def test_the_password_in_a_wrong_address_of_a_mail_server_is_not_shown(tmp_path):
    with pytest.raises(AppSettingsError) as refused:
        read(tmp_path, SMTP_URL="imap://app:secret@mail.example")

    assert "secret" not in str(refused.value)


def test_currency_and_time_zone_are_asked_of_the_firm_and_never_of_the_settings():
    app = Path(__file__).parents[2] / "app"
    asked = [
        path.name
        for path in app.rglob("*.py")
        if re.search(r"(settings\.currency|\.time_zone)\b", path.read_text(encoding="utf-8"))
    ]

    assert asked == ["settings.py"]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("BACKUP_PLACE", "backups", "BACKUP_PLACE: 'backups' is not an address such as s3://BUCKET or file:///FOLDER."),
        ("BACKUP_PLACE", "s3://", "BACKUP_PLACE: name the bucket alone, as s3://BUCKET."),
        ("BACKUP_PLACE", "s3://bucket/folder", "BACKUP_PLACE: name the bucket alone, as s3://BUCKET."),
        ("BACKUP_PLACE", "file://backups", "BACKUP_PLACE: name a folder from the root on, as file:///FOLDER."),
        (
            "BACKUP_ENDPOINT",
            "s3.example",
            "BACKUP_ENDPOINT: 's3.example' is not an address such as https://s3.REGION.amazonaws.com.",
        ),
        (
            "BACKUP_RECIPIENT",
            "ssh-ed25519",
            "BACKUP_RECIPIENT: 'ssh-ed25519' is not a public key of age, which begins with age1.",
        ),
    ],
)
def test_a_wrong_setting_of_the_backups_is_named_in_a_sentence(tmp_path, name, value, sentence):
    with pytest.raises(AppSettingsError) as refused:
        BackupSettings.from_environment({"DATA_DIR": str(tmp_path), name: value})

    assert str(refused.value) == sentence


def test_the_private_key_of_the_backups_given_as_the_public_one_is_not_shown(tmp_path):
    with pytest.raises(AppSettingsError) as refused:
        BackupSettings.from_environment({"DATA_DIR": str(tmp_path), "BACKUP_RECIPIENT": "AGE-SECRET-KEY-1HIDDEN"})

    assert "HIDDEN" not in str(refused.value)


def test_backups_are_made_in_a_folder_of_the_data_unless_another_is_named(tmp_path):
    assert BackupSettings.from_environment({"DATA_DIR": str(tmp_path)}).scratch_dir == tmp_path / "scratch"


def test_what_is_set_is_told_without_what_is_secret():
    environment = {
        "CURRENCY": "EUR",
        "BACKUP_PLACE": "s3://b",
        "DATABASE_URL": "postgresql://app:secret@db/x",
        "SECRET_KEY": "s" * 32,
        "SMTP_URL": "smtp://u:secret@h",
        "REDIS_URL": "redis://:secret@h",
        "BACKUP_SECRET_ACCESS_KEY": "secret",
        "BACKUP_ACCESS_KEY_ID": "id",
        "BACKUP_CIPHER": "secret",
        "TIME_ZONE": "",
        "PATH": "/usr/bin",
    }

    assert plain_settings(environment) == {"BACKUP_PLACE": "s3://b", "CURRENCY": "EUR"}
