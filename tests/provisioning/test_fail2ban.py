"""Who guesses at SSH is seen by fail2ban's own filter, in what sshd writes with our options; real fail2ban looks."""

import re
import shutil
import subprocess

import pytest

FAIL2BAN = shutil.which("fail2ban-regex")
pytestmark = pytest.mark.skipif(not FAIL2BAN, reason="fail2ban is not installed (apt-get install fail2ban)")
GUESSES = (
    "Invalid user admin from 203.0.113.66 port 40022",
    "User root from 203.0.113.66 not allowed because not listed in AllowUsers",
    "error: maximum authentication attempts exceeded for root from 203.0.113.66 port 40022 ssh2 [preauth]",
)
HARMLESS = (
    "Accepted publickey for ubuntu from 203.0.113.66 port 40022 ssh2: ED25519 SHA256:abcdefghijklmnopqrstuvwxyz",
    "Connection closed by 203.0.113.66 port 40022 [preauth]",
    "Disconnected from user ubuntu 203.0.113.66 port 40022",
)


@pytest.fixture
def seen(tmp_path):
    """Return a function that returns the addresses that the filter counts as failed in a line of the daemon."""

    def read(daemon, message):
        (tmp_path / "log").write_text(f"Nov 28 09:00:00 invoices {daemon}[4711]: {message}\n")
        printed = subprocess.run(
            [FAIL2BAN, "-o", "ip", str(tmp_path / "log"), "sshd"],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return printed.stdout.split()

    return read


@pytest.fixture(params=["sshd", "sshd-session"])
def daemon(request):
    """What writes the lines: OpenSSH's process of a connection has a name of its own since 9.8, as Debian 13 has it."""
    version = subprocess.run([FAIL2BAN, "--version"], check=True, capture_output=True, text=True).stdout
    major, minor = map(int, re.search(r"(\d+)\.(\d+)", version).groups())
    if request.param == "sshd-session" and (major, minor) < (1, 1):
        pytest.skip(f"this fail2ban, {major}.{minor}, is older than sshd-session; no server has both")
    return request.param


@pytest.mark.parametrize("message", GUESSES)
def test_a_guess_counts(seen, daemon, message):
    assert seen(daemon, message) == ["203.0.113.66"]


@pytest.mark.parametrize("message", HARMLESS)
def test_who_signs_in_and_leaves_is_not_counted(seen, daemon, message):
    assert seen(daemon, message) == []
