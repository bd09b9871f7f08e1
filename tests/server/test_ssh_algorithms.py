"""SSH as a stranger audits it, after everything else: the server stops answering whoever knocks so often."""

import subprocess
import sys
from pathlib import Path

import pytest

POLICY = "Hardened Ubuntu Server 24.04 LTS (version 2)"


def test_H02_ssh_audit_passes_its_policy(facts):
    audit = Path(sys.executable).with_name("ssh-audit")
    if not audit.exists():
        pytest.skip("ssh-audit is not on this machine (make setup)")

    ran = subprocess.run(
        [audit, "--skip-rate-test", "-n", "-P", POLICY, facts["host"]],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout
