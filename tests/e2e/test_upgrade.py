"""PostgreSQL is upgraded on a server: every figure stays, the way back is open, and backups go on.

From 15 to 17, which Debian 12 and 13 have: no other two can be had without a registry.
"""

import pytest

from tests.support import instance as instances
from tests.support.deployed import Deployed
from tests.support.operators import Operator
from tests.support.stand_in_images import SUBNET

_OF_17 = " --locale-provider=builtin --builtin-locale=C.UTF-8"


@pytest.fixture
def of_15(request, bucket, tmp_path, workbook):
    """A server whose database was made by PostgreSQL 15, and holds a small ledger."""
    if request.config.getoption("--on"):
        pytest.skip("its database is of the newest version already")
    with instances.running("upgraded") as started:
        operator = Operator.of(started, tmp_path, SUBNET, bucket)
        operator.commit("docker-compose.yml", operator.text("docker-compose.yml").replace(_OF_17, ""))
        settings = operator.checkout / "server.env"
        chosen = settings.read_text()
        settings.write_text(f"{chosen}POSTGRESQL=15\n")
        operator.fab("provision")
        printed = operator.fab("deploy").printed
        settings.write_text(chosen)
        operator.fab("import-workbook", str(workbook), "--apply")
        yield Deployed(started, operator, operator.version, printed)


def major(deployed):
    return deployed.query("SHOW server_version").partition(".")[0]


def test_a_database_of_15_is_served_by_17_to_the_cent_and_is_backed_up_and_proved_there(of_15, figure):
    owed, ended = of_15.invoices("report", "customers", "--json"), audit_end(of_15)
    assert (major(of_15), len(owed) > 20) == ("15", True)

    done = of_15.operator.fab("upgrade-database")
    figure("upgrade of PostgreSQL", f"{done.seconds:.0f} s", "120 s")

    assert major(of_15) == "17"
    assert (of_15.invoices("report", "customers", "--json"), audit_end(of_15)) == (owed, ended)
    of_15.operator.fab("backup")
    assert "agree" in of_15.operator.fab("backup", "--prove").printed

    of_15.operator.fab("upgrade-database", "--back")

    assert (major(of_15), of_15.invoices("report", "customers", "--json")) == ("15", owed)


def audit_end(deployed):
    return deployed.query("SELECT entry_hash FROM audit_entries ORDER BY id DESC LIMIT 1")
