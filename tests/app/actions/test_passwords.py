from datetime import timedelta

from support.records import a_user

from app.actions import passwords
from app.store.access import one_time_links, users
from app.store.access.one_time_links import Purpose
from app.store.db import tables


def test_a_changed_password_ends_all_sessions_voids_links_and_is_audited(database, now):
    user = a_user("ann@example.com")
    tables.LoginModel.create(
        jti="j", user=user.id, created_at=now, last_seen_at=now, expires_at=now + timedelta(hours=1)
    )
    token = passwords.make_link(user.id, Purpose.RESET, None, now)

    passwords.change(user, "new hash", None, now)

    assert users.password_hash_of(user.id) == "new hash"
    assert tables.LoginModel.get().revoked_at == now
    assert one_time_links.find(token, now) is None
    assert [entry.action for entry in tables.AuditEntryModel.select()] == ["link.made", "password.changed"]


def test_a_link_sets_one_password_and_no_second_one(database, now):
    user = a_user("ann@example.com")
    token = passwords.make_link(user.id, Purpose.RESET, None, now)
    link = one_time_links.find(token, now)

    assert passwords.change_by_link(token, link, "first hash", now)
    assert not passwords.change_by_link(token, link, "second hash", now)
    assert users.password_hash_of(user.id) == "first hash"
