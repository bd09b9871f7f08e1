"""The worker reads, applies and undoes imports as their states say, and takes up what an earlier one left."""

import errno
import io
import json
import signal
import subprocess
import sys
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import peewee
import pytest
from huey import MemoryHuey
from support.records import a_user
from support.workbooks import AN_INVOICE, an_importer, files_of, invoices_tab, workbook

from app.actions import imports as import_actions
from app.files import FilesUnavailableError
from app.jobs.imports import ImportJobs
from app.store.db import tables
from app.store.db.database import AdvisoryLock
from app.store.db.held_locks import only_here
from app.store.db.outages import Outage, outage_behind
from app.store.db.tables import InvoiceModel
from app.store.ledger import imports
from app.store.ledger.imports import State
from app.store.shared import unknown_files
from app.workbook.import_files import ImportFiles
from app.workbook.reading.progress import Step

ROOT = Path(__file__).parents[3]


@pytest.fixture
def importer(sqlite, tmp_path, files_place):
    return an_importer(tmp_path / "data", place=files_place)


@pytest.fixture
def jobs(importer):
    return ImportJobs(MemoryHuey(immediate=False), importer)


@pytest.fixture
def content(tmp_path):
    return workbook(tmp_path, invoices_tab(AN_INVOICE)).read_bytes()


@pytest.fixture
def uploaded(importer, content):
    return import_actions.receive(importer, io.BytesIO(content), "June.xlsx", None)


KILLED = """
import json, os, signal, sys
from pathlib import Path
from huey import MemoryHuey
from support.workbooks import an_importer
from app.actions import imports as import_actions
from app.files import Files, FilesPlace
from app.jobs.imports import ImportJobs
from app.store.db import database

url, data_dir, place, last, what = sys.argv[1:]
put = Files.put

def put_and_end(self, name, content):
    put(self, name, content)
    if name.endswith(last):
        os.kill(os.getpid(), signal.SIGKILL)

Files.put = put_and_end
database.open_database(url)
importer = an_importer(Path(data_dir), place=FilesPlace(*json.loads(place)))
if what.isdigit():
    ImportJobs(MemoryHuey(immediate=False), importer).work_on(int(what))
else:
    with open(what, "rb") as stream:
        import_actions.receive(importer, stream, "June.xlsx", None)
"""
UNKNOWN = "0123456789abcdef" * 2  # a name that no import has
AWAY = "The uploaded files in s3://files cannot be reached just now."


def unavailable(*_):
    raise FilesUnavailableError(AWAY)


def state_of(import_id):
    return imports.get(import_id).state


def test_nothing_is_queued_for_a_minute_in_which_nothing_waits(importer):
    queue = MemoryHuey(immediate=False)
    ImportJobs(queue, importer)

    assert queue.read_periodic(datetime(2026, 3, 2, 9, 30, tzinfo=UTC)) == []


def test_what_waits_is_looked_for_each_minute(importer, uploaded):
    queue = MemoryHuey(immediate=False)
    ImportJobs(queue, importer)

    assert [task.name for task in queue.read_periodic(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))] == [
        "take_up_unfinished"
    ]


def test_an_upload_is_read_then_applied_then_undone(jobs, uploaded):
    jobs.work_on(uploaded)
    assert state_of(uploaded) is State.PREVIEWED

    imports.claim(uploaded, (State.PREVIEWED,), State.APPLYING)
    jobs.work_on(uploaded)
    assert state_of(uploaded) is State.APPLIED
    assert InvoiceModel.select().count() == 1

    imports.claim(uploaded, (State.APPLIED,), State.UNDOING)
    jobs.work_on(uploaded)
    assert state_of(uploaded) is State.UNDONE
    assert InvoiceModel.select().count() == 0


def test_an_import_that_waits_for_a_person_is_left_alone(jobs, uploaded):
    jobs.work_on(uploaded)
    jobs.work_on(uploaded)

    assert state_of(uploaded) is State.PREVIEWED


def test_an_undo_that_is_refused_leaves_the_import_applied_with_the_reasons(jobs, uploaded):
    jobs.work_on(uploaded)
    imports.claim(uploaded, (State.PREVIEWED,), State.APPLYING)
    jobs.work_on(uploaded)
    InvoiceModel.update(version=2).execute()
    imports.claim(uploaded, (State.APPLIED,), State.UNDOING)

    jobs.work_on(uploaded)

    assert state_of(uploaded) is State.APPLIED
    assert "Invoice 1001 was changed after this import." in imports.get(uploaded).failure


def test_a_failure_nobody_foresaw_becomes_a_sentence_and_changes_nothing(jobs, uploaded, monkeypatch):
    jobs.work_on(uploaded)
    imports.claim(uploaded, (State.PREVIEWED,), State.APPLYING)

    def fail(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr("app.store.ledger.bulk.insert", fail)
    jobs.work_on(uploaded)

    assert state_of(uploaded) is State.PREVIEWED
    assert imports.get(uploaded).failure.startswith("Something went wrong and nothing was changed")
    assert InvoiceModel.select().count() == 0


def test_a_failure_at_applying_what_was_to_be_applied_at_once_leaves_it_previewed(jobs, uploaded, monkeypatch):
    imports.change(uploaded, apply_when_clean=True)

    def fail(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr("app.workbook.applying.write", fail)
    jobs.work_on(uploaded)

    assert state_of(uploaded) is State.PREVIEWED
    assert imports.get(uploaded).failure.startswith("Something went wrong and nothing was changed")


def test_memory_that_does_not_suffice_for_applying_is_told_as_what_it_is(jobs, uploaded, monkeypatch):
    jobs.work_on(uploaded)
    imports.claim(uploaded, (State.PREVIEWED,), State.APPLYING)

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("app.store.ledger.bulk.insert", fail)
    jobs.work_on(uploaded)

    assert state_of(uploaded) is State.PREVIEWED
    assert imports.get(uploaded).failure.startswith(
        "That needs more memory than the worker has, and nothing was changed: split the workbook, or ask the operator"
    )


def test_a_disk_without_room_is_told_as_what_it_is(jobs, uploaded, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("app.actions.imports.preview", fail)
    jobs.work_on(uploaded)

    assert state_of(uploaded) is State.FAILED
    assert imports.get(uploaded).failure.startswith("The disk of the server is full and nothing was changed")


def test_what_an_earlier_worker_left_is_taken_up_again(importer, uploaded):
    queue = MemoryHuey(immediate=False)

    ImportJobs(queue, importer).enqueue_unfinished()

    assert queue.pending_count() == 1
    queue.execute(queue.dequeue())
    assert state_of(uploaded) is State.PREVIEWED


def test_an_import_that_another_worker_is_at_is_left_to_it(jobs, importer, uploaded):
    with only_here(AdvisoryLock.IMPORT, uploaded) as is_free:
        jobs.work_on(uploaded)
        meanwhile = imports.get(uploaded)
    jobs.work_on(uploaded)

    assert is_free
    assert (meanwhile.state, meanwhile.tries) == (State.READING, 0)
    assert state_of(uploaded) is State.PREVIEWED


def test_an_import_whose_files_were_lost_can_be_undone(jobs, importer, uploaded):
    jobs.work_on(uploaded)
    imports.claim(uploaded, (State.PREVIEWED,), State.APPLYING)
    jobs.work_on(uploaded)
    files_of(importer, uploaded).delete()

    imports.claim(uploaded, (State.APPLIED,), State.UNDOING)
    jobs.work_on(uploaded)

    assert state_of(uploaded) is State.UNDONE


def test_an_import_that_is_gone_is_no_failure(jobs):
    jobs.work_on(77)

    assert imports.newest_first(limit=1) == []


def later(importer, days):
    return replace(importer, now=lambda: datetime.now(UTC) + timedelta(days=days))


def cleaned_up(importer):
    ImportJobs(MemoryHuey(immediate=False), importer).delete_unknown_files()
    return importer.stored_files.folders()


def test_files_that_belong_to_no_import_are_deleted_30_days_after_that_was_found(importer, uploaded):
    importer.stored_files.put(f"{UNKNOWN}/workbook", b"")
    kept = imports.get(uploaded).stored_file

    assert cleaned_up(later(importer, days=100)) == sorted([kept, UNKNOWN])
    assert cleaned_up(later(importer, days=129)) == sorted([kept, UNKNOWN])
    assert cleaned_up(later(importer, days=131)) == [kept]


def test_a_restored_database_keeps_files_that_it_does_not_know_as_long_whenever_they_were_written(importer, uploaded):
    cleaned_up(later(importer, days=1))
    known = tables.ImportModel.get_by_id(uploaded)
    tables.ImportModel.delete().execute()

    assert cleaned_up(later(importer, days=100)) == [known.stored_file]
    assert cleaned_up(later(importer, days=129)) == [known.stored_file]
    assert cleaned_up(later(importer, days=131)) == []


def test_files_whose_import_was_stored_after_all_are_kept_and_forgotten(importer, uploaded):
    row = tables.ImportModel.get_by_id(uploaded)
    importer.stored_files.put(f"{UNKNOWN}/workbook", b"")
    cleaned_up(importer)
    row.stored_file = UNKNOWN
    row.save()

    assert UNKNOWN in cleaned_up(later(importer, days=40))
    assert UNKNOWN not in unknown_files.noted()


def test_what_somebody_else_keeps_in_the_same_place_is_never_deleted(importer):
    importer.stored_files.put("photos/2026.jpg", b"")

    cleaned_up(importer)

    assert cleaned_up(later(importer, days=1_000)) == ["photos"]


def test_a_folder_of_what_was_never_written_to_its_end_is_deleted_too(sqlite, tmp_path):
    importer = an_importer(tmp_path / "data")
    (tmp_path / "data/imports" / UNKNOWN).mkdir(parents=True)
    (tmp_path / "data/imports" / UNKNOWN / "workbook#1").write_bytes(b"a part")

    cleaned_up(importer)

    assert cleaned_up(later(importer, days=31)) == []


@pytest.fixture
def killed_after(importer, sqlite_url):
    """Upload a file or work on an import in another process, which is killed once it has put the file of this name."""

    def killed(last, what):
        place = json.dumps(astuple(importer.stored_files.place))
        words = [sqlite_url, str(importer.data_dir), place, last, str(what)]
        own = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
        return subprocess.run([sys.executable, "-c", KILLED, *words], cwd=ROOT, env=own, check=False).returncode

    return killed


def test_an_upload_whose_process_is_killed_before_its_import_is_stored_leaves_a_file_for_30_days(
    importer, killed_after, tmp_path
):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE))

    assert killed_after("/workbook", path) == -signal.SIGKILL

    assert imports.newest_first(limit=1) == []
    [left] = cleaned_up(importer)
    assert importer.stored_files.read(f"{left}/workbook") == path.read_bytes()
    assert cleaned_up(later(importer, days=31)) == []


def test_a_reading_whose_worker_is_killed_before_it_is_stored_is_done_again(jobs, importer, killed_after, uploaded):
    assert killed_after("/preview.json", uploaded) == -signal.SIGKILL
    assert (state_of(uploaded), files_of(importer, uploaded).has_preview()) == (State.READING, True)

    jobs.work_on(uploaded)

    assert state_of(uploaded) is State.PREVIEWED
    assert files_of(importer, uploaded).preview().counts["new"] == 1


ENDS_ITS_CONNECTION = (
    "CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$",
    "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON imports DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION end_connection()",
)


@pytest.fixture
def unanswered_commits(postgresql):
    """A database that ends the connection on which an import is committed."""
    for statement in ENDS_ITS_CONNECTION:
        tables.database.execute_sql(statement)
    yield
    tables.database.close()
    tables.database.connect()
    tables.database.execute_sql("DROP FUNCTION end_connection CASCADE")


@pytest.mark.usefixtures("unanswered_commits")
def test_a_commit_that_was_not_answered_leaves_the_files_of_an_import_that_may_be_stored(
    tmp_path, files_place, content
):
    importer = an_importer(tmp_path / "data", place=files_place)

    with pytest.raises(peewee.OperationalError) as lost:
        import_actions.receive(importer, io.BytesIO(content), "June.xlsx", None)

    assert outage_behind(lost.value) is Outage.COMMIT_UNANSWERED
    assert len(importer.stored_files.folders()) == 1


def test_an_upload_that_ctrl_c_interrupts_leaves_the_files_of_an_import_that_may_be_stored(
    importer, monkeypatch, content
):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("app.actions.imports._record", interrupted)
    with pytest.raises(KeyboardInterrupt):
        import_actions.receive(importer, io.BytesIO(content), "June.xlsx", None)

    assert len(importer.stored_files.folders()) == 1


def test_an_upload_that_is_not_stored_leaves_no_file(importer, monkeypatch, content):
    def fail(*_, **__):
        raise RuntimeError("boom")

    monkeypatch.setattr("app.actions.imports._record", fail)
    with pytest.raises(RuntimeError):
        import_actions.receive(importer, io.BytesIO(content), "June.xlsx", None)

    assert importer.stored_files.folders() == []


def test_a_worker_without_its_bucket_says_so_and_the_workbook_can_be_read_again(jobs, importer, uploaded, monkeypatch):
    with monkeypatch.context() as away:
        away.setattr("app.files.Files.fetched", unavailable)
        jobs.work_on(uploaded)
    assert (state_of(uploaded), imports.get(uploaded).failure) == (State.FAILED, AWAY)

    import_actions.read_again(importer, uploaded, a_user())
    jobs.work_on(uploaded)

    assert state_of(uploaded) is State.PREVIEWED


def test_a_preview_that_cannot_be_saved_leaves_the_import_to_be_read_again(jobs, importer, uploaded, monkeypatch):
    with monkeypatch.context() as away:
        away.setattr("app.files.Files.put", unavailable)
        jobs.work_on(uploaded)
    assert (state_of(uploaded), imports.get(uploaded).failure) == (State.FAILED, AWAY)

    import_actions.read_again(importer, uploaded, a_user())
    jobs.work_on(uploaded)

    assert state_of(uploaded) is State.PREVIEWED


def test_an_import_is_applied_though_its_records_cannot_be_deleted(jobs, uploaded, monkeypatch):
    jobs.work_on(uploaded)
    imports.claim(uploaded, (State.PREVIEWED,), State.APPLYING)
    monkeypatch.setattr("app.files.Files.delete", unavailable)

    jobs.work_on(uploaded)

    assert (state_of(uploaded), imports.get(uploaded).failure) == (State.APPLIED, "")


def test_progress_is_written_each_time_in_a_folder_and_once_a_second_in_a_bucket(importer, uploaded, files_place):
    moments = [datetime(2026, 3, 2, 9, 30, 0, n, tzinfo=UTC) for n in (0, 999_999)]
    moments.append(datetime(2026, 3, 2, 9, 30, 1, tzinfo=UTC))
    files = ImportFiles(importer.stored_files, "a1", iter(moments).__next__)

    seen = []
    for number in range(3):
        files.progress(Step("reading", number))
        seen.append(files.latest_progress()[0].rows)

    assert seen == ([0, 1, 2] if files_place.folder else [0, 0, 2])
