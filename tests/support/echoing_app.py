"""An app that says what it was asked, and carries the headers that the real one does."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class EchoingApp(BaseHTTPRequestHandler):
    """Answers with the headers it was sent, and carries those that the real app does."""

    protocol_version = "HTTP/1.1"
    server_version = "gunicorn"

    def do_GET(self):
        self._read_body()
        if self.path.startswith("/break"):
            self.close_connection = True
            return
        body = json.dumps(
            {name.lower(): value for name, value in self.headers.items()} | {"filler": "x" * 2000}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # as the standard library names them

    def _read_body(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_chunked = self.headers.get("Transfer-Encoding") == "chunked"
        while is_chunked and (size := int(self.rfile.readline() or "0", 16)):
            self.rfile.read(size + 2)

    def log_message(self, *_):
        pass


@contextmanager
def echoing_app():
    """Yield its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EchoingApp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
