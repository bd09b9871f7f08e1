"""A server of its own for each process, provisioned and deployed to once, and the figures printed in the end."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from xdist.scheduler import LoadScopeScheduling

from tests.support.benchmark_page import write_deployment
from tests.support.deployed import Deployed
from tests.support.docker_engine import EngineError, ensure_running, why_there_is_none
from tests.support.instance import Instance, found, running
from tests.support.operators import Operator
from tests.support.public_site import Site
from tests.support.rented_bucket import RentedBucket, rented_bucket
from tests.support.stand_in_images import SUBNET, ensure_network

HERE = Path(__file__).parent
ON_ONE_MACHINE = ("test_instance.py", "test_laptop.py", "test_first_day.py", "test_automation.py")
FIGURES: list[tuple[str, str, str]] = []


def pytest_addoption(parser):
    parser.addoption("--write", action="store_true", help="write the figures into docs/benchmarks.md")
    parser.addoption("--on", help="an instance that was started by hand, and is kept")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests out of a run that does not name their folder."""
    named = [Path(config.invocation_params.dir, word.partition("::")[0]).resolve() for word in config.args]
    return None if any(path.is_relative_to(HERE) for path in named) else True


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--on") and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("An instance that is kept is for one process: add -n 0.")


class FileOrTest(LoadScopeScheduling):
    """Gives whichever process is free the next test, or a whole file of tests of one machine; such files come first."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.endswith(ON_ONE_MACHINE) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log) -> FileOrTest:
    return FileOrTest(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = FIGURES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    """Take over what a process has measured; of what several have, that of the first."""
    for what, seen, goal in getattr(node, "workeroutput", {}).get("figures", ()):
        if what not in {known for known, _, _ in FIGURES}:
            FIGURES.append((what, seen, goal))


def pytest_terminal_summary(terminalreporter, config):
    if not FIGURES:
        return
    terminalreporter.section("figures")
    width = max(len(what) for what, _, _ in FIGURES)
    for what, seen, goal in FIGURES:
        terminalreporter.write_line(f"{what:{width}}  {seen:>12}  {goal}")
    if config.getoption("--write"):
        write_deployment(FIGURES)


@pytest.fixture(scope="session")
def figure():
    """Note a figure that was measured, with what it should be."""

    def note(what: str, seen: str, goal: str = "") -> None:
        FIGURES.append((what, seen, goal))

    return note


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """Have a Docker engine, or say loudly why there is none."""
    if reason := why_there_is_none():
        pytest.skip(f"not installed: {reason}")
    try:
        ensure_running()
    except EngineError as error:
        if "REQUIRE_ALL" in os.environ:
            pytest.fail(f"no Docker engine starts on this machine: {error}")
        pytest.skip(f"no Docker engine starts on this machine: {error}")


@pytest.fixture(scope="session")
def instance(request, docker_engine: None) -> Iterator[Instance]:
    """A freshly booted server that nothing was done to yet; removed at the end."""
    if name := request.config.getoption("--on"):
        yield found(name)
        return
    with running("tested") as started:
        yield started


@pytest.fixture(scope="session")
def bucket(docker_engine: None) -> Iterator[RentedBucket]:
    """The locked bucket that is rented beside the server."""
    ensure_network()
    with rented_bucket() as rented:
        yield rented


@pytest.fixture(scope="session")
def operator(instance, bucket, tmp_path_factory) -> Operator:
    return Operator.of(instance, tmp_path_factory.mktemp("operator"), SUBNET, bucket)


@pytest.fixture(scope="session")
def first_look(operator) -> str:
    """What a look at the server said before anything was done to it."""
    return operator.fab("provision", "--check").printed


@pytest.fixture(scope="session")
def provisioned(operator, first_look, figure) -> Operator:
    done = operator.fab("provision")
    figure("first provision", f"{done.seconds:.0f} s", "240 s")
    return operator


@pytest.fixture(scope="session")
def deployed(provisioned, instance, figure) -> Deployed:
    done = provisioned.fab("deploy")
    figure("first deploy", f"{done.seconds:.0f} s", "240 s")
    return Deployed(instance, provisioned, provisioned.version, done.printed)


@pytest.fixture(scope="session")
def workbook(tmp_path_factory) -> Path:
    """A small ledger: two customers, three invoices."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Invoices"
    sheet.append(["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount"])
    for number, customer, amount in (("1001", "Acme", 1_000_000), ("1002", "Acme", 250.5), ("1003", "Bolt", 99)):
        sheet.append([number, customer, date(2026, 1, 5), date(2026, 2, 4), amount])
    path = tmp_path_factory.mktemp("workbook") / "receivables.xlsx"
    book.save(path)
    return path


@pytest.fixture(scope="session")
def site(deployed, workbook) -> Site:
    """The site, asked by a program that may read and record payments; its ledger was imported from the workbook."""
    assert "3" in deployed.operator.fab("import-workbook", str(workbook), "--apply").printed
    email = "program@example.com"
    if email not in deployed.invoices("users"):
        deployed.operator.fab("create-user", "--email", email, "--role", "accountant")
    rights = ("--rights", "read", "--rights", "payments")
    printed = deployed.invoices("create-token", "--email", email, "--name", "load", *rights)
    token = next(word for line in printed.splitlines() for word in line.split() if len(word) > 30)
    return replace(deployed.site(), token=token)


@pytest.fixture(scope="session")
def invoice_id(site) -> int:
    """The invoice that receipts are recorded for."""
    return site.ask("GET", "/api/v1/invoices?q=1001").json()["data"][0]["id"]


@pytest.fixture(scope="session")
def seen() -> set[str]:
    """States of the server after a deploy of its first version: in such a one it needs no other."""
    return set()


@pytest.fixture
def serving(deployed, site, invoice_id, seen) -> Deployed:
    """The server, which serves the version of the checkout when a test begins, and again when the next does."""
    deployed.operator.back_to(deployed.first_version)
    if state(deployed) not in seen:
        deployed.operator.fab("deploy")
        seen.add(state(deployed))
    assert list(deployed.containers("app")) != []
    return deployed


@pytest.fixture
def serving_any(deployed, site, invoice_id) -> Deployed:
    """The server, which serves whichever version the test before has left."""
    deployed.operator.back_to(deployed.first_version)
    assert len(deployed.containers("app")) == 1
    return deployed


def state(deployed: Deployed) -> str:
    """Return what a deploy of the first version would change: the release, its containers, what they are given."""
    return deployed.inside(
        "readlink /opt/invoices/current; ls -d /opt/invoices/lock 2>/dev/null; sha256sum /etc/invoices/stack.env; "
        "docker ps --all --no-trunc --filter label=com.docker.compose.project=invoices --format '{{.ID}} {{.State}}'"
    )
