import os

import psycopg
import pytest

from app.backups import scratch
from app.backups.scratch import ScratchError, folder_in, new_server, path_of, read_only, server_of


def answer(url, question):
    with psycopg.connect(url) as connection:
        return connection.execute(question).fetchone()[0]


def test_a_new_server_answers_by_its_socket_alone(scratch_folder):
    with new_server(folder_in(scratch_folder, "new")) as server:
        assert answer(server.url("postgres"), "SHOW listen_addresses") == ""


def test_nobody_else_on_the_machine_may_use_the_socket(scratch_folder):
    with new_server(folder_in(scratch_folder, "new")) as server:
        assert server.folder.stat().st_mode & 0o777 == 0o700


def test_a_server_that_is_read_only_refuses_to_write(scratch_folder):
    with (
        new_server(folder_in(scratch_folder, "new")) as server,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        answer(read_only(server.url("postgres")), "CREATE TABLE one (id integer)")


def test_its_programs_run_against_it(scratch_folder):
    with new_server(folder_in(scratch_folder, "new")) as server:
        server.do("createdb", "restored")

        assert answer(server.url("restored"), "SELECT current_database()") == "restored"


def test_what_a_program_says_is_in_the_sentence(scratch_folder):
    with (
        new_server(folder_in(scratch_folder, "new")) as server,
        pytest.raises(ScratchError, match=r'createdb failed: .*database "postgres" already exists'),
    ):
        server.do("createdb", "postgres")


def test_it_ends_with_the_block(scratch_folder):
    with new_server(folder_in(scratch_folder, "new")) as server:
        url = server.url("postgres")

    with pytest.raises(psycopg.OperationalError):
        answer(url, "SELECT 1")


def test_it_ends_when_the_block_fails(scratch_folder):
    with pytest.raises(ZeroDivisionError), new_server(folder_in(scratch_folder, "new")) as server:
        raise ZeroDivisionError

    assert not (server.folder / "data/postmaster.pid").exists()


def test_a_server_that_a_killed_run_left_is_stopped_and_removed(scratch_folder):
    left = new_server(folder_in(scratch_folder, "new"))
    url = left.__enter__().url("postgres")

    scratch.empty(scratch_folder)

    assert list(scratch_folder.iterdir()) == []
    with pytest.raises(psycopg.OperationalError):
        answer(url, "SELECT 1")


def test_a_server_that_cannot_start_says_why(scratch_folder):
    folder = folder_in(scratch_folder, "new")
    with new_server(folder):
        pass
    (folder / "data/PG_VERSION").write_text("9\n")

    with (
        pytest.raises(ScratchError, match=r"The restored server did not start: .*incompatible with server"),
        server_of(folder, "invoices"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
def test_root_has_to_name_somebody_by_giving_them_the_folder(tmp_path):
    with pytest.raises(ScratchError, match="PostgreSQL does not run as root: run this as another user, or give"):
        scratch.run_as_owner(tmp_path, path_of("initdb"), "--version")


def test_a_missing_program_says_what_to_install():
    with pytest.raises(ScratchError, match="The program pg_nothing is missing: install PostgreSQL and pgBackRest"):
        path_of("pg_nothing")


def test_why_a_server_ended_is_not_what_it_said_to_a_client_meanwhile(tmp_path):
    log = tmp_path / "log"
    log.write_text(
        "2026-11-28 UTC [1] FATAL:  recovery ended before configured recovery target was reached\n"
        "2026-11-28 UTC [2] FATAL:  the database system is in recovery mode\n"
    )

    assert scratch._last_words(log) == "recovery ended before configured recovery target was reached"
