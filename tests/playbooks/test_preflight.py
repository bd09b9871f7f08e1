"""`fab preflight` says all that is wrong before anything is rented, and what it would cost."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.settings import InfraSettingsError
from playbooks.preflight import configured

ROOT = Path(__file__).parents[2]


def test_the_example_configuration_is_read_with_its_defaults():
    settings = configured(ROOT / "Pulumi.example.yaml")

    assert (settings.domain, settings.bundle) == ("invoices.example.com", "medium_3_0")


def test_a_stack_that_is_not_configured_is_said_by_its_file(tmp_path):
    with pytest.raises(InfraSettingsError, match=r"Pulumi\.none\.yaml cannot be read"):
        configured(tmp_path / "Pulumi.none.yaml")


def test_without_credentials_it_says_what_to_do_and_what_it_would_cost():
    environment = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "HOME": "/nonexistent",
        "COLUMNS": "200",
    }
    fab = [sys.executable, "-m", "fabric", "preflight", "--stack", "example"]

    done = subprocess.run(fab, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert (
        "✗ credentials: AWS does not know who asks (Unable to locate credentials): run `aws configure`" in done.stdout
    )
    assert "A month" in done.stdout
    assert done.stderr == "Nothing was rented: correct what is wrong above, then run this again.\n"
