"""An encrypted disk on a machine with a kernel of its own: one story, in this order, as each boot takes a minute."""

import json

import pytest

from provisioning import disk_reserve, encrypted_disk
from provisioning.host import HostError
from provisioning.settings import HostSettings
from tests.support.virtual_machine import THIS_MACHINE, USER

FILE = "/var/lib/docker/volumes/invoices_db/_data/ledger"
DUMP = "/var/lib/invoices/dumps/before"
SETTINGS = HostSettings(
    host="127.0.0.1", ipv6_address="", user=USER, server_name="invoices", instance_name="", host_keys=(),
    domain="invoices.test", region="us-east-1", ssh_cidrs=(), dns_records_to_set="", backup_bucket="",
    aws_access_key_id="", aws_secret_access_key="", alarm_topic="", metric_namespace="", app_secret="",
    monthly_cost={}, disk_encryption="typed",
)  # fmt: skip


class Keys:
    """The two keys of an operator who has made them."""

    def __init__(self, key="a" * 64):
        self.key = key

    def kept(self):
        return self.key

    made = kept

    def recovery(self):
        return "RECOVERY"


def has_booted(host):
    return host.run("systemctl", "is-system-running", "--wait", check=False, seconds=400)


def active(host, unit):
    return host.run("systemctl", "is-active", unit, check=False).out.strip()


@pytest.fixture(scope="module")
def encrypted(machine):
    """The machine once what was plain on it is encrypted."""
    with machine.host() as host:
        has_booted(host)
        host.act("docker", "volume", "create", "invoices_db")
        host.act("mkdir", "-p", "/var/lib/invoices/dumps")
        host.act("sh", "-c", 'echo "100.00 paid" > "$1"; echo dump > "$2"', "sh", FILE, DUMP)
        encrypted_disk.ensure(host, SETTINGS, Keys())
    return machine


@pytest.fixture(scope="module")
def without_power(encrypted):
    """The machine after it wrote, lost its power and booted again."""
    with encrypted.host() as host:
        host.act("sh", "-c", 'echo "20.00 open" >> "$1"; sync', "sh", FILE)
    encrypted.cut_power()
    encrypted.boot()
    return encrypted


def test_what_was_plain_is_there_and_docker_runs_on_the_encrypted_disk(encrypted):
    with encrypted.host() as host:
        sources = [host.run("findmnt", "-no", "SOURCE", folder).out.strip() for folder in
                   ("/var/lib/docker/volumes", "/var/lib/invoices")]  # fmt: skip

        assert sources == ["/dev/mapper/invoices[/volumes]", "/dev/mapper/invoices[/files]"]
        assert (host.read(FILE), host.read(DUMP)) == ("100.00 paid\n", "dump\n")
        assert host.run("docker", "volume", "ls", "--quiet").out == "invoices_db\n"


def test_nothing_of_it_stays_in_plain(encrypted):
    with encrypted.host() as host:
        host.act("sh", "-c", "mkdir -p /mnt/plain && mount --bind / /mnt/plain")
        left = host.run("find", "/mnt/plain/var/lib/invoices", "/mnt/plain/var/lib/docker/volumes", "-type", "f").out
        beside = host.run("sh", "-c", "ls -d /var/lib/invoices.plain /var/lib/docker/volumes.plain", check=False).out
        host.act("umount", "/mnt/plain")

    assert (left, beside) == ("", "")


def test_a_second_run_changes_nothing(encrypted):
    with encrypted.host() as host:
        changes = encrypted_disk.ensure(host, SETTINGS, None)

    assert [change for change in changes if change.changed] == []


def test_some_of_the_encrypted_disk_is_the_database_s_alone(encrypted):
    with encrypted.host() as host:
        disk_reserve.ensure(host)
        options = host.run("findmnt", "-no", "OPTIONS", "/var/lib/docker/volumes").out.strip().split(",")
        (again,) = disk_reserve.ensure(host)

    assert "resuid=999" in options
    assert not again.changed


def test_a_server_without_power_is_locked_and_serves_nothing(without_power):
    with without_power.host() as host:
        has_booted(host)
        state = encrypted_disk.state(host)
        written = host.run("touch", "/var/lib/docker/volumes/plain", check=False)
        said = host.run("journalctl", "--unit", "invoices-disk", "--output", "cat", "--boot").out.splitlines()

        assert (state.is_locked, active(host, "docker.service")) == (True, "inactive")
        assert host.read(FILE) is None
        assert "Operation not permitted" in written.err
        assert "The disk of database and files is locked: run `fab unlock` on the operator's machine." in said


def test_docker_does_not_start_while_it_is_locked(without_power):
    with without_power.host() as host:
        assert not host.act("systemctl", "start", "docker.service", check=False).ok
        assert active(host, "docker.service") == "inactive"


def test_a_wrong_key_opens_nothing_and_is_one_sentence(without_power):
    with without_power.host() as host, pytest.raises(HostError) as told:
        encrypted_disk.unlock(host, "wrong")

    assert str(told.value) == (
        "127.0.0.1: this key does not open /var/lib/invoices-encrypted.img; `fab unlock --recovery` asks for the other "
        "one."
    )


def test_the_recovery_key_opens_it_and_lets_a_new_key_in_for_the_lost_one(without_power):
    with without_power.host() as host:
        encrypted_disk.unlock(host, Keys().recovery())
        host.act("systemctl", "start", encrypted_disk.UNIT, "docker.service")
        encrypted_disk.replace_key(host, Keys().recovery(), "b" * 64)

        assert host.read(FILE) == "100.00 paid\n20.00 open\n"
        assert active(host, "docker.service") == "active"
        assert [opens(host, key) for key in ("a" * 64, "b" * 64, "RECOVERY")] == [False, True, True]


def test_with_its_key_in_a_secret_it_opens_itself_as_it_boots(without_power, secrets_manager):
    client, port = secrets_manager
    secret = client.create_secret(Name="disk", SecretString="b" * 64)["ARN"]
    kept = SETTINGS.model_copy(update={"disk_encryption": "secretsmanager", "disk_secret": secret})
    account = {
        "region": "us-east-1", "access_key_id": "test", "secret_access_key": "test",
        "endpoint_url": f"http://{THIS_MACHINE}:{port}",
    }  # fmt: skip
    with without_power.host() as host:
        encrypted_disk.ensure(host, kept, Keys("b" * 64))
        host.write("/etc/invoices/aws.json", json.dumps(account), mode="0600")
        host.act("sync")
    without_power.cut_power()
    without_power.boot()

    with without_power.host() as host:
        has_booted(host)

        assert host.read(FILE) == "100.00 paid\n20.00 open\n"
        assert active(host, "docker.service") == "active"


def opens(host, key):
    tried = ("cryptsetup", "open", "--test-passphrase", "--key-file", "-", encrypted_disk.IMAGE)
    return host.run(*tried, stdin=key, check=False).ok
