"""Files that are put into the inbox folder are imported once and moved, with a report beside."""

import io
import os
import shutil
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pkgutil import resolve_name

import pytest
from huey import MemoryHuey
from openpyxl import load_workbook
from support.clock import Clock
from support.settings import settings_of
from support.workbooks import AN_INVOICE, ANOTHER_INVOICE, invoices_tab, workbook

from app.actions import imports as import_actions
from app.files import Files
from app.jobs.imports import ImportJobs
from app.jobs.inbox import MOST_AT_ONCE, MOST_IN_A_LOOK, InboxJobs
from app.jobs.inbox_folder import InboxFolder
from app.jobs.inbox_state import InboxState
from app.store.access import audit_entries
from app.store.db import tables
from app.store.ledger import imports
from app.store.ledger.imports import State
from app.workbook.importing import Importer

UNREADABLE = ["1003", "Acme", "2026-01-05", "2026-02-04", "a lot"]
MINUTE = datetime(2026, 3, 2, 9, 31, tzinfo=UTC)


class Inbox:
    """A worker with an inbox folder; the clock of the app stands a minute after what was put there."""

    def __init__(self, folder, clock):
        settings = settings_of(folder).model_copy(update={"inbox_dir": folder / "in"})
        self.clock = clock
        self.folder = InboxFolder(folder / "in")
        self.importer = Importer(
            settings.data_dir, Files(settings.files_place), settings.workbook, settings.unsaved_firm, clock
        )
        self.settings = settings
        settings.data_dir.mkdir()
        self.start()
        self.folder.prepare()

    def start(self):
        """Begin as a worker does that was started again."""
        self.queue = MemoryHuey(immediate=False)
        self.jobs = ImportJobs(self.queue, self.importer)
        InboxJobs.where_set_up(self.queue, self.jobs, self.importer, self.settings)

    def put(self, name, content):
        path = self.folder.inbox / name
        path.write_bytes(content)
        return path

    def pass_a_minute(self, minute=MINUTE):
        for task in self.queue.read_periodic(minute):
            self.queue.enqueue(task)
        self.work_off()

    def work_off(self):
        while task := self.queue.dequeue():
            self.queue.execute(task)

    def names(self, folder):
        return sorted(path.name for path in (self.folder.root / folder).iterdir())

    def report(self, name):
        return (self.folder.root / f"{name}.report.txt").read_text(encoding="utf-8")

    @property
    def state(self):
        return InboxState.read(self.settings.data_dir)


def later():
    return datetime.fromtimestamp(time.time(), UTC) + timedelta(minutes=1)


@pytest.fixture
def inbox(database, tmp_path):
    return Inbox(tmp_path, Clock(later()))


@pytest.fixture
def quick_inbox(sqlite, tmp_path):
    return Inbox(tmp_path, Clock(later()))


@pytest.fixture
def content(tmp_path):
    return workbook(tmp_path, invoices_tab(AN_INVOICE)).read_bytes()


@pytest.fixture
def other_content(tmp_path):
    return workbook(tmp_path, invoices_tab(AN_INVOICE, ANOTHER_INVOICE), "other.xlsx").read_bytes()


@pytest.fixture
def wrong_content(tmp_path):
    return workbook(tmp_path, invoices_tab(AN_INVOICE, UNREADABLE), "wrong.xlsx").read_bytes()


def test_a_clean_workbook_is_applied_and_moved_to_done_with_its_report(inbox, content):
    inbox.put("book.xlsx", content)

    inbox.pass_a_minute()

    assert [imports.get(1).state, tables.InvoiceModel.select().count()] == [State.APPLIED, 1]
    assert (inbox.names("inbox"), inbox.names("done")) == ([], ["book.xlsx", "book.xlsx.report.txt"])
    assert (inbox.folder.done / "book.xlsx").read_bytes() == content
    assert inbox.report("done/book.xlsx").startswith("book.xlsx: applied\n\nbook.xlsx was imported.\n")


def test_it_is_recorded_as_the_inbox_folder_s(inbox, content):
    inbox.put("book.xlsx", content)

    inbox.pass_a_minute()

    recorded = [(one.action, one.actor, one.program) for one in audit_entries.of_subject("import:1")]
    assert recorded == [("import.applied", "", "the inbox folder"), ("import.uploaded", "", "the inbox folder")]


def test_the_same_content_again_is_nothing_new_and_overwrites_nothing(inbox, content):
    for _ in range(2):
        inbox.put("book.xlsx", content)
        inbox.pass_a_minute()

    assert tables.InvoiceModel.select().count() == 1
    assert inbox.names("done") == [
        "book (2).xlsx",
        "book (2).xlsx.report.txt",
        "book.xlsx",
        "book.xlsx.report.txt",
    ]
    assert inbox.report("done/book (2).xlsx").startswith("book.xlsx: nothing new\n")


def test_a_workbook_with_problems_is_moved_there_with_a_marked_copy(inbox, wrong_content):
    inbox.put("book.xlsx", wrong_content)

    inbox.pass_a_minute()

    assert tables.InvoiceModel.select().count() == 0
    assert inbox.names("problems") == ["book-checked.xlsx", "book.xlsx", "book.xlsx.report.txt"]
    assert "- Invoices!E3: " in inbox.report("problems/book.xlsx")
    assert "http://localhost:80/imports/1" in inbox.report("problems/book.xlsx")
    assert load_workbook(inbox.folder.problems / "book-checked.xlsx")["Invoices"]["E3"].comment is not None


@pytest.mark.parametrize(
    ("name", "into"),
    [
        ("book [100.00].xlsx", "done"),
        ("book [USD 100].xlsx", "done"),
        ("book [final].xlsx", "done"),
        ("book [100.01].xlsx", "problems"),
        ("book [2026].xlsx", "problems"),
        ("book [1.2.3].xlsx", "problems"),
    ],
)
def test_a_figure_in_its_name_has_to_agree(quick_inbox, content, name, into):
    quick_inbox.put(name, content)

    quick_inbox.pass_a_minute()

    assert name in quick_inbox.names(into)
    assert tables.InvoiceModel.select().count() == (1 if into == "done" else 0)


def test_a_figure_that_cannot_be_read_is_said(quick_inbox, content):
    quick_inbox.put("book [1.2.3].xlsx", content)

    quick_inbox.pass_a_minute()

    said = quick_inbox.report("problems/book [1.2.3].xlsx")
    assert said.startswith("book [1.2.3].xlsx was refused\n\nThe figure in the brackets of its name ")
    assert said.endswith(": write it as [12345.60] or [EUR 12345.60].\n")


def test_a_file_that_was_just_written_is_left_to_be_finished(quick_inbox, content):
    quick_inbox.put("book.xlsx", content)
    quick_inbox.clock.moment = datetime.fromtimestamp(time.time() + 15, UTC)

    quick_inbox.pass_a_minute()

    assert (quick_inbox.names("inbox"), tables.ImportModel.select().count()) == (["book.xlsx"], 0)


def test_an_old_date_that_a_copy_brought_along_does_not_make_it_finished(quick_inbox, content):
    os.utime(quick_inbox.put("book.xlsx", content), (0, 0))
    quick_inbox.clock.moment = datetime.fromtimestamp(time.time() + 15, UTC)

    quick_inbox.pass_a_minute()

    assert quick_inbox.names("inbox") == ["book.xlsx"]


@pytest.mark.parametrize(
    "name", ["book.xlsx.part", "book.xlsx.filepart", "~$book.xlsx", ".book.xlsx", "book.xlsx.PART", "book.xlsx~"]
)
def test_temporary_names_are_left_alone(quick_inbox, content, name):
    quick_inbox.put(name, content)

    quick_inbox.pass_a_minute()

    assert (quick_inbox.names("inbox"), quick_inbox.names("problems")) == ([name], [])


def test_a_file_that_is_no_workbook_is_refused_with_a_sentence(quick_inbox):
    quick_inbox.put("notes.xlsx", b"not a workbook")

    quick_inbox.pass_a_minute()

    assert quick_inbox.names("problems") == ["notes.xlsx", "notes.xlsx.report.txt"]
    assert "This is not an Excel workbook" in quick_inbox.report("problems/notes.xlsx")
    assert tables.ImportModel.select().count() == 0


def test_the_same_refused_file_again_overwrites_nothing(quick_inbox):
    for _ in range(2):
        quick_inbox.put("notes.xlsx", b"not a workbook")
        quick_inbox.pass_a_minute()

    assert [name for name in quick_inbox.names("problems") if name.endswith(".xlsx")] == [
        "notes (2).xlsx",
        "notes.xlsx",
    ]


def test_a_huge_file_is_refused(quick_inbox):
    with (quick_inbox.folder.inbox / "huge.xlsx").open("wb") as file:
        file.truncate(5_000_000_000)

    quick_inbox.pass_a_minute()

    assert "huge.xlsx" in quick_inbox.names("problems")
    assert "The file is too large: at most 10 MB is read." in quick_inbox.report("problems/huge.xlsx")


def _a_link(path):
    path.symlink_to("/etc/passwd")


def _a_pipe(path):
    os.mkfifo(path)


def _a_socket(path):
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket may have few characters
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


@pytest.mark.parametrize(("make", "kind"), [(_a_link, "a link"), (_a_pipe, "a pipe"), (_a_socket, "a socket")])
def test_what_is_no_file_is_never_opened_and_put_among_the_problems(quick_inbox, make, kind):
    make(quick_inbox.folder.inbox / "book.xlsx")

    quick_inbox.pass_a_minute()

    assert os.path.lexists(quick_inbox.folder.problems / "book.xlsx")
    assert quick_inbox.report("problems/book.xlsx").endswith(
        f"This is {kind}, not a file: put the workbook itself there.\n"
    )


def test_a_link_among_what_is_done_leads_nowhere(quick_inbox, content, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"kept")
    (quick_inbox.folder.done / ".unfinished.part").symlink_to(elsewhere)
    quick_inbox.put("book.xlsx", content)

    quick_inbox.pass_a_minute()

    assert elsewhere.read_bytes() == b"kept"
    assert quick_inbox.names("inbox") == []
    assert imports.get(1).state is State.APPLIED


def _write_later(path, content):
    """Write so that the file system's clock, which ticks a few hundred times a second, tells it from before."""
    before = path.stat().st_ctime
    while path.stat().st_ctime == before:
        path.write_bytes(content)


@pytest.mark.parametrize("is_workbook", [True, False])
def test_a_file_that_is_written_to_once_it_was_found_is_left_to_be_finished(
    quick_inbox, content, monkeypatch, is_workbook
):
    path = quick_inbox.put("book.xlsx", content if is_workbook else b"no workbook")
    opened = InboxFolder.opened

    def written_to_before(folder, name):
        _write_later(path, path.read_bytes()[:20])
        return opened(folder, name)

    monkeypatch.setattr(InboxFolder, "opened", written_to_before)

    quick_inbox.pass_a_minute()

    assert (quick_inbox.names("inbox"), quick_inbox.names("problems")) == (["book.xlsx"], [])
    assert tables.ImportModel.select().count() == 0


def test_a_file_that_is_written_to_while_it_is_refused_is_left_to_be_finished(quick_inbox, monkeypatch):
    path = quick_inbox.put("book.xlsx", b"no workbook")
    receive = import_actions.receive

    def written_to_after(*args, **options):
        try:
            return receive(*args, **options)
        finally:
            _write_later(path, b"no workbook, but more of it")

    monkeypatch.setattr(import_actions, "receive", written_to_after)

    quick_inbox.pass_a_minute()

    assert (quick_inbox.names("inbox"), quick_inbox.names("problems")) == (["book.xlsx"], [])


def test_a_folder_that_is_gone_after_the_import_is_said(quick_inbox, content):
    quick_inbox.put("book.xlsx", content)
    _take(quick_inbox)
    shutil.rmtree(quick_inbox.folder.root)
    quick_inbox.folder.root.write_text("no folder")

    quick_inbox.work_off()

    [sentence] = quick_inbox.state.troubles
    assert sentence.startswith(f"The inbox folder {quick_inbox.folder.root} cannot be used (")


def test_a_folder_stays_where_it_is_and_is_said(quick_inbox, content):
    (quick_inbox.folder.inbox / "June").mkdir()
    quick_inbox.put("June/book.xlsx", content)

    quick_inbox.pass_a_minute()

    assert quick_inbox.names("inbox") == ["June"]
    assert quick_inbox.state.troubles == ("June is a folder: put workbooks into inbox/ itself.",)


@pytest.mark.parametrize(
    "name", [b"two\nlines.xlsx", b"a" * 250 + b".xlsx", "é".encode() * 125 + b".xlsx", b"\xff.xlsx"]
)
def test_any_name_is_taken_and_put_away_under_one_that_can_be_shown(inbox, content, name):
    (inbox.folder.inbox / os.fsdecode(name)).write_bytes(content)

    inbox.pass_a_minute()

    [moved] = [one for one in inbox.names("done") if not one.endswith(".report.txt")]
    assert moved.isprintable()
    assert (inbox.folder.done / moved).read_bytes() == content
    assert inbox.names("inbox") == []


def test_a_file_that_vanishes_before_it_is_moved_is_put_away_from_what_was_kept(quick_inbox, content):
    quick_inbox.put("book.xlsx", content)
    _take(quick_inbox)
    (quick_inbox.folder.inbox / "book.xlsx").unlink()

    quick_inbox.work_off()

    assert (quick_inbox.folder.done / "book.xlsx").read_bytes() == content


def test_a_file_that_is_replaced_meanwhile_is_another_import(quick_inbox, content, other_content):
    quick_inbox.put("book.xlsx", content)
    _take(quick_inbox)
    quick_inbox.put("book.xlsx", other_content)

    quick_inbox.work_off()
    quick_inbox.pass_a_minute()

    assert (quick_inbox.folder.done / "book.xlsx").read_bytes() == content
    assert (quick_inbox.folder.done / "book (2).xlsx").read_bytes() == other_content
    assert tables.InvoiceModel.select().count() == 2


def _take(inbox):
    """Look once, and do not yet read what was taken."""
    for task in inbox.queue.read_periodic(MINUTE):
        if task.name == "look_into_inbox":
            inbox.queue.execute(task)


STEPS = [
    "app.workbook.import_files.ImportFiles.keep_workbook",
    "app.actions.imports._end_reading",
    "app.actions.imports._write",
    "app.jobs.inbox_folder.InboxFolder.put_away_import",
    "app.jobs.inbox_folder._write_beside",
    "app.store.ledger.imports.note_filed",
]


class Killed(BaseException):
    """The worker ends here."""


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_is_killed_loses_nothing_and_imports_nothing_twice(inbox, content, monkeypatch, step, when):
    inbox.put("book.xlsx", content)
    with monkeypatch.context() as patch:
        patch.setattr(step, _killing(step, when))
        with pytest.raises(Killed):
            inbox.pass_a_minute()

    inbox.start()
    for _ in range(3):
        inbox.pass_a_minute()

    assert tables.InvoiceModel.select().count() == 1
    assert (inbox.names("inbox"), inbox.names("done")) == ([], ["book.xlsx", "book.xlsx.report.txt"])
    assert [one.state for one in imports.newest_first()] == [State.APPLIED]


def _killing(step, when):
    real = resolve_name(step)

    def killed(*given, **named):
        if when == "after":
            real(*given, **named)
        raise Killed

    return killed


def test_what_cannot_be_read_is_refused_with_what_to_do(quick_inbox, content, monkeypatch):
    quick_inbox.put("book.xlsx", content)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("app.jobs.inbox_folder.os.open", _for_files(refuse))
    quick_inbox.pass_a_minute()

    assert f"let the user {os.geteuid()} of the worker read it." in quick_inbox.report("problems/book.xlsx")


def _for_files(refuse):
    real = os.open

    def opened(path, flags, *more):
        return real(path, flags, *more) if flags & os.O_DIRECTORY or os.fspath(path).endswith("lock") else refuse()

    return opened


def test_a_folder_that_nothing_can_be_moved_out_of_is_said_and_nothing_is_imported_twice(
    quick_inbox, content, monkeypatch
):
    quick_inbox.put("book.xlsx", content)

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.rename", _out_of_the_inbox(refuse))
        for _ in range(3):
            quick_inbox.pass_a_minute()
    assert quick_inbox.state.troubles == (
        "book.xlsx was read (applied) and cannot be moved (Read-only file system): let the user "
        f"{os.geteuid()} of the worker write the inbox folder.",
    )
    assert tables.ImportModel.select().count() == 1

    quick_inbox.pass_a_minute(MINUTE.replace(minute=40))
    assert (quick_inbox.names("inbox"), quick_inbox.state.troubles) == ([], ())
    assert quick_inbox.names("done") == ["book.xlsx", "book.xlsx.report.txt"]


def _out_of_the_inbox(refuse):
    real = Path.rename

    def rename(path, target):
        return refuse() if path.parent.name == "inbox" else real(path, target)

    return rename


def test_what_is_stuck_is_not_tried_each_minute(quick_inbox, content, monkeypatch):
    quick_inbox.put("book.xlsx", content)

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.rename", _out_of_the_inbox(refuse))
        quick_inbox.pass_a_minute()
        assert quick_inbox.queue.read_periodic(MINUTE) == []
        assert [task.name for task in quick_inbox.queue.read_periodic(MINUTE.replace(minute=40))] == ["look_into_inbox"]


def test_a_folder_that_cannot_be_used_is_said(quick_inbox):
    for folder in ("inbox", "done", "problems"):
        (quick_inbox.folder.root / folder).rmdir()
    quick_inbox.folder.root.rmdir()
    quick_inbox.folder.root.write_text("no folder")

    assert quick_inbox.queue.read_periodic(MINUTE) == []

    [sentence] = quick_inbox.state.troubles
    assert sentence.startswith(f"The inbox folder {quick_inbox.folder.root} cannot be used (")


def test_an_empty_inbox_writes_nothing_into_the_queue(quick_inbox):
    assert quick_inbox.queue.read_periodic(MINUTE) == []


def test_no_more_than_ten_imports_of_the_folder_wait_at_once(quick_inbox, content):
    for number in range(12):
        quick_inbox.put(f"{number:02}.xlsx", content)

    _take(quick_inbox)
    assert len(imports.in_work()) == MOST_AT_ONCE == 10

    quick_inbox.work_off()
    assert quick_inbox.names("inbox") == []
    assert tables.InvoiceModel.select().count() == 1


def test_ten_thousand_files_are_looked_at_and_the_oldest_taken(quick_inbox, content):
    quick_inbox.put("zz-first.xlsx", content)
    for number in range(10_000):
        quick_inbox.put(f"{number}.xlsx", b"")

    _take(quick_inbox)

    assert imports.get(1).file_name == "zz-first.xlsx"
    assert len(quick_inbox.names("inbox")) == 10_001 - MOST_IN_A_LOOK + 1
    assert "look_into_inbox_again" in [quick_inbox.queue.dequeue().name for _ in range(2)]


def test_what_is_done_is_deleted_after_ninety_days_and_problems_stay(quick_inbox, content, wrong_content):
    quick_inbox.put("book.xlsx", content)
    quick_inbox.put("wrong.xlsx", wrong_content)
    quick_inbox.pass_a_minute()
    prune = datetime(2026, 3, 2, 3, 17, tzinfo=UTC)

    quick_inbox.clock.advance(days=89)
    quick_inbox.pass_a_minute(prune)
    assert quick_inbox.names("done") == ["book.xlsx", "book.xlsx.report.txt"]

    quick_inbox.clock.advance(days=2)
    quick_inbox.pass_a_minute(prune)
    assert quick_inbox.names("done") == []
    assert "wrong.xlsx" in quick_inbox.names("problems")


def test_the_page_can_say_what_lies_there(quick_inbox, content):
    quick_inbox.put("book.xlsx.part", content)
    quick_inbox.put("later.xlsx", content)
    quick_inbox.clock.moment = datetime.fromtimestamp(time.time(), UTC)

    quick_inbox.pass_a_minute()

    assert quick_inbox.state == InboxState(1, ("later.xlsx",), ())


def test_a_clean_import_is_applied_though_the_worker_was_killed_after_reading(quick_inbox, content):
    import_id = import_actions.receive(quick_inbox.importer, io.BytesIO(content), "b.xlsx", None, apply_when_clean=True)
    import_actions.preview(quick_inbox.importer, import_id)

    assert imports.get(import_id).state is State.APPLYING
