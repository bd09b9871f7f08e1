"""A one-time link leads to one user, once, and not for long."""

from datetime import timedelta

import pytest
from support.at_once import all_at_once
from support.records import a_user

from app.actions import passwords
from app.store.access import audit_entries, one_time_links, users
from app.store.access.one_time_links import Link, Purpose
from app.store.db import database as store_database
from app.store.db import tables


@pytest.fixture
def user(database):
    return a_user()


def test_a_link_leads_to_its_user(user, now):
    token = passwords.make_link(user.id, Purpose.RESET, None, now)

    assert one_time_links.find(token, now) == Link(user, Purpose.RESET)
    assert one_time_links.use(token, Purpose.RESET, now) == user.id


def test_a_link_is_good_once(user, now):
    token = passwords.make_link(user.id, Purpose.RESET, None, now)
    one_time_links.use(token, Purpose.RESET, now)

    assert one_time_links.use(token, Purpose.RESET, now) is None
    assert one_time_links.find(token, now) is None


def test_of_two_who_use_a_link_at_once_one_succeeds(database_url, now):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        token = passwords.make_link(a_user().id, Purpose.INVITE, None, now)
    found = []

    def use():
        found.append(one_time_links.use(token, Purpose.INVITE, now))

    assert all_at_once(use, use, use) == []
    assert sorted(found, key=str) == [1, None, None]
    getattr(opened, "close_all", opened.close)()


def test_looking_at_a_link_does_not_use_it(user, now):
    token = passwords.make_link(user.id, Purpose.RESET, None, now)
    one_time_links.find(token, now)

    assert one_time_links.use(token, Purpose.RESET, now) == user.id


def test_a_link_for_one_purpose_is_no_link_for_another(user, now):
    token = passwords.make_link(user.id, Purpose.INVITE, None, now)

    assert one_time_links.use(token, Purpose.RESET, now) is None
    assert one_time_links.use(token, Purpose.INVITE, now) == user.id


@pytest.mark.parametrize(
    ("purpose", "good_for"), [(Purpose.INVITE, timedelta(days=7)), (Purpose.RESET, timedelta(minutes=30))]
)
def test_a_link_is_good_for_as_long_as_its_purpose_allows(user, now, purpose, good_for):
    token = passwords.make_link(user.id, purpose, None, now)

    assert one_time_links.find(token, now + good_for - timedelta(seconds=1)) is not None
    assert one_time_links.find(token, now + good_for) is None
    assert one_time_links.use(token, purpose, now + good_for) is None


def test_a_new_link_voids_the_older_ones_of_its_purpose_only(user, now):
    invite = passwords.make_link(user.id, Purpose.INVITE, None, now)
    first = passwords.make_link(user.id, Purpose.RESET, None, now)
    second = passwords.make_link(user.id, Purpose.RESET, None, now)

    assert one_time_links.find(first, now) is None
    assert one_time_links.find(second, now) is not None
    assert one_time_links.find(invite, now) is not None


def test_a_link_by_mail_that_anybody_can_ask_for_voids_only_links_by_mail(user, now):
    by_admin = passwords.make_link(user.id, Purpose.RESET, a_user("bob@example.com"), now)
    mailed = passwords.make_mailed_link(user.id, Purpose.RESET, now)

    latest = passwords.make_mailed_link(user.id, Purpose.RESET, now)

    assert one_time_links.find(by_admin, now) is not None
    assert one_time_links.find(mailed, now) is None
    assert one_time_links.find(latest, now) is not None


def test_a_link_by_mail_leaves_that_of_the_command_line_alone(user, now):
    by_operator = passwords.make_link(user.id, Purpose.RESET, None, now)

    passwords.make_mailed_link(user.id, Purpose.RESET, now)

    assert one_time_links.find(by_operator, now) is not None


def test_the_link_of_an_admin_voids_those_by_mail(user, now):
    mailed = passwords.make_mailed_link(user.id, Purpose.RESET, now)

    passwords.make_link(user.id, Purpose.RESET, a_user("bob@example.com"), now)

    assert one_time_links.find(mailed, now) is None


def test_a_new_link_leaves_those_of_others_alone(user, now):
    bob = a_user("bob@example.com")
    token = passwords.make_link(bob.id, Purpose.RESET, None, now)

    passwords.make_link(user.id, Purpose.RESET, None, now)

    assert one_time_links.find(token, now) == Link(bob, Purpose.RESET)


def test_a_deactivated_user_has_no_use_for_a_link(user, now):
    token = passwords.make_link(user.id, Purpose.RESET, None, now)

    users.set_active(user.id, active=False)

    assert one_time_links.use(token, Purpose.RESET, now) is None


def test_only_the_hash_of_a_token_is_kept(user, now):
    token = passwords.make_link(user.id, Purpose.RESET, None, now)

    (row,) = tables.OneTimeLinkModel.select().dicts()
    assert token not in str(row)
    assert len(row["token_hash"]) == 64


def test_a_token_has_at_least_128_random_bits(user, now):
    tokens = {passwords.make_link(user.id, Purpose.RESET, None, now) for _ in range(20)}

    assert len(tokens) == 20
    assert min(map(len, tokens)) >= 22  # 6 bits a character


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 10_000, "ä\x00"])
def test_what_is_no_token_leads_nowhere(user, now, token):
    passwords.make_link(user.id, Purpose.RESET, None, now)

    assert one_time_links.find(token, now) is None
    assert one_time_links.use(token, Purpose.RESET, now) is None


def test_who_made_a_link_is_recorded_without_its_token(user, now):
    bob = a_user("bob@example.com", name="Bob")

    token = passwords.make_link(user.id, Purpose.INVITE, bob, now)

    (entry,) = audit_entries.of_subject(f"user:{user.id}")
    assert (entry.actor, entry.action, entry.after) == ("Bob", "link.made", {"purpose": "invite"})
    assert token not in str(entry)
