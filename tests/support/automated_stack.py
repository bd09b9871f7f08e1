"""The app with its worker, mail servers, a file share and the real n8n with our workflows."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import psycopg
from support import command_line
from support.api_in_between import InBetween, in_between
from support.dovecot import PASSWORD, Mailboxes
from support.mail_server import Inbox
from support.n8n import PROGRAM, SETUP, Automation
from support.polling import is_so_within
from support.ports import free_port

ANN = "ann@example.com"
INBOX = "workbooks@example.com"
OURS = "invoices@example.com"
OUR_NAME = "Acme, Invoices"
OF_THE_PROVIDER = "a secret of the provider"
_PASSWORD_OF_ANN = "correct horse battery staple"


class Delivering(Inbox):
    """Delivers what it accepts to the mailboxes; `before` does something once, before a mail is accepted."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        super().__init__()
        self.mailboxes = mailboxes
        self.before = lambda: None

    async def handle_DATA(self, server, session, envelope):
        act, self.before = self.before, lambda: None
        if act():
            return "451 Come again"
        answer = await super().handle_DATA(server, session, envelope)
        recipients, mail = self.mails[-1]
        for address in recipients:
            self.mailboxes.deliver(mail, address)
        return answer


@dataclass(frozen=True)
class App:
    """The served app with its worker: the tests ask by a token of their own, as requests are limited for each."""

    address: str
    database_url: str
    token: str
    token_of_n8n: str

    def ask(self, path: str, body: dict[str, object] | None = None, key: str = "") -> dict:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.address}/api/v1{path}", data, headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return dict(json.load(answer))

    def numbers(self) -> list[str]:
        return [one["number"] for one in self.ask("/invoices?limit=200")["data"]]

    def imports_of(self, file_name: str) -> list[dict]:
        return [one for one in self.ask("/imports?limit=200")["data"] if one["file_name"] == file_name]

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_app(server: str, folder: Path) -> Iterator[App]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ, "DATABASE_URL": f"{server}/invoices", "DATA_DIR": str(folder), "PORT": str(port),
        "PUBLIC_URL": address, "SERVER_WORKERS": "1",
    }  # fmt: skip
    _invoices(environment, "migrate")
    for email, role in ((ANN, "accountant"), ("automation@example.com", "accountant")):
        create = ("create-user", "--email", email, "--role", role, "--name", email, "--password-stdin")
        _invoices(environment, *create, says=f"{_PASSWORD_OF_ANN}\n")
    rights = [word for right in ("read", "payments", "import") for word in ("--rights", right)]
    create = ("create-token", "--email", "automation@example.com", *rights)
    tokens = [_invoices(environment, *create, "--name", name).split()[-1] for name in ("tests", "n8n")]
    log = (folder / "app.log").open("w")
    command = [sys.executable, "-m", "app.cli", "serve"]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, process_group=0)
    try:
        assert is_so_within(60, lambda: _answers(f"{address}/health")), (folder / "app.log").read_text()
        yield App(address, f"{server}/invoices", *tokens)
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _invoices(environment: dict[str, str], *arguments: str, says: str = "") -> str:
    ran = command_line.run(environment, *arguments, says=says)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@dataclass
class Stack:
    app: App
    proxy: InBetween
    mailboxes: Mailboxes
    smtp: Delivering
    n8n: Automation
    process: subprocess.Popen[bytes] | None = field(default=None)

    def send(self, mail: EmailMessage) -> None:
        self.mailboxes.deliver(mail, INBOX)

    def answers(self, about: str) -> list[EmailMessage]:
        """Return what Ann was answered about a file."""
        return [mail for mail in self.mailboxes.mails(ANN) if about in str(mail["Subject"])]

    def start(self) -> None:
        self.process = self.n8n.started()

    def kill(self) -> bool:
        """End n8n in the middle of whatever it does."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return True

    def import_workflows(self) -> None:
        (self.n8n.home / "setup.done").unlink(missing_ok=True)
        printed = self.n8n.setup(stack=self.n8n.folder / "stack")
        assert not printed.stderr, printed.stderr

    def execute(self, workflow: str) -> str:
        """Run a workflow once, by a program of its own beside the running n8n, and return what it prints."""
        environment = {**self.n8n.environment, "N8N_RUNNERS_BROKER_PORT": str(free_port())}
        command = [PROGRAM, "execute", f"--id={workflow}"]
        ran = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=180)
        return ran.stdout + ran.stderr

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict]:
        """Call a webhook of n8n, and return the status and what was answered."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.n8n.port}{path}", body, headers)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def rows(self, query: str) -> list[tuple]:
        """Ask n8n's database."""
        with psycopg.connect(self.database_url) as connection:
            return list(connection.execute(query))

    @property
    def database_url(self) -> str:
        return f"{self.app.database_url.rpartition('/')[0]}/n8n"


def set_up(stack: Stack, smtp_url: str, folder_url: str) -> None:
    """Say the secrets, and lay out a copy of stack/n8n that asks more often, and asks our proxy."""
    user = quote(INBOX)
    secrets = {
        "api_token": stack.app.token_of_n8n,
        "inbox_url": f"imaps://{user}:{quote(PASSWORD)}@localhost:{stack.mailboxes.imaps_port}",
        "smtp_url": smtp_url,
        "payments_secret": OF_THE_PROVIDER,
        "folder_url": folder_url,
    }
    for name, text in secrets.items():
        stack.n8n.set_secret(name, text)
    certificate = str(stack.mailboxes.folder / "certificate.pem")
    stack.n8n.environment.update(MAIL_FROM=f'"{OUR_NAME}" <{OURS}>', NODE_EXTRA_CA_CERTS=certificate)
    copied = stack.n8n.folder / "stack"
    shutil.copytree(SETUP.parent, copied)
    for path in [*copied.glob("workflows/*.json"), *copied.glob("credentials/*.json")]:
        path.write_text(_hurried(path.read_text().replace("http://proxy:8088", stack.proxy.address)))


def _hurried(text: str) -> str:
    """Ask every few seconds where the product asks every few minutes."""
    text = re.sub(r'"field": "minutes",\s+"minutesInterval": \d+', '"field": "seconds", "secondsInterval": 5', text)
    text = re.sub(r'"waitBetweenTries": \d+', '"waitBetweenTries": 500', text)
    text = text.replace('"amount": 60,', '"amount": 2,')
    return re.sub(r'"forceReconnect": \d+', '"forceReconnect": 0.1', text)


@contextmanager
def stack_without_n8n(server: str, folder: Path, mailboxes: Mailboxes, n8n: Automation) -> Iterator[Stack]:
    (folder / "data").mkdir()
    with running_app(server, folder / "data") as app, in_between(app.address) as proxy:
        yield Stack(app, proxy, mailboxes, Delivering(mailboxes), n8n)
