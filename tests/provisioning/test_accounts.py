"""Who may log in has a key and no password."""

import pytest

from provisioning import accounts
from provisioning.host import HostError, Ran

KEYS = "/home/ubuntu/.ssh/authorized_keys"


def test_passwords_are_taken_away(shaped, settings, changed):
    has_one = {
        "passwd -S -a": Ran(0, "root P 2026-01-01\nubuntu P 2026-01-01\ndaemon L 2026-01-01\n"),
        "passwd -S root": Ran(0, "root P 2026-01-01\n"),
        "passwd -S ubuntu": Ran(0, "ubuntu P 2026-01-01\n"),
    }
    host = shaped(has_one)

    changes = accounts.ensure(host, settings)

    assert changed(changes) == ["no password for root", "no password for ubuntu"]
    assert host.acted == ["passwd -l root", "passwd -l ubuntu"]


def test_an_empty_password_is_one(shaped, settings):
    empty = {"passwd -S -a": Ran(0, "guest NP 2026-01-01\n"), "passwd -S guest": Ran(0, "guest NP 2026-01-01\n")}
    host = shaped(empty)

    accounts.ensure(host, settings)

    assert host.acted == ["passwd -l guest"]


def test_no_hash_is_read(shaped, settings):
    host = shaped()

    accounts.ensure(host, settings)

    assert not [line for line in host.asked if "shadow" in line]


def test_keys_are_for_their_user_only(shaped, settings, changed):
    host = shaped(modes={KEYS: "644 ubuntu:ubuntu"})

    assert changed(accounts.ensure(host, settings)) == [KEYS]
    assert host.acted == [f"chown ubuntu:ubuntu {KEYS}", f"chmod 0600 {KEYS}"]


def test_without_a_key_nothing_is_done(rented, settings):
    host = rented({f"test -s {KEYS}": Ran(1, "")})

    with pytest.raises(HostError, match=r"authorized_keys holds no key, and passwords are about to be refused"):
        accounts.ensure(host, settings)

    assert host.acted == []


def test_a_user_who_is_not_there_is_named(rented, settings):
    with pytest.raises(HostError, match="it has no user ubuntu, whom the settings let in"):
        accounts.ensure(rented({"getent passwd ubuntu": Ran(2, "")}), settings)


def test_a_second_root_is_refused(rented, settings):
    passwd = "root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/sh\n"

    with pytest.raises(HostError, match="toor has the rights of root as well"):
        accounts.ensure(rented(files={"/etc/passwd": passwd}), settings)


def test_a_second_run_changes_nothing(shaped, settings, changed):
    assert changed(accounts.ensure(shaped(), settings)) == []
