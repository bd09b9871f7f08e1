"""What is known of the server is all there, or it is said what is missing."""

import json

import pytest
from support.cluster_facts import CLUSTER

from provisioning.settings import HostSettings, HostSettingsError

OUTPUTS = {
    "host": "198.51.100.9", "ipv6_address": "2001:db8::9", "user": "ubuntu", "server_name": "invoices",
    "instance_name": "invoices", "host_keys": [],
    "domain": "invoices.example.com", "region": "us-east-1", "ssh_cidrs": ["203.0.113.7/32"],
    "dns_records_to_set": "", "backup_bucket": "b", "aws_access_key_id": "id", "aws_secret_access_key": "hidden",
    "alarm_topic": "", "metric_namespace": "",
    "app_secret": "", "monthly_cost": {"A month": "25.50"},
}  # fmt: skip


def test_what_the_stack_puts_out_is_read():
    settings = HostSettings.from_outputs({**OUTPUTS, "more": 1})

    assert (settings.host, settings.ssh_cidrs) == ("198.51.100.9", ("203.0.113.7/32",))


def test_a_stack_has_no_cluster_unless_its_outputs_say_so():
    assert HostSettings.from_outputs(OUTPUTS).cluster is None
    assert HostSettings.from_outputs({**OUTPUTS, "shape": "server", "cluster": {}}).cluster is None


def test_a_key_that_the_cluster_lacks_is_named():
    with pytest.raises(HostSettingsError, match=r"there is no cluster\.secret"):
        HostSettings.from_outputs({**OUTPUTS, "cluster": {key: CLUSTER[key] for key in CLUSTER if key != "secret"}})


def test_what_is_missing_is_named():
    with pytest.raises(HostSettingsError, match="there is no host, domain"):
        HostSettings.from_outputs({name: value for name, value in OUTPUTS.items() if name not in {"host", "domain"}})


def test_what_is_of_another_type_is_named():
    with pytest.raises(HostSettingsError, match="ssh_cidrs: Input should be a valid tuple"):
        HostSettings.from_outputs({**OUTPUTS, "ssh_cidrs": "203.0.113.7/32"})


def test_secrets_do_not_stand_in_what_is_printed():
    assert "hidden" not in repr(HostSettings.from_outputs(OUTPUTS))


def test_a_server_that_was_rented_elsewhere_stands_in_a_file(tmp_path):
    path = tmp_path / "server.json"
    path.write_text(json.dumps(OUTPUTS))

    assert HostSettings.from_file(path) == HostSettings.from_outputs(OUTPUTS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "Invalid JSON"), ("[]", "Input should be an object"), ('{"host": "192.0.2.7"}', "there is no ipv6_address")],
)
def test_a_file_that_lacks_something_is_refused(tmp_path, text, reason):
    path = tmp_path / "server.json"
    path.write_text(text)

    with pytest.raises(HostSettingsError, match=rf"server\.json: {reason}"):
        HostSettings.from_file(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(HostSettingsError, match=r"server\.json cannot be read: No such file or directory"):
        HostSettings.from_file(tmp_path / "server.json")


@pytest.mark.parametrize(
    "mail_server", ["10.0.0.5", "mail.example.com:2525", "10.0.0.5:2525/x", "10.0.0.5:0", "fd00::5"]
)
def test_a_mail_server_without_an_address_and_a_port_is_refused(mail_server):
    with pytest.raises(HostSettingsError, match="The stack's outputs: mail_server: "):
        HostSettings.from_outputs({**OUTPUTS, "mail_server": mail_server})


@pytest.mark.parametrize("time", ["3:30", "24:00", "03:60", "at night"])
def test_what_is_no_time_of_day_is_refused(time):
    with pytest.raises(HostSettingsError, match="reboot_time: String should match pattern"):
        HostSettings.from_outputs({**OUTPUTS, "reboot_time": time})
