"""A bare server becomes a hardened one, once; looking again changes nothing."""

import json
import re
import socket

import pytest

JOURNAL = "/etc/systemd/journald.conf.d/invoices.conf"


def test_a_look_at_a_bare_server_says_what_would_be_done(first_look, request):
    if request.config.getoption("--on"):
        pytest.skip("an instance that is kept may be bare no more")
    assert "docker.io" in first_look
    assert re.search(r": [1-9]\d* would change,", first_look)


def test_what_was_provisioned_stays_as_it_is(provisioned, figure):
    done = provisioned.fab("provision")
    figure("second provision", f"{done.seconds:.1f} s", "10 s")

    assert re.search(r": 0 changed, \d+ as they should be", done.printed)


def test_a_server_is_shaped_and_serves_by_one_line(serving):
    done = serving.operator.fab("provision", "deploy")

    assert ": 0 changed," in done.printed
    assert f"serves {serving.first_version}" in done.printed


def test_a_look_finds_nothing_to_change(provisioned):
    assert ": 0 would change," in provisioned.fab("provision", "--check").printed


def test_what_somebody_changed_by_hand_is_told_by_a_look_and_not_mended(provisioned, instance):
    instance.exec("sysctl", "--quiet", "--write", "net.ipv4.conf.all.log_martians=0")
    instance.exec("chmod", "0644", "/etc/invoices/firewall.nft")
    instance.exec("sed", "-i", "s/^SystemMaxUse=.*/SystemMaxUse=9G/", JOURNAL)

    told = provisioned.fab("provision", "--check").printed

    assert "net.ipv4.conf.all.log_martians: 0 → 1" in told
    assert "644 root:root → 600 root:root" in told
    assert "-SystemMaxUse=9G" in told
    assert "+SystemMaxUse=500M" in told
    assert changed_by_hand(instance) == ["0", "644", "SystemMaxUse=9G"]

    assert ": 4 changed," in provisioned.fab("provision").printed  # the journal is also started anew
    assert changed_by_hand(instance) == ["1", "600", "SystemMaxUse=500M"]


def changed_by_hand(instance):
    return [
        instance.exec("sysctl", "--values", "net.ipv4.conf.all.log_martians"),
        instance.exec("stat", "-c", "%a", "/etc/invoices/firewall.nft"),
        instance.exec("grep", "^SystemMaxUse=", JOURNAL),
    ]


def test_behind_lightsail_s_firewall_ssh_is_let_in_from_everywhere(provisioned, instance, tmp_path):
    facts = json.loads(provisioned.server.read_text())
    rented = tmp_path / "server.json"
    rented.write_text(json.dumps(facts | {"region": "us-east-1"}))
    by_ipv6 = (instance.ipv6_address, 22)  # of which family no network of the operator is
    with pytest.raises(TimeoutError):
        socket.create_connection(by_ipv6, timeout=2)

    provisioned.fab("provision", "--server", str(rented))
    socket.create_connection(by_ipv6, timeout=5).close()

    provisioned.fab("provision")
    with pytest.raises(TimeoutError):
        socket.create_connection(by_ipv6, timeout=2)


def test_a_server_whose_key_is_another_is_not_spoken_to(provisioned, tmp_path):
    facts = provisioned.server.read_text()
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUtcHVibGljLWtleS1vZi10aGUtb3BlcmF0"
    changed = tmp_path / "server.json"
    changed.write_text(re.sub(r'"host_keys": \["[^"]+"\]', f'"host_keys": ["{other}"]', facts))

    told = provisioned.fab("status", "--server", str(changed), fails=True).printed

    assert "it is not the server it was, its key is another" in told
    provisioned.fab("status")
