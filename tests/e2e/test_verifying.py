"""The living server keeps every control, and strangers' audits find nothing grave."""

import json
import re
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.support.operators import DOMAIN


def test_every_control_is_kept(serving, figure):
    done = serving.operator.fab("verify")
    figure("fab verify", f"{done.seconds:.0f} s")

    # Some belong to the machine beneath the container that plays the server.
    assert re.search(r"Every control is kept; \d+ could not be looked at\.", done.printed)
    assert "✗" not in done.printed


def test_by_ipv6_the_site_answers_and_ssh_which_no_network_of_that_family_may_use_does_not(deployed):
    by_ipv6 = replace(deployed.site(), address=deployed.instance.ipv6_address)

    assert by_ipv6.ask("GET", "/health").status == 200
    with pytest.raises(TimeoutError):
        socket.create_connection((by_ipv6.address, 22), timeout=3)


def test_what_a_container_publishes_by_mistake_is_not_reached(deployed):
    image = f"invoices-app:{deployed.first_version}"
    serve = "python -m http.server 8000"
    deployed.inside(f"docker run --detach --rm --name mistake --publish 9999:8000 {image} {serve}")
    try:
        container = deployed.inside("docker inspect -f '{{.NetworkSettings.IPAddress}}' mistake")
        deployed.recovered_within(10, lambda: "200 OK" in deployed.inside(f"curl -sI http://{container}:8000"))

        for address in (deployed.instance.address, deployed.instance.ipv6_address):
            with pytest.raises(TimeoutError):
                socket.create_connection((address, 9999), timeout=3)
    finally:
        deployed.inside("docker rm --force mistake")


def test_the_site_speaks_http_3(deployed):
    assert deployed.instance.visited("--http3-only", f"https://{DOMAIN}/health", DOMAIN) == "3 200"


def test_a_control_that_is_broken_is_found(serving):
    key = "/var/lib/docker/volumes/invoices_secrets-app/_data/secret_key"
    serving.inside(f"chmod 0444 {key}; chmod 0555 $(dirname {key})")

    done = serving.operator.fab("verify", "--only", "H16", fails=True)
    serving.inside(f"chmod 0400 {key}; chmod 0500 $(dirname {key})")

    assert "✗" in done.printed
    assert "1 controls are not kept." in done.printed


def test_a_stack_that_is_gone_is_no_stack_whose_controls_are_kept(serving):
    serving.inside("docker rm --force $(docker ps --all --quiet --filter label=com.docker.compose.project=invoices)")

    done = serving.operator.fab("verify", "--only", "D0", fails=True)
    serving.operator.fab("deploy")

    assert "there is a release, and no container of it" in done.printed
    assert "controls are not kept." in done.printed


def test_a_control_that_there_is_not_is_not_kept_silently(serving):
    assert "No control's name holds 'zebra'." in serving.operator.fab("verify", "--only", "zebra", fails=True).printed


def test_ssh_audit_finds_nothing_that_fails(serving, figure):
    command = [sys.executable, "-m", "ssh_audit.ssh_audit", "--json", serving.instance.address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    serving.inside("systemctl restart ssh")  # sshd keeps out for a while whoever tried so much, and that is us
    found = json.loads(done.stdout)

    kinds = ("kex", "key", "enc", "mac")
    failing = [one["algorithm"] for kind in kinds for one in found.get(kind, ()) if one.get("notes", {}).get("fail")]
    warned = [one["algorithm"] for kind in kinds for one in found.get(kind, ()) if one.get("notes", {}).get("warn")]
    figure("ssh-audit: algorithms that fail, are warned of", f"{len(failing)}, {len(warned)}", "0, 0")
    assert failing == []


def test_memory_of_the_whole_stack(serving, figure):
    # What makes and proves a backup takes memory of its own, and ends.
    serving.recovered_within(
        300, lambda: not serving.inside("docker ps -q --filter label=com.docker.compose.oneoff=True")
    )
    used = serving.memory_megabytes()
    figure("memory of the whole stack", f"{used:.0f} MB", "500 MB")

    assert 50 < used < 500


def test_lynis_finds_no_warning(serving, figure):
    serving.inside(
        "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends lynis >/dev/null 2>&1"
    )
    serving.inside("lynis audit system --quick --no-colors --quiet >/dev/null 2>&1 || true")
    report = serving.inside("cat /var/log/lynis-report.dat")
    found = dict(line.split("=", 1) for line in report.splitlines() if line.startswith("hardening_index="))
    warnings = [line.partition("=")[2] for line in report.splitlines() if line.startswith("warning[]=")]
    figure("lynis: hardening index, warnings", f"{found['hardening_index']}, {len(warnings)}", "80, 0 (on a machine)")

    # A container has a kernel and a clock that are not its own.
    assert [one for one in warnings if not one.startswith(("KRNL-", "TIME-", "FIRE-"))] == []
