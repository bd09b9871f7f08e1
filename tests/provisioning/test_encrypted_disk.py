"""The encrypted disk of database and files: made once, finished where a run broke off, and never made over another."""

import json

import pytest

from provisioning import encrypted_disk
from provisioning.baseline import provision
from provisioning.host import HostError, Ran

STATE = "python3 *encrypted_disk.py state"
IMAGE = "/var/lib/invoices-encrypted.img"
FREE = {"df --block-size=1 --output=avail /var/lib": Ran(0, "Avail\n50000000000\n")}
NEEDED_BY_DOCKER = "/etc/systemd/system/docker.service.d/encrypted-disk.conf"
SECRET = "arn:aws:secret:disk"
LOCKED = {"exists": True, "is_open": False, "is_moved": False, "keys": 2}
COMPLETE = {"exists": True, "is_open": True, "is_moved": True, "keys": 2}


class Keys:
    """What an operator has; remembers what was asked for."""

    def __init__(self):
        self.asked = []

    def kept(self):
        self.asked.append("kept")
        return "the-disk-key"

    def made(self):
        self.asked.append("made")
        return "the-disk-key"

    def recovery(self):
        self.asked.append("recovery")
        return "THE-RECOVERY-KEY"


def state(**said):
    return {STATE: Ran(0, json.dumps(said))}


@pytest.fixture
def typed(settings):
    return settings.model_copy(update={"disk_encryption": "typed"})


def test_a_server_without_the_setting_gets_no_such_disk(rented, settings):
    host = rented()

    assert encrypted_disk.ensure(host, settings, None) == []
    assert host.acted == []


def test_a_disk_that_is_there_is_not_given_up_by_the_setting_alone(rented, settings):
    host = rented({f"test -e {IMAGE}": Ran(0, "")})

    with pytest.raises(HostError) as told:
        encrypted_disk.ensure(host, settings, None)

    assert str(told.value) == (
        "198.51.100.9: database and files are on /var/lib/invoices-encrypted.img, and diskEncryption is off: "
        "set it to what it was, or `fab move` to a new server without."
    )


def test_a_new_disk_takes_a_share_of_what_is_free_and_two_keys(rented, typed):
    host, keys = rented(FREE), Keys()

    encrypted_disk.ensure(host, typed, keys)

    steps = [line for line in host.acted if IMAGE in line or line.endswith("encrypted_disk.py move")]
    assert [line.rsplit(f"{IMAGE}", 1)[-1].strip() for line in steps] == ["29999759360", "invoices", "1", steps[3]]
    assert "luksFormat" in steps[0]
    assert steps[1].startswith("cryptsetup open")
    assert "luksAddKey" in steps[2]
    assert keys.asked == ["made", "kept", "kept", "recovery"]


def test_the_keys_go_by_standard_input_alone(rented, typed):
    host = rented(FREE)

    changes = encrypted_disk.ensure(host, typed, Keys())

    said = "\n".join([*host.asked, *host.acted, *host.files.values(), *map(repr, changes)])
    assert [text for text in host.stdin if "KEY" in text.upper()] == [
        "the-disk-key", "the-disk-key", "the-disk-key\nTHE-RECOVERY-KEY\n",
    ]  # fmt: skip
    assert "the-disk-key" not in said
    assert "THE-RECOVERY-KEY" not in said


def test_too_small_a_disk_is_said_before_anything_is_made(rented, typed):
    used = {"du -s -B1 *": Ran(0, "40000000000 /var/lib/docker/volumes\n2000 /var/lib/invoices\n")}
    host, keys = rented(FREE | used), Keys()

    with pytest.raises(HostError) as told:
        encrypted_disk.ensure(host, typed, keys)

    assert str(told.value) == (
        "198.51.100.9: 50,000 MB of its disk are free, too few for an encrypted copy of 40,000 MB beside the plain "
        "one: make room, or take a larger disk."
    )
    assert not any("luksFormat" in line for line in host.acted)
    assert NEEDED_BY_DOCKER not in host.files  # else Docker, which runs in plain, would not start at the next boot


def test_a_second_run_changes_nothing(rented, typed, changed):
    first = rented(FREE)
    encrypted_disk.ensure(first, typed, Keys())
    there = {
        "dpkg-query *": Ran(0, "ii  cryptsetup-bin\nii  e2fsprogs\nii  python3\nii  python3-boto3\nii  rsync\n"),
        "stat * %F /usr/local/lib/invoices": Ran(0, "755 root:root directory\n"),
    }
    host, keys = rented(state(**COMPLETE) | there, files=first.files), Keys()

    assert changed(encrypted_disk.ensure(host, typed, keys)) == []
    assert host.acted == []
    assert keys.asked == []


def test_a_locked_disk_is_opened_and_not_made_again(rented, typed):
    host, keys = rented(state(**LOCKED)), Keys()

    encrypted_disk.ensure(host, typed, keys)

    assert keys.asked == ["kept"]
    assert not any("luksFormat" in line for line in host.acted)


def test_a_run_that_broke_off_before_the_recovery_key_gives_one(rented, typed):
    host, keys = rented(state(**COMPLETE | {"keys": 1})), Keys()

    encrypted_disk.ensure(host, typed, keys)

    assert keys.asked == ["kept", "recovery"]


def test_a_look_makes_no_key(rented, typed, changed):
    host, keys = rented(is_rehearsal=True), Keys()

    assert "encrypted disk of database and files" in changed(encrypted_disk.ensure(host, typed, keys))
    assert (host.acted, keys.asked) == ([], [])


def test_a_wrong_key_is_one_sentence(rented):
    host = rented({"cryptsetup open *": Ran(2, "", "No key available with this passphrase.")})

    with pytest.raises(HostError) as told:
        encrypted_disk.unlock(host, "wrong")

    assert str(told.value) == (
        "198.51.100.9: this key does not open /var/lib/invoices-encrypted.img; `fab unlock --recovery` "
        "asks for the other one."
    )


def test_the_server_is_told_which_secret_has_the_key(rented, settings):
    host = rented(FREE)

    encrypted_disk.ensure(host, in_a_secret(settings), Keys())

    assert host.files["/etc/invoices/disk.json"] == f'{{"secret": "{SECRET}"}}\n'


def test_a_secret_whose_key_does_not_open_the_disk_is_not_what_the_server_boots_with(rented, settings):
    typed_until_now = {"/etc/invoices/disk.json": '{"secret": ""}\n'}
    host = rented(state(**COMPLETE) | {"cryptsetup open *": Ran(2, "")}, files=typed_until_now)

    with pytest.raises(HostError, match="this key does not open"):
        encrypted_disk.ensure(host, in_a_secret(settings), Keys())

    assert host.files["/etc/invoices/disk.json"] == '{"secret": ""}\n'


def test_a_secret_with_the_key_takes_the_place_of_typing_it(rented, settings):
    host = rented(state(**COMPLETE), files={"/etc/invoices/disk.json": '{"secret": ""}\n'})

    encrypted_disk.ensure(host, in_a_secret(settings), Keys())

    assert f"cryptsetup open --type luks2 --key-file - --test-passphrase {IMAGE}" in host.acted
    assert host.files["/etc/invoices/disk.json"] == f'{{"secret": "{SECRET}"}}\n'


def in_a_secret(settings):
    return settings.model_copy(update={"disk_encryption": "secretsmanager", "disk_secret": SECRET})


def test_docker_waits_for_the_disk_and_never_starts_beneath_it(rented, typed):
    host = rented(FREE)

    encrypted_disk.ensure(host, typed, Keys())

    lines = host.files[NEEDED_BY_DOCKER].splitlines()
    assert lines[1:] == [
        "[Unit]", "Requires=invoices-disk.service", "After=invoices-disk.service",
        "AssertPathIsMountPoint=/var/lib/docker/volumes",
    ]  # fmt: skip
    needed, moved = host.acted.index(f"write {NEEDED_BY_DOCKER}"), len(host.acted) - 1
    assert host.acted[needed + 1] == "systemctl daemon-reload"
    assert host.acted[moved].endswith("encrypted_disk.py move")
    assert needed < moved


def test_memory_is_not_written_to_a_plain_disk(rented, typed):
    host = rented(FREE | {"test -e /swapfile": Ran(0, "")})

    encrypted_disk.ensure(host, typed, Keys())

    assert host.acted[-2:] == ["systemctl disable --now swapfile.swap", "rm -f -- /swapfile"]


def test_a_server_with_the_disk_is_given_no_swap_file(rented, typed):
    host = rented(FREE)

    list(provision(host, typed, lambda: True, Keys()))

    assert "write /etc/systemd/system/swapfile.swap" not in host.acted


def test_the_disk_is_there_before_docker_is(rented, typed):
    host = rented(FREE)

    list(provision(host, typed, lambda: True, Keys()))

    moved = next(place for place, line in enumerate(host.acted) if line.endswith("encrypted_disk.py move"))
    installed = next(place for place, line in enumerate(host.acted) if "docker.io" in line)
    assert moved < installed


@pytest.mark.parametrize(("mode", "reboots"), [("off", "true"), ("typed", "false"), ("secretsmanager", "true")])
def test_a_server_that_waits_to_be_unlocked_does_not_reboot_by_itself(rented, settings, mode, reboots):
    host = rented(FREE)

    list(provision(host, settings.model_copy(update={"disk_encryption": mode}), lambda: True, Keys()))

    said = host.files["/etc/apt/apt.conf.d/52invoices-security-updates"]
    assert f'Unattended-Upgrade::Automatic-Reboot "{reboots}";' in said.splitlines()
