"""Who sets `sshCidrs` copies lines that are right, and knows what to run next."""

import http.server
import threading

import pytest
from invoke.context import Context

from playbooks import my_network as module
from playbooks.my_network import my_network


@pytest.fixture
def answering(monkeypatch):
    """Let services on this machine answer with these texts; one that is None is not reached."""
    servers = []

    def started(*texts):
        services = [_service(text, servers) if text is not None else "http://127.0.0.1:1" for text in texts]
        monkeypatch.setattr(module, "_SERVICES", services)

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


def _service(text, servers):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    servers.append(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def test_both_networks_are_printed_as_the_settings_have_them(answering, capsys):
    answering("203.0.113.7\n", "2001:db8:1:2:aaaa::5\n")

    my_network(Context())

    assert capsys.readouterr().out.startswith(
        "config:\n  invoices:sshCidrs:\n    - 203.0.113.7/32\n    - 2001:db8:1:2::/64\n"
    )


def test_what_to_run_next_is_said_for_rented_and_other_servers(answering, capsys):
    answering("203.0.113.7\n", None)

    my_network(Context())

    printed = capsys.readouterr().out
    assert "then `pulumi up`: that works from anywhere" in printed
    assert "`fab provision` while you are still in a network that was in the list" in printed


def test_a_machine_without_ipv6_has_one_network(answering, capsys):
    answering("203.0.113.7\n", None)

    my_network(Context())

    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("    - ")] == [
        "    - 203.0.113.7/32"
    ]


@pytest.mark.parametrize("text", [None, "<html>Sign in to the hotel's network</html>", ""])
def test_without_an_answer_the_command_ends_with_what_else_shows_the_address(answering, text):
    answering(text, text)

    with pytest.raises(SystemExit, match="No service said which address this machine has: is it online"):
        my_network(Context())


def test_the_services_are_asked_encrypted():
    assert module._SERVICES == ("https://ipv4.icanhazip.com", "https://ipv6.icanhazip.com")
