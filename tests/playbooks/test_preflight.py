"""`fab preflight` says all that is wrong before anything is rented, and what it would cost."""

import subprocess
import sys
from pathlib import Path

import dns.resolver
import pytest

from infra.findings import Finding
from infra.settings import InfraSettingsError
from playbooks.preflight import Resolver, _line, configured

ROOT = Path(__file__).parents[2]


def test_the_example_configuration_is_read_with_its_defaults():
    settings = configured(ROOT / "Pulumi.example.yaml")

    assert (settings.domain, settings.bundle) == ("invoices.example.com", "medium_3_0")


@pytest.fixture
def public_dns(monkeypatch):
    """Return the answers by name and type, of which there are none at first."""
    answers = {}

    def resolve(name, kind):
        if (name, kind) not in answers:
            raise dns.resolver.NXDOMAIN
        return answers[name, kind]

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    return answers


def test_a_name_that_nobody_answers_for_has_no_records(public_dns):
    assert Resolver().records("invoices.example.com") == frozenset()


def test_the_addresses_of_a_name_are_its_records(public_dns):
    public_dns["invoices.example.com", "A"] = ["203.0.113.80"]
    public_dns["invoices.example.com", "AAAA"] = ["2001:db8::80"]

    assert Resolver().records("invoices.example.com") == {("A", "203.0.113.80"), ("AAAA", "2001:db8::80")}


def test_of_a_name_for_another_name_that_is_the_record(public_dns):
    public_dns["invoices.example.com", "CNAME"] = ["shop.example.net."]
    public_dns["invoices.example.com", "A"] = ["203.0.113.80"]

    assert Resolver().records("invoices.example.com") == {("CNAME", "shop.example.net")}


def test_advice_stops_nothing_and_stands_in_the_list():
    assert _line(Finding("bundle", advice="It is dear.")) == "[yellow]![/] bundle: It is dear."


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
