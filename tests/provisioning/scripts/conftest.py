"""Scripts that run on the server, with a machine that only answers."""

import os
import socket
import subprocess
from pathlib import Path

import boto3
import botocore.exceptions
import pytest
from support.polling import is_so_within
from support.server_scripts import Machine

MINISTACK = Path(__file__).parents[3] / ".venv-s3/bin/ministack"


@pytest.fixture
def server(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """Return a function that makes clients of an account of this machine's own, as its owner or with another key."""
    if not MINISTACK.exists():
        pytest.skip("ministack is not installed (make .venv-s3/s3)")
    folder = tmp_path_factory.mktemp("aws")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"AUTH": "true", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([MINISTACK], cwd=folder, env=os.environ | settings, stdout=log, stderr=log)

    def client(service, key="test", secret="test"):
        return boto3.client(
            service, region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id=key, aws_secret_access_key=secret,
        )  # fmt: skip

    def answers():
        try:
            client("iam").list_users()
        except botocore.exceptions.BotoCoreError:
            return False
        return True

    try:
        assert is_so_within(60, answers)
        yield client
    finally:
        process.terminate()
        process.wait()
