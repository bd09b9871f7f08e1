"""A server gets a certificate only once the public sees that the domain leads to it."""

import io

import dns.resolver
import pytest
from invoke.context import Context
from rich.console import Console
from support.dns_server import running_dns_server
from support.recording_host import RecordingHost
from support.recording_stack import FACTS

from playbooks import records as command_module
from playbooks.records import records, wait_for_records
from playbooks.steps import public_records
from playbooks.steps.public_records import has_certificate, missing, require_for_certificate
from playbooks.steps.session import RefusedError
from provisioning.host import Ran
from provisioning.settings import HostSettings

DOMAIN = "invoices.example.com"
SERVER = HostSettings.from_outputs(FACTS)
OF_BOTH_FAMILIES = SERVER.model_copy(update={"ipv6_address": "2001:db8::9"})
ask_dns = public_records.public_values  # before the tests' own answers take its place


def test_a_domain_that_leads_to_the_server_misses_nothing(public_values):
    public_values["AAAA"] = frozenset({"2001:db8:0::9"})

    assert missing(OF_BOTH_FAMILIES) == []


def test_a_domain_without_records_misses_those_of_both_families(public_values):
    public_values.clear()

    assert missing(OF_BOTH_FAMILIES) == [
        "invoices.example.com. 300 IN A 198.51.100.9 (now: nothing)",
        "invoices.example.com. 300 IN AAAA 2001:db8::9 (now: nothing)",
    ]


def test_a_record_of_another_server_beside_ours_is_named(public_values):
    public_values["A"] = frozenset({"198.51.100.9", "203.0.113.1"})

    assert missing(SERVER) == ["invoices.example.com. 300 IN A 198.51.100.9 (now: 198.51.100.9, 203.0.113.1)"]


def test_an_address_of_ipv6_that_the_server_has_not_is_to_be_taken_out(public_values):
    public_values["AAAA"] = frozenset({"2001:db8::1"})

    assert missing(SERVER) == ["no AAAA record of invoices.example.com (now: 2001:db8::1)"]


@pytest.mark.parametrize(
    ("issuers", "lines"),
    [
        ({'0 issue "letsencrypt.org"'}, []),
        ({'0 issue "letsencrypt.org; validationmethods=http-01"', '0 issue "other.example"'}, []),
        ({'0 iodef "mailto:you@example.com"'}, []),
        (
            {'0 issue "other.example"'},
            ['invoices.example.com. 300 IN CAA 0 issue "letsencrypt.org" (now: 0 issue "other.example")'],
        ),
    ],
)
def test_only_a_record_that_names_other_issuers_alone_forbids_the_certificate(public_values, issuers, lines):
    public_values["CAA"] = frozenset(issuers)

    assert missing(SERVER) == lines


def test_the_issuers_of_the_domain_above_count_where_the_name_itself_has_none(monkeypatch):
    known = {(DOMAIN, "A"): {"198.51.100.9"}, ("example.com", "CAA"): {'0 issue "other.example"'}}
    monkeypatch.setattr(public_records, "public_values", lambda name, kind: frozenset(known.get((name, kind), ())))

    assert len(missing(SERVER)) == 1


def test_of_a_server_that_is_reached_by_a_private_address_nothing_is_asked(public_values):
    public_values.clear()

    assert missing(SERVER.model_copy(update={"host": "10.0.0.5"})) == []


def answers(monkeypatch, known, kind, *, name=DOMAIN):
    with running_dns_server(known) as resolver:
        monkeypatch.setattr(public_records, "_resolvers", lambda _name: [resolver])
        return ask_dns(name, kind)


def test_values_are_those_that_a_dns_server_answers(monkeypatch):
    assert answers(monkeypatch, {(DOMAIN, "A"): ["198.51.100.9"]}, "A") == {"198.51.100.9"}


def test_a_name_that_is_not_there_has_no_values(monkeypatch):
    assert answers(monkeypatch, {("other.example.com", "A"): ["198.51.100.9"]}, "A") == frozenset()


def test_a_type_that_a_name_has_not_has_no_values(monkeypatch):
    assert answers(monkeypatch, {(DOMAIN, "A"): ["198.51.100.9"]}, "AAAA") == frozenset()


def test_dns_that_nobody_answers_is_said(monkeypatch):
    monkeypatch.setattr(public_records, "_resolvers", lambda _name: [])

    with pytest.raises(RefusedError, match=r"No DNS server answers for invoices\.example\.com"):
        ask_dns(DOMAIN, "A")


def test_a_zone_that_cannot_be_found_leaves_the_resolver_of_this_machine(monkeypatch):
    def nobody(*_words, **_options):
        raise dns.resolver.NoNameservers

    monkeypatch.setattr(dns.resolver, "zone_for_name", nobody)

    assert list(public_records._resolvers(DOMAIN)) == [dns.resolver.get_default_resolver()]


@pytest.mark.parametrize(("domain", "zone"), [(DOMAIN, "example.com."), ("example.com", "example.com.")])
def test_a_resolver_is_not_asked_for_a_name_that_may_not_be_there_yet(monkeypatch, domain, zone):
    asked = []

    def nobody(name, **_options):
        asked.append(name.to_text())
        raise dns.resolver.NoNameservers

    monkeypatch.setattr(dns.resolver, "zone_for_name", nobody)
    list(public_records._resolvers(domain))

    assert asked == [zone]


VOLUME = {"docker volume inspect * invoices_certificates": Ran(0, "/volumes/c\n")}
FOUND = {"find /volumes/c -name invoices.example.com.crt *": Ran(0, "/volumes/c/acme/invoices.example.com.crt\n")}


def test_a_server_whose_proxy_has_a_certificate_needs_no_look_at_the_records(public_values):
    public_values.clear()
    host = RecordingHost(answers=VOLUME | FOUND)

    require_for_certificate(host, SERVER)

    assert has_certificate(host, DOMAIN)


def test_a_server_without_a_certificate_is_refused_with_the_records_to_set(public_values):
    public_values.clear()

    with pytest.raises(RefusedError) as error:
        require_for_certificate(RecordingHost(answers=VOLUME), SERVER)
    assert str(error.value) == (
        "invoices.example.com would get no certificate, as its records do not lead to this server. Set these where "
        "the domain is kept, wait with `fab records --wait`, and deploy again:\n"
        "  invoices.example.com. 300 IN A 198.51.100.9 (now: nothing)"
    )


def test_waiting_prints_what_is_left_each_time_that_it_changes(public_values):
    public_values.clear()
    later = iter([{}, {"A": frozenset({"198.51.100.9"})}])
    said = io.StringIO()

    wait_for_records(SERVER, Console(file=said, width=160), pause=lambda _seconds: public_values.update(next(later)))

    assert said.getvalue().count("invoices.example.com. 300 IN A 198.51.100.9 (now: nothing)") == 1


def test_the_command_names_the_records_to_set(public_values, monkeypatch):
    public_values.clear()
    monkeypatch.setattr(command_module, "machine_settings_or_exit", lambda _server, _stack: SERVER)

    with pytest.raises(SystemExit, match=r"Set these records where the domain is kept:\ninvoices\.example\.com"):
        records(Context())


def test_the_command_claims_nothing_of_a_server_without_a_public_address(monkeypatch, capsys):
    private = SERVER.model_copy(update={"host": "10.0.0.5"})
    monkeypatch.setattr(command_module, "machine_settings_or_exit", lambda _server, _stack: private)

    records(Context())

    assert capsys.readouterr().out == (
        "10.0.0.5 is no public address: where invoices.example.com has to lead is not known.\n"
    )


def test_the_command_says_when_all_are_there(public_values, monkeypatch, capsys):
    monkeypatch.setattr(command_module, "machine_settings_or_exit", lambda _server, _stack: SERVER)

    records(Context())

    assert capsys.readouterr().out == (
        "invoices.example.com leads to 198.51.100.9, and Let's Encrypt may issue its certificate.\n"
    )


def test_n8n_s_name_is_asked_for_too_and_does_not_keep_the_site_waiting(monkeypatch):
    known = {(DOMAIN, "A"): {"198.51.100.9"}}
    monkeypatch.setattr(public_records, "public_values", lambda name, kind: frozenset(known.get((name, kind), ())))
    server = SERVER.model_copy(update={"automation": True})

    assert missing(server) == ["n8n.invoices.example.com. 300 IN A 198.51.100.9 (now: nothing)"]
    require_for_certificate(RecordingHost(), server)
