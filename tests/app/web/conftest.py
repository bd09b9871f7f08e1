"""The application over an empty SQLite database, and browsers that know how to sign in to it."""

from datetime import UTC, datetime

import pytest
from support.browser import QUICK_HASH, Browser
from support.clock import Clock
from support.records import a_user
from support.settings import settings_of

from app.domain.permissions import Role
from app.web.application import build


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
def stranger(app):
    """A browser in which nobody is signed in."""
    return Browser(app)


@pytest.fixture
def browser(app, user):
    """A browser in which an admin is signed in."""
    signed_in = Browser(app)
    signed_in.sign_in()
    return signed_in
