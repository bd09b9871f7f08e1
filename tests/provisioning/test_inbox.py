"""The inbox: an account moves files in a folder of limited size, by SFTP and scp, and does nothing else."""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.polling import is_so_within
from support.ports import free_port
from support.recording_host import RecordingHost
from support.ssh_server import SSHD, needs_sshd

from provisioning import inbox
from provisioning.host import HostError, Ran
from provisioning.public_keys import public_key
from provisioning.rootfs_files import text

OPTIONS = "/etc/ssh/sshd_config.d/01-invoices-inbox.conf"
UNITS = "/etc/systemd/system"
ANN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUtcHVibGljLWtleS1vZi10aGUtb3BlcmF0 ann@office"
WORKER = 10001


def test_a_server_as_it_was_rented_gets_account_disk_folders_and_options(rented, machine, changed):
    host = rented()

    assert changed(inbox.ensure(host, machine, lambda: True)) == [
        "account inbox", "/srv/inbox", "/var/lib/invoices/inbox.img", f"{UNITS}/srv-inbox.mount", "srv-inbox.mount",
        "/srv/inbox/inbox", "/srv/inbox/done", "/srv/inbox/problems", f"{UNITS}/invoices-inbox.service",
        f"{UNITS}/invoices-inbox.path", "invoices-inbox.path", "/etc/invoices/inbox_keys", OPTIONS,
    ]  # fmt: skip
    assert "groupadd --gid 10003 inbox" in host.acted


def test_a_server_that_was_shaped_is_left_as_it_is(shaped, machine):
    host = shaped()

    inbox.ensure(host, machine, lambda: pytest.fail("there is nothing to check"))

    assert host.acted == []


def test_in_a_container_the_folder_has_no_limit_and_that_is_said(rented, container):
    missing = [change for change in inbox.ensure(rented(), container, lambda: True) if change.missing]

    assert [(one.what, one.missing) for one in missing] == [
        ("limit of the inbox", "not in a container (docker): loop devices belong to the machine beneath it")
    ]


def test_a_disk_without_room_for_the_inbox_is_said_before_anything_is_made(rented, machine):
    host = rented({"df *": Ran(0, "Avail\n2000000000\n")})

    with pytest.raises(HostError, match="its disk has no room for the inbox, which takes 1 GB: make some"):
        inbox.ensure(host, machine, lambda: True)

    assert not [line for line in host.acted if "fallocate" in line]


@pytest.mark.parametrize(
    ("asked", "entry"),
    [
        ("getent passwd inbox", "inbox:x:1001:1001::/home/inbox:/bin/bash"),
        ("getent passwd 10003", "ann:x:10003:10003::/home/ann:/bin/bash"),
        ("getent group 10003", "staff:x:10003:"),
    ],
)
def test_an_account_of_somebody_else_is_never_taken_over(rented, machine, asked, entry):
    host = rented({asked: Ran(0, f"{entry}\n")})

    with pytest.raises(HostError) as told:
        inbox.ensure(host, machine, lambda: True)

    assert str(told.value) == (
        f"198.51.100.9: `{entry}` is in the way of the account inbox with the number 10003: remove it, and provision "
        "again."
    )
    assert host.acted == []


def test_the_watch_of_the_folder_starts_with_its_disk_which_may_be_unlocked_long_after_the_rest():
    wanted_by = text(f"{UNITS}/invoices-inbox.path").partition("WantedBy=")[2].split()

    assert wanted_by == ["multi-user.target", "srv-inbox.mount"]


def test_options_with_which_no_operator_can_connect_are_taken_back(rented, machine):
    with pytest.raises(HostError, match="nobody can connect; it is as it was before"):
        inbox.ensure(rented(), machine, lambda: False)


def test_a_key_is_added_with_no_right_but_to_hand_in_and_removed_again():
    host = RecordingHost()

    inbox.add(host, public_key(ANN))

    assert host.files["/etc/invoices/inbox_keys"] == f"restrict {ANN}\n"
    [key] = inbox.of_server(host)
    assert key.name == "ann@office"

    inbox.remove(host, key)

    assert host.files["/etc/invoices/inbox_keys"] == ""


@dataclass(frozen=True)
class Sender:
    """Who hands files in on a real sshd, whose root for the account is a folder of the test."""

    folder: Path
    port: int

    @property
    def root(self):
        return self.folder / "root"

    @property
    def options(self):
        return ["-F", "none", "-i", self.folder / "id", "-oBatchMode=yes", "-oStrictHostKeyChecking=no",
                "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR"]  # fmt: skip

    def sftp(self, commands):
        return run("sftp", *self.options, "-P", self.port, "-b", "-", "inbox@127.0.0.1", stdin=commands)

    def scp(self, source, target):
        return run("scp", *self.options, "-P", self.port, source, target)

    def ssh(self, *words):
        return run("ssh", *self.options, "-p", self.port, *words)


def as_the_worker(*command):
    """Run it as the worker's container does: as a user of its own, in the group of the account."""
    return run("setpriv", "--reuid", WORKER, "--regid", WORKER, "--groups", "10003", *command)


def run(*command, stdin=""):
    return subprocess.run(list(map(str, command)), input=stdin, capture_output=True, text=True, timeout=60, check=False)


class Here(RecordingHost):
    """This machine, on which commands are run."""

    def run(self, *command, **options):
        return self.act(*command, **options)

    def act(self, *command, check=True, **_options):
        done = run(*command)
        assert done.returncode == 0 or not check, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def account():
    """The account, made on this machine as on a server; the machine is as it was afterwards."""
    with Path(tempfile.gettempdir(), "invoices-account-of-the-inbox.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process of the tests has it meanwhile
        if run("getent", "passwd", "inbox").returncode == 0 or run("getent", "group", "10003").returncode == 0:
            pytest.skip("this machine has an account of that name or number")
        inbox._account(Here())
        yield
        run("userdel", "inbox")
        run("groupdel", "inbox")


@pytest.fixture
def sender(tmp_path_factory, account):
    """A real sshd with our options; the chroot demands that only root writes to each folder above it."""
    folder = Path("/srv") / tmp_path_factory.mktemp("inbox").name
    folder.mkdir(mode=0o755)
    root = folder / "root"
    root.mkdir(mode=0o755)
    for name in inbox.FOLDERS:
        run("install", "-d", "-m", "2770", "-o", "inbox", "-g", "inbox", root / name)
    for name in ("id", "host"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
    (folder / "keys").write_text(f"restrict {(folder / 'id.pub').read_text()}")
    ours = text(OPTIONS).replace("/srv/inbox", str(root)).replace("/etc/invoices/inbox_keys", str(folder / "keys"))
    (folder / "inbox.conf").write_text(ours)
    port = free_port()
    base = text("/etc/ssh/sshd_config.d/00-invoices.conf").replace("$user", "root")
    own = [line for line in base.splitlines() if not line.startswith(("HostKey ", "ModuliFile "))]
    (folder / "config").write_text(
        "\n".join([f"Include {folder}/inbox.conf", *own, f"Port {port}", "ListenAddress 127.0.0.1",
                   f"HostKey {folder}/host", "PidFile none", "UsePAM no",
                   "Subsystem sftp /usr/lib/openssh/sftp-server", ""])
    )  # fmt: skip
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        assert is_so_within(10, lambda: answers(port))
        yield Sender(folder, port)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@needs_sshd
def test_a_workbook_comes_in_by_sftp_and_the_worker_reads_and_moves_it(sender, tmp_path):
    (tmp_path / "march.xlsx").write_bytes(b"a workbook")

    done = sender.sftp(f"put {tmp_path}/march.xlsx march.part\nrename march.part march.xlsx\nls -1\n")

    assert done.returncode == 0, done.stderr
    arrived = sender.root / "inbox/march.xlsx"
    assert (arrived.read_bytes(), arrived.stat().st_gid) == (b"a workbook", 10003)
    assert as_the_worker("cat", arrived).stdout == "a workbook"
    moved = as_the_worker("mv", arrived, sender.root / "done/march.xlsx")
    assert moved.returncode == 0, moved.stderr


@needs_sshd
def test_a_file_that_only_its_owner_may_read_is_read_by_the_worker_as_well(sender, tmp_path):
    (tmp_path / "private.xlsx").write_bytes(b"a workbook")
    (tmp_path / "private.xlsx").chmod(0o600)
    sender.scp(tmp_path / "private.xlsx", "inbox@127.0.0.1:private.xlsx")
    arrived = sender.root / "inbox/private.xlsx"
    assert arrived.stat().st_mode & 0o777 == 0o600

    [unit] = [line for line in text(f"{UNITS}/invoices-inbox.service").splitlines() if line.startswith("ExecStart=")]
    command = unit.removeprefix("ExecStart=").replace("/srv/inbox", str(sender.root)).split()
    done = run("setpriv", "--reuid", "inbox", "--regid", "inbox", "--clear-groups", *command)

    assert done.returncode == 0, done.stderr
    assert as_the_worker("cat", arrived).stdout == "a workbook"


@needs_sshd
def test_what_the_worker_put_away_is_read_and_removed_by_the_account(sender, tmp_path):
    report = sender.root / "done/march.xlsx.txt"
    as_the_worker("sh", "-c", f"echo Applied > {report}")

    done = sender.sftp(f"get /done/march.xlsx.txt {tmp_path}/report\nrm /done/march.xlsx.txt\n")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report").read_text() == "Applied\n"
    assert not report.exists()


@needs_sshd
def test_scp_as_it_is_today_hands_a_workbook_in(sender, tmp_path):
    (tmp_path / "april.xlsx").write_bytes(b"a workbook")

    done = sender.scp(tmp_path / "april.xlsx", "inbox@127.0.0.1:april.xlsx")

    assert done.returncode == 0, done.stderr
    assert (sender.root / "inbox/april.xlsx").read_bytes() == b"a workbook"


@needs_sshd
@pytest.mark.parametrize(
    "commands", ["get /etc/passwd /dev/null", "cd ..\ncd ..\nget etc/passwd /dev/null", "put /etc/hostname /hostname"]
)
def test_nothing_outside_of_the_folders_is_read_or_written(sender, commands):
    assert sender.sftp(f"{commands}\n").returncode != 0
    assert sorted(path.name for path in sender.root.iterdir()) == ["done", "inbox", "problems"]


@needs_sshd
@pytest.mark.parametrize(
    "words", [["inbox@127.0.0.1", "id"], ["-tt", "inbox@127.0.0.1", "id"], ["inbox@127.0.0.1", "scp", "-t", "/inbox"]]
)
def test_no_command_and_no_terminal_are_given(sender, words):
    assert "uid=" not in sender.ssh(*words).stdout


@needs_sshd
def test_no_way_on_is_given(sender):
    done = sender.ssh("-W", f"127.0.0.1:{sender.port}", "inbox@127.0.0.1")

    assert done.returncode != 0
    assert "SSH-2.0" not in done.stdout


@needs_sshd
def test_a_key_that_was_not_added_hands_nothing_in(sender):
    (sender.folder / "keys").write_text("")

    done = sender.sftp("ls\n")

    assert done.returncode != 0
    assert "Permission denied (publickey)." in done.stderr


def test_the_disk_of_the_inbox_is_reserved_as_a_whole(tmp_path):
    image = tmp_path / "inbox.img"
    made = run("sh", "-c", inbox._FORMAT, "sh", image, 16 * 1024**2)

    assert made.returncode == 0, made.stderr
    assert image.stat().st_blocks * 512 >= 16 * 1024**2


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
def test_a_full_inbox_fills_nothing_else(tmp_path):
    image, place = tmp_path / "inbox.img", tmp_path / "mounted"
    place.mkdir()
    made = run("sh", "-c", inbox._FORMAT, "sh", image, 16 * 1024**2)
    assert made.returncode == 0, made.stderr
    if run("mount", "-o", "loop,nodev,nosuid,noexec", image, place).returncode:
        pytest.skip("this machine mounts no file")
    try:
        filled = run("dd", "if=/dev/zero", f"of={place}/all", "bs=1M", "count=32")
        assert "No space left on device" in filled.stderr
        assert image.stat().st_size == 16 * 1024**2
    finally:
        run("umount", place)
