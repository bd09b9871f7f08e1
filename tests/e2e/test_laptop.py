"""On a machine with Docker the stack starts by the words of the README, with nothing but its example of settings."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.instance import Instance, running
from tests.support.operators import ROOT
from tests.support.public_site import Site

DOCKER = "docker.io docker-cli docker-compose docker-buildx iptables"
README = ROOT / "README.md"


@dataclass(frozen=True)
class Laptop:
    """A machine that has Docker and a checkout, and nobody who shaped it."""

    instance: Instance

    def types(self, line: str) -> str:
        return self.instance.exec("sh", "-c", f"cd /checkout && {line}")

    def site(self) -> Site:
        authority = self.types(printed_in_the_readme("root.crt").replace(" > localhost.crt", ""))
        return Site(self.instance.address, "localhost", authority)


def printed_in_the_readme(words):
    """Return the first line of the section about Docker that holds the words, as somebody would type it."""
    section = README.read_text().partition("## Running it with Docker")[2]
    return next(line.strip() for line in section.splitlines() if line.startswith("    ") and words in line)


@pytest.fixture(scope="module")
def laptop(docker_engine: None) -> Iterator[Laptop]:
    with running("laptop") as instance:
        instance.exec("sh", "-c", f"apt-get update -qq && apt-get install -y -qq --no-install-recommends {DOCKER}")
        archive = subprocess.run(["git", "-C", ROOT, "archive", "HEAD"], check=True, capture_output=True).stdout
        instance.unpack(archive, "/checkout")
        yield Laptop(instance)


def test_the_words_of_the_readme_start_all_of_it(laptop):
    laptop.types(printed_in_the_readme("cp .env.example"))
    laptop.types(printed_in_the_readme("docker compose up -d"))
    made = laptop.types(printed_in_the_readme("create-user").replace("exec app", "exec -T app"))

    assert re.search(r"you@example\.com can sign in as admin\.\nThe password, shown only now: \S+", made)
    page = laptop.site().ask("GET", "/sign-in")
    assert (page.status, "Sign in" in page.text) == (200, True)

    before = laptop.types("docker compose ps -q | sort")
    laptop.types("docker compose up -d")
    assert laptop.types("docker compose ps -q | sort") == before


def test_its_data_stays_when_it_is_stopped(laptop):
    laptop.types("docker compose down && docker compose up -d --wait")

    assert "you@example.com" in laptop.types("docker compose exec -T app invoices users")
    assert laptop.site().ask("GET", "/health").status == 200
