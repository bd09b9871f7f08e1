"""A real Dovecot on free ports of this machine: IMAP, in clear and in TLS, over mailboxes in a folder."""

import grp
import mailbox
import os
import pwd
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from imaplib import IMAP4_SSL
from pathlib import Path

from support.polling import is_so_within
from support.ports import free_port

PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PASSWORD = "a password of the mailbox"


@dataclass(frozen=True)
class Mailboxes:
    folder: Path
    imap_port: int
    imaps_port: int
    listen: str = "127.0.0.1"

    def deliver(self, mail: EmailMessage, address: str) -> None:
        """Put a mail into somebody's inbox, as a mail server does that has accepted it."""
        folder = self.folder / "mail" / address
        inbox = mailbox.Maildir(folder)
        key = inbox.add(mail.as_bytes())
        _give_away(folder)
        assert key

    def mails(self, address: str) -> list[EmailMessage]:
        """Return the mails in somebody's inbox, as a mail program reads them: by IMAP, the oldest first."""
        with IMAP4_SSL(self.listen, self.imaps_port, ssl_context=_trusting_anybody()) as connection:
            connection.login(address, PASSWORD)
            connection.select("INBOX", readonly=True)
            _, (found,) = connection.search(None, "ALL")
            fetched = [connection.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in found.decode().split()]
        return [message_from_bytes(one, policy=policy.default) for one in fetched]


@contextmanager
def running_dovecot(
    addresses: list[str], listen: str = "127.0.0.1", imaps_port: int = 0, certificate: Path | None = None
) -> Iterator[Mailboxes]:
    """Run it at an address of this machine; `certificate` is a folder with certificate.pem and key.pem."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    mailboxes = Mailboxes(folder, free_port(), imaps_port or free_port(), listen)
    if certificate:
        for name in ("certificate.pem", "key.pem"):
            shutil.copy(certificate / name, folder)
    else:
        _make_certificate(folder)
    _lay_out(mailboxes, addresses)
    command = [str(PROGRAM), "-F", "-c", str(folder / "dovecot.conf")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert is_so_within(10, lambda: _lets_in(mailboxes, addresses[0])), (folder / "log").read_text()
        yield mailboxes
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _lay_out(mailboxes: Mailboxes, addresses: list[str]) -> None:
    folder = mailboxes.folder
    users = "".join(f"{address}:{{PLAIN}}{PASSWORD}::::::\n" for address in addresses)
    (folder / "users").write_text(users)
    for address in addresses:
        (folder / "mail").mkdir(exist_ok=True)
        mailbox.Maildir(folder / "mail" / address)
        _give_away(folder / "mail" / address)
    (folder / "dovecot.conf").write_text(_configuration(mailboxes))


def _configuration(mailboxes: Mailboxes) -> str:
    folder, account = mailboxes.folder, _account()
    return f"""
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = {mailboxes.listen}
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
default_internal_user = {account}
default_internal_group = {_group()}
default_login_user = {account}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
mail_uid = {account}
mail_gid = {_group()}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {mailboxes.imap_port}
  }}
  inet_listener imaps {{
    port = {mailboxes.imaps_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


def _make_certificate(folder: Path) -> None:
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    files = ("-keyout", folder / "key.pem", "-out", folder / "certificate.pem")
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    subprocess.run([*made, *files, *name], check=True, capture_output=True)


def _lets_in(mailboxes: Mailboxes, address: str) -> bool:
    try:
        return mailboxes.mails(address) == []
    except (OSError, IMAP4_SSL.error):  # its sign-ins may be ready after its port
        return False


def _trusting_anybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _account() -> str:
    return "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name


def _group() -> str:
    return grp.getgrgid(pwd.getpwnam(_account()).pw_gid).gr_name


def _give_away(folder: Path) -> None:
    if os.getuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, _account(), _group())
