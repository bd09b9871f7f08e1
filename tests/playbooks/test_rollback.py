"""Going back is refused where it cannot end well, and says why."""

import pytest
from support.recording_host import RecordingHost
from support.recording_stack import served

from app.store.db.database import MIGRATION_TABLE
from playbooks import rollback
from playbooks.rollback import chosen, refuse_over_migrations
from playbooks.steps import release
from playbooks.steps.session import RefusedError
from provisioning.host import Ran

KEPT = {
    "readlink *": Ran(0, "/opt/invoices/releases/new\n"),
    "find * .served *": Ran(0, served("older", "old", "new")),
}


def test_without_a_word_it_goes_back_to_the_one_before():
    assert chosen(RecordingHost(answers=KEPT), "") == "old"


def test_going_back_again_leads_further_back_and_not_to_what_was_left():
    gone_back = {"readlink *": Ran(0, "/opt/invoices/releases/old\n")}

    assert chosen(RecordingHost(answers=KEPT | gone_back), "") == "older"


def test_a_release_that_somebody_went_back_from_is_passed_over_also_when_another_was_deployed_since():
    left = {"find * .left *": Ran(0, "1 /opt/invoices/releases/old\n")}

    assert chosen(RecordingHost(answers=KEPT | left), "") == "older"
    assert chosen(RecordingHost(answers=KEPT | left), "old") == "old"


def test_whatever_is_newer_than_what_was_gone_back_to_was_left():
    host = RecordingHost(answers=KEPT)

    release.mark_rolled_back_to(host, "older")

    assert host.acted == [
        "touch /opt/invoices/releases/new/.left",
        "touch /opt/invoices/releases/old/.left",
        "rm -f -- /opt/invoices/releases/older/.left",
    ]


def test_a_release_that_is_newer_than_the_one_that_serves_can_be_named():
    gone_back = {"readlink *": Ran(0, "/opt/invoices/releases/old\n")}

    assert chosen(RecordingHost(answers=KEPT | gone_back), "new") == "new"


def test_a_release_whose_image_is_gone_is_passed_over():
    gone = {"docker image inspect * invoices-app:old": Ran(1, "")}

    assert chosen(RecordingHost(answers=KEPT | gone), "") == "older"


def test_a_release_that_is_not_kept_is_refused_with_those_that_are():
    with pytest.raises(RefusedError, match="oldest is not kept there; kept are old, older"):
        chosen(RecordingHost(answers=KEPT), "oldest")


def test_where_nothing_else_was_deployed_it_says_so():
    with pytest.raises(RefusedError, match="no other is kept"):
        chosen(RecordingHost(answers=KEPT | {"find * .served *": Ran(0, served("new"))}), "")


def test_a_migration_that_the_release_does_not_know_is_refused():
    host = RecordingHost(
        answers=KEPT
        | {
            "* psql *": Ran(0, "0001_initial\n0002_more\n"),
            "ls /opt/invoices/releases/old/*": Ran(0, "0001_initial.py\n"),
        }
    )

    with pytest.raises(RefusedError, match=r"since old the database was migrated, .*\(0002_more\)"):
        refuse_over_migrations(host, "old")


def test_a_release_that_knows_every_migration_is_not_refused():
    host = RecordingHost(
        answers=KEPT
        | {"* psql *": Ran(0, "0001_initial\n"), "ls /opt/invoices/releases/old/*": Ran(0, "0001_initial.py\n")}
    )

    refuse_over_migrations(host, "old")

    assert any("ls /opt/invoices/releases/old/" in line for line in host.asked)


def test_the_migrations_are_read_where_the_app_keeps_them():
    assert f" FROM {MIGRATION_TABLE} " in rollback._APPLIED
