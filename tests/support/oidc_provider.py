"""A certified OpenID Connect server of npm's, with accounts of a test's own, and a person who signs in to it."""

import html
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from support.ports import free_port

CLIENT_ID, CLIENT_SECRET = "invoices", "a secret of the provider"

_ROOT = Path(__file__).parents[2]
_INSTALLED = _ROOT / ".tools" / "oidc-provider"


@dataclass(frozen=True)
class OidcServer:
    issuer: str
    accounts: Path

    def has(self, **accounts: Mapping[str, Any]) -> None:
        """Set all accounts: their claims by name."""
        self.accounts.write_text(json.dumps(accounts))

    def settings(self) -> dict[str, str]:
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_NAME": "Example Ltd",
        }


@contextmanager
def running_oidc_server(folder: Path, redirect: str) -> Iterator[OidcServer]:
    """Skip the test where the server or Node is not installed."""
    if not (_INSTALLED / "installed").exists():
        pytest.skip("oidc-provider is missing here (make oidc-provider)")
    node = next((str(path) for path in (_INSTALLED / "node/bin/node",) if path.exists()), shutil.which("node"))
    port = free_port()
    server = OidcServer(f"http://127.0.0.1:{port}", folder / "accounts.json")
    server.has()
    words = [str(_ROOT / "tests/support/oidc_provider.mjs"), str(_INSTALLED), str(port), str(server.accounts), redirect]
    with (folder / "oidc.log").open("w") as log:
        process = subprocess.Popen([node, *words], stdout=subprocess.PIPE, stderr=log, text=True, process_group=0)
        try:
            for line in process.stdout:
                if line.startswith("listening"):
                    break
            else:
                raise RuntimeError((folder / "oidc.log").read_text())
            yield server
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # Node of PyPI is started by a program around it
            process.wait(timeout=20)
            process.stdout.close()


class Person:
    """Signs in to the server as a browser does, and says where that sends them back to."""

    def __init__(self) -> None:
        self.browser = requests.Session()

    def signs_in(self, url: str, name: str) -> str:
        page = self._shown(url)
        while "Location" not in page.headers:
            page = self._submitted(page, name)
        return str(page.headers["Location"])

    def cancels(self, url: str) -> str:
        page = self._shown(url)
        link = re.search(r'href="([^"]+/abort)"', page.text)[1]
        answer = self._followed(self.browser.get(urljoin(page.url, link), allow_redirects=False))
        return str(answer.headers["Location"])

    def _submitted(self, page: requests.Response, name: str) -> requests.Response:
        form = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', page.text)) | {"login": name, "password": "x"}
        action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', page.text)[1])
        return self._followed(self.browser.post(urljoin(page.url, action), data=form, allow_redirects=False))

    def _shown(self, url: str) -> requests.Response:
        return self._followed(self.browser.get(url, allow_redirects=False))

    def _followed(self, answer: requests.Response) -> requests.Response:
        """Follow redirects at the server itself, and stop before the one that leaves it."""
        while "Location" in answer.headers and "/sign-in/" not in answer.headers["Location"]:
            answer = self.browser.get(urljoin(answer.url, answer.headers["Location"]), allow_redirects=False)
        return answer
