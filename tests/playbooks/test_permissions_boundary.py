"""The policy that bounds the users of a stack is found in the account by its name."""

from pathlib import Path

import boto3
import pytest
from support.s3_server import OWNER, running_s3_server

from playbooks.steps.permissions_boundary import of_account

POLICY = (Path(__file__).parents[2] / "infra" / "operator-boundary.json").read_text(encoding="utf-8")


@pytest.fixture
def account(monkeypatch):
    with running_s3_server() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", OWNER[0])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", OWNER[1])
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield


def test_an_account_with_the_policy_has_its_arn(account):
    made = boto3.client("iam").create_policy(PolicyName="invoices-boundary", PolicyDocument=POLICY)

    assert of_account("invoices") == made["Policy"]["Arn"]


def test_servers_whose_names_begin_alike_share_the_policy(account):
    made = boto3.client("iam").create_policy(PolicyName="invoices-boundary", PolicyDocument=POLICY)

    assert of_account("invoices-trial") == made["Policy"]["Arn"]
    assert of_account("ledger") == ""


def test_an_account_without_it_has_none(account):
    assert of_account("invoices") == ""


def test_without_an_answer_there_is_none(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")

    assert of_account("invoices") == ""
