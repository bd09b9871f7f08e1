"""Scripts that run on the server, with a machine that only answers."""

from functools import partial

import boto3
import pytest
from support.ministack import running_ministack
from support.server_scripts import Machine


@pytest.fixture
def server(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """Return a function that makes clients of an account of this machine's own, as its owner or with another key."""

    def client(port, service, key="test", secret="test"):
        return boto3.client(
            service, region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id=key, aws_secret_access_key=secret,
        )  # fmt: skip

    folder = tmp_path_factory.mktemp("aws")
    with running_ministack(folder, lambda port: client(port, "iam").list_users(), AUTH="true") as port:
        yield partial(client, port)
