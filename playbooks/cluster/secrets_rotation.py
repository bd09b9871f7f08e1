"""`fab secrets` on a cluster: one secret, which tasks read as they start, so each change starts others beside them."""

import getpass

from playbooks.cluster import history, lock, releases, secret, services
from playbooks.cluster.once import OneOff
from playbooks.cluster.releases import ClusterRelease
from playbooks.steps.session import ClusterSession, RefusedError

_KINDS = ("signing-key", "database")
_KEYS_BEFORE = 2  # as on a server
_SET_UP = "invoices-database-setup"
_WITHOUT_LOSS = "app and worker would be started with it, and no request lost"
_WOULD = {
    "signing-key": "A new key would be accepted everywhere, then sign, and the one before still count; "
    f"{_WITHOUT_LOSS}",
    "database": "The roles of the database would get new passwords, and app and worker be started with them; until "
    "then a new connection of an old task would be refused",
}
_TYPED = {
    "SMTP_URL": ("mail", "SMTP_URL, such as smtp://user:password@host:587: "),
    "OIDC_CLIENT_SECRET": ("oidc", "OIDC_CLIENT_SECRET, as the provider made it: "),
}


def change(found: ClusterSession, rotate: str, *, mail: bool, oidc: bool, for_n8n: bool) -> None:
    name = found.settings.name
    asked = [key for key, is_asked in {"SMTP_URL": mail, "OIDC_CLIENT_SECRET": oidc}.items() if is_asked]
    if for_n8n or rotate.startswith("automation"):
        raise RefusedError(f"{name}: a cluster has no automation, so there is nothing to set for n8n.")
    if rotate == "redis":
        raise RefusedError(f"{name}: a cluster has no Redis: its queue is in the database.")
    if (rotate and rotate not in _KINDS) or not (rotate or asked):
        raise RefusedError(f"Say what: --mail, --oidc, or --rotate with one of {', '.join(_KINDS)}.")
    release = releases.deployed(found)
    if rotate == "database" and secret.host_of(secret.values(found)) != found.settings.database_host:
        raise RefusedError(
            f"{name}: its database was restored, and Pulumi does not have it yet: docs/high-availability.md says how, "
            "then run this again."
        )
    if found.is_rehearsal:
        would = _WOULD.get(rotate) or f"{' and '.join(asked)} would be asked for; {_WITHOUT_LOSS}"
        found.steps.note(f"{would}.")
        return
    typed = {key: getpass.getpass(_TYPED[key][1]) for key in asked}
    what = f"rotate {rotate}" if rotate else f"set {', '.join(_TYPED[key][0] for key in asked)}"
    with lock.held(found, what), history.failure_noted(found, what, release.version):
        if typed:
            _take(found, release, {**secret.values(found), **typed})
        if rotate == "signing-key":
            _rotate_signing_key(found, release)
        if rotate == "database":
            _rotate_passwords(found, release)
        history.append(found, what, release.version, "done")
    found.steps.recap("Done: what reads them uses them.")


def _rotate_signing_key(found: ClusterSession, release: ClusterRelease) -> None:
    """Let every copy accept the new key before one signs with it: nobody is signed out by a copy of before."""
    known, new = secret.values(found), secret.new_key()
    before = [key for key in known["SECRET_KEYS_BEFORE"].split(",") if key]
    accepted = [known["SECRET_KEY"], *before][:_KEYS_BEFORE]
    _take(
        found, release, {**known, "SECRET_KEYS_BEFORE": ",".join([new, *before])}, "Let every copy accept the new key"
    )
    _take(
        found,
        release,
        {**known, "SECRET_KEY": new, "SECRET_KEYS_BEFORE": ",".join(accepted)},
        "Let every copy sign with it",
    )


def _rotate_passwords(found: ClusterSession, release: ClusterRelease) -> None:
    with found.steps.step("Set the passwords in the database"):
        secret.write(found, secret.new_passwords(secret.values(found)))
        OneOff.of_backup(found).output_of(_SET_UP)
    _roll(found, release, "Start app and worker with them")


def _take(found: ClusterSession, release: ClusterRelease, new: secret.Values, step: str = "Start with it") -> None:
    secret.write(found, new)
    _roll(found, release, step)


def _roll(found: ClusterSession, release: ClusterRelease, step: str) -> None:
    with found.steps.step(step):
        services.roll(found, services.rolled_again(found, release), release.version)
