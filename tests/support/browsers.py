"""The browser that tests drive: Chromium, or Firefox with BROWSER=firefox."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHOSEN = os.environ.get("BROWSER", "chromium")
FIREFOX_HAS_NO = "Only Chromium emulates colours, paper, lost answers and scripts that are switched off."
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
_FIREFOX_DRIVER = Path(__file__).with_name("firefox_driver.cjs")


def installed_chromium(*, headless_shell: bool) -> str | None:
    """Return its path; the headless shell draws in half the time, the whole browser trusts what its user trusts."""
    shell = ("chromium-headless-shell",) if headless_shell else ()
    return next(filter(None, map(shutil.which, (*shell, "chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def launched() -> Iterator[Any]:
    """Start the chosen browser without a window; skip the test where it is not installed."""
    is_firefox = CHOSEN == "firefox"
    path = shutil.which("firefox-esr") if is_firefox else installed_chromium(headless_shell=True)
    if path is None:
        pytest.skip(f"{CHOSEN} is not installed (apt-get install chromium firefox-esr)")
    if is_firefox:
        os.environ["NODE_OPTIONS"] = f"--require {_FIREFOX_DRIVER}"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        if is_firefox:
            browser = playwright.firefox.launch(channel="moz-firefox", executable_path=path)
        else:
            # Scrollbars take room on most desks, though not on telephones.
            scrollbars = ["--hide-scrollbars"]
            browser = playwright.chromium.launch(executable_path=path, args=_QUIET, ignore_default_args=scrollbars)
        yield browser
        browser.close()


def skip_what_firefox_lacks(options: Mapping[str, Any]) -> None:
    if CHOSEN == "firefox" and (options.get("java_script_enabled") is False or "color_scheme" in options):
        pytest.skip(FIREFOX_HAS_NO)
