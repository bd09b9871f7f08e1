"""A real machine with a kernel of its own: QEMU boots Debian, SSH reaches it, and its power can be cut.

QEMU emulates the processor (TCG), so that it runs wherever Debian's package does, ten times slower than a machine.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from provisioning.host import HostError
from provisioning.ssh_host import SshHost, connected
from provisioning.ssh_keys import SshLogin
from tests.support import this_machine
from tests.support.docker_engine import CACHE, one_at_a_time
from tests.support.polling import is_so_within
from tests.support.ports import free_port

USER = "ubuntu"
THIS_MACHINE = "10.0.2.2"  # as QEMU's own network calls the loopback address of this machine
_SUITE = "trixie"
_PACKAGES = """linux-image-cloud-amd64 initramfs-tools systemd-sysv dbus openssh-server sudo python3 python3-boto3
cryptsetup-bin docker.io docker-cli iptables iproute2 rsync udev kmod e2fsprogs ca-certificates""".split()
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
# What a server has no need of here, and takes long to start on an emulated processor.
_NOT_STARTED = """apt-daily.timer apt-daily-upgrade.timer e2scrub_reap.service e2scrub_all.timer getty@tty1.service
serial-getty@ttyS0.service systemd-networkd-wait-online.service dpkg-db-backup.timer fstrim.timer
modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service systemd-binfmt.service
systemd-hostnamed.socket systemd-networkd-persistent-storage.service""".split()
_SETUP = f"""set -e
useradd --create-home --shell /bin/bash {USER}
echo '{USER} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{USER}
install -d -m 700 -o {USER} -g {USER} /home/{USER}/.ssh
cat > /home/{USER}/.ssh/authorized_keys
printf '[Match]\\nName=e*\\n[Network]\\nAddress=10.0.2.15/24\\nGateway=10.0.2.2\\n' > /etc/systemd/network/wired.network
echo invoices > /etc/hostname
echo '127.0.0.1 localhost invoices' > /etc/hosts
echo '/dev/vda / ext4 defaults 0 1' > /etc/fstab
echo 0123456789abcdef0123456789abcdef > /etc/machine-id
systemctl --quiet enable systemd-networkd.service
systemctl --quiet mask {" ".join(_NOT_STARTED)}
touch /etc/.updated /var/.updated
"""
_DISK = "4G"
_MEMORY_MEGABYTES = 1536
_BOOTED_WITHIN_SECONDS = 400


def why_there_is_none() -> str:
    """Return why this machine cannot have one, empty where it can."""
    if os.getuid() != 0:
        return "root, with which a system is made for a virtual machine"
    missing = [name for name in ("qemu-system-x86_64", "qemu-img", "mmdebstrap") if not shutil.which(name)]
    return f"{' and '.join(missing)}: a virtual machine needs Debian's packages" if missing else ""


@dataclass
class VirtualMachine:
    folder: Path
    port: int
    host_key: str
    process: "subprocess.Popen[bytes] | None" = None
    boots: list[float] = field(default_factory=list)

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def boot(self) -> None:
        """Give it power, and wait until it lets us in."""
        network = f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:22"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
                    "-m", str(_MEMORY_MEGABYTES), "-display", "none", "-monitor", "none", "-nodefaults", "-no-reboot",
                    "-serial", f"file:{self.folder / 'console'}",
                    "-kernel", str(_image() / "vmlinuz"), "-initrd", str(_image() / "initrd.img"),
                    "-append", "root=/dev/vda rw console=ttyS0 quiet mitigations=off no5lvl",
                    "-drive", f"file={self.folder / 'disk.qcow2'},if=virtio,format=qcow2,cache=writethrough",
                    "-netdev", network, "-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        if not is_so_within(_BOOTED_WITHIN_SECONDS, self._lets_us_in, pause=1):
            self.cut_power()
            raise AssertionError(f"the virtual machine does not boot:\n{(self.folder / 'console').read_text()[-2000:]}")

    def cut_power(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextmanager
    def host(self) -> Iterator[SshHost]:
        """Connect as the commands of an operator do."""
        login = SshLogin(paramiko.Ed25519Key.from_private_key_file(str(_image() / "id_ed25519")))
        with connected(self.address, USER, self.known_hosts, login=login) as host:
            yield host

    def _lets_us_in(self) -> bool:
        try:
            with self.host() as host:
                return host.run("true", check=False).ok
        except HostError:
            return False


@contextmanager
def virtual_machine(folder: Path) -> Iterator[VirtualMachine]:
    """Make one with a disk of its own, without power; what it was is gone in the end."""
    with one_at_a_time("virtual-machine"):
        image = _made_image()
    disk = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(image / "disk.ext4")]
    subprocess.run([*disk, str(folder / "disk.qcow2")], check=True)
    machine = VirtualMachine(folder, free_port(), (image / "host_key.pub").read_text().strip())
    machine.known_hosts.write_text(f"[127.0.0.1]:{machine.port} {machine.host_key}\n")
    try:
        yield machine
    finally:
        machine.cut_power()


def _image() -> Path:
    made_of = json.dumps([_PACKAGES, _LEFT_OUT, _SETUP, _DISK, _SUITE, this_machine.debian_mirrors(_SUITE)])
    return CACHE / f"virtual-machine-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"


def _made_image() -> Path:
    """Return the folder of the system, its kernel and its keys, made in a minute where it is not there yet."""
    image = _image()
    if image.exists():
        return image
    unfinished = image.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    root = unfinished / "root"
    options = ["--variant=minbase", f"--include={','.join(_PACKAGES)}", f"--aptopt={this_machine.apt_conf()}"]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    mirrors = this_machine.debian_mirrors(_SUITE)
    _run("mmdebstrap", "--quiet", "--mode=root", *options, _SUITE, str(root), *mirrors)
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "operator", "-f", str(unfinished / "id_ed25519"))
    _run("chroot", str(root), "sh", "-c", _SETUP, stdin=(unfinished / "id_ed25519.pub").read_text())
    for name, path in (("vmlinuz", "boot/vmlinuz-*"), ("initrd.img", "boot/initrd.img-*")):
        shutil.copy(next(root.glob(path)), unfinished / name)
    shutil.copy(root / "etc/ssh/ssh_host_ed25519_key.pub", unfinished / "host_key.pub")
    _run("truncate", "-s", _DISK, str(unfinished / "disk.ext4"))
    _run("/sbin/mke2fs", "-q", "-t", "ext4", "-F", "-d", str(root), str(unfinished / "disk.ext4"))
    shutil.rmtree(root)
    unfinished.rename(image)
    return image


def _run(*command: str, stdin: str = "") -> None:
    done = subprocess.run(command, input=stdin, check=False, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}"
