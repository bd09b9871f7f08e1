"""Saved views, on each database: which of them the list of invoices opens with."""

import pytest
from support.records import a_user

from app.store.access import views


@pytest.fixture
def ann(database):
    return a_user()


def defaults(user):
    return {view.name: view.is_default for view in views.of_user(user.id)}


def test_one_view_of_a_user_is_the_default(ann):
    late, big = (views.save(ann.id, name, {"status": "overdue"}, "en_GB") for name in ("Late", "Big"))
    views.make_default(ann.id, late)
    views.make_default(ann.id, big)

    assert defaults(ann) == {"Big": True, "Late": False}


def test_no_view_is_the_default_any_more(ann):
    views.make_default(ann.id, views.save(ann.id, "Late", {"status": "overdue"}, "en_GB"))
    views.make_default(ann.id, None)

    assert defaults(ann) == {"Late": False}


def test_the_default_of_another_user_stays(ann):
    bob = a_user("bob@example.com")
    views.make_default(bob.id, views.save(bob.id, "Late", {"status": "overdue"}, "en_GB"))
    views.make_default(ann.id, views.save(ann.id, "Big", {"least": "1000"}, "en_GB"))

    assert defaults(bob) == {"Late": True}
