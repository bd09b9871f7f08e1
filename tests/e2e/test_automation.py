"""n8n on a server: ready, published, for its networks only; off and on again, and killed, it comes back."""

import json
import subprocess
import time
from contextlib import contextmanager
from datetime import date
from email.message import EmailMessage
from urllib.parse import quote

import pytest
from support.automated_stack import ANN, INBOX, OURS, Delivering
from support.dovecot import PASSWORD, running_dovecot
from support.mail_server import mail_server
from support.polling import is_so_within
from support.workbooks import invoices_tab, workbook

from playbooks.steps.stack import SETTINGS
from tests.support.operators import DOMAIN, ROOT
from tests.support.public_site import Site
from tests.support.stand_in_images import serve_n8n

_EDITOR = f"n8n.{DOMAIN}"
# An address of the internet, as n8n reaches no other: this machine has it while the tests run.
_MAIL_HOST = "203.0.113.25"


@pytest.fixture(scope="module")
def automated(deployed, operator):
    """The server, with automation; afterwards it has none again."""
    serve_n8n()
    before = operator.server.read_text()
    operator.server.write_text(json.dumps({**json.loads(before), "automation": True}))
    operator.fab("deploy")
    yield deployed
    operator.server.write_text(before)
    operator.fab("deploy")


@contextmanager
def an_address_of_the_internet(address):
    subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "address", "del", f"{address}/32", "dev", "lo"], check=True)


@pytest.fixture(scope="module")
def mailboxes(automated, tmp_path_factory):
    """A mailbox that n8n looks into and a mail server that it answers by, and Ann, who may import."""
    image = automated.inside("docker inspect --format '{{.Config.Image}}' $(docker ps -q --filter name=n8n-1)").strip()
    certificate = tmp_path_factory.mktemp("mailbox")
    for name in ("certificate.pem", "key.pem"):
        printed = automated.inside(f"docker run --rm --entrypoint cat {image} /etc/mailbox/{name}")
        (certificate / name).write_text(printed)
    with (
        an_address_of_the_internet(_MAIL_HOST),
        running_dovecot([INBOX, ANN], _MAIL_HOST, 993, certificate) as running,
        mail_server(Delivering(running), _MAIL_HOST, 587) as smtp_url,
    ):
        automated.invoices("create-user", "--email", ANN, "--role", "accountant", "--name", "Ann")
        automated.query(
            "INSERT INTO automation (applies_mailed, overdue_digest, weekday, hour, month_end_digest, recipients,"
            " chat_url, version) VALUES (true, false, 1, 0, false, '', '', 1)"
        )
        set_secret(automated, "--set-inbox-url", f"imaps://{quote(INBOX)}:{quote(PASSWORD)}@{_MAIL_HOST}:993")
        set_secret(automated, "--set-smtp-url", smtp_url)
        settings = automated.operator.checkout / "server.env"
        before = settings.read_text()
        settings.write_text(f"{before}MAIL_FROM={OURS}\n")
        automated.operator.fab("deploy")
        yield running
        for option in ("--set-inbox-url", "--set-smtp-url"):
            set_secret(automated, option, "")
        settings.write_text(before)


def set_secret(deployed, option, text):
    """Set a secret as `fab secrets` does, which asks for it at a terminal."""
    version = deployed.inside("basename $(readlink /opt/invoices/current)").strip()
    compose = f"VERSION={version} docker compose --env-file {SETTINGS}"
    deployed.inside(
        f"cd /opt/invoices/current && {compose} run --rm -T secrets invoices secrets {option} <<'END'\n{text}\nEND\n"
    )


def a_mail(path):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Ann <{ANN}>", INBOX, "Our workbook"
    mail["Message-ID"] = f"<{path.stem}@mail.example.com>"
    mail.set_content("Hello, here it is.")
    mail.add_attachment(path.read_bytes(), maintype="application", subtype="octet-stream", filename=path.name)
    return mail


def editor(deployed):
    """Return n8n's site as this machine reaches it."""
    authority = deployed.site().authority
    return Site(deployed.instance.address, _EDITOR, authority)


def query(deployed, sql):
    (database,) = deployed.containers("db").values()
    return deployed.instance.exec("docker", "exec", database, "psql", "-U", "postgres", "-At", "-c", sql, "n8n")


def test_n8n_is_ready_and_what_has_its_secrets_is_published(automated):
    (container,) = automated.containers("n8n").values()
    state = automated.inside(f"docker inspect --format '{{{{.State.Health.Status}}}}' {container}")

    assert state.strip() == "healthy"
    assert automated.inside(f"docker exec {container} cat /home/node/.n8n/setup.problems") == ""
    shipped = [path.stem for path in (ROOT / "stack/n8n/workflows").glob("*.json")]
    assert query(automated, "SELECT count(*) FROM workflow_entity").strip() == str(len(shipped))
    assert query(automated, "SELECT count(*) FROM credentials_entity").strip() == "5"


def test_every_control_of_automation_is_kept(automated):
    done = automated.operator.fab("verify", "--only", "N0")

    assert "Every control is kept." in done.printed
    assert "there is no automation" not in done.printed


def test_the_editor_is_for_the_operators_networks_and_asks_for_a_password(automated):
    site, from_the_server = editor(automated), f"--resolve {_EDITOR}:443:127.0.0.1 https://{_EDITOR}/"

    assert site.ask("GET", "/").status == 200
    assert site.ask("GET", "/rest/workflows").status == 401
    assert automated.inside(f"curl -sk -o /dev/null -w '%{{http_code}}' {from_the_server}").strip() == "404"


def test_the_same_commit_again_does_not_restart_n8n(automated):
    before = automated.containers()

    automated.operator.fab("deploy")

    assert automated.containers() == before


def test_the_whole_stack_with_n8n_takes_less_than_1_2_gigabytes(automated, figure):
    used = automated.memory_megabytes()
    figure("memory of the stack with n8n", f"{used:.0f} MB", "1,200 MB")

    assert 500 < used < 1_200


def test_a_mailed_workbook_ends_as_an_invoice_and_an_answer_to_its_sender(automated, mailboxes, tmp_path, figure):
    row = ["M-1", "Acme", date(2026, 1, 5), date(2026, 2, 4), 100.0]
    began = time.monotonic()
    mailboxes.deliver(a_mail(workbook(tmp_path, invoices_tab(row), name="mailed.xlsx")), INBOX)

    assert is_so_within(120, lambda: mailboxes.mails(ANN))
    figure("from a mailed workbook to its answer", f"{time.monotonic() - began:.0f} s", "60 s")
    (answer,) = mailboxes.mails(ANN)
    assert (answer["From"], answer["Subject"]) == (OURS, "mailed.xlsx: applied")
    assert automated.query("SELECT total_cents FROM invoices WHERE number = 'M-1'").strip() == "10000"


def test_n8n_that_is_killed_comes_back(automated):
    (container,) = automated.containers("n8n").values()
    automated.inside(f"docker exec {container} node -e 'process.kill(-1, 9)' || true")

    assert (
        automated.recovered_within(180, lambda: "(healthy)" in automated.inside("docker ps --filter name=n8n-1")) < 180
    )


def test_off_and_on_again_keeps_its_data_and_gives_it_another_token(automated):
    operator = automated.operator
    with_it = operator.server.read_text()
    tables, hashes = query(automated, "SELECT count(*) FROM credentials_entity"), "SELECT token_hash FROM api_tokens"
    before = automated.query(f"{hashes} WHERE revoked_at IS NULL AND name = 'n8n'")

    operator.server.write_text(json.dumps({**json.loads(with_it), "automation": False}))
    assert "Its data is kept" in operator.fab("deploy").printed
    assert automated.containers("n8n") == {}
    operator.server.write_text(with_it)
    operator.fab("deploy")

    assert query(automated, "SELECT count(*) FROM credentials_entity") == tables
    assert automated.query(f"{hashes} WHERE revoked_at IS NULL AND name = 'n8n'") != before
