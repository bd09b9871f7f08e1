"""`fab secrets`: rotate keys and passwords while the site is in use, and set the mail server's URL."""

import getpass
import re

from playbooks.steps import app_secret, deploy_log, lock, release
from playbooks.steps.roles import set_roles
from playbooks.steps.session import RefusedError, Session, server_task
from playbooks.steps.stack import ONCE, Stack, serving
from playbooks.steps.takeover import take_over
from provisioning.firewall import MAIL_PORTS
from provisioning.settings import HostSettings, address_and_port

_KINDS = ("signing-key", "database", "redis")
_WOULD = {
    "": "The address of the mail server would be asked for",
    "signing-key": "A new key would sign, and the one before still count",
    "database": "The roles of the database would get new passwords",
    "redis": "The queue would get a new password, and be started again",
}


@server_task(
    "secrets",
    rotate="signing-key (nobody is signed out), database (the passwords of its roles), or redis (that of the queue).",
    mail="Ask for the address of the mail server, which holds a password; nothing switches mail off.",
    dry_run="Only say what would be done.",
)
def stack_secrets(found: Session, *, rotate: str = "", mail: bool = False, dry_run: bool = False) -> None:
    """Rotate secrets, or set the mail server; only the copy in Secrets Manager, where one is rented, follows."""
    if (rotate and rotate not in _KINDS) or not (rotate or mail):
        raise RefusedError(f"Say what: --mail, or --rotate with one of {', '.join(_KINDS)}.")
    version = release.current(found.host)
    if not version:
        raise RefusedError(f"{found.host.name}: nothing was deployed yet, and the first deploy makes all secrets.")
    if rotate == "redis":
        serving(found.host, "redis")  # there is one only where the settings ask for it
    if dry_run:
        found.steps.note(f"{_WOULD[rotate]}; app and worker would be started with it, and no request lost.")
        return
    url = getpass.getpass("SMTP_URL, such as smtp://user:password@host:587: ") if mail else ""
    _refuse_unreachable(url, found.settings)
    what = f"rotate {rotate}" if rotate else "set mail"
    with lock.held(found.host, what), deploy_log.failure_logged(found.host, what, version):
        _change(found, Stack(found.host, version), rotate, url, is_mail=mail)
        deploy_log.append(found.host, what, version, "done")
        app_secret.keep(found)


def _refuse_unreachable(url: str, settings: HostSettings) -> None:
    """Raise RefusedError for a port that the server's firewall does not let mail out at."""
    port = re.search(r":(\d+)/?$", url)
    own = {address_and_port(settings.mail_server)[1]} if settings.mail_server else set()
    if port and int(port[1]) not in {*MAIL_PORTS, *own}:
        raise RefusedError(
            f"The server's firewall lets mail out at the ports 25, 465 and 587, not at {port[1]}: set mail_server "
            "(mailServer of the stack) to the mail server's address and port, run `fab provision`, then this again."
        )


def _change(found: Session, stack: Stack, rotate: str, url: str, *, is_mail: bool) -> None:
    with found.steps.step("Write the secrets"):
        arguments = ["--rotate", rotate] if rotate else []
        arguments += ["--set-smtp-url"] if is_mail else []
        stack.execute(*ONCE, "secrets", "invoices", "secrets", *arguments, stdin=f"{url}\n" if is_mail else "")
    if rotate == "database":
        with found.steps.step("Set the passwords in the database"):
            set_roles(stack)
    if rotate == "redis":
        with found.steps.step("Start the queue with its password"):
            stack.execute("restart", "redis")  # what is uploaded meanwhile waits until the worker looks for it
    take_over(found, stack, recreates=True)
    found.steps.recap("Done: the app and the worker use them.")
