"""The WSGI entry point: `gunicorn app.wsgi`."""

from app import logs
from app.settings import AppSettings
from app.store.db.database import open_database
from app.web.application import build

settings = AppSettings.from_environment()
logs.set_up(settings.log_level, settings.log_format)
open_database(settings.database_url)
application = build(settings)
