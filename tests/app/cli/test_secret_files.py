"""The stack's secrets: made where they are missing, kept where they are there, open to one service each."""

import json
import os
import stat
from datetime import UTC, datetime

import pytest
import redis
from support.redis_server import running_redis
from typer.testing import CliRunner

from app.cli import bcrypt, commands, secret_files
from app.cli.secret_files import BackupPlace, Rotated, SecretFiles
from app.jobs.job_queue import check_connection, open_queue
from app.settings import AppSettings, AppSettingsError
from app.store.access.hashes import hash_of
from app.store.access.limits import RedisThrottles, open_limits
from app.store.access.throttles import Throttled


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A place for the secrets, whose services run as whoever runs the test."""
    monkeypatch.setattr(secret_files, "DATABASE_USER", os.getuid())
    monkeypatch.setattr(secret_files, "REDIS_USER", os.getuid())
    monkeypatch.setattr(secret_files, "PRODUCT_USER", os.getuid())
    monkeypatch.setattr(secret_files, "N8N_USER", os.getuid())
    return tmp_path / "secrets"


@pytest.fixture
def invoices(folder):
    """Run `invoices secrets` over the folder."""

    def run(*arguments, typed=""):
        command = ["secrets", "--folder", str(folder), *arguments]
        return CliRunner().invoke(commands, command, input=typed, catch_exceptions=False)

    return run


@pytest.fixture
def made(invoices, folder):
    """The folder with everything in it."""
    assert invoices().exit_code == 0
    return folder


def all_files(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def modes(folder):
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def settings_of(service):
    return AppSettings.from_environment(
        {
            "DATABASE_URL_FILE": str(service / "database_url"),
            "SECRET_KEY_FILE": str(service / "secret_key"),
            "SECRET_KEYS_BEFORE_FILE": str(service / "secret_keys_before"),
            "SMTP_URL_FILE": str(service / "smtp_url"),
            "MAIL_FROM": "invoices@example.com",
        }
    )


def test_each_service_gets_what_it_needs_and_nothing_else(made):
    of_a_server = ["database_url", "redis_url", "secret_key", "secret_keys_before", "smtp_url"]

    assert {folder.name: sorted(file.name for file in folder.iterdir()) for folder in made.iterdir()} == {
        "db": [
            "authority.pem", "invoices_app", "invoices_backup", "invoices_n8n", "invoices_owner", "invoices_worker",
            "pgbackrest.conf", "postgres",
        ],
        "redis": ["password", "users.acl"],
        "migrate": ["database_url"],
        "n8n": [
            "api_token", "database_password", "encryption_key", "folder_url", "inbox_url", "owner_password",
            "owner_password_hash", "payments_secret", "runners_token", "smtp_url",
        ],
        "app": sorted(["automation_token_hash", "oidc_client_secret", *of_a_server]),
        "worker": of_a_server,
        "backup": [
            "access_key_id", "archives_before", "authority.pem", "cipher", "database_url", "n8n_encryption_key",
            "repository", "secret_access_key",
        ],
    }  # fmt: skip


def test_folders_and_files_are_open_to_their_user_only(made):
    files = {name: mode for name, mode in modes(made).items() if "/" in name}
    folders = {name: mode for name, mode in modes(made).items() if "/" not in name}

    assert set(files.values()) == {0o400}
    assert set(folders.values()) == {0o500}


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_each_folder_belongs_to_the_user_of_its_service(tmp_path):
    files = SecretFiles.below(tmp_path)
    list(files.make_missing(BackupPlace("", "", "")))

    owners = {str(path.relative_to(tmp_path)): (path.stat().st_uid, path.stat().st_gid) for path in tmp_path.rglob("*")}

    of_servers = {name for name in owners if name.startswith(("db", "redis"))}
    assert {owners[name] for name in of_servers} == {(999, 999)}
    of_n8n = {name for name in owners if name.startswith("n8n")}
    assert {owners[name] for name in of_n8n} == {(1000, 1000)}
    assert {owners[name] for name in owners.keys() - of_servers - of_n8n} == {(10001, 10001)}


def test_the_addresses_lead_each_service_to_the_database_in_a_role_of_its_own(made):
    password = (made / "db/invoices_worker").read_text()

    assert (made / "worker/database_url").read_text() == f"postgresql://invoices_worker:{password}@db:5432/invoices"
    assert (made / "migrate/database_url").read_text().startswith("postgresql://invoices_owner:")


def test_no_two_secrets_are_the_same_and_none_can_be_guessed(made):
    of_its_own = (
        "secret_key", "redis/password", "backup/cipher", "db/postgres", "n8n/encryption_key", "n8n/owner_password",
        "n8n/api_token", "n8n/runners_token",
    )  # fmt: skip
    drawn = [
        text for name, text in all_files(made).items() if name.startswith("db/invoices") or name.endswith(of_its_own)
    ]

    assert len(drawn) == len(set(drawn)) == 14
    assert min(map(len, drawn)) >= 43


def test_the_services_start_with_what_was_made(made):
    settings = settings_of(made / "app")

    assert settings.secret_key == (made / "app/secret_key").read_text()
    assert settings.secret_keys_before == ()
    assert settings.smtp_url == ""


def test_the_worker_which_reads_the_files_of_strangers_does_not_know_the_key_that_signs(made):
    assert settings_of(made / "worker").secret_key != settings_of(made / "app").secret_key


def test_a_second_run_changes_nothing(made, invoices):
    before = all_files(made)

    assert invoices().output == "Every secret is there.\n"
    assert all_files(made) == before


def test_it_says_what_it_made_and_never_what_is_in_it(invoices, folder):
    output = invoices().output

    assert output.startswith("Made db/postgres, db/invoices_owner, ")
    assert [text for text in all_files(folder).values() if text and text in output] == []


def test_what_was_lost_is_made_again_and_the_rest_is_kept(made, invoices):
    before = all_files(made)
    (made / "app").chmod(0o700)
    (made / "app/database_url").unlink()

    assert invoices().output == "Made app/database_url.\n"
    assert all_files(made) == before


def test_a_mode_that_was_loosened_is_mended_and_said(made, invoices):
    (made / "app/secret_key").chmod(0o644)

    assert "Corrected the owner or mode of app/secret_key." in invoices().output
    assert modes(made)["app/secret_key"] == 0o400


def test_what_a_run_left_that_was_stopped_is_removed(made, invoices):
    (made / "db").chmod(0o700)
    (made / "db/.half").mkdir()
    (made / "db/.half/invoices_app").write_text("half of a secr")

    invoices()

    assert not (made / "db/.half").exists()


def test_a_new_signing_key_signs_and_the_one_before_is_still_accepted(made, invoices):
    before = settings_of(made / "app").secret_key

    invoices("--rotate", "signing-key")

    after = settings_of(made / "app")
    assert after.secret_key != before
    assert after.secret_keys_before == (before,)


def test_who_replaces_the_signing_key_again_because_the_app_did_not_take_the_first_signs_nobody_out(made, invoices):
    first = settings_of(made / "app").secret_key

    invoices("--rotate", "signing-key")
    invoices("--rotate", "signing-key")

    assert settings_of(made / "app").secret_keys_before[1] == first


def test_a_signing_key_that_was_replaced_three_times_is_accepted_no_more(made, invoices):
    first = settings_of(made / "app").secret_key

    for _ in range(3):
        invoices("--rotate", "signing-key")

    assert first not in settings_of(made / "app").secret_keys


def test_a_rotation_that_is_stopped_half_way_signs_nobody_out(made, monkeypatch, invoices):
    key = settings_of(made / "app").secret_key
    monkeypatch.setattr(secret_files, "_new_key", lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        invoices("--rotate", "signing-key")

    assert key in settings_of(made / "app").secret_keys


def test_new_passwords_of_the_database_reach_every_address(made, invoices):
    before = all_files(made)

    invoices("--rotate", "database")

    after = all_files(made)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {
        *(
            f"db/{role}"
            for role in ("postgres", *(f"invoices_{name}" for name in ("owner", "app", "worker", "backup", "n8n")))
        ),
        "n8n/database_password",
        *(f"{service}/database_url" for service in ("migrate", "app", "worker", "backup")),
    }
    assert after["db/invoices_app"] in after["app/database_url"]


def test_a_new_password_of_redis_reaches_its_rules_and_every_address(made, invoices):
    before = all_files(made)

    invoices("--rotate", "redis")

    after = all_files(made)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"redis/password", "redis/users.acl", "app/redis_url", "worker/redis_url"}


BUCKET = {
    "BACKUP_PLACE": "s3://invoices-backups-1",
    "BACKUP_ENDPOINT": "https://s3.eu-central-1.amazonaws.com",
    "BACKUP_REGION": "eu-central-1",
}
KEY = '{"access_key_id": "AKIA1", "secret_access_key": "of the bucket", "authority.pem": ""}'


def archive_of(made):
    lines = (made / "db/pgbackrest.conf").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_without_a_bucket_the_database_archives_to_a_folder(made):
    archive = archive_of(made)

    assert (archive["repo1-type"], archive["repo1-path"]) == (
        "posix", f"/backups/wal/{(made / 'backup/repository').read_text()}",
    )  # fmt: skip


def test_the_database_archives_to_the_bucket_with_its_key_encrypted(made, invoices, monkeypatch):
    for name, value in BUCKET.items():
        monkeypatch.setenv(name, value)

    invoices("--set-bucket-key", typed=KEY)

    archive = archive_of(made)
    assert archive["repo1-s3-bucket"] == "invoices-backups-1"
    assert archive["repo1-s3-endpoint"] == "s3.eu-central-1.amazonaws.com"
    assert (archive["repo1-s3-key"], archive["repo1-s3-key-secret"]) == ("AKIA1", "of the bucket")
    assert archive["repo1-path"] == f"/wal/{(made / 'backup/repository').read_text()}"
    assert archive["repo1-cipher-pass"] == (made / "backup/cipher").read_text()
    assert "repo1-s3-uri-style" not in archive
    assert "repo1-storage-ca-file" not in archive


def test_a_store_of_another_kind_is_a_path_and_may_have_an_authority_of_its_own(made, invoices, monkeypatch):
    for name, value in {**BUCKET, "BACKUP_ENDPOINT": "https://s3.example.com:9000"}.items():
        monkeypatch.setenv(name, value)

    invoices("--set-bucket-key", typed=KEY.replace('"authority.pem": ""', '"authority.pem": "CERTIFICATE"'))

    archive = archive_of(made)
    assert archive["repo1-s3-endpoint"] == "s3.example.com:9000"
    assert archive["repo1-s3-uri-style"] == "path"
    assert archive["repo1-storage-ca-file"] == "/run/secrets/authority.pem"
    assert (made / "db/authority.pem").read_text() == "CERTIFICATE"


def test_a_new_key_of_the_bucket_changes_neither_the_archive_nor_its_passphrase(made, invoices):
    before = all_files(made)

    invoices("--set-bucket-key", typed=KEY)

    after = all_files(made)
    assert {name for name in after if after[name] != before[name]} == {
        "backup/access_key_id", "backup/secret_access_key",
    }  # fmt: skip


def test_a_database_that_is_put_in_place_gets_an_archive_of_its_own_and_the_one_before_stays_readable(made, invoices):
    name, cipher = (made / "backup/repository").read_text(), (made / "backup/cipher").read_text()

    invoices("--new-archive")

    [before] = json.loads((made / "backup/archives_before").read_text())
    assert (before["name"], before["cipher"]) == (name, cipher)
    assert archive_of(made)["repo1-path"] == f"/backups/wal/{(made / 'backup/repository').read_text()}"
    assert (made / "backup/repository").read_text() != name
    assert (made / "backup/cipher").read_text() != cipher


def test_the_archive_of_another_server_that_a_database_comes_from_is_looked_in_first(made, invoices):
    own = (made / "backup/repository").read_text()
    long_ago = {"name": "r0", "cipher": "zero", "until": "2026-01-01T00:00:00+00:00"}

    invoices(
        "--new-archive",
        typed=json.dumps({"repository": "r1", "cipher": "one", "archives_before": [long_ago]}),
    )

    kept = json.loads((made / "backup/archives_before").read_text())
    assert [(one["name"], one["cipher"]) for one in kept[:2]] == [("r0", "zero"), ("r1", "one")]
    assert [one["name"] for one in kept] == ["r0", "r1", own]


def test_a_new_archive_that_is_stopped_half_way_still_has_a_passphrase_that_is_kept(made, monkeypatch, invoices):
    cipher = (made / "backup/cipher").read_text()
    monkeypatch.setattr(secret_files, "_new_key", lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        invoices("--new-archive")
    monkeypatch.undo()

    assert (made / "backup/cipher").read_text() == cipher


@pytest.fixture
def redis_server(made):
    """A Redis that lets in whom the secrets say."""
    with running_redis("--aclfile", str(made / "redis/users.acl"), "--protected-mode", "no") as server:
        yield server


def reached(server, url):
    return redis.Redis.from_url(url.replace("redis:6379", f"127.0.0.1:{server.port}"))


def test_the_services_work_on_the_queue_with_their_address(made, redis_server):
    url = (made / "worker/redis_url").read_text().replace("redis:6379", f"127.0.0.1:{redis_server.port}")
    queue = open_queue(url)
    check_connection(queue)

    queue.task(name="failing", retries=1, retry_delay=60)(lambda: 1 / 0)()
    queue.execute(queue.dequeue())

    (again,) = queue.read_schedule(datetime(2100, 1, 1, tzinfo=UTC))
    queue.enqueue(again)
    assert (queue.pending_count(), queue.scheduled_count()) == (1, 0)


def test_the_app_counts_its_limits_in_redis_with_its_address(made, redis_server, now):
    url = (made / "app/redis_url").read_text().replace("redis:6379", f"127.0.0.1:{redis_server.port}")
    in_redis = RedisThrottles(open_limits(url).throttles.redis, None)

    assert [in_redis.attempt([Throttled("account ann", 1)], now) is None for _ in range(3)] == [True, True, False]
    in_redis.succeeded(["account ann"], ["address 203.0.113.7"])
    assert in_redis.attempt([Throttled("account ann", 1)], now) is None


@pytest.mark.parametrize("words", ["GET other", "FLUSHALL", "KEYS *", "CONFIG GET *", "ACL LIST", "SHUTDOWN", "INFO"])
def test_the_services_reach_nothing_else_of_redis(made, redis_server, words):
    client = reached(redis_server, (made / "app/redis_url").read_text())

    with pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*words.split())


def test_without_the_password_redis_says_that_it_lives_and_nothing_else(redis_server):
    client = redis.Redis(port=redis_server.port)

    assert client.ping()
    with pytest.raises(redis.exceptions.NoPermissionError):
        client.llen("huey.redis.invoices")


def test_the_address_of_the_mail_server_is_read_from_standard_input(made, invoices):
    result = invoices("--set-smtp-url", typed="smtp://ann:geheim@mail.example:587\n")

    assert settings_of(made / "app").smtp_url == "smtp://ann:geheim@mail.example:587"
    assert settings_of(made / "worker").smtp_url == "smtp://ann:geheim@mail.example:587"
    assert (made / "n8n/smtp_url").read_text() == "smtp://ann:geheim@mail.example:587"
    assert result.output == "Made app/smtp_url, worker/smtp_url, n8n/smtp_url.\n"


def test_the_client_secret_of_the_provider_is_the_app_s_alone(made, invoices):
    result = invoices("--set-oidc-client-secret", typed="a secret of the provider\n")

    assert (made / "app/oidc_client_secret").read_text() == "a secret of the provider"
    assert result.output == "Made app/oidc_client_secret.\n"


def test_mail_is_switched_off_by_saying_nothing(made, invoices):
    invoices("--set-smtp-url", typed="smtp://mail.example\n")
    invoices("--set-smtp-url", typed="\n")

    assert settings_of(made / "app").smtp_url == ""


def test_what_is_no_address_of_a_mail_server_changes_nothing(made, invoices):
    before = all_files(made)

    with pytest.raises(AppSettingsError, match=r"SMTP_URL: 'mail\.example' is not an address"):
        invoices("--set-smtp-url", typed="mail.example\n")

    assert all_files(made) == before


KEYS = {"secret_key": "k" * 64, "secret_keys_before": "b" * 64, "smtp_url": "smtp://mail.example"}


def test_a_server_goes_on_with_the_keys_of_one_before_it(invoices, folder):
    result = invoices("--set-app-keys", typed=json.dumps(KEYS))

    settings = settings_of(folder / "app")
    assert (settings.secret_key, settings.smtp_url) == ("k" * 64, "smtp://mail.example")
    assert (folder / "app/secret_keys_before").read_text() == "b" * 64
    assert "kkk" not in result.output


def test_the_worker_is_given_the_mail_server_of_before_and_not_the_key_that_signs(invoices, folder):
    invoices("--set-app-keys", typed=json.dumps(KEYS))

    assert settings_of(folder / "worker").smtp_url == "smtp://mail.example"
    assert settings_of(folder / "worker").secret_key != "k" * 64


def test_keys_of_before_whose_writing_is_stopped_half_way_are_still_asked_for(folder, invoices, monkeypatch):
    put = secret_files.SecretFolder.put

    def stopped(self, name, text):
        if name == "secret_key":
            raise RuntimeError
        put(self, name, text)

    monkeypatch.setattr(secret_files.SecretFolder, "put", stopped)
    with pytest.raises(RuntimeError):
        invoices("--set-app-keys", typed=json.dumps(KEYS))

    assert not (folder / "app/secret_key").exists()


def test_the_owner_of_n8n_signs_in_with_the_password_whose_hash_n8n_gets(made):
    owner_password, hashed = ((made / "n8n" / name).read_text() for name in ("owner_password", "owner_password_hash"))

    assert bcrypt.matches(owner_password, hashed)
    assert hashed.startswith("$2b$10$")
    assert len(hashed) == 60


def test_a_new_password_of_n8n_s_owner_changes_its_hash_and_nothing_else(made, invoices):
    before = all_files(made)

    invoices("--rotate", "automation-owner")

    after = all_files(made)
    assert {name for name in after if after[name] != before[name]} == {"n8n/owner_password", "n8n/owner_password_hash"}
    assert bcrypt.matches(after["n8n/owner_password"], after["n8n/owner_password_hash"])


def test_the_app_gets_only_the_hash_of_n8n_s_token(made, invoices):
    before = all_files(made)

    invoices("--rotate", "automation-token")

    after = all_files(made)
    assert {name for name in after if after[name] != before[name]} == {"n8n/api_token", "app/automation_token_hash"}
    assert after["n8n/api_token"].startswith("invoices_")
    assert after["app/automation_token_hash"] == hash_of(after["n8n/api_token"])


def test_no_rotation_changes_the_key_that_n8n_encrypts_with(made, invoices):
    key = (made / "n8n/encryption_key").read_text()

    for kind in Rotated:
        invoices("--rotate", kind.value)

    assert (made / "n8n/encryption_key").read_text() == key


@pytest.mark.parametrize(
    ("option", "name", "text"),
    [
        ("--set-inbox-url", "inbox_url", "imaps://inbox%40example.com:geheim@imap.example.com:993"),
        ("--set-folder-url", "folder_url", "sftp://ann:geheim@files.example.com:22/incoming"),
        ("--set-payments-secret", "payments_secret", "whsec_geheim"),
    ],
)
def test_what_automation_reaches_is_read_from_standard_input_and_switched_off_by_nothing(
    made, invoices, option, name, text
):
    result = invoices(option, typed=f"{text}\n")

    assert result.output == f"Made n8n/{name}.\n"
    assert (made / "n8n" / name).read_text() == text

    invoices(option, typed="\n")

    assert (made / "n8n" / name).read_text() == ""


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--set-inbox-url", "imap.example.com"),
        ("--set-inbox-url", "imap://ann:geheim@imap.example.com"),
        ("--set-inbox-url", "imaps://imap.example.com"),
        ("--set-folder-url", "sftp://ann:geheim@files.example.com:port/incoming"),
    ],
)
def test_what_is_no_such_address_is_refused_without_saying_it(made, invoices, option, text):
    before = all_files(made)

    with pytest.raises(AppSettingsError, match="is not an address such as") as refused:
        invoices(option, typed=f"{text}\n")

    assert "geheim" not in str(refused.value)
    assert all_files(made) == before


def test_backups_have_the_key_that_opens_the_credentials_of_n8n_from_the_first_start_on(made):
    assert (made / "backup/n8n_encryption_key").read_text() == (made / "n8n/encryption_key").read_text()


def test_a_restored_n8n_goes_on_with_the_key_of_its_backup_and_so_do_later_backups(made, invoices):
    result = invoices("--set-n8n-key", typed="the key of the backup\n")

    assert result.output == "Made n8n/encryption_key, backup/n8n_encryption_key.\n"
    assert (made / "backup/n8n_encryption_key").read_text() == "the key of the backup"


def test_no_key_is_none_that_n8n_could_go_on_with(made, invoices):
    with pytest.raises(AppSettingsError, match=r"^Standard input holds no key: give the one of the backup, n8n\.key\."):
        invoices("--set-n8n-key", typed="\n")
