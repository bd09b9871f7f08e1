"""The settings of the stack are the server's own facts and what the operator adds."""

import json

import pytest
from dotenv import dotenv_values
from support.recording_host import RecordingHost
from support.recording_stack import FACTS

from playbooks.steps.stack_settings import ensure_settings, file_of, wanted
from provisioning.settings import HostSettings, HostSettingsError

SERVER = HostSettings.from_outputs(FACTS)
PATH = "/etc/invoices/stack.env"


def test_without_a_file_the_domain_is_the_server_s_and_its_certificate_everybody_s(tmp_path):
    values = wanted(SERVER, tmp_path / "server.env")

    assert (values["DOMAIN"], values["CERTIFICATES"]) == ("invoices.example.com", "production")


def test_the_operator_s_file_adds_to_it(tmp_path):
    (tmp_path / "server.env").write_text("CURRENCY=EUR\nCERTIFICATES=staging\n# a remark\n")

    values = wanted(SERVER, tmp_path / "server.env")

    assert (values["CURRENCY"], values["CERTIFICATES"]) == ("EUR", "staging")


@pytest.mark.parametrize(("stack", "name"), [("prod", "server.env"), ("staging", "server.staging.env")])
def test_each_stack_has_a_file_of_its_own(stack, name):
    assert file_of(stack).name == name


def test_what_the_stack_sets_itself_is_refused_by_name(tmp_path):
    (tmp_path / "server.env").write_text("SECRET_KEY=x\n")

    with pytest.raises(HostSettingsError, match=r"server\.env: SECRET_KEY is set by the stack itself"):
        wanted(SERVER, tmp_path / "server.env")


def test_the_address_of_a_mail_server_is_a_secret_and_has_a_command_of_its_own(tmp_path):
    (tmp_path / "server.env").write_text("SMTP_URL=smtp://a:b@c\n")

    with pytest.raises(HostSettingsError, match="run `fab secrets --mail`"):
        wanted(SERVER, tmp_path / "server.env")


def test_the_proxy_is_reached_by_ipv6_where_the_server_has_it(tmp_path):
    reached = SERVER.model_copy(update={"ipv6_address": "2001:db8::9"})

    assert wanted(reached, tmp_path / "server.env")["EDGE_IPV6"] == "true"
    assert wanted(SERVER, tmp_path / "server.env")["EDGE_IPV6"] == "false"


def test_a_kind_of_certificate_that_there_is_not_is_refused(tmp_path):
    (tmp_path / "server.env").write_text("CERTIFICATES=mine\n")

    with pytest.raises(HostSettingsError, match="CERTIFICATES is none of internal, production, staging"):
        wanted(SERVER, tmp_path / "server.env")


def test_they_lie_on_the_server_for_root_only_and_a_second_time_nothing_changes():
    host = RecordingHost()

    first = ensure_settings(host, {"B": "2", "A": "1", "NOTHING": ""})
    second = ensure_settings(host, {"B": "2", "A": "1", "NOTHING": ""})

    assert (host.files[PATH], host.modes[PATH]) == ("A=1\nB=2\n", "600 root:root")
    assert (first.changed, second.changed) == (True, False)


@pytest.mark.parametrize("value", ["two words", "a#b", 'say "it"', "it's", "$HOME", "smtp://a:b%40c@d"])
def test_every_value_is_read_back_as_it_was_meant(value, tmp_path):
    host = RecordingHost()
    ensure_settings(host, {"NAME": value})
    (tmp_path / "stack.env").write_text(host.files[PATH])

    assert dotenv_values(tmp_path / "stack.env", interpolate=False)["NAME"] == value


def test_a_secret_in_them_is_not_in_what_is_told_of_the_change():
    change = ensure_settings(RecordingHost(), {"SMTP_URL": "smtp://a:hidden@mail"})

    assert "hidden" not in json.dumps(change.diff)


WITH_AUTOMATION = {**FACTS, "automation": True, "ssh_cidrs": ["203.0.113.7/32", "2001:db8::/48"]}


def test_automation_is_off_unless_it_is_wanted(tmp_path):
    values = wanted(SERVER, tmp_path / "server.env")

    assert (values["AUTOMATION"], values["COMPOSE_PROFILES"]) == ("off", "")
    assert not values.keys() & {"AUTOMATION_DOMAIN", "AUTOMATION_NETWORKS"}


def test_n8n_has_a_name_below_the_domain_and_an_editor_for_the_networks_of_ssh(tmp_path):
    values = wanted(HostSettings.from_outputs(WITH_AUTOMATION), tmp_path / "server.env")

    assert (values["AUTOMATION"], values["COMPOSE_PROFILES"]) == ("on", "automation")
    assert values["AUTOMATION_DOMAIN"] == "n8n.invoices.example.com"
    assert values["AUTOMATION_NETWORKS"] == "203.0.113.7/32 2001:db8::/48"
    assert values["WEBHOOK_PRIVATE_HOSTS"] == "n8n:5678"


def test_the_editor_may_have_networks_of_its_own(tmp_path):
    server = HostSettings.from_outputs({**WITH_AUTOMATION, "automation_networks": ["192.0.2.0/24"]})

    assert wanted(server, tmp_path / "server.env")["AUTOMATION_NETWORKS"] == "192.0.2.0/24"


def test_the_operator_s_file_cannot_switch_automation_on(tmp_path):
    (tmp_path / "server.env").write_text("COMPOSE_PROFILES=cache,automation\n")

    with pytest.raises(HostSettingsError, match=r"server\.env: COMPOSE_PROFILES cannot switch the automation on"):
        wanted(SERVER, tmp_path / "server.env")


def test_a_provider_of_sign_ins_opens_the_way_to_its_host(tmp_path):
    (tmp_path / "server.env").write_text("OIDC_ISSUER=https://login.example.com/realms/a\nOIDC_CLIENT_ID=invoices\n")

    values = wanted(SERVER, tmp_path / "server.env")

    assert "oidc" in values["COMPOSE_PROFILES"].split(",")
    assert {name: text for name, text in values.items() if name.endswith("_HOST") and name.startswith("OIDC")} == {
        "OIDC_ISSUER_HOST": "login.example.com",
        "OIDC_EXCHANGE_HOST": "login.example.com",
        "OIDC_KEYS_HOST": "login.example.com",
    }


def test_the_hosts_of_google_are_known_and_the_file_may_name_others(tmp_path):
    (tmp_path / "server.env").write_text(
        "OIDC_ISSUER=https://accounts.google.com\nOIDC_CLIENT_ID=invoices\nOIDC_KEYS_HOST=keys.example.com\n"
    )

    values = wanted(SERVER, tmp_path / "server.env")

    assert (values["OIDC_EXCHANGE_HOST"], values["OIDC_KEYS_HOST"]) == ("oauth2.googleapis.com", "keys.example.com")


def test_without_a_provider_there_is_no_way_to_one(tmp_path):
    values = wanted(SERVER, tmp_path / "server.env")

    assert "oidc" not in values["COMPOSE_PROFILES"].split(",")
    assert "OIDC_ISSUER_HOST" not in values


@pytest.mark.parametrize("issuer", ["http://login.example.com", "https://login.example.com:8443", "login.example.com"])
def test_an_issuer_that_the_gate_does_not_reach_is_refused(tmp_path, issuer):
    (tmp_path / "server.env").write_text(f"OIDC_ISSUER={issuer}\n")

    with pytest.raises(HostSettingsError, match=r"server\.env: OIDC_ISSUER must be an https:// address without a port"):
        wanted(SERVER, tmp_path / "server.env")


def test_the_client_secret_has_a_command_of_its_own(tmp_path):
    (tmp_path / "server.env").write_text("OIDC_CLIENT_SECRET=x\n")

    with pytest.raises(HostSettingsError, match="run `fab secrets --oidc`"):
        wanted(SERVER, tmp_path / "server.env")
