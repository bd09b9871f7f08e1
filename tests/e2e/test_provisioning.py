"""A bare server becomes a hardened one, once; looking again changes nothing."""

import re


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
    instance.exec(
        "sh", "-c", "sysctl -q -w kernel.sysrq=1; echo 'X11Forwarding yes' >> /etc/ssh/sshd_config.d/zz-mine.conf"
    )
    instance.exec("chmod", "0644", "/etc/invoices/firewall.nft")

    told = provisioned.fab("provision", "--check").printed

    assert "would change" in told
    assert "firewall.nft" in told
    assert instance.exec("stat", "-c", "%a", "/etc/invoices/firewall.nft") == "644"
    instance.exec("rm", "/etc/ssh/sshd_config.d/zz-mine.conf")
    provisioned.fab("provision")


def test_a_server_whose_key_is_another_is_not_spoken_to(provisioned, tmp_path):
    facts = provisioned.server.read_text()
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUtcHVibGljLWtleS1vZi10aGUtb3BlcmF0"
    changed = tmp_path / "server.json"
    changed.write_text(re.sub(r'"host_keys": \["[^"]+"\]', f'"host_keys": ["{other}"]', facts))

    told = provisioned.fab("status", "--server", str(changed), fails=True).printed

    assert "it is not the server it was, its key is another" in told
    provisioned.fab("status")
