"""The application over an empty SQLite database, and browsers that know how to sign in to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from support.browser import PASSWORD, Browser
from support.records import a_user

from app.domain.permissions import Role
from app.settings import AppSettings
from app.web.application import build

# Weak on purpose: a hash of the usual strength would take longer than the test around it.
QUICK_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


class Clock:
    def __init__(self, moment):
        self.moment = moment

    def __call__(self):
        return self.moment

    def advance(self, **amount):
        self.moment += timedelta(**amount)


@pytest.fixture
def clock():
    return Clock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))


@pytest.fixture
def settings(tmp_path):
    return replace(
        AppSettings.from_environment({"DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "k" * 40}),
        public_url="http://localhost:80",
    )


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
