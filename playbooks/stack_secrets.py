"""`fab secrets`: rotate keys and passwords while the site is in use, and set the mail server's URL."""

import getpass
import re
from collections.abc import Mapping

from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps import app_secret, deploy_log, lock, release
from playbooks.steps.automation import N8n
from playbooks.steps.roles import set_roles
from playbooks.steps.session import RefusedError, Session
from playbooks.steps.stack import ONCE, Stack, serving
from playbooks.steps.takeover import take_over
from provisioning.firewall import MAIL_PORTS
from provisioning.settings import HostSettings, address_and_port

_OF_AUTOMATION = ("automation-owner", "automation-token")
_KINDS = ("signing-key", "database", "redis", *_OF_AUTOMATION)
_WOULD = {
    "": "The address of the mail server would be asked for",
    "signing-key": "A new key would sign, and the one before still count",
    "database": "The roles of the database would get new passwords",
    "redis": "The queue would get a new password, and be started again",
    "automation-owner": "The owner of n8n would get a new password, and n8n be started again",
    "automation-token": "n8n would get a new token, and be started again",
}
# What n8n alone reads: the option of `invoices secrets`, and what is asked.
_FOR_AUTOMATION = {
    "inbox": ("--set-inbox-url", "INBOX_URL, such as imaps://user:password@host:993: "),
    "payments": ("--set-payments-secret", "The secret that the payment provider signs with: "),
    "folder": ("--set-folder-url", "FOLDER_URL, such as sftp://user:password@host:22/path: "),
}


@shape_task(
    Shape.stack_secrets,
    "secrets",
    rotate="signing-key (nobody is signed out), database (the passwords of its roles), redis (that of the queue), "
    "automation-owner (the password of n8n's editor) or automation-token (n8n's token of the API).",
    mail="Ask for the address of the mail server, which holds a password; nothing switches mail off.",
    oidc="Ask for the client secret of the provider of sign-ins; nothing removes it.",
    inbox="Ask for the mailbox that workbooks come to, for n8n; nothing switches it off.",
    payments="Ask for the secret that the payment provider signs with, for n8n; nothing switches its webhook off.",
    folder="Ask for the folder that workbooks come to by SFTP, for n8n; nothing switches it off.",
    dry_run="Only say what would be done.",
)
def stack_secrets(
    found: Session,
    *,
    rotate: str = "",
    mail: bool = False,
    oidc: bool = False,
    inbox: bool = False,
    payments: bool = False,
    folder: bool = False,
    dry_run: bool = False,
) -> None:
    """Rotate secrets, or set the mail server or what n8n reaches; the copy in Secrets Manager, if rented, follows."""
    for_n8n = [name for name, is_asked in {"inbox": inbox, "payments": payments, "folder": folder}.items() if is_asked]
    if (rotate and rotate not in _KINDS) or not (rotate or mail or oidc or for_n8n):
        raise RefusedError(
            f"Say what: --mail, --oidc, --inbox, --payments, --folder, or --rotate with one of {', '.join(_KINDS)}."
        )
    version = release.current(found.host)
    if not version:
        raise RefusedError(f"{found.host.name}: nothing was deployed yet, and the first deploy makes all secrets.")
    if (for_n8n or rotate in _OF_AUTOMATION) and not found.settings.automation:
        raise RefusedError(
            f"{found.host.name}: there is no automation: set automation to true, deploy, and then run this again."
        )
    if rotate == "redis":
        serving(found.host, "redis")  # there is one only where the settings ask for it
    if dry_run:
        would = (
            _would(rotate, is_mail=mail, is_oidc=oidc) or f"What n8n reaches would be asked for ({', '.join(for_n8n)})"
        )
        concerned = "app and worker" if mail or oidc or (rotate and rotate not in _OF_AUTOMATION) else "n8n"
        found.steps.note(f"{would}; {concerned} would be started with it, and no request lost.")
        return
    url = getpass.getpass("SMTP_URL, such as smtp://user:password@host:587: ") if mail else ""
    _refuse_unreachable(url, found.settings)
    client_secret = getpass.getpass("OIDC_CLIENT_SECRET, as the provider made it: ") if oidc else ""
    secrets_of_n8n = {name: getpass.getpass(_FOR_AUTOMATION[name][1]) for name in for_n8n}
    what = (
        f"rotate {rotate}"
        if rotate
        else f"set {', '.join([*(['mail'] if mail else []), *(['oidc'] if oidc else []), *for_n8n])}"
    )
    with lock.held(found.host, what), deploy_log.failure_logged(found.host, what, version):
        stack = Stack(found.host, version)
        if oidc:
            with found.steps.step("Write the client secret of the provider of sign-ins"):
                command = ("invoices", "secrets", "--set-oidc-client-secret")
                stack.execute(*ONCE, "secrets", *command, stdin=f"{client_secret}\n")
        _change(found, stack, rotate, url, is_mail=mail, is_oidc=oidc, for_n8n=secrets_of_n8n)
        deploy_log.append(found.host, what, version, "done")
        app_secret.keep(found)


def _would(rotate: str, *, is_mail: bool, is_oidc: bool) -> str:
    if rotate or is_mail:
        return _WOULD[rotate]
    return "The client secret of the provider of sign-ins would be asked for" if is_oidc else ""


def _refuse_unreachable(url: str, settings: HostSettings) -> None:
    """Raise RefusedError for a port that the server's firewall does not let mail out at."""
    port = re.search(r":(\d+)/?$", url)
    own = {address_and_port(settings.mail_server)[1]} if settings.mail_server else set()
    if port and int(port[1]) not in {*MAIL_PORTS, *own}:
        raise RefusedError(
            f"The server's firewall lets mail out at the ports 25, 465 and 587, not at {port[1]}: set mail_server "
            "(mailServer of the stack) to the mail server's address and port, run `fab provision`, then this again."
        )


def _change(
    found: Session, stack: Stack, rotate: str, url: str, *, is_mail: bool, is_oidc: bool, for_n8n: Mapping[str, str]
) -> None:
    with found.steps.step("Write the secrets"):
        if rotate or is_mail:
            arguments = ["--rotate", rotate] if rotate else []
            arguments += ["--set-smtp-url"] if is_mail else []
            stack.execute(*ONCE, "secrets", "invoices", "secrets", *arguments, stdin=f"{url}\n" if is_mail else "")
        for name, text in for_n8n.items():
            option, _ = _FOR_AUTOMATION[name]
            stack.execute(*ONCE, "secrets", "invoices", "secrets", option, stdin=f"{text}\n")
    if rotate == "database":
        with found.steps.step("Set the passwords in the database"):
            set_roles(stack)
    if rotate == "redis":
        with found.steps.step("Start the queue with its password"):
            stack.execute("restart", "redis")  # what is uploaded meanwhile waits until the worker looks for it
    if is_mail or is_oidc or (rotate and rotate not in _OF_AUTOMATION):
        take_over(found, stack, recreates=True)
    if found.settings.automation and (for_n8n or is_mail or rotate in {*_OF_AUTOMATION, "database"}):
        N8n(stack, found.steps, is_wanted=True).ensure(restarts=True)
    found.steps.recap("Done: what reads them uses them.")
