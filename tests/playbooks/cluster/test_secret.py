"""The values of the one secret: other passwords, another host, and nothing else changes."""

from playbooks.cluster import secret

KNOWN = {
    "SECRET_KEY": "key", "SMTP_URL": "",
    **{name: f"postgresql://{role}:old@before.example.com:5432/invoices?sslmode=require"
       for name, role in secret.ROLES.items()},
}  # fmt: skip


def test_another_host_leaves_roles_passwords_and_encryption_as_they_are():
    moved = secret.at_host(KNOWN, "after.example.com")

    assert moved["APP_DATABASE_URL"] == (
        "postgresql://invoices_app:old@after.example.com:5432/invoices?sslmode=require"
    )
    assert secret.host_of(moved) == "after.example.com"
    assert moved["SECRET_KEY"] == "key"


def test_new_passwords_are_others_for_each_role_at_the_same_host():
    new = secret.new_passwords(KNOWN)

    passwords = {new[name].partition("@")[0].rpartition(":")[2] for name in secret.ROLES}
    assert len(passwords) == 4
    assert "old" not in passwords
    assert secret.host_of(new) == "before.example.com"
    assert new["SECRET_KEY"] == "key"
