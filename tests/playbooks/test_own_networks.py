"""The networks that an operator works from are those that a public service sees."""

import io

import pytest
from invoke.context import Context

from playbooks.my_network import my_network
from playbooks.steps.own_networks import own_networks


@pytest.fixture
def services(monkeypatch):
    """What the services answer, by address; those that are not named do not answer."""
    answers = {}

    def opened(url, timeout, context):
        assert context.check_hostname
        if url not in answers:
            raise OSError("no route")
        return io.BytesIO(answers[url])

    monkeypatch.setattr("urllib.request.urlopen", opened)
    return answers


def test_there_is_one_for_each_family_by_which_the_service_answers(services):
    services["https://ipv4.icanhazip.com"] = b"203.0.113.7\n"
    services["https://ipv6.icanhazip.com"] = b"2001:db8:1:2:aaaa::7\n"

    assert own_networks() == ["203.0.113.7/32", "2001:db8:1:2::/64"]


def test_an_answer_that_is_no_address_is_none(services):
    services["https://ipv4.icanhazip.com"] = b"<html>Sign in to this network</html>"

    assert own_networks() == []


def test_the_command_prints_them_line_by_line(services, capsys):
    services["https://ipv4.icanhazip.com"] = b"203.0.113.7\n"

    my_network(Context())

    assert capsys.readouterr().out == "203.0.113.7/32\n"


def test_the_command_says_who_was_asked_in_vain(services):
    with pytest.raises(SystemExit, match=r"Neither https://ipv4\.icanhazip\.com nor https://ipv6\.icanhazip\.com"):
        my_network(Context())
