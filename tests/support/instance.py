"""A server to deploy to: a container that boots systemd, is reached by SSH, and can lose its power or its network."""

import ipaddress
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import combinations, stand_in_images
from tests.support.docker_engine import CACHE, EngineError, docker, ensure_running, one_at_a_time, succeeds
from tests.support.polling import is_so_within

USER = "ubuntu"
_FOLDER = CACHE / "instances"
_FIRST_ADDRESS = 10
_SECONDS_TO_BOOT = 90
_HAS_BOOTED = "systemctl is-system-running --wait"
_DISK = "8G"  # as it may grow to: what is not written to takes no room
_MIRROR_DROP_IN = "/etc/systemd/system/docker.service.d/registry-mirror.conf"
# What the kernel calls its rights, by number; the engine of Debian 12 knows none after AUDIT_READ.
_RIGHTS = """
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
""".split()
# The machine's own: its clock, modules, devices and audit rules are not an instance's to change.
_NOT_GIVEN = {"SYS_MODULE", "SYS_RAWIO", "SYS_TIME", "AUDIT_CONTROL", "WAKE_ALARM", "BLOCK_SUSPEND"}


@dataclass(frozen=True)
class Instance:
    """A test instance that was started; its folder holds the key, the pinned host key and an ssh_config."""

    name: str
    address: str
    host_key: str

    @property
    def container(self) -> str:
        """The name of the container that plays the server."""
        return f"{stand_in_images.PREFIX}-{self.name}"

    @property
    def ipv6_address(self) -> str:
        """Its address of the other family, which ends in the same number."""
        return stand_in_images.IPV6_PREFIX + self.address.rpartition(".")[2]

    @property
    def folder(self) -> Path:
        """Where the files of this instance are kept."""
        return _FOLDER / self.name

    @property
    def identity(self) -> Path:
        """The private key that it lets in."""
        return self.folder / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """A file with its host key."""
        return self.folder / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        """A configuration for `ssh -F`, in which the instance goes by its name."""
        return self.folder / "ssh_config"

    @property
    def disk(self) -> Path:
        """The file that is its disk: what Docker keeps on it, for a full one must not be this machine's."""
        return self.folder / "disk.ext4"

    def ssh(self, command: str, *, seconds: int = 600) -> str:
        """Run a line of shell as the user, over SSH; raises EngineError."""
        ran = self._ssh(command, seconds)
        if ran.returncode != 0:
            raise EngineError(f"{self.name}: `{command}` ended with {ran.returncode}:\n{ran.stderr}{ran.stdout}")
        return ran.stdout.strip()

    def exec(self, *command: str) -> str:
        """Run a command as root past SSH, for what a test has to see or break on its own."""
        return docker("exec", self.container, *command)

    def visited(self, option: str, url: str, domain: str) -> str:
        """Return the version of HTTP and the status with which a stranger's curl is answered, by this address."""
        image = docker("inspect", "-f", "{{.Image}}", self.container)
        resolve = [f"{domain}:{port}:{self.address}" for port in (80, 443)]
        curl = ["curl", "-ks", option, "-o", "/dev/null", "-w", "%{http_version} %{http_code}", url]
        beside = ["run", "--rm", "--network", stand_in_images.NETWORK, "--entrypoint", "timeout", image, "20"]
        return docker(*beside, *curl, *(word for one in resolve for word in ("--resolve", one)))

    def unpack(self, archive: bytes, path: str) -> None:
        """Lay out what a tar holds in a new folder."""
        docker("exec", "-i", self.container, "sh", "-c", 'mkdir "$1" && tar -x -C "$1"', "sh", path, stdin=archive)

    def kill(self) -> None:
        """Take its power away."""
        docker("kill", self.container)

    def boot(self) -> None:
        """Give it its power again, and wait until it can be signed in to."""
        docker("start", self.container)
        self.wait()

    def reboot(self) -> None:
        """Lose power and boot again."""
        self.kill()
        self.boot()

    def disconnect(self) -> None:
        """Pull its network cable; its addresses and interfaces stay as they are."""
        self._set_cable("down")

    def reconnect(self) -> None:
        """Plug its network cable in again."""
        self._set_cable("up")

    def wait(self) -> None:
        """Wait until it has booted and lets us in; raises EngineError."""
        if not is_so_within(_SECONDS_TO_BOOT, self._has_booted):
            answered = self._ssh(_HAS_BOOTED, 15)
            raise EngineError(f"{self.name} cannot be signed in to:\n{answered.stderr or answered.stdout}")

    def stop(self) -> None:
        """Remove it with all that it holds."""
        docker("rm", "-f", "-v", self.container)
        docker("volume", "rm", "-f", f"{self.container}-docker")
        for device in _run("losetup", "--noheadings", "--output", "NAME", "--associated", str(self.disk)).split():
            _run("losetup", "--detach", device)
        shutil.rmtree(self.folder, ignore_errors=True)
        _remove_control_groups(self.container)

    def _has_booted(self) -> bool:
        return self._ssh(_HAS_BOOTED, 15).stdout.strip() in {"running", "degraded"}

    def _set_cable(self, state: str) -> None:
        other_end = self.exec("cat", "/sys/class/net/eth0/iflink")
        indexes = {path.read_text().strip(): path.parent.name for path in Path("/sys/class/net").glob("*/ifindex")}
        # By the `ip` of the instance's image: not every machine has one.
        image = docker("inspect", "-f", "{{.Image}}", self.container)
        beside = ["--rm", "--network", "host", "--cap-add", "NET_ADMIN", "--entrypoint", "ip", image]
        docker("run", *beside, "link", "set", indexes[other_end], state)

    def _ssh(self, command: str, seconds: int) -> subprocess.CompletedProcess[str]:
        words = ["ssh", "-F", str(self.ssh_config), self.name, command]
        try:
            return subprocess.run(
                words, check=False, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(words, 255, "", f"no end within {seconds} seconds")


def start(name: str = "instance", *, system: str = "") -> Instance:
    """Start an instance under a name, instead of one that has it; raises EngineError."""
    ensure_running()
    stand_in_images.serve()
    with one_at_a_time():
        if is_there(name):
            found(name).stop()
        image = stand_in_images.build("instance", suite=combinations.SYSTEMS[system or combinations.system()])
        instance = Instance(name, _free_address(), "")
        _make_disk(instance)
        _power_on(instance, image)
    instance = _let_in(instance)
    instance.wait()
    return instance


def found(name: str = "instance") -> Instance:
    """Return an instance that was started before; raises EngineError."""
    try:
        return Instance(**json.loads((_FOLDER / name / "instance.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        pass
    if is_there(name):
        return Instance(name, "", "")
    raise EngineError(f"No instance {name} was started.")


def is_there(name: str) -> bool:
    """Say whether there is a container of an instance of that name, running or not."""
    return succeeds("container", "inspect", f"{stand_in_images.PREFIX}-{name}")


@contextmanager
def running(name: str) -> Iterator[Instance]:
    """Start an instance of this process's own and remove it afterwards, with those of processes that were killed."""
    ensure_running()
    _remove_left_behind(name)
    instance = start(f"{name}-{os.getpid()}")
    try:
        yield instance
    finally:
        instance.stop()


def _remove_left_behind(name: str) -> None:
    pattern = re.compile(rf"{stand_in_images.PREFIX}-({name}-(\d+))")
    for container in docker("ps", "-a", "--format", "{{.Names}}").split():
        found_there = pattern.fullmatch(container)
        if found_there and not Path("/proc", found_there[2]).exists():
            found(found_there[1]).stop()


def _make_disk(instance: Instance) -> None:
    """Make a disk of its own; raises EngineError."""
    instance.folder.mkdir(parents=True, exist_ok=True)
    _run("truncate", "--size", _DISK, str(instance.disk))
    _run("mkfs.ext4", "-q", "-F", str(instance.disk))
    device = _run("losetup", "--find", "--show", str(instance.disk))
    docker("volume", "create", "--opt", "type=ext4", "--opt", f"device={device}", f"{instance.container}-docker")


def _run(*command: str) -> str:
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    if ran.returncode != 0:
        raise EngineError(f"`{' '.join(command)}` ended with {ran.returncode}:\n{ran.stderr}")
    return ran.stdout.strip()


def _power_on(instance: Instance, image: str) -> None:
    resolv_conf = instance.folder / "resolv.conf"
    resolv_conf.write_text(f"nameserver {stand_in_images.NAMES_ADDRESS}\n", encoding="utf-8")
    security = ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"]
    docker(
        "run", "-d", "--name", instance.container, "--hostname", instance.container,
        "--network", stand_in_images.NETWORK, *_at(instance),
        "--label", f"{stand_in_images.PREFIX}={instance.address}",
        "--cap-drop", "ALL", *(word for right in _rights() for word in ("--cap-add", right)),
        *(word for option in security for word in ("--security-opt", option)),
        "--device-cgroup-rule", "a *:* rwm", "--tmpfs", "/run", "--tmpfs", "/tmp",
        "-v", f"{instance.container}-docker:/var/lib/docker", "-v", f"{resolv_conf}:/etc/resolv.conf",
        image,
    )  # fmt: skip


def _at(instance: Instance) -> list[str]:
    return ["--ip", instance.address, "--ip6", instance.ipv6_address]


def _rights() -> list[str]:
    """Return the rights that an instance is given: those this machine has, less those that reach out of it."""
    bounds = re.search(r"^CapBnd:\s*(\w+)", Path("/proc/self/status").read_text(encoding="utf-8"), re.MULTILINE)
    held = int(bounds[1], 16) if bounds else 0
    return [right for bit, right in enumerate(_RIGHTS) if held >> bit & 1 and right not in _NOT_GIVEN]


def _let_in(instance: Instance) -> Instance:
    """Make a key, have the instance let it in, and pin the instance's own."""
    instance.identity.unlink(missing_ok=True)
    comment = f"{stand_in_images.PREFIX} {instance.name}"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(instance.identity)],
        check=True, timeout=30,
    )  # fmt: skip
    _write(instance, "/home/ubuntu/.ssh/authorized_keys", instance.identity.with_suffix(".pub").read_text())
    instance.exec("chown", f"{USER}:{USER}", "/home/ubuntu/.ssh/authorized_keys")
    if not combinations.are_official():
        _write(instance, _MIRROR_DROP_IN, _mirror_drop_in())
    known = Instance(instance.name, instance.address, _host_key(instance))
    known.known_hosts.write_text(f"{known.address} {known.host_key}\n", encoding="utf-8")
    known.ssh_config.write_text(
        f"Host {known.name}\n  HostName {known.address}\n  User {USER}\n  IdentityFile {known.identity}\n"
        f"  IdentitiesOnly yes\n  UserKnownHostsFile {known.known_hosts}\n  StrictHostKeyChecking yes\n"
        "  ConnectTimeout 5\n  BatchMode yes\n",
        encoding="utf-8",
    )
    described = {"name": known.name, "address": known.address, "host_key": known.host_key}
    (known.folder / "instance.json").write_text(json.dumps(described), encoding="utf-8")
    return known


def _mirror_drop_in() -> str:
    """Return what makes Docker pull from our registry, outside of the daemon.json that belongs to provisioning."""
    # BuildKit reads the second option: it would try HTTPS otherwise.
    options = f"--registry-mirror={stand_in_images.MIRROR} --insecure-registry={stand_in_images.REGISTRY}"
    return f'[Service]\nEnvironment="DOCKER_OPTS={options}"\n'


def _host_key(instance: Instance) -> str:
    """Return the host key, once the first boot has made it."""
    path = "/etc/ssh/ssh_host_ed25519_key.pub"
    if is_so_within(20, lambda: succeeds("exec", instance.container, "test", "-s", path)):
        return " ".join(instance.exec("cat", path).split()[:2])
    raise EngineError(f"{instance.name} made no host key:\n{docker('logs', '--tail', '20', instance.container)}")


def _write(instance: Instance, path: str, content: str) -> None:
    script = 'mkdir -p "$(dirname "$1")" && umask 022 && cat >"$1"'
    docker("exec", "-i", instance.container, "sh", "-c", script, "sh", path, stdin=content.encode())


def _free_address() -> str:
    """Return the lowest address that no container has: an instance keeps its own when it boots again."""
    taken = docker("ps", "-a", "--format", f'{{{{.Label "{stand_in_images.PREFIX}"}}}}').split()
    hosts = list(ipaddress.ip_network(stand_in_images.SUBNET).hosts())[_FIRST_ADDRESS - 1 :]
    return next(str(host) for host in hosts if str(host) not in taken)


def _remove_control_groups(name: str) -> None:
    """Remove the empty groups that systemd left in the machine's tree."""
    for tree in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")):
        for folder, _, _ in os.walk(tree / name, topdown=False):
            try:
                Path(folder).rmdir()
            except OSError:
                return
