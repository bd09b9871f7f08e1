"""One stack for all of these tests: the real app, mail servers, file share and n8n."""

import os
import shutil
import tempfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from support.automated_stack import ANN, INBOX, set_up, stack_without_n8n
from support.dovecot import PROGRAM as DOVECOT
from support.dovecot import running_dovecot
from support.file_share import running_file_share
from support.mail_server import mail_server
from support.n8n import PROGRAM as N8N
from support.n8n import automation
from support.postgresql_cluster import installed_versions, running_cluster
from support.ssh_server import SSHD


@pytest.fixture(scope="session")
def stack_folder():
    """A folder that the accounts of other servers may look into, as none of pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="automation-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def share(stack_folder):
    if os.getuid() != 0 or not SSHD.exists():
        pytest.skip("sshd or root is missing (apt-get install openssh-server)")
    with running_file_share(stack_folder / "share") as share:
        yield share


@pytest.fixture(scope="session")
def imported(stack_folder, share):
    """The stack with our workflows imported as a deploy does it, before n8n is started."""
    if not N8N.exists():
        pytest.skip("n8n is not here (make n8n)")
    if not DOVECOT:
        pytest.skip("dovecot is not installed (apt-get install dovecot-imapd)")
    if not shutil.which("openssl") or not installed_versions():
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    place = stack_folder / "n8n"
    place.mkdir()
    with (
        running_cluster(installed_versions()[-1]) as server,
        running_dovecot([INBOX, ANN]) as mailboxes,
        stack_without_n8n(server, stack_folder, mailboxes, automation(place, server)) as stack,
        mail_server(stack.smtp) as smtp_url,
    ):
        set_up(stack, smtp_url, share.url)
        stack.import_workflows()
        yield stack


@pytest.fixture(scope="session")
def started(imported):
    """The stack with n8n running, which applies clean workbooks that come by mail."""
    stack = imported
    stack.app.execute(
        "INSERT INTO automation (applies_mailed, overdue_digest, weekday, hour, month_end_digest, recipients, chat_url,"
        " version) VALUES (true, false, 1, 0, false, '', '', 1)"
    )
    stack.start()
    yield stack
    if not stack.has_ended():
        stack.kill()


@pytest.fixture
def stack(started):
    if started.has_ended():
        started.start()
    return started


@pytest.fixture
def mail(tmp_path):
    """Make a mail to the inbox, with a workbook."""
    counted = iter(range(1000))

    def make(path, *, sender=f"Ann <{ANN}>", subject="Our workbook", message_id=None, **headers):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, INBOX, subject
        mail["Message-ID"] = message_id or f"<{path.stem}.{next(counted)}@mail.example.com>"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content("Hello, here it is.")
        mail.add_attachment(path.read_bytes(), maintype="application", subtype="octet-stream", filename=path.name)
        return mail

    return make
