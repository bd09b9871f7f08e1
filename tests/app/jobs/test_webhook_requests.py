"""A request is signed as Standard Webhooks says, goes where it was checked to go, and ends in time."""

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import threading

import pytest
from support.webhook_receiver import webhook_receiver

from app.jobs import webhook_requests
from app.jobs.webhook_requests import WebhookMessage, post

# The example of the specification: https://github.com/standard-webhooks/standard-webhooks
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = WebhookMessage("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}', (SECRET,))
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.fixture
def receiver():
    with webhook_receiver() as one:
        yield one


def sent(receiver, message=MESSAGE, path="/hook", seconds=5.0):
    return post(receiver.url(path), message, {receiver.host}, seconds)


def test_the_example_of_the_specification_is_signed_as_it_says():
    assert MESSAGE.headers() == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_what_arrives_is_signed_byte_for_byte(receiver):
    message = WebhookMessage("msg_1", 1614265330, '{"payer": "Łódź"}', (SECRET,))

    sent(receiver, message)

    [got] = receiver.received
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = hmac.new(key, f"msg_1.1614265330.{got.body}".encode(), hashlib.sha256).digest()
    assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
    assert got.body == '{"payer": "Łódź"}'
    assert got.headers["content-type"] == "application/json"


def test_each_secret_signs_with_a_blank_between():
    both = WebhookMessage(
        MESSAGE.event_id, MESSAGE.timestamp, MESSAGE.body, (f"whsec_{base64.b64encode(b'x' * 32).decode()}", SECRET)
    )

    new, old = both.headers()["webhook-signature"].split(" ")
    assert (new[:3], old) == ("v1,", SIGNATURE)


def test_an_answer_of_2xx_is_success_and_kept(receiver):
    receiver.statuses["/hook"] = 204
    receiver.answer = b""

    answer = sent(receiver)

    assert (answer.is_success, answer.text) == (True, "204 No Content")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(receiver, status):
    receiver.statuses["/hook"] = status
    receiver.headers["Location"] = receiver.url("/elsewhere")

    answer = sent(receiver)

    assert not answer.is_success
    assert [one.path for one in receiver.received] == ["/hook"]


def test_of_a_long_answer_only_the_beginning_is_kept(receiver):
    receiver.answer = b"x" * 1_000_000

    assert len(sent(receiver).text) == len("200 OK\n") + 1_000


def test_what_no_database_takes_is_left_out_of_a_status_line(receiver):
    receiver.reasons[200] = "O\x00K"

    assert sent(receiver).text == "200 OK\nthanks"


def test_a_receiver_that_hangs_up_is_a_failure_with_its_reason(receiver):
    receiver.drops.add("/hook")

    answer = sent(receiver)

    assert answer.status is None
    assert answer.text == "The connection failed: Remote end closed connection without response."


def test_a_receiver_that_does_not_answer_is_given_up_in_time(receiver):
    receiver.holds = threading.Event()

    answer = sent(receiver, seconds=0.3)

    assert answer.text == "No answer came within 0.3 seconds."


@pytest.fixture
def drip():
    """A server that answers a byte now and then, for ever."""
    stopping = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            with listening.accept()[0] as connected:
                while not stopping.wait(0.02):
                    try:
                        connected.send(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        stopping.set()
        thread.join()


def test_an_answer_that_begins_when_the_time_is_up_ends_at_once(drip, monkeypatch):
    connect = socket.create_connection

    def late(place, _timeout):
        threading.Event().wait(0.3)
        return connect(place)

    monkeypatch.setattr(socket, "create_connection", late)

    assert post(f"http://{drip}/", MESSAGE, {drip}, 0.1).text == "No answer came within 0.1 seconds."


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_answer_that_comes_a_byte_at_a_time_ends_in_time(drip, scheme):
    answer = post(f"{scheme}://{drip}/", MESSAGE, {drip}, 0.3)

    assert answer.status is None


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "fd00:ec2::254", "::ffff:127.0.0.1", "172.28.81.5", "fe80::1%lo"],
)
def test_a_name_that_leads_to_no_address_of_the_internet_is_not_connected_to(monkeypatch, address):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(None, None, None, "", (address, 0))])
    monkeypatch.setattr(socket, "create_connection", None)

    answer = post("https://hooks.example.com/", MESSAGE, ())

    assert answer.text == "The name hooks.example.com leads to an address that is not on the internet."


def test_a_name_with_one_bad_address_among_good_ones_is_not_connected_to(monkeypatch):
    places = [(None, None, None, "", (address, 0)) for address in ("8.8.8.8", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
    monkeypatch.setattr(socket, "create_connection", None)

    assert "not on the internet" in post("https://hooks.example.com/", MESSAGE, ()).text


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254"])
def test_the_cloud_s_address_is_refused_even_under_a_name_that_may_be_private(monkeypatch, address):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(None, None, None, "", (address, 0))])
    monkeypatch.setattr(socket, "create_connection", None)

    assert "not on the internet" in post("http://n8n:5678/", MESSAGE, {"n8n:5678"}).text


def test_the_connection_goes_to_the_address_that_was_checked_though_the_name_leads_elsewhere_by_now(monkeypatch):
    answers = [("8.8.8.8", 0), ("127.0.0.1", 0)]
    asked, connected = [], []

    def resolve(name, *_, **__):
        asked.append(name)
        return [(None, None, None, "", answers.pop(0))]

    def connect(place, _timeout):
        connected.append(place)
        raise OSError("refused")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    post("https://rebinding.example.com/", MESSAGE, ())

    assert (asked, connected) == (["rebinding.example.com"], [("8.8.8.8", 443)])


def test_a_name_that_nobody_has_is_said(monkeypatch):
    def resolve(*_, **__):
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    assert post("https://nowhere.example.com/", MESSAGE, ()).text == "The name nowhere.example.com cannot be found."


def test_a_certificate_of_nobody_is_refused(receiver, monkeypatch):
    class Refusing:
        def wrap_socket(self, _socket, *, server_hostname, do_handshake_on_connect):
            assert (server_hostname, do_handshake_on_connect) == ("127.0.0.1", False)
            error = ssl.SSLCertVerificationError()
            error.verify_message = "self-signed certificate"
            raise error

    monkeypatch.setattr(webhook_requests.ssl, "create_default_context", Refusing)

    answer = post(f"https://{receiver.host}/", MESSAGE, {receiver.host})

    assert answer.text == "The certificate is not good: self-signed certificate."


def test_a_status_line_that_is_none_is_a_failure(monkeypatch, receiver):
    def broken(_self):
        raise http.client.BadStatusLine("SSH-2.0")

    monkeypatch.setattr(http.client.HTTPConnection, "getresponse", broken)

    assert sent(receiver).text == "The connection failed: SSH-2.0."
