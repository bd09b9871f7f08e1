"""A release replaces one copy after the other; one that never becomes ready replaces none."""

from support.polling import is_so_within
from support.versions import MIGRATION, next_version, sick_version
from support.workbooks import AN_INVOICE, invoices_tab, workbook


def test_a_rolling_deploy_with_a_migration_fails_nothing_while_both_versions_serve(site, load, drill, tmp_path):
    tree = next_version(tmp_path)
    site.migrate(tree)
    by_the_old_one = site.upload(workbook(tmp_path, invoices_tab(["R-1", *AN_INVOICE[1:]]), "old.xlsx"))
    assert site.is_applied(by_the_old_one)
    for old in (*site.copies,):
        assert site.is_answering(site.add_copy(tree))
        site.leave(old)
    for worker in (*site.workers,):
        site.add_worker(tree)
        site.leave(worker)
    by_the_new_one = site.upload(workbook(tmp_path, invoices_tab(["R-2", *AN_INVOICE[1:]]), "new.xlsx"))
    assert site.is_applied(by_the_new_one)
    assert load.goes_on(30)

    assert drill.end(goal="none failed", seen="an import by each version").failures == {}
    assert site.look_up("SELECT count(*) FROM schema_migration WHERE name = %s", MIGRATION) == [(1,)]


def test_a_release_that_never_becomes_ready_gets_no_request_and_the_old_one_serves_on(site, load, drill, tmp_path):
    sick = [site.add_copy(sick_version(tmp_path / name)) for name in ("first", "second")]
    assert all(is_so_within(60, lambda copy=copy: site.answers_by_itself(copy) == 500) for copy in sick)
    assert load.goes_on(40)

    sent = [site.balancer.requests_sent_to(copy.port) for copy in sick]
    site.kill(*sick)

    assert drill.end(goal="none failed, none sent to it").failures == {}
    assert sent == [0, 0]
