"""What the server runs: `gunicorn app.wsgi`."""

import logging

from app.settings import Settings
from app.store.database import open_database
from app.web.application import build

settings = Settings.from_environment()
logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
open_database(settings.database_url)
application = build(settings)
