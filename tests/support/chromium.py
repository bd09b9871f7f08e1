"""The Chromium that this machine has."""

import shutil


def installed(*, headless_shell: bool) -> str | None:
    """Return its path; the headless shell draws in half the time, the whole browser trusts what its user trusts."""
    shell = ("chromium-headless-shell",) if headless_shell else ()
    return next(filter(None, map(shutil.which, (*shell, "chromium", "chromium-browser", "google-chrome"))), None)
