"""The server watches itself: by timers, with scripts that its own Python can read."""

import ast
import re
from pathlib import Path

import pytest

from provisioning import watching
from provisioning.rootfs_files import text

SCRIPTS = Path(watching.__file__).parent / "rootfs/usr/local/lib/invoices"
UNITS = {
    "invoices-figures": "/var/lib/invoices/reports",
    "invoices-server": "/var/lib/invoices/reports",
    "invoices-logs": "/var/log/invoices",
    "invoices-maintain@": "/var/lib/invoices/reports /var/lib/invoices/dumps /var/log/invoices",
}


def test_a_server_as_it_was_rented_is_changed(rented, settings, changed):
    found = changed(watching.ensure(rented(), settings))

    assert "packages that watching takes" in found
    assert {"/usr/local/lib/invoices/figures.py", "invoices-figures.timer", "invoices-server.timer"} <= set(found)


def test_a_server_that_was_shaped_is_left_as_it_is(shaped, settings):
    host = shaped()

    watching.ensure(host, settings)

    assert host.acted == []


def test_a_rehearsal_reports_the_same_and_writes_nothing(rented, settings, changed):
    host = rented(is_rehearsal=True)

    assert changed(watching.ensure(host, settings)) == changed(watching.ensure(rented(), settings))
    assert host.acted == []


def test_what_the_server_costs_is_told_to_it(rented, settings):
    host = rented()

    watching.ensure(host, settings.model_copy(update={"monthly_cost": {"A month": "26.00"}}))

    assert host.files["/etc/invoices/costs.json"] == '{\n "A month": "26.00"\n}\n'


@pytest.mark.parametrize("name", watching.SCRIPTS)
def test_what_a_script_imports_is_put_beside_it(name):
    tree = ast.parse((SCRIPTS / f"{name}.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert {one for one in imported if (SCRIPTS / f"{one}.py").exists()} <= set(watching.SCRIPTS)


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_the_oldest_python_of_a_server_can_read_it(script):
    source = script.read_text()

    ast.parse(source, feature_version=(3, 10))
    # What Python 3.10 has not, of what is used elsewhere here.
    assert (
        re.findall(r"\b(datetime\.UTC|import UTC|tomllib|StrEnum|ExceptionGroup|typing import .*Self)\b", source) == []
    )


@pytest.mark.parametrize("name", UNITS)
def test_a_watcher_has_no_right_that_it_does_not_need(name):
    lines = text(f"/etc/systemd/system/{name}.service").splitlines()

    assert {"CapabilityBoundingSet=", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes"} <= set(lines)
    assert [line for line in lines if line.startswith("ReadWritePaths=/")] == [f"ReadWritePaths={UNITS[name]}"]


@pytest.mark.parametrize("period", ["daily", "weekly", "monthly"])
def test_the_chores_of_each_period_are_done_by_a_timer_also_after_the_server_was_off(period):
    lines = text(f"/etc/systemd/system/invoices-maintain-{period}.timer").splitlines()

    assert {f"Unit=invoices-maintain@{period}.service", "Persistent=true"} <= set(lines)


@pytest.mark.parametrize("name", UNITS)
def test_a_watcher_that_hangs_is_ended(name):
    assert re.search(r"^TimeoutStartSec=\d+(s|min)$", text(f"/etc/systemd/system/{name}.service"), re.MULTILINE)
