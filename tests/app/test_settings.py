"""Settings: read from the environment or from files, each wrong one named in a sentence."""

import stat

import pytest

from app.settings import Settings, SettingsError
from app.store import database as store_database


def read(tmp_path, **values):
    return Settings.from_environment({"DATA_DIR": str(tmp_path), **values})


def test_without_any_setting_the_data_is_an_sqlite_file_in_the_data_folder(tmp_path):
    assert read(tmp_path).database_url == f"sqlite:///{tmp_path}/invoices.sqlite3"


def test_a_setting_may_stand_in_a_file(tmp_path):
    (tmp_path / "url").write_text("postgresql://app:secret@db/invoices\n")

    settings = read(tmp_path, DATABASE_URL_FILE=str(tmp_path / "url"))

    assert settings.database_url == "postgresql://app:secret@db/invoices"


def test_a_setting_given_twice_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="PORT and PORT_FILE are both set: keep one"):
        read(tmp_path, PORT="1", PORT_FILE="x")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"SECRET_KEY_FILE: the file .*/nothing cannot be read"):
        read(tmp_path, SECRET_KEY_FILE=str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT: 'eighty' is not a whole number."),
        ("SERVER_WORKERS", "0", "SERVER_WORKERS: it must be at least 1."),
        (
            "DATABASE_URL",
            "mysql://db",
            "DATABASE_URL: 'mysql://db' is neither a sqlite:/// nor a postgresql:// address.",
        ),
        ("SECRET_KEY", "short", "SECRET_KEY: it must have at least 32 characters."),
        ("CURRENCY", "dollar", "CURRENCY: 'dollar' is not a currency code of three letters, such as USD."),
        ("TIME_ZONE", "Mars/Base", "TIME_ZONE: 'Mars/Base' is not a time zone, such as Europe/Berlin."),
        ("PUBLIC_URL", "example.com", "PUBLIC_URL: 'example.com' is not an http:// or https:// address."),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: 'LOUD' is none of DEBUG, INFO, WARNING, ERROR."),
    ],
)
def test_a_wrong_setting_is_named_in_a_sentence(tmp_path, name, value, sentence):
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, **{name: value})

    assert str(refused.value) == sentence


def test_the_password_in_a_wrong_database_address_is_not_shown(tmp_path):
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, DATABASE_URL="oracle://app:secret@db/x")

    assert "secret" not in str(refused.value)


def test_a_key_is_made_once_and_kept_for_its_owner_only(tmp_path):
    first = read(tmp_path).secret_key

    assert read(tmp_path).secret_key == first
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_an_empty_file_of_a_setting_is_refused(tmp_path):
    (tmp_path / "key").write_text("\n")

    with pytest.raises(SettingsError, match=r"SECRET_KEY_FILE: the file .*/key is empty"):
        read(tmp_path, SECRET_KEY_FILE=str(tmp_path / "key"))


def test_a_damaged_kept_key_is_refused_and_never_signs_anything(tmp_path):
    (tmp_path / "secret_key").write_text("")

    with pytest.raises(SettingsError, match="is damaged: delete the file, and everybody signs in anew"):
        read(tmp_path)


def test_a_data_folder_may_hold_signs_that_mean_something_in_an_address(tmp_path):
    folder = tmp_path / "C#x?y"
    store_database.open_database(Settings.from_environment({"DATA_DIR": str(folder)}).database_url)

    assert (folder / "invoices.sqlite3").exists()
