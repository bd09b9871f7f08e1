"""A worker that is killed in an import leaves it to the other one."""

import time

from support.held_back import held_back_invoices
from support.polling import is_so_within
from support.workbooks import AN_INVOICE, invoices_tab, workbook


def test_an_import_whose_worker_is_killed_is_ended_once_by_the_other(site, load, drill, tmp_path):
    import_id = site.upload(workbook(tmp_path, invoices_tab(["W-1", *AN_INVOICE[1:]]), "killed.xlsx"), apply="")
    assert is_so_within(60, lambda: site.state_of(import_id) == "previewed")
    with held_back_invoices(site.pair.primary().url) as held_back:
        site.apply(import_id)
        assert is_so_within(60, held_back.is_waited_for)
        [name] = held_back.waiting()
        site.kill(next(worker for worker in site.workers if worker.name == name))
        killed = time.monotonic()
    assert site.is_applied(import_id)

    drill.end(goal="applied once", seen=f"applied by the other after {time.monotonic() - killed:.1f} s")
    subject = f"import:{import_id}"
    applied = "SELECT count(*) FROM audit_entries WHERE action = 'import.applied' AND subject = %s"
    assert site.look_up(applied, subject) == [(1,)]
    assert site.look_up("SELECT count(*) FROM invoices WHERE number = 'W-1'") == [(1,)]
