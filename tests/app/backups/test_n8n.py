"""n8n's database and the key of its credentials are part of a backup, and what is restored opens as n8n opens it."""

import base64
import json
import os
import subprocess

import psycopg
import pytest
from support import n8n as real
from support.n8n import PROGRAM, needs_n8n

from app.backups import dumps, n8n, reading_back
from app.backups.n8n import N8nFigures

ID = "20260302T093000Z"
KEY = "the key of the server's n8n"
HEADER = {"name": "Authorization", "value": "Bearer a-token"}
# As n8n 2.40.7 locked a credential with the key "the-key".
LOCKED = "U2FsdGVkX19wCNkg6dLDvExNOMQC2SxbKiBs8/bdi2bB4BS9goBdvZsp1UoDF2riTvexueF1Ufl5rowYnDeIkQ=="
TABLES = """
CREATE TABLE credentials_entity (id text PRIMARY KEY, data text);
CREATE TABLE workflow_entity (id text PRIMARY KEY);
CREATE TABLE deployment_key (id text PRIMARY KEY, type text, algorithm text, value text);
CREATE TABLE instance_version_history (id serial, major int, minor int, patch int);
INSERT INTO workflow_entity VALUES ('invoices-inbox');
INSERT INTO instance_version_history (major, minor, patch) VALUES (2, 40, 7);
"""


@pytest.fixture
def n8n_url(server):
    """A database on the server of the ledger, named for this process, into which n8n has not yet written."""
    name = f"n8n_{os.getpid()}"
    address = server.settings.database_url.rpartition("/")[0]
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    yield f"{address}/{name}"
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def automated(server, n8n_url):
    """The same server with n8n, of whose tables those are there that a backup looks at; it makes a backup."""
    execute(n8n_url, TABLES)
    return lambda key=KEY: server.back_up(n8n_database=n8n_url.rpartition("/")[2], n8n_encryption_key=key)


def execute(url, statements):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements)


def test_dump_and_key_are_parts_of_their_own_and_the_manifest_names_the_version_of_n8n(automated, server):
    made = automated()

    assert [key.rpartition("/")[2] for key in server.place.keys(f"dumps/{ID}/")] == [
        "figures.json.age", "invoices.dump.age", "manifest.json", "manifest.json.sig",
        "n8n.dump.age", "n8n.json.age", "n8n.key.age", "settings.json.age",
    ]  # fmt: skip
    assert made.manifest.versions["n8n"] == "2.40.7"
    assert made.lost == []


def test_the_key_of_n8n_lies_nowhere_in_plain(automated, server):
    automated()

    stored = [path.read_bytes() for path in server.folder.rglob("*") if path.is_file()]
    left = [path.read_bytes() for path in server.settings.scratch_dir.rglob("*") if path.is_file()]
    assert not [content for content in [*stored, *left] if KEY.encode() in content]


def test_a_server_without_n8n_makes_the_backup_that_it_made_before(server):
    made = server.back_up(n8n_database="n8n_that_is_not_there")

    assert "n8n" not in made.manifest.versions
    assert [file.name for file in made.manifest.files] == ["invoices.dump", "settings.json", "figures.json"]


def test_a_database_into_which_n8n_never_wrote_is_no_part(server, n8n_url):
    made = server.back_up(n8n_database=n8n_url.rpartition("/")[2])

    assert (made.lost, made.n8n) == ([], None)


def test_without_the_key_the_ledger_is_backed_up_and_the_lack_is_said(automated):
    made = automated(key="")

    assert made.lost == ["n8n's database: its encryption key is not known here: `fab deploy` hands it to the backups"]
    assert made.manifest.figures.tables["payments"] == {"rows": 1, "amount_cents": 40_00}


def test_a_role_that_may_not_read_n8n_backs_the_ledger_up_and_says_so(automated, n8n_url):
    execute(n8n_url, "DROP TABLE instance_version_history")

    [lost] = automated().lost

    assert lost == ('n8n\'s database: The database cannot be read: relation "instance_version_history" does not exist')


def test_what_is_read_back_says_that_n8n_is_in_it(automated, server, age_key, signer, tmp_path):
    automated()
    fetched = reading_back.fetch(server.place, ID, age_key[0], signer, tmp_path / "fetched")

    assert reading_back.told(fetched).endswith(
        "and every file is as the server signed it. n8n 2.40.7 is in it, with its encryption key."
    )
    assert (tmp_path / "fetched/n8n.key").read_text() == KEY
    assert json.loads((tmp_path / "fetched/n8n.json").read_text())["tables"]["workflow_entity"] == 1


def test_a_table_that_has_other_rows_is_named():
    before, after = N8nFigures("2.40.7", {"workflow_entity": 1, "user": 1}), N8nFigures("2.40.7", {"user": 1})

    assert n8n.differences(before, after) == ["The table workflow_entity of n8n had 1 row, now 0."]


def test_a_credential_is_opened_with_its_own_key_only(automated, n8n_url):
    execute(n8n_url, f"INSERT INTO credentials_entity VALUES ('invoices-api', '{LOCKED}')")

    assert n8n.locked_credentials(n8n_url, "the-key") == []
    assert n8n.locked_credentials(n8n_url, KEY) == [
        "Credential invoices-api of n8n cannot be opened with the encryption key in the backup."
    ]


@pytest.mark.parametrize("data", ["", "no base64!", "gone:AAAA", base64.b64encode(b"short").decode()])
def test_a_credential_that_is_damaged_or_whose_key_is_gone_is_named(automated, n8n_url, data):
    execute(n8n_url, f"INSERT INTO credentials_entity VALUES ('inbox-imap', '{data}')")

    assert len(n8n.locked_credentials(n8n_url, KEY)) == 1


_LOCK = """
require('reflect-metadata');
const {CipherAes256GCM} = require('n8n-core/dist/encryption/aes-256-gcm.js');
const {createHash} = require('crypto');
const cipher = new CipherAes256GCM();
const data = '5'.repeat(64), instance = createHash('sha256').update(process.argv[1]).digest('hex');
console.log(cipher.encrypt(data, instance));
console.log('k1:' + cipher.encrypt('{"value":"Bearer a-token"}', data));
"""


@needs_n8n
def test_a_credential_that_is_locked_with_a_key_of_its_own_is_opened_as_well(automated, n8n_url):
    node = PROGRAM.parents[1] / "node/bin/node"
    printed = subprocess.run(
        [node, "-e", _LOCK, KEY], check=True, capture_output=True, text=True, cwd=PROGRAM.parents[1]
    ).stdout.split()
    execute(n8n_url, f"INSERT INTO deployment_key VALUES ('k1', 'data_encryption', 'aes-256-gcm', '{printed[0]}')")
    execute(n8n_url, f"INSERT INTO credentials_entity VALUES ('invoices-api', '{printed[1]}')")

    assert n8n.locked_credentials(n8n_url, KEY) == []
    assert len(n8n.locked_credentials(n8n_url, "another key")) == 1


@needs_n8n
def test_the_real_n8n_opens_a_credential_of_what_was_restored(server, n8n_url, age_key, signer, tmp_path):
    real.import_credential(n8n_url, tmp_path / "n8n", KEY, "invoices-api", HEADER)
    server.back_up(n8n_database=n8n_url.rpartition("/")[2], n8n_encryption_key=KEY)
    reading_back.fetch(server.place, ID, age_key[0], signer, tmp_path / "fetched")

    execute(n8n_url.rpartition("/")[0] + "/postgres", "DROP DATABASE IF EXISTS restored_n8n_for_real")
    execute(n8n_url.rpartition("/")[0] + "/postgres", "CREATE DATABASE restored_n8n_for_real")
    url = n8n_url.rpartition("/")[0] + "/restored_n8n_for_real"
    dumps.restore(tmp_path / "fetched/n8n.dump", url)

    key = (tmp_path / "fetched/n8n.key").read_text()
    expected = N8nFigures.from_json(json.loads((tmp_path / "fetched/n8n.json").read_text()))
    assert n8n.differences(expected, n8n.figures_at(url)) == []
    assert n8n.locked_credentials(url, key) == []
    assert real.exported_credentials(url, tmp_path / "another", key) == {"invoices-api": HEADER}
