"""The application over an empty SQLite database, and browsers that know how to sign in to it."""

from datetime import UTC, datetime
from functools import cache

import pytest
from support.browser import QUICK_HASH, QUICK_HASHER, Browser
from support.clock import Clock
from support.records import a_user
from support.settings import settings_of

from app.domain.permissions import Role
from app.store.db import tables
from app.web.application import build
from app.web.auth import passwords
from app.web.http import rendering


@pytest.fixture(scope="session", autouse=True)
def _compiled_templates():
    """Templates are the same in every application: compile each once, not once for each test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "templates", cache(rendering.templates))
        yield


@pytest.fixture(autouse=True)
def _password_hasher(monkeypatch):
    """Hash quickly; how strong the real one is, test_passwords.py says."""
    monkeypatch.setattr(passwords, "_HASHER", QUICK_HASHER)
    monkeypatch.setattr(passwords, "_DUMMY_HASH", QUICK_HASH)


@pytest.fixture
def clock():
    return Clock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))


@pytest.fixture
def settings(tmp_path):
    return settings_of(tmp_path)


@pytest.fixture
def app(sqlite, settings, clock):
    return build(settings, clock)


@pytest.fixture
def user(sqlite):
    return a_user("ann@example.com", Role.ADMIN, "Ann", QUICK_HASH)


@pytest.fixture
def stepped_up(browser, clock):
    """The browser of an admin who has just typed the password again."""
    tables.LoginModel.update(stepped_up_at=clock()).execute()
    return browser


@pytest.fixture
def stranger(app):
    """A browser in which nobody is signed in."""
    return Browser(app)


@pytest.fixture
def browser(app, user):
    """A browser in which an admin is signed in."""
    signed_in = Browser(app)
    signed_in.sign_in()
    return signed_in
