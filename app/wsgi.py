"""The WSGI entry point: `gunicorn app.wsgi`."""

from app import logs
from app.jobs.processes import Processes
from app.settings import AppSettings
from app.store.db.database import open_database
from app.web.application import build

# A request that waits holds one of few threads: while an import is written, it is refused with the reason instead.
LOCK_WAIT_SECONDS = 2
ANSWER_WAIT_SECONDS = 10

settings = AppSettings.from_environment()
logs.set_up(settings.log_level, settings.log_format, Processes.of(settings).error_handler())
open_database(
    settings.database_url,
    lock_wait_seconds=LOCK_WAIT_SECONDS,
    answer_wait_seconds=ANSWER_WAIT_SECONDS,
    newest_url=AppSettings.database_url_now,
)
application = build(settings)
