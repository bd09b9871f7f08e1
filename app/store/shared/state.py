"""What app and worker let one another know where they are several copies: rows of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

import peewee

from app.process_state import StateUnavailableError
from app.store.db import tables
from app.store.db.database import AdvisoryLock, connection
from app.store.db.locks import one_at_a_time


class StateInDatabase:
    def read(self, name: str) -> str | None:
        with _reached():
            found = tables.ProcessStateModel.get_or_none(tables.ProcessStateModel.name == name)
            return None if found is None else str(found.content)

    def write(self, name: str, text: str) -> None:
        with _reached():
            tables.ProcessStateModel.insert(name=name, content=text).on_conflict(
                conflict_target=[tables.ProcessStateModel.name], update={tables.ProcessStateModel.content: text}
            ).execute()

    def remove(self, name: str) -> bool:
        """Return whether there was one."""
        with _reached():
            gone: int = tables.ProcessStateModel.delete().where(tables.ProcessStateModel.name == name).execute()
            return gone > 0

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:  # noqa: ARG002  # one lock for all names: it is held for milliseconds
        with _reached(), tables.database.atomic():
            one_at_a_time(AdvisoryLock.PROCESS_STATES)
            yield


@contextmanager
def _reached() -> Iterator[None]:
    if tables.database.obj is None:
        raise StateUnavailableError("the database is not open yet")
    try:
        with connection():
            yield
    except peewee.PeeweeException as error:
        raise StateUnavailableError(str(error)) from error
