"""The living server keeps every control, and strangers' audits find nothing grave."""

import json
import subprocess
import sys


def test_every_control_is_kept(serving, figure):
    done = serving.operator.fab("verify")
    figure("fab verify", f"{done.seconds:.0f} s")

    assert "Every control is kept." in done.printed
    assert "✗" not in done.printed


def test_a_control_that_is_broken_is_found(serving):
    serving.inside("chmod 0644 /etc/invoices/stack.env")

    done = serving.operator.fab("verify", "--only", "H_16", fails=True)
    serving.inside("chmod 0600 /etc/invoices/stack.env")

    assert "✗" in done.printed


def test_ssh_audit_finds_nothing_that_fails(serving, figure):
    command = [sys.executable, "-m", "ssh_audit.ssh_audit", "--json", serving.instance.address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(done.stdout)

    kinds = ("kex", "key", "enc", "mac")
    failing = [one["algorithm"] for kind in kinds for one in found.get(kind, ()) if one.get("notes", {}).get("fail")]
    warned = [one["algorithm"] for kind in kinds for one in found.get(kind, ()) if one.get("notes", {}).get("warn")]
    figure("ssh-audit: algorithms that fail, are warned of", f"{len(failing)}, {len(warned)}", "0, 0")
    assert failing == []


def test_memory_of_the_whole_stack(serving, figure):
    lines = serving.inside("docker stats --no-stream --format '{{.Name}} {{.MemUsage}}'")
    used = sum(megabytes(line.split()[1]) for line in lines.splitlines())
    figure("memory of the whole stack", f"{used:.0f} MB", "500 MB")

    assert used < 500


def megabytes(text):
    for unit, factor in (("GiB", 1073.7), ("MiB", 1.0486), ("KiB", 0.001), ("B", 1e-6)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise AssertionError(text)
