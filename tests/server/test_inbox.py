"""The inbox: an account that hands files in, in a folder of its own size, and nothing else."""

import pytest

FOR_IT_ALONE = """
chrootdirectory /srv/inbox
forcecommand internal-sftp -d /inbox -u 0007
authorizedkeysfile /etc/invoices/inbox_keys
authenticationmethods publickey
disableforwarding yes
permittty no
permituserrc no
passwordauthentication no
"""


def test_H23_the_account_has_no_shell_no_password_and_no_other_group(server):
    account = server.check_output("getent passwd inbox")

    assert account == "inbox:x:10003:10003::/:/usr/sbin/nologin"
    assert server.check_output("id -Gn inbox") == "inbox"
    assert server.check_output("passwd -S inbox").split()[1] in {"L", "LK"}


def test_H23_sshd_lets_it_move_files_and_do_nothing_else(lines_of):
    in_force = dict(line.partition(" ")[::2] for line in lines_of("sshd -T -C user=inbox,host=inbox,addr=203.0.113.7"))
    wanted = dict(line.split(" ", 1) for line in FOR_IT_ALONE.strip().splitlines())

    assert {name: in_force.get(name) for name, value in wanted.items() if in_force.get(name) != value} == {}


def test_H23_only_root_writes_to_its_root_and_to_its_keys(lines_of):
    found = dict(
        line.split(" ", 1) for line in lines_of("stat --format='%n %a %U:%G' /srv/inbox /etc/invoices/inbox_keys")
    )

    assert found == {"/srv/inbox": "755 root:root", "/etc/invoices/inbox_keys": "644 root:root"}


def test_H23_the_worker_is_in_the_group_of_its_folders(lines_of):
    names = ("inbox", "done", "problems")
    found = lines_of("stat --format='%a %U:%G' " + " ".join(f"/srv/inbox/{name}" for name in names))

    assert found == ["2770 inbox:inbox"] * 3


def test_H23_each_key_hands_in_and_does_nothing_else(server):
    lines = server.file("/etc/invoices/inbox_keys").content_string.splitlines()

    assert [line for line in lines if not line.startswith("restrict ")] == []


@pytest.mark.usefixtures("needs_machine")
def test_H23_it_fills_no_disk_but_its_own(server):
    mounted = server.mount_point("/srv/inbox")

    assert mounted.exists
    assert {"nodev", "nosuid", "noexec"} <= set(mounted.options)
