"""A proxy between n8n and the app, like the stack's: it hands requests on, and can act before or after one."""

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class InBetween:
    """`before` and `after` name a request by its method and path, and do something once when it comes by."""

    def __init__(self, app: str) -> None:
        self.app = app
        self.address = ""
        self.seen: list[str] = []
        self._waiting: list[tuple[str, str, Callable[[], None]]] = []

    def before(self, pattern: str, act: Callable[[], None]) -> None:
        self._waiting.append(("before", pattern, act))

    def after(self, pattern: str, act: Callable[[], None]) -> None:
        self._waiting.append(("after", pattern, act))

    def comes_by(self, when: str, request: str) -> bool:
        """Return whether something was done, which ends the request: whoever sent it is gone."""
        for one in self._waiting:
            if one[0] == when and re.search(one[1], request):
                self._waiting.remove(one)
                one[2]()
                return True
        return False


@contextmanager
def in_between(app: str) -> Iterator[InBetween]:
    proxy = InBetween(app)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(proxy))
    proxy.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


def _handler_of(proxy: InBetween) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._hand_on()

        def do_POST(self) -> None:
            self._hand_on()

        def _hand_on(self) -> None:
            request = f"{self.command} {self.path}"
            proxy.seen.append(request)
            body = self.rfile.read(int(self.headers.get("content-length", 0))) or None
            if proxy.comes_by("before", request):
                return
            status, headers, content = self._answer(body)
            if proxy.comes_by("after", request):
                return
            self.send_response(status)
            for name in ("content-type", "content-disposition", "location"):
                if name in headers:
                    self.send_header(name, headers[name])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _answer(self, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_HOP}
            asked = urllib.request.Request(proxy.app + self.path, body, headers, method=self.command)
            try:
                with urllib.request.urlopen(asked, timeout=60) as answer:
                    return answer.status, _lower(answer.headers), answer.read()
            except urllib.error.HTTPError as refused:
                with refused:
                    return refused.code, _lower(refused.headers), refused.read()

        def log_message(self, *_arguments: object) -> None:
            """Print nothing: what came by is in `seen`."""

    return Handler


_OF_ONE_HOP = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}


def _lower(headers: object) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}  # type: ignore[attr-defined]  # it is a message of http.client
