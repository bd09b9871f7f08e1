"""The worker's look into the inbox folder: each file is imported once and moved, with a report beside it."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from huey import Huey, crontab
from peewee import PeeweeException

from app.actions import imports as import_actions
from app.domain.messages import one_line
from app.jobs.imports import INBOX_FOLDER, ImportJobs
from app.jobs.inbox_folder import UNTOUCHED_FOR, Filed, InboxFile, InboxFolder, NotAFileError, name_of
from app.jobs.inbox_state import InboxState
from app.jobs.job_queue import QueueUnavailableError
from app.settings import AppSettings
from app.store.db.after_commit import after_commit
from app.store.db.current_user import Actor, acting_as
from app.store.db.database import connection
from app.store.ledger import imports
from app.store.ledger.imports import ImportOrigin, Source, StoredImport
from app.workbook.figures import Expected, expected
from app.workbook.import_files import plain_name
from app.workbook.importing import Importer
from app.workbook.meaning.cell_values.amounts import UnreadableError
from app.workbook.preview import Choices
from app.workbook.reading.refusal import WorkbookRefusedError
from app.workbook.reporting import ImportReports, Report, refusal

ACTOR = Actor(program=INBOX_FOLDER)
MOST_AT_ONCE = 10  # a person's upload waits for no more than these
MOST_IN_A_LOOK = 100  # a refused file takes milliseconds, and other jobs wait
_SHOWN = 10
_MINUTES_BETWEEN_TRIES = 10
_FIGURE = re.compile(r"\[(?P<figure>[^\[\]]*[0-9][^\[\]]*)\]\s*(?:\.[^.\[\]]*)?$")

log = logging.getLogger(__name__)


class InboxJobs:
    """`_troubles` are sentences by the name of a file that could not be taken or moved: it is not tried each minute."""

    def __init__(
        self, queue: Huey, jobs: ImportJobs, importer: Importer, reports: ImportReports, folder: InboxFolder
    ) -> None:
        self._jobs = jobs
        self._importer = importer
        self._reports = reports
        self._folder = folder
        self._troubles: dict[str, str] = {}
        self._task = queue.task(name="look_into_inbox_again")(self.look)
        queue.periodic_task(self._is_anything_to_do, name="look_into_inbox")(self.look)
        queue.periodic_task(crontab(hour="3", minute="17"), name="prune_inbox")(self.prune)
        jobs.after_each(self._worked_on)

    @classmethod
    def where_set_up(
        cls, queue: Huey, jobs: ImportJobs, importer: Importer, settings: AppSettings
    ) -> "InboxJobs | None":
        if settings.inbox_dir is None:
            return None
        reports = ImportReports(importer, settings.public_url)
        return cls(queue, jobs, importer, reports, InboxFolder(settings.inbox_dir))

    def _is_anything_to_do(self, minute: datetime) -> bool:
        """Ask before anything is queued, as what is queued is written; what was stuck is tried now and then only."""
        try:
            self._folder.prepare()
            files = self._folder.files()
            self._note(files)
        except OSError as error:
            self._say_unusable(error)
            return False
        is_retry = minute.minute % _MINUTES_BETWEEN_TRIES == 0
        if any(is_retry or one.name not in self._troubles for one in self._ready(files)):
            return True
        with connection():
            return any(is_retry or name_of(one.inbox_name) not in self._troubles for one in imports.not_filed())

    def look(self) -> None:
        """Put away what was worked on, then take the next files, the oldest first."""
        with connection(), acting_as(ACTOR):
            try:
                self._folder.prepare()
                with self._folder.alone() as is_alone:
                    if is_alone:
                        self._look()
            except OSError as error:
                self._say_unusable(error)

    def prune(self) -> None:
        try:
            if count := self._folder.prune(self._importer.now()):
                log.info("deleted %s files of the inbox that were done long ago", count)
        except OSError as error:
            self._say_unusable(error)

    def _look(self) -> None:
        for stored in imports.not_filed():
            self._put_away(stored)
        open_keys = {one.inbox_name for one in imports.not_filed()}
        room = MOST_AT_ONCE - len(open_keys)
        files = self._folder.files()
        known = {one.name for one in files}
        self._troubles = {name: said for name, said in self._troubles.items() if name in known}
        wanted = [one for one in self._ready(files) if one.key not in open_keys]
        for one in wanted[:MOST_IN_A_LOOK]:
            if room <= 0:
                break
            if self._take(one):
                room -= 1
        if room > 0 and len(wanted) > MOST_IN_A_LOOK:
            self._look_again()
        self._note(self._folder.files())

    def _ready(self, files: list[InboxFile]) -> list[InboxFile]:
        latest = (self._importer.now() - UNTOUCHED_FOR).timestamp()
        return [one for one in files if one.changed_at <= latest]

    def _take(self, found: InboxFile) -> bool:
        """Return whether an import of it was begun."""
        try:
            own_book = self._own_book(found.name)
            with self._folder.opened(found.name) as stream:
                if not self._folder.is_as_found(found):
                    return False  # somebody is writing it
                import_id = import_actions.receive(
                    self._importer,
                    stream,
                    found.name,
                    None,
                    apply_when_clean=True,
                    choices=Choices(expected=own_book),
                    origin=ImportOrigin(Source.FOLDER, inbox_name=found.key),
                )
        except FileNotFoundError:
            return False  # somebody took it away
        except NotAFileError as kind:
            self._refuse(found, f"This is {kind}, not a file: put the workbook itself there.")
            return False
        except PermissionError:
            self._refuse(found, f"The file cannot be read: let the user {os.geteuid()} of the worker read it.")
            return False
        except (WorkbookRefusedError, UnreadableError) as refused:
            self._refuse(found, str(refused))
            return False
        except OSError as error:
            self._note_trouble(found.name, f"cannot be taken in now ({error.strerror}); it is tried again")
            return False
        if not self._folder.is_as_found(found):
            # What was received may be a part of it only.
            import_actions.discard(self._importer, import_id, None)
            return False
        self._troubles.pop(found.name, None)
        self._jobs.enqueue(import_id)
        return True

    def _own_book(self, name: str) -> Expected | None:
        """Return the figure of a name such as `book [12345.60].xlsx`; raises UnreadableError."""
        match = _FIGURE.search(name)
        if match is None:
            return None
        try:
            return expected(match["figure"], self._importer.firm.currency)
        except UnreadableError as error:
            raise UnreadableError(
                f"The figure in the brackets of its name {error}: write it as [12345.60] or [EUR 12345.60]."
            ) from error

    def _refuse(self, found: InboxFile, sentence: str) -> None:
        if not self._folder.is_as_found(found):
            return  # somebody is writing it, or took it away
        report = refusal(plain_name(found.name), sentence)
        try:
            self._folder.put_away(found.name, self._folder.problems, Filed(_text(report)))
        except FileNotFoundError:
            return  # somebody took it away
        except OSError as error:
            self._note_trouble(found.name, f"was refused ({one_line(sentence)}) and {_cannot_be_moved(error)}")

    def _worked_on(self, import_id: int) -> None:
        """Put away what the worker has just been at, and look for more once it was at all of them."""
        stored = imports.get(import_id)
        if stored is None or not stored.inbox_name or stored.filed_at is not None:
            return
        try:
            with acting_as(ACTOR), self._folder.alone() as is_alone:
                if is_alone:
                    self._put_away(stored)
        except OSError as error:
            self._say_unusable(error)
            return
        if not imports.not_filed():
            after_commit(self._look_again)

    def _look_again(self) -> None:
        try:
            self._task()
        except (QueueUnavailableError, PeeweeException) as error:
            log.warning("the inbox folder is looked into in the next minute: %s", error)

    def _put_away(self, stored: StoredImport) -> None:
        report = self._reports.of(stored)
        if report is None:
            return
        name, files = name_of(stored.inbox_name), self._importer.files(stored)
        into = self._folder.done if report.needs_nobody else self._folder.problems
        try:
            with self._marked(stored, report) as marked:
                filed = Filed(_text(report), marked, self._marked_ending(stored, marked))
                self._folder.put_away_import(name, stored.sha256, files.fetched_workbook, into, filed)
        except OSError as error:
            self._note_trouble(name, f"was read ({report.outcome}) and {_cannot_be_moved(error)}")
        else:
            self._troubles.pop(name, None)
            imports.note_filed(stored.id, self._importer.now())

    @contextmanager
    def _marked(self, stored: StoredImport, report: Report) -> Iterator[Path | None]:
        """Yield no copy where it would exceed the limits: the report says the same."""
        with ExitStack() as stack:
            copy = None
            if report.has_marked_copy:
                with suppress(WorkbookRefusedError):
                    copy = stack.enter_context(self._importer.marked_copy(stored))
            yield copy

    def _marked_ending(self, stored: StoredImport, marked: Path | None) -> str:
        return Path(self._importer.marked_name(stored)).suffix if marked else ""

    def _note_trouble(self, name: str, what: str) -> None:
        sentence = f"{plain_name(name)} {what}."
        if self._troubles.get(name) != sentence:
            log.warning("inbox folder: %s", sentence)
        self._troubles[name] = sentence

    def _note(self, files: list[InboxFile]) -> None:
        waiting = [plain_name(one.name) for one in files]
        folders = [
            f"{plain_name(name)} is a folder: put workbooks into inbox/ itself." for name in self._folder.folders()
        ]
        troubles = [*self._troubles.values(), *folders]
        InboxState(len(waiting), tuple(waiting[:_SHOWN]), tuple(troubles[:_SHOWN])).write(self._importer.data_dir)

    def _say_unusable(self, error: OSError) -> None:
        sentence = (
            f"The inbox folder {self._folder.root} cannot be used ({error.strerror}): let the user {os.geteuid()} of "
            "the worker read and write it."
        )
        state = InboxState(troubles=(sentence,))
        if state != InboxState.read(self._importer.data_dir):
            log.error("%s", sentence)
        state.write(self._importer.data_dir)


def _text(report: Report) -> str:
    return f"{report.subject}\n\n{report.text}"


def _cannot_be_moved(error: OSError) -> str:
    return f"cannot be moved ({error.strerror}): let the user {os.geteuid()} of the worker write the inbox folder"
