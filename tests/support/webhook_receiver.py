"""A real receiver of webhooks on a free port of this machine, which answers as it is told."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """Keeps what it was sent; `statuses` are its answers by path, `drops` the paths at which it hangs up instead.

    `reasons` are the words after a status, where they are not the usual ones.
    """

    port: int = 0
    received: list[Received] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b"thanks"
    drops: set[str] = field(default_factory=set)
    holds: threading.Event | None = None
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/hook") -> str:
        return f"http://{self.host}{path}"

    def bodies(self, path: str = "/hook") -> list[str]:
        return [one.body for one in self.received if one.path == path]


@contextmanager
def webhook_receiver():
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            if receiver.holds:
                receiver.holds.wait(10)
            if self.path in receiver.drops:
                self.close_connection = True
                return
            status = receiver.statuses.get(self.path, 200)
            self.send_response(status, receiver.reasons.get(status))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            self.wfile.write(receiver.answer)

        def log_message(self, *_):
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        if receiver.holds:
            receiver.holds.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Leave out the trace of a sender that went away, as some tests have it do."""
