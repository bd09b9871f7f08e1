"""The host: its kernel, files, packages, accounts and services."""

import pytest

KERNEL = """
net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1
net.ipv4.conf.all.shared_media=1 net.ipv4.conf.default.shared_media=1
net.ipv4.conf.all.accept_source_route=0 net.ipv4.conf.default.accept_source_route=0
net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.default.accept_redirects=0
net.ipv4.conf.all.secure_redirects=0 net.ipv4.conf.default.secure_redirects=0
net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
net.ipv4.conf.all.log_martians=1 net.ipv4.conf.default.log_martians=1
net.ipv6.conf.all.accept_redirects=0 net.ipv6.conf.all.accept_source_route=0
net.ipv6.conf.all.accept_ra=2 net.ipv6.conf.default.accept_ra=2
net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
net.ipv4.icmp_ignore_bogus_error_responses=1 net.ipv4.icmp_echo_ignore_broadcasts=1
net.ipv4.icmp_ratelimit=100 net.ipv4.icmp_ratemask=88089
net.ipv4.tcp_timestamps=0 net.ipv4.tcp_rfc1337=1 net.ipv4.tcp_syncookies=1
"""
KERNEL_OF_A_MACHINE = """
kernel.sysrq=0 kernel.randomize_va_space=2 kernel.yama.ptrace_scope=2 kernel.kptr_restrict=2 kernel.dmesg_restrict=1
fs.protected_fifos=2 fs.protected_hardlinks=1
fs.protected_regular=2 fs.protected_symlinks=1 vm.swappiness=10
"""
MODES = {
    "/etc/passwd": "644 root:root",
    "/etc/group": "644 root:root",
    "/etc/shadow": "640 root:shadow",
    "/etc/gshadow": "640 root:shadow",
    "/etc/login.defs": "444 root:root",
    "/etc/ssh/sshd_config": "600 root:root",
    "/etc/ssh/sshd_config.d/00-invoices.conf": "600 root:root",
    "/etc/crontab": "600 root:root",
    "/etc/cron.d": "700 root:root",
    "/etc/cron.hourly": "700 root:root",
    "/etc/cron.daily": "700 root:root",
    "/etc/cron.weekly": "700 root:root",
    "/etc/cron.monthly": "700 root:root",
    "/etc/invoices/stack.env": "600 root:root",
    "/var/lib/invoices": "700 root:root",
    "/var/lib/invoices/dumps": "700 root:root",
    "/var/lib/invoices/reports": "755 root:root",
    "/etc/invoices/aws.json": "600 root:root",
    "/var/log/invoices": "750 root:root",
}
ENCRYPTED = "/var/lib/invoices-encrypted.img"
ENCRYPTED_FOLDERS = ("/var/lib/docker/volumes", "/var/lib/invoices")
UNWANTED = """atftpd inetutils-inetd inetutils-telnetd nis openbsd-inetd prelink rsh-redone-server rsh-server telnetd
tftpd-hpa xinetd ypserv""".split()
MAY_BECOME_ROOT = """/usr/bin/at /usr/bin/chfn /usr/bin/chsh /usr/bin/expiry /usr/bin/fusermount /usr/bin/fusermount3
/usr/bin/gpasswd /usr/bin/mount /usr/bin/newgrp /usr/bin/ntfs-3g /usr/bin/passwd /usr/bin/pkexec /usr/bin/su
/usr/bin/sudo /usr/bin/umount /usr/lib/dbus-1.0/dbus-daemon-launch-helper /usr/lib/openssh/ssh-keysign
/usr/lib/polkit-1/polkit-agent-helper-1 /usr/lib/snapd/snap-confine /usr/libexec/polkit-agent-helper-1
/usr/sbin/pppd""".split()
# What is in memory is no disk, and an image that is only read is always full: each of Ubuntu's snaps is one.
NO_DISKS = "tmpfs devtmpfs efivarfs squashfs iso9660 erofs udf".split()
OURS = [
    "docker.service", "fail2ban.service", "invoices-firewall.service", "invoices-prune-images.timer",
    "invoices-figures.timer", "invoices-server.timer", "invoices-logs.timer", "invoices-maintain-daily.timer",
    "invoices-maintain-weekly.timer", "invoices-maintain-monthly.timer",
]  # fmt: skip


def _wrong_settings(server, table):
    wanted = dict(pair.split("=") for pair in table.split())
    printed = server.run("sysctl --ignore " + " ".join(wanted)).stdout.splitlines()
    running = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in printed)}
    return {key: running.get(key) for key, value in wanted.items() if running.get(key) != value}


def test_H03_the_kernel_s_network_is_hardened(server):
    assert _wrong_settings(server, KERNEL) == {}


def test_H03_the_kernel_itself_is_hardened(server, needs_machine):
    assert _wrong_settings(server, KERNEL_OF_A_MACHINE) == {}
    assert str(server.sysctl("fs.suid_dumpable")) in {"0", "2"}
    assert str(server.sysctl("kernel.unprivileged_bpf_disabled")) in {"1", "2"}


def test_H03_the_server_still_has_its_way_out_by_ipv6(server, facts):
    if not facts["ipv6_address"]:
        pytest.skip("the server has no IPv6 address")

    found = server.run("ip -6 route get 2000::1")  # only looked up: nothing is sent

    assert found.rc == 0, f"{found.stderr.strip()}: look at `sysctl -a | grep accept_ra`, then restart the server"
    assert "unreachable" not in found.stdout


def test_H03_no_file_of_the_system_undoes_it_at_the_next_start(server, container):
    table = KERNEL if container else KERNEL + KERNEL_OF_A_MACHINE
    wanted = dict(pair.split("=") for pair in table.split())
    # In the order in which they are read: the last that names a setting counts.
    lines = server.check_output("systemd-analyze cat-config sysctl.d").splitlines()
    told = {
        key.strip().lstrip("-"): value.strip() for key, sign, value in (line.partition("=") for line in lines) if sign
    }

    assert {key: told.get(key) for key, value in wanted.items() if told.get(key) != value} == {}


def test_H04_files_are_no_more_open_than_they_must_be(server):
    # What is not there has no mode.
    printed = server.run("stat --format='%n %a %U:%G' " + " ".join(MODES)).stdout.splitlines()
    found = dict(line.split(" ", 1) for line in printed)

    assert {path: mode for path, mode in found.items() if mode != MODES[path]} == {}


def test_H04_nobody_else_writes_below_etc(lines_of):
    assert lines_of("find /etc -xdev ! -type l -perm -0002") == []


def test_H05_nothing_listens_in_clear_text(server):
    states = server.run(
        "dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\\n' " + " ".join(UNWANTED)
    ).stdout

    assert [line for line in states.splitlines() if line.startswith("ii")] == []


def test_H05_what_docker_is_made_of_is_audited(server, lines_of, needs_machine):
    rules = "\n".join(lines_of("auditctl -l"))

    watched = ["/usr/bin/containerd", "/var/lib/docker", "/etc/docker", "docker.service", "docker.socket"]
    assert [path for path in watched if path not in rules] == []
    assert server.service("auditd").is_running


def test_H11_who_keeps_guessing_is_banned(server):
    found = server.run("fail2ban-client get sshd maxretry")

    assert (found.rc, found.stdout.strip()) == (0, "5")


def test_H11_a_guess_in_what_this_sshd_writes_is_seen(server):
    daemon = "sshd-session" if server.file("/usr/lib/openssh/sshd-session").exists else "sshd"
    line = f"Nov 28 09:00:00 host {daemon}[4711]: Invalid user admin from 203.0.113.66 port 40022"

    assert "1 matched" in server.check_output("fail2ban-regex %s sshd", line)


def test_H12_the_clock_is_synchronised(server, needs_machine):
    assert server.check_output("timedatectl show --property=NTPSynchronized --value").strip() == "yes"


def test_H12_the_clock_tells_utc(server):
    assert server.check_output("timedatectl show --property=Timezone --value").strip() in {"Etc/UTC", "UTC"}


def test_H13_the_journal_is_capped(server):
    configuration = server.check_output("systemd-analyze cat-config systemd/journald.conf")
    used = int(server.check_output("du --summarize --block-size=1M /var/log/journal").split()[0])

    assert "SystemMaxUse=500M" in configuration
    assert used <= 600


def test_H14_there_is_swap(server, needs_machine):
    if server.file(ENCRYPTED).exists:
        pytest.skip("with an encrypted disk there is none, as memory would stand in it")
    areas = server.file("/proc/swaps").content_string.splitlines()[1:]

    assert sum(int(area.split()[2]) for area in areas) >= 1_000_000


def test_H15_the_operator_has_keys_and_no_password(server, facts):
    state = server.check_output("passwd -S %s", facts["user"]).split()[1]
    home = server.user(facts["user"]).home

    assert state in {"L", "LK"}
    assert server.file(f"{home}/.ssh/authorized_keys").mode == 0o600


def test_H15_nobody_has_a_password(lines_of):
    states = dict(line.split()[:2] for line in lines_of("passwd -S -a"))

    assert {name: state for name, state in states.items() if state not in {"L", "LK"}} == {}


def test_H15_there_is_one_root(lines_of):
    assert [line.split(":")[0] for line in lines_of("getent passwd") if line.split(":")[2] == "0"] == ["root"]


def test_H15_nobody_is_root_by_way_of_docker(server):
    assert server.check_output("getent group docker").rstrip().endswith(":")


def test_H17_lynis_rates_it_80_or_more(server, needs_machine):
    report = server.file("/var/log/lynis-report.dat")
    if not report.exists:
        pytest.skip("lynis has not been run there")
    values = dict(line.split("=", 1) for line in report.content_string.splitlines() if "=" in line)

    assert int(values["hardening_index"]) >= 80


def test_H18_it_comes_back_by_itself(server):
    assert [name for name in OURS if not server.service(name).is_enabled] == []


def test_H18_all_of_ours_runs(server):
    assert [name for name in OURS if not server.service(name).is_running] == []


def test_H18_no_unit_of_ours_failed(lines_of):
    failed = [line.split()[0] for line in lines_of("systemctl list-units --failed --no-legend --plain")]

    assert [name for name in failed if name.startswith(("invoices-", "docker", "ssh", "apt-"))] == []


def test_H19_only_what_must_becomes_root(lines_of):
    found = lines_of(
        "find / -xdev \\( -path /var/lib/docker -o -path /snap -o -path /proc \\) -prune -o -perm -4000 -type f -print"
    )

    assert sorted(set(found) - set(MAY_BECOME_ROOT)) == []


def test_H19_modules_that_nobody_needs_cannot_be_loaded(server):
    wanted = "cramfs freevxfs hfs hfsplus jffs2 udf dccp rds sctp tipc firewire-core usb-storage".split()
    said = server.run("modprobe --showconfig").stdout.replace("_", "-").splitlines()

    assert [name for name in wanted if f"install {name} /bin/false" not in said] == []


def test_H19_no_other_host_is_trusted(server):
    assert [path for path in ("/etc/hosts.equiv", "/root/.rhosts") if server.file(path).exists] == []


def test_H19_names_and_numbers_of_users_are_unique(lines_of):
    users = [line.split(":") for line in lines_of("getent passwd")]

    assert len({user[0] for user in users}) == len({user[2] for user in users}) == len(users)


def test_H19_root_runs_nothing_from_where_it_happens_to_be(server):
    path = server.check_output("printenv PATH").strip().split(":")

    assert [folder for folder in path if not folder.startswith("/")] == []


def test_H20_no_disk_is_nearly_full(lines_of):
    # Mounted more than once, a disk is listed once.
    excluded = " ".join(f"--exclude-type={kind}" for kind in NO_DISKS)
    used = lines_of(f"df --local {excluded} --output=pcent,ipcent,target")[1:]

    assert [line for line in used if _percent(line.split()[0]) > 80 or _percent(line.split()[1]) > 80] == []


def test_H20_some_of_the_disk_is_the_database_s_alone(server):
    kind, options = server.check_output("findmnt -no FSTYPE,OPTIONS --target /var/lib/docker/volumes").split()
    if kind != "ext4":
        pytest.skip(f"{kind} keeps none back, ext4 does")

    assert "resuid=999" in options.split(",")


def test_H21_database_and_files_are_on_the_encrypted_disk_where_there_is_one(server, lines_of):
    if not server.file(ENCRYPTED).exists:
        pytest.skip("diskEncryption is off")
    sources = [lines_of(f"findmnt -no SOURCE --target {folder}")[-1] for folder in ENCRYPTED_FOLDERS]

    assert [source.partition("[")[0] for source in sources] == ["/dev/mapper/invoices", "/dev/mapper/invoices"]
    assert server.file("/proc/swaps").content_string.splitlines()[1:] == []


def _percent(told):
    return 0 if told == "-" else int(told.rstrip("%"))
