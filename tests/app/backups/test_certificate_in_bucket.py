"""The certificate by a locked bucket, with the key that may add to it and no more; pgBackRest speaks to it over TLS."""

import json

import pytest
from support.archiving_cluster import CIPHER, REPOSITORY, archiving_cluster
from support.kept_ledger import kept_ledger
from support.postgresql_cluster import folder_of_the_server, installed_versions
from support.s3_server import BUCKET, REGION, running_s3_server

from app import clock
from app.backups import certificate, scratch
from app.backups.physical import Repository


@pytest.fixture
def s3_over_tls():
    with running_s3_server(over_tls=True) as server:
        yield server


@pytest.fixture
def ledger(s3_over_tls, signing_key):
    key = s3_over_tls.writer
    repository = Repository(
        f"s3://{BUCKET}",
        REPOSITORY,
        CIPHER,
        endpoint=s3_over_tls.endpoint,
        region=REGION,
        access_key_id=key.access_key_id,
        secret_access_key=key.secret_access_key,
        ca_file=str(s3_over_tls.authority),
    )
    folder = folder_of_the_server("scratch-")
    with archiving_cluster(installed_versions()[-1], repository) as archive:
        yield kept_ledger(
            archive,
            signing_key,
            folder,
            BACKUP_PLACE=f"s3://{BUCKET}",
            BACKUP_ENDPOINT=s3_over_tls.endpoint,
            BACKUP_REGION=REGION,
            BACKUP_ACCESS_KEY_ID=key.access_key_id,
            BACKUP_SECRET_ACCESS_KEY=key.secret_access_key,
            BACKUP_CA_FILE=str(s3_over_tls.authority),
        )
    scratch.empty(folder)
    folder.rmdir()


def test_what_is_in_a_locked_bucket_is_proved_and_certified(ledger, s3_over_tls):
    with ledger.read():
        made = certificate.make(ledger.settings, clock.utc_now(), {}, lambda url, folder: [])

    assert made.problems == ()
    found = s3_over_tls.client(s3_over_tls.restorer).get_object(Bucket=BUCKET, Key=f"certificates/{made.backup}.json")
    assert json.loads(found["Body"].read()) == made.to_json()
