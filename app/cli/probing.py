"""Pages of the app, asked for of a database that was restored: in a process of its own, as a server would start."""

import json
import logging
import secrets
import subprocess
import sys
from pathlib import Path

import app

log = logging.getLogger(__name__)

_SECONDS = 120


def problems_of_pages(url: str, folder: Path) -> list[str]:
    """Start the app on the database and ask for pages as a user; return what was not as it should be.

    A process of its own, since what this one has cached is of the live database, whose versions a copy shares.
    """
    environment = {
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "SECRET_KEY": secrets.token_urlsafe(40),
        "PUBLIC_URL": "http://localhost:80",
        "LOG_LEVEL": "ERROR",
        "LOG_FORMAT": "text",
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-m", "app.cli.probe"]
    root = Path(app.__file__).parents[1]
    try:
        done = subprocess.run(
            command, env=environment, cwd=root, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return [f"The app did not answer from the restored database within {_SECONDS} seconds."]
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it does not say why"])[-1]
        return [f"The app does not start on the restored database: {last.rstrip('.')}."]
    found: list[str] = json.loads(done.stdout)
    if found:
        log.error("the app on the restored database says: %s", done.stderr)
    return found
