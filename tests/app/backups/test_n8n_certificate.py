"""The certificate is of n8n too: both layers hold its database whole, and the backed up key opens its credentials."""

import shutil
from dataclasses import replace

import psycopg
import pytest
from support.kept_ledger import kept_ledger
from support.postgresql_cluster import folder_of_the_server

from app import clock
from app.backups import certificate as certificates
from app.backups import scratch
from app.backups.certificate import gather
from app.backups.proof import judge

# As n8n 2.40.7 locked a credential with KEY.
LOCKED = "U2FsdGVkX19wCNkg6dLDvExNOMQC2SxbKiBs8/bdi2bB4BS9goBdvZsp1UoDF2riTvexueF1Ufl5rowYnDeIkQ=="
KEY = "the-key"
TABLES = f"""
CREATE TABLE credentials_entity (id text PRIMARY KEY, data text);
CREATE TABLE deployment_key (id text PRIMARY KEY, type text, algorithm text, value text);
CREATE TABLE instance_version_history (id serial, major int, minor int, patch int);
INSERT INTO instance_version_history (major, minor, patch) VALUES (2, 40, 7);
INSERT INTO credentials_entity VALUES ('invoices-api', '{LOCKED}');
"""


@pytest.fixture(scope="module")
def module_scratch():
    folder = folder_of_the_server("scratch-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def ledger(archive, signing_key, module_scratch):
    """A server that has n8n's database beside the ledger's."""
    with psycopg.connect(f"{archive.server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE n8n")
    with psycopg.connect(f"{archive.server}/n8n", autocommit=True) as connection:
        connection.execute(TABLES)
    found = kept_ledger(archive, signing_key, module_scratch)
    with psycopg.connect(f"{archive.server}/n8n", autocommit=True) as connection:
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO invoices_backup")
        connection.execute("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO invoices_backup")
    return replace(found, settings=found.settings.model_copy(update={"n8n_encryption_key": KEY}))


@pytest.fixture(scope="module")
def evidence(ledger, module_scratch):
    folder = scratch.folder_in(module_scratch, "evidence")
    with ledger.read():
        return gather(ledger.settings, folder, clock.utc_now(), {})


@pytest.fixture
def judged(ledger, scratch_folder):
    def judged(evidence):
        repository = certificates._repository(ledger.settings)
        place = certificates.place_at(ledger.settings)
        with ledger.opened():
            return list(judge(evidence, place, repository, scratch_folder, lambda _url, _folder: []).problems)

    return judged


def test_a_backup_of_ledger_and_n8n_agrees(judged, evidence):
    assert evidence.n8n.figures.tables["credentials_entity"] == 1
    assert judged(evidence) == []


def test_a_key_that_opens_no_credential_is_found_in_both_layers(judged, evidence):
    of_n8n = replace(evidence.n8n, key="another key")

    assert judged(replace(evidence, n8n=of_n8n)) == [
        "The dump: Credential invoices-api of n8n cannot be opened with the encryption key in the backup.",
        "The archive: Credential invoices-api of n8n cannot be opened with the encryption key in the backup.",
    ]


def test_a_dump_of_n8n_that_lacks_a_row_is_found(judged, evidence):
    figures = replace(evidence.n8n.figures, tables={**evidence.n8n.figures.tables, "credentials_entity": 2})

    assert judged(replace(evidence, n8n=replace(evidence.n8n, figures=figures))) == [
        "The dump: The table credentials_entity of n8n had 2 rows, now 1."
    ]


def test_an_archive_without_n8n_is_found(judged, evidence):
    [problem] = judged(replace(evidence, n8n=replace(evidence.n8n, database="n8n_elsewhere")))

    assert problem.startswith("The archive: pg_amcheck failed: ")
