"""State and passphrase of a stack are made once, for this account alone, and every command of `fab` finds them."""

import sys
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from support.s3_server import OWNER, running_s3_server

from playbooks.steps import operator_files
from playbooks.steps.pulumi_state import prepare
from playbooks.steps.session import RefusedError

PULUMI = """#!/bin/sh
echo "$* $PULUMI_BACKEND_URL $PULUMI_CONFIG_PASSPHRASE_FILE" >> "$0.asked"
if [ "$2" = ls ]; then cat "$0.stacks"; fi
exit "$(cat "$0.exit" 2>/dev/null || echo 0)"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(operator_files, "FOLDER", tmp_path / "kept")
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "kept"


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    """Stand in for Pulumi's command line; return where it notes what it was asked."""
    program = tmp_path / "pulumi"
    program.write_text(PULUMI)
    program.chmod(0o755)
    (tmp_path / "pulumi.stacks").write_text("[]")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "pulumi.asked"


def mode(path):
    return oct(path.stat().st_mode & 0o777)


def test_the_first_time_all_is_made_for_this_account_alone(folder, pulumi):
    place = prepare("prod", "us-east-1", "")

    assert place == f"file://{folder}/state"
    assert (mode(folder), mode(folder / "state")) == ("0o700", "0o700")
    assert (mode(folder / "prod.passphrase"), mode(folder / "prod.env")) == ("0o600", "0o600")
    assert len((folder / "prod.passphrase").read_text().strip()) == 44
    assert pulumi.read_text().splitlines()[-1] == (
        f"stack select --create --stack prod --non-interactive file://{folder}/state {folder}/prod.passphrase"
    )


def test_a_second_time_nothing_is_changed(folder, pulumi):
    prepare("prod", "us-east-1", "")
    passphrase = (folder / "prod.passphrase").read_text()

    assert prepare("prod", "us-east-1", "") == f"file://{folder}/state"
    assert (folder / "prod.passphrase").read_text() == passphrase


def test_every_command_of_fab_has_the_variables_by_itself(folder, pulumi):
    prepare("prod", "us-east-1", "")

    known = operator_files.environment("prod")

    assert known["PULUMI_BACKEND_URL"] == f"file://{folder}/state"
    assert known["PULUMI_CONFIG_PASSPHRASE_FILE"] == f"{folder}/prod.passphrase"


def test_variables_that_the_operator_has_set_come_first(folder, pulumi, monkeypatch):
    prepare("prod", "us-east-1", "")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///elsewhere")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the operator")

    known = operator_files.environment("prod")

    assert known["PULUMI_BACKEND_URL"] == "file:///elsewhere"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in known


def test_pulumi_finds_the_python_that_has_what_the_program_imports(folder):
    assert operator_files.environment("prod")["PATH"].split(":")[0] == str(Path(sys.executable).parent)


def test_a_stack_whose_passphrase_is_elsewhere_gets_no_other(folder, pulumi):
    pulumi.with_name("pulumi.stacks").write_text('[{"name": "organization/invoices/prod"}]')

    with pytest.raises(RefusedError, match=r"prod\.passphrase is not here, and opens the state of the stack prod"):
        prepare("prod", "us-east-1", "")
    assert not (folder / "prod.passphrase").exists()


def test_a_stack_that_has_a_state_keeps_its_place(folder, pulumi):
    prepare("prod", "us-east-1", "")

    with pytest.raises(RefusedError, match=r"^--state: the state of prod is kept in file://\S+ already"):
        prepare("prod", "us-east-1", "s3://my-state")


def test_a_place_of_an_unknown_kind_is_refused(folder, pulumi):
    with pytest.raises(RefusedError, match=r"^--state: 'my-state' is neither s3://BUCKET nor file://FOLDER"):
        prepare("prod", "us-east-1", "my-state")


def test_what_pulumi_refuses_is_passed_on(folder, pulumi):
    pulumi.with_name("pulumi.exit").write_text("1")

    with pytest.raises(RefusedError, match=r"^`pulumi stack ls` failed"):
        prepare("prod", "us-east-1", "")


def test_without_pulumi_it_says_where_to_have_it_from(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RefusedError, match=r"Pulumi is not here: https://www\.pulumi\.com/docs/install/"):
        prepare("prod", "us-east-1", "")


def test_a_bucket_for_the_state_is_made_versioned_and_closed_to_the_public(folder, pulumi, monkeypatch):
    with running_s3_server() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", OWNER[0])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", OWNER[1])

        place = prepare("prod", "eu-central-1", "s3://state-of-ours")
        prepare("prod", "eu-central-1", "")

        s3 = server.client()
        assert place == "s3://state-of-ours?region=eu-central-1"
        assert s3.get_bucket_versioning(Bucket="state-of-ours")["Status"] == "Enabled"
        assert s3.get_public_access_block(Bucket="state-of-ours")["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True,
        }  # fmt: skip


def test_a_bucket_that_could_not_be_made_safe_is_named(folder, pulumi, monkeypatch):
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(boto3, "client", lambda *_words, **_options: client)
    with Stubber(client) as stubber:
        stubber.add_client_error("head_bucket", "404")
        stubber.add_response("create_bucket", {})
        stubber.add_client_error("put_public_access_block", "AccessDenied")

        with pytest.raises(RefusedError, match=r"^The bucket state-of-ours was made, but is not versioned and closed"):
            prepare("prod", "us-east-1", "s3://state-of-ours")
