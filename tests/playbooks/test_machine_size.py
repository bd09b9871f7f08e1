"""Memory, processors and PostgreSQL's settings follow from the machine; what does not fit into it is refused."""

import re
from pathlib import Path

import pytest
from support.recording_host import RecordingHost

from playbooks.steps.machine_size import BESIDE_AUTOMATION, SIZES, of_machine, settings
from playbooks.steps.session import RefusedError
from provisioning.host import Ran

ROOT = Path(__file__).parents[2]
BYTES_A_ROW = 3_700  # with twelve cells, as .env.example says
every_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.gigabytes} GB")
# What Linux says of Lightsail's bundles and of other machines that are sold with so many gigabytes, and processors.
MACHINES = {2: (1_976_000, 2), 4: (3_930_000, 2), 8: (7_940_000, 2), 16: (16_000_000, 4), 32: (32_300_000, 8)}


def machine(kilobytes, processors=2):
    meminfo = f"MemTotal:  {kilobytes} kB\nMemFree:  1000 kB\n"
    return RecordingHost(files={"/proc/meminfo": meminfo}, answers={"nproc": Ran(0, f"{processors}\n")})


@pytest.mark.parametrize(
    ("gigabytes", "shared_buffers", "database", "app", "processes", "rows"),
    [
        (2, "112MB", "448m", "448m", "2", "100000"),
        (4, "192MB", "768m", "1200m", "2", "250000"),
        (8, "512MB", "2048m", "2048m", "2", "500000"),
        (16, "1280MB", "5120m", "4096m", "4", "1000000"),
        (32, "2560MB", "10240m", "6144m", "8", "2000000"),
    ],
)
def test_a_larger_machine_gives_every_service_more(gigabytes, shared_buffers, database, app, processes, rows):
    values = of_machine(machine(*MACHINES[gigabytes]), {}, "server.env")

    assert (values["DB_SHARED_BUFFERS"], values["DB_MEMORY"], values["APP_MEMORY"]) == (shared_buffers, database, app)
    assert (values["SERVER_WORKERS"], values["WORKBOOK_MAX_ROWS"]) == (processes, rows)


@every_size
def test_all_that_lasts_fits_into_the_machine_even_at_its_limits(size):
    gate_and_queue = 64 + 192

    assert size.database + size.app + size.worker + size.proxy + gate_and_queue <= size.gigabytes * 1_024


@every_size
def test_the_worker_holds_as_many_rows_as_a_workbook_may_have(size):
    assert size.workbook_rows * BYTES_A_ROW <= size.worker_itself * 1_000_000


@every_size
@pytest.mark.parametrize("processors", [1, 2, 4, 8, 16])
def test_two_versions_of_the_app_have_a_connection_for_each_thread(size, processors):
    values = settings(size, processors)
    threads = int(values["SERVER_WORKERS"]) * 8 * 2

    assert threads <= int(values["DB_APP_CONNECTIONS"]) < int(values["DB_MAX_CONNECTIONS"])


@pytest.mark.parametrize(("processors", "quota"), [(1, "75000"), (2, "150000"), (8, "600000")])
def test_each_service_may_take_a_share_of_the_processors_that_there_are(processors, quota):
    values = settings(SIZES[-1], processors)

    assert (values["APP_CPU_QUOTA"], values["DB_CPU_QUOTA"]) == (quota, quota)


def test_what_compose_takes_without_a_server_is_the_row_of_a_machine_of_4_gb():
    read = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", (ROOT / "docker-compose.yml").read_text()))
    of_compose = {name: read[name] for name in settings(SIZES[1], 2) if read.get(name)}

    assert of_compose == {name: value for name, value in settings(SIZES[1], 2).items() if name in of_compose}
    assert len(of_compose) == 17


def test_a_machine_that_is_too_small_is_refused_by_its_memory():
    with pytest.raises(RefusedError, match=r"it has 0\.9 GB of memory, and the stack takes a machine of 2"):
        of_machine(machine(961_000), {}, "server.env")


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"DB_MEMORY": "4000m"}, "server.env: with DB_MEMORY 7,212 MB are taken, and 198.51.100.9, a machine of 4 GB, "
         "has 4,096: take less."),
        ({"WORKBOOK_MAX_MEMORY_MEGABYTES": "900"}, "server.env: with WORKBOOK_MAX_MEMORY_MEGABYTES 1,900 MB are taken, "
         "and the worker, WORKER_MEMORY, has 1,500: take less."),
        ({"SERVER_WORKERS": "16"}, "server.env: with SERVER_WORKERS 3,200 MB are taken, and the app, APP_MEMORY, "
         "has 1,200: take less."),
        ({"SERVER_WORKERS": "all"}, "server.env: SERVER_WORKERS is 'all', and takes a whole number, such as 4."),
        ({"APP_MEMORY": "2 GB"}, "server.env: APP_MEMORY is '2 GB', and takes whole megabytes, such as 768m."),
    ],
)  # fmt: skip
def test_a_choice_that_does_not_fit_is_refused_by_its_name(chosen, says):
    with pytest.raises(RefusedError, match=f"^{re.escape(says)}$"):
        of_machine(machine(*MACHINES[4]), chosen, "server.env")


def test_a_choice_that_fits_is_taken():
    assert (
        of_machine(machine(*MACHINES[8]), {"SERVER_WORKERS": "6", "CURRENCY": "EUR"}, "server.env")["APP_MEMORY"]
        == "2048m"
    )


@every_size
def test_the_page_about_scaling_says_the_same(size):
    row = (
        f"| {size.gigabytes} GB | {size.database:,}, {size.database // 4:,}, {size.work} MB | {size.app:,} MB "
        f"| {size.worker:,} MB | {size.workbook_rows:,} |"
    )

    assert row in (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8").splitlines()


def test_a_machine_of_2_gb_is_too_small_for_automation():
    with pytest.raises(RefusedError, match=r"it has 1\.9 GB of memory, and with automation .* takes a machine of 4"):
        of_machine(machine(*MACHINES[2]), {}, "server.env", automation=True)


@pytest.mark.parametrize("gigabytes", [4, 8, 16, 32])
def test_n8n_and_all_that_lasts_beside_it_fit_into_the_machine_even_at_their_limits(gigabytes):
    values = of_machine(machine(*MACHINES[gigabytes]), {}, "server.env", automation=True)
    limits = [int(values[f"{name}_MEMORY"][:-1]) for name in ("DB", "APP", "WORKER", "PROXY", "N8N")]

    assert sum(limits) + 64 + 192 <= gigabytes * 1_024
    assert 450 <= int(values["N8N_HEAP_MEGABYTES"]) <= limits[-1] * 0.7


@pytest.mark.parametrize("share", BESIDE_AUTOMATION.values(), ids=lambda share: f"{share.n8n} MB")
def test_beside_n8n_the_worker_still_holds_as_many_rows_as_a_workbook_may_have(share):
    assert share.workbook_rows * BYTES_A_ROW <= share.worker_itself * 1_000_000


def test_without_automation_a_machine_gives_n8n_nothing():
    assert not [name for name in of_machine(machine(*MACHINES[4]), {}, "server.env") if name.startswith("N8N_")]
