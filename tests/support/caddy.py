"""A real Caddy with the stack's own configuration, on ports of this machine."""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.polling import is_so_within

CONF = Path(__file__).parents[2] / "stack/proxy/conf"
CADDY = shutil.which("caddy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
ADMIN = "admin unix//run/caddy/admin.sock"
UNVERIFIED = ssl._create_unverified_context()  # the certificate authority is made as the proxy starts


class Log:
    """What a program prints, line by line, as it comes."""

    def __init__(self, stream):
        self._lines, self._grown = [], threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def _read(self, stream):
        for line in stream:
            with self._grown:
                self._lines.append(line)
                self._grown.notify_all()

    def line(self, *texts):
        """Wait for the first line that has all the texts, and return what it says."""
        with self._grown:
            assert self._grown.wait_for(lambda: self._find(texts), timeout=20), "".join(self._lines)
            return json.loads(self._find(texts))

    def _find(self, texts):
        return next((line for line in self._lines if all(text in line for text in texts)), None)

    def end(self):
        """Wait until all was read: what prints has ended."""
        self._reader.join(20)

    @property
    def text(self):
        return "".join(self._lines)


@dataclass
class Proxy:
    """A running Caddy: where it listens, and what it says."""

    https_port: int
    http_port: int
    api_port: int
    log: Log

    def ask(self, path="/", method="GET", headers=None, body=None):
        """Return the status, the headers by lower name, and the body of an answer over HTTPS."""
        connection = http.client.HTTPSConnection("localhost", self.https_port, timeout=20, context=UNVERIFIED)
        return self._answer(connection, method, path, body, headers)

    def ask_plainly(self, path="/", headers=None, method="GET", body=None):
        """The same over HTTP."""
        connection = http.client.HTTPConnection("localhost", self.http_port, timeout=20)
        return self._answer(connection, method, path, body, headers)

    def ask_from_within(self, path="/", headers=None):
        """The same at the address where only n8n asks."""
        connection = http.client.HTTPConnection("localhost", self.api_port, timeout=20)
        return self._answer(connection, "GET", path, None, headers)

    def _answer(self, connection, method, path, body, headers):
        with closing(connection):
            sent = {"Host": "localhost", "Connection": "close", **(headers or {})}
            connection.request(method, path, body, sent, encode_chunked="Transfer-Encoding" in sent)
            answer = connection.getresponse()
            named = {name.lower(): ", ".join(answer.headers.get_all(name)) for name in answer.headers}
            return answer.status, named, answer.read()


@contextmanager
def running_proxy_of_a_task(folder, app_port, **settings):
    """Start the Caddy that stands beside a copy of the app, with another port; `ask_plainly` reaches it."""
    port = free_port()
    conf = folder / "conf"
    shutil.copytree(CONF, conf)
    task = conf / "task.Caddyfile"
    task.write_text(task.read_text().replace(":8080", f":{port}").replace(":2020", f":{free_port()}"))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "UPSTREAM": f"127.0.0.1:{app_port}", **settings}
    command = [CADDY, "run", "--config", str(task), "--adapter", "caddyfile"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as caddy:
        assert is_so_within(20, lambda: _listens(port))
        log = Log(caddy.stdout)
        yield Proxy(0, port, 0, log)
        caddy.kill()
        log.end()


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running_proxy(folder, app_port, *changes, **settings):
    """Start Caddy with the configuration as it is but for its ports, and stop it in the end."""
    https_port, http_port, api_port = free_port(), free_port(), free_port()
    changes = (("http://:8088", f"http://:{api_port}"), *changes)
    conf = write_configuration(folder, app_port, https_port, http_port, changes)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    environment["PROXY_CONF"] = str(conf.parent)
    environment |= settings
    with subprocess.Popen(
        [CADDY, "run", "--config", str(conf)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # until its own log is set up
        text=True,
    ) as caddy:
        log = Log(caddy.stdout)
        log.line("certificate obtained successfully")
        shakes_hands(https_port)
        yield Proxy(https_port, http_port, api_port, log)
        caddy.kill()
        log.end()  # before what it reads from is closed


def shakes_hands(port):
    """Wait until it shows the certificate, which is a moment after its log tells that there is one."""
    ends = time.monotonic() + 20
    while True:
        with socket.create_connection(("localhost", port), timeout=20) as connected:
            try:
                UNVERIFIED.wrap_socket(connected, server_hostname="localhost").close()
            except ssl.SSLError:
                assert time.monotonic() < ends
            else:
                return


def write_configuration(folder, app_port, https_port, http_port, changes):
    conf = folder / "conf"
    shutil.copytree(CONF, conf)
    ports = f"admin off\n\thttp_port {http_port}\n\thttps_port {https_port}"
    texts = {path: path.read_text() for path in (conf / "Caddyfile", conf / "automation/on.caddy")}
    for before, after in ((ADMIN, ports), (":2020", f":{free_port()}"), *changes):
        assert any(before in text for text in texts.values())
        texts = {path: text.replace(before, after) for path, text in texts.items()}
    for path, text in texts.items():
        path.write_text(text)
    (conf / "upstream").write_text(f"127.0.0.1:{app_port}\n")
    return conf / "Caddyfile"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
