"""The page about the first day is followed to the letter, from a clean home directory to the dashboard behind HTTPS."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.aws_account import Account
from tests.support.instance import Instance, found, running
from tests.support.lightsail_server import running_lightsail_server
from tests.support.operators import ROOT
from tests.support.public_site import Site
from tests.support.pulumi_engine import PLUGIN
from tests.support.s3_server import OWNER, running_s3_server

PAGE = (ROOT / "docs/first-day.md").read_text(encoding="utf-8")
DOMAIN = "invoices.test"
TOPIC = "invoices-alarms"
MOST_COMMANDS = 5
MOST_SECONDS = 15 * 60
# What is typed where `fab up` asks: region, domain, whether icanhazip.com may be asked, networks, key, address.
ANSWERS = ("", DOMAIN, "n", "203.0.113.7/32", "", "you@example.com")
# The stand-in's bucket is one that no server can reach, so none is rented.
SETTINGS = "config:\n  invoices:backups: 'false'\n"


def commands_of(title):
    """Return the lines of the first block below a title."""
    return re.search(r"```\n(.*?)```", PAGE.partition(f"\n## {title}\n")[2], re.DOTALL)[1].splitlines()


@dataclass
class Newcomer:
    """Somebody with an empty home, an SSH key, Pulumi, and an account of AWS; `seconds` are those of each command."""

    folder: Path
    environment: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def checkout(self):
        return self.folder / "invoices"

    def types(self, line, *, within=None, stdin=""):
        began = time.monotonic()
        done = subprocess.run(
            ["bash", "-ec", line], cwd=within or self.folder, env=self.environment, text=True, input=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800, check=False,
        )  # fmt: skip
        self.seconds[line] = time.monotonic() - began
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def new_instance(request, docker_engine: None) -> Iterator[Instance]:
    if name := request.config.getoption("--on"):
        yield found(name)
        return
    with running("first-day") as started:
        yield started


@pytest.fixture
def newcomer(new_instance, tmp_path, monkeypatch) -> Iterator[Newcomer]:
    if not shutil.which("pulumi", path=search_path(tmp_path)):
        pytest.skip("there is no pulumi (make tools)")
    home, programs, account = tmp_path / "home", tmp_path / "programs", tmp_path / "account.json"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    shutil.copy(new_instance.identity, home / ".ssh/id_ed25519")
    shutil.copy(new_instance.identity.with_suffix(".pub"), home / ".ssh/id_ed25519.pub")
    programs.mkdir()
    (programs / "pulumi-resource-aws").write_text(PLUGIN)
    (programs / "pulumi-resource-aws").chmod(0o755)
    Account(next_static_ips=[new_instance.address]).save(account)
    monkeypatch.setenv("MINISTACK_ACCOUNT_ID", "123456789012")
    with running_s3_server() as aws, running_lightsail_server(account, new_instance.host_key) as lightsail:
        aws.client(service="sns").create_topic(Name=TOPIC)
        topic = f"arn:aws:sns:us-east-1:123456789012:{TOPIC}"
        aws.client(service="sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="you@example.com")
        environment = {
            **{name: value for name, value in os.environ.items() if name.lower().endswith(("bundle", "proxy"))},
            **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
            "PATH": search_path(tmp_path), "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb", "COLUMNS": "160",
            "AWS_ACCESS_KEY_ID": OWNER[0], "AWS_SECRET_ACCESS_KEY": OWNER[1],
            "AWS_ENDPOINT_URL": aws.endpoint, "AWS_ENDPOINT_URL_LIGHTSAIL": lightsail,
            "AWS_ACCOUNT_FILE": str(account), "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }  # fmt: skip
        yield Newcomer(tmp_path, environment)


def search_path(folder):
    """Return what comes first to last: the stand-in, the engine, this Python without its environment, the system."""
    python = Path(sys.executable).resolve().parent
    return f"{folder / 'programs'}:{ROOT / '.tools/bin'}:{python}:/usr/local/bin:/usr/bin:/bin"


def test_the_page_leads_to_the_dashboard_in_a_quarter_of_an_hour(newcomer, new_instance, figure):
    clone, install, up = commands_of("Three commands")
    (trial,) = commands_of("A trial without a public name")

    newcomer.types(clone.replace("REPOSITORY", str(ROOT)))
    newcomer.types(trial, within=newcomer.checkout)
    (newcomer.checkout / "Pulumi.prod.yaml").write_text(SETTINGS)
    newcomer.types(install, within=newcomer.checkout)
    printed = newcomer.types(f"{up} --yes", within=newcomer.checkout, stdin="".join(f"{one}\n" for one in ANSWERS))

    for line, seconds in newcomer.seconds.items():
        figure(line.partition(" ")[0] + " " + line.split()[1], f"{seconds:.0f} s")
    figure("the first day", f"{sum(newcomer.seconds.values()):.0f} s", f"{MOST_SECONDS} s")
    figure("its commands", str(len(newcomer.seconds)), f"at most {MOST_COMMANDS}")
    print(printed[printed.index("Step ") :])
    assert len(newcomer.seconds) <= MOST_COMMANDS
    assert sum(newcomer.seconds.values()) < MOST_SECONDS

    assert re.search(r"admin@invoices\.test can sign in as admin\.\nThe password, shown only now: \S+", printed)
    assert "  They do.\n" in printed  # the stand-in confirms a subscription by itself
    assert f"Sign in at https://{DOMAIN} as admin@{DOMAIN}" in printed
    assert_it_serves(new_instance)
    assert_what_the_page_says_lies_there(newcomer)
    assert_everything_is_found_without_variables(newcomer)


def assert_it_serves(instance):
    authority = instance.exec(
        "sh", "-c", "cat /var/lib/docker/volumes/invoices_certificates/_data/caddy/pki/authorities/local/root.crt"
    )
    page = Site(instance.address, DOMAIN, authority).ask("GET", "/sign-in")
    assert (page.status, "Sign in" in page.text) == (200, True)


def assert_what_the_page_says_lies_there(newcomer):
    kept = Path(newcomer.environment["HOME"], ".config/invoices")
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in kept.iterdir()}
    assert modes == {
        f"{DOMAIN}.backup-key": "0o600", "prod.passphrase": "0o600", "prod.env": "0o600", "state": "0o700",
    }  # fmt: skip
    assert newcomer.types("git status --porcelain", within=newcomer.checkout) == ""


def assert_everything_is_found_without_variables(newcomer):
    again = newcomer.types(".venv/bin/fab up --yes", within=newcomer.checkout)
    assert "It is rented already." in again
    assert "serves already" in again
    assert f"https://{DOMAIN} at" in newcomer.types(".venv/bin/fab status", within=newcomer.checkout)
    shell = "set -a; . ~/.config/invoices/prod.env; pulumi stack output domain --stack prod"
    assert newcomer.types(shell, within=newcomer.checkout).strip() == DOMAIN
