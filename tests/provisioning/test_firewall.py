"""The firewall lets in what is meant for all, and SSH for the operator; and never locks the operator out."""

import pytest

from provisioning import firewall
from provisioning.host import HostError, Ran

RULES = "/etc/invoices/firewall.nft"


@pytest.fixture
def settings(settings):
    """Of a server that somebody had already: nothing filters before it."""
    return settings.model_copy(update={"region": ""})


def _rules(host, settings):
    firewall.ensure(host, settings, lambda: True)
    return [line.strip() for line in host.files[RULES].splitlines()]


def test_ssh_is_for_the_operator_s_networks_of_either_kind(rented, settings):
    rules = _rules(rented(), settings)

    assert "elements = { 203.0.113.7/32 }" in rules
    assert "elements = { 2001:db8:1::/48 }" in rules


def test_a_kind_of_address_without_a_network_lets_nobody_in(rented, settings):
    rules = _rules(rented(), settings.model_copy(update={"ssh_cidrs": ("203.0.113.7/32",)}))

    assert [rule for rule in rules if rule.startswith("elements")] == ["elements = { 203.0.113.7/32 }"]


def test_a_server_behind_lightsail_s_firewall_leaves_it_to_say_where_ssh_may_come_from(rented, settings):
    rules = _rules(rented(), settings.model_copy(update={"region": "us-east-1"}))

    assert [rule for rule in rules if rule.startswith("elements")] == [
        "elements = { 0.0.0.0/0 }",
        "elements = { ::/0 }",
    ]


def test_behind_lightsail_s_firewall_another_network_changes_nothing(rented, settings):
    before = settings.model_copy(update={"region": "us-east-1"})
    after = before.model_copy(update={"ssh_cidrs": ("203.0.113.8/32",)})

    assert _rules(rented(), after) == _rules(rented(), before)


def test_behind_lightsail_s_firewall_rules_that_lock_out_are_taken_back_as_well(rented, settings):
    host = rented()

    with pytest.raises(HostError, match="nobody can connect"):
        firewall.ensure(host, settings.model_copy(update={"region": "us-east-1"}), lambda: False)

    assert "systemctl stop invoices-firewall.service" in host.acted[-2]


def test_without_a_network_nothing_is_done(rented, settings):
    host = rented()

    with pytest.raises(HostError, match="would lock you out"):
        firewall.ensure(host, settings.model_copy(update={"ssh_cidrs": ()}), lambda: True)

    assert RULES not in host.files


def test_what_is_not_named_is_dropped_for_the_host_and_for_containers(rented, settings):
    rules = _rules(rented(), settings)

    assert "type filter hook input priority filter; policy drop;" in rules
    assert "type filter hook forward priority filter - 10; policy drop;" in rules


def test_a_published_port_is_known_by_what_was_asked_for(rented, settings):
    rules = _rules(rented(), settings)

    assert [rule for rule in rules if "ct original proto-dst" in rule] == [
        "meta l4proto tcp ct status dnat ct original proto-dst 80 accept",
        "meta l4proto tcp ct status dnat ct original proto-dst 443 accept",
        "meta l4proto udp ct status dnat ct original proto-dst 443 accept",
    ]


def test_only_its_own_table_is_replaced(rented, settings):
    rules = _rules(rented(), settings)

    assert "delete table inet invoices" in rules
    assert not [rule for rule in rules if rule.startswith("flush")]


def test_the_rules_are_checked_before_they_are_kept(rented, settings):
    host = rented({"nft --check *": Ran(1, "", "syntax error")})

    with pytest.raises(HostError, match="syntax error"):
        firewall.ensure(host, settings, lambda: True)

    assert RULES not in host.files


def test_rules_that_lock_out_are_taken_back(rented, settings):
    host = rented()

    with pytest.raises(HostError, match="nobody can connect"):
        firewall.ensure(host, settings, lambda: False)

    assert "systemctl stop invoices-firewall.service" in host.acted[-2]
    assert "systemctl enable --now invoices-firewall.service" not in host.acted


def test_they_stand_again_after_each_start(rented, settings):
    host = rented()

    firewall.ensure(host, settings, lambda: True)

    assert "systemctl enable --now invoices-firewall.service" in host.acted
    assert "Before=network-pre.target" in host.files["/etc/systemd/system/invoices-firewall.service"]


def test_rules_that_somebody_flushed_are_put_back(shaped, settings, changed):
    host = shaped({"nft list table inet invoices": Ran(1, "", "No such file or directory")})

    changes = firewall.ensure(host, settings, lambda: True)

    assert changed(changes) == ["firewall in force"]
    assert host.acted == ["systemctl restart invoices-firewall.service"]


def test_another_network_of_the_operator_is_a_change(shaped, settings, changed):
    host = shaped()

    changes = firewall.ensure(host, settings.model_copy(update={"ssh_cidrs": ("203.0.113.8/32",)}), lambda: True)

    assert changed(changes) == [RULES]
    assert "+        elements = { 203.0.113.8/32 }" in changes[2].diff


def test_a_second_run_changes_nothing(shaped, settings, changed):
    host = shaped()

    assert changed(firewall.ensure(host, settings, lambda: pytest.fail("there is nothing to check"))) == []
    assert host.acted == []


def test_the_gate_reaches_names_and_the_port_of_the_bucket_and_nothing_else(rented, settings):
    rules = _rules(rented(), settings)

    assert [rule for rule in rules if '"invoices-gate"' in rule] == [
        'iifname { "invoices-gate", "invoices-edge", "invoices-mail", "invoices-n8n", "invoices-idp" } '
        "meta l4proto { tcp, udp } th dport 53 accept",
        'iifname "invoices-gate" tcp dport 443 accept',
    ]


def test_a_store_on_another_port_is_reached_on_that_port(rented, settings):
    rules = _rules(rented(), settings.model_copy(update={"backup_endpoint": "s3.example.com:9000"}))

    assert 'iifname "invoices-gate" tcp dport 9000 accept' in rules


def test_the_networks_of_database_and_app_lead_nowhere_but_to_themselves(rented, settings):
    rules = _rules(rented(), settings)

    for name in ("data", "front", "oidc"):
        [rule] = [rule for rule in rules if f'iifname "invoices-{name}"' in rule]
        assert rule == f'iifname "invoices-{name}" oifname "invoices-{name}" accept'
