"""Links that are good once, waits after wrong passwords, second factors, and where each login comes from."""

from peewee import BigIntegerField, BooleanField, CharField, DateTimeField, ForeignKeyField, IntegerField, Model


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("users", "totp_step", BigIntegerField(null=True)),
        migrator.add_column("logins", "address", CharField(default="", max_length=45)),
        migrator.add_column("logins", "user_agent", CharField(default="")),
    )

    class User(Model):
        class Meta:
            database = db
            table_name = "users"

    class OneTimeLink(Model):
        token_hash = CharField(unique=True, max_length=64)
        user = ForeignKeyField(User, on_delete="CASCADE")
        purpose = CharField(max_length=10)
        made_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
        made_at = DateTimeField()
        expires_at = DateTimeField()

        class Meta:
            database = db
            table_name = "one_time_links"

    class RecoveryCode(Model):
        code_hash = CharField(unique=True, max_length=64)
        user = ForeignKeyField(User, on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "recovery_codes"

    class Throttle(Model):
        name = CharField(unique=True)
        attempts = IntegerField()
        latest_at = DateTimeField()
        is_told = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "throttles"

    db.create_tables([OneTimeLink, RecoveryCode, Throttle])


def down(migrator, db):
    for table in ("one_time_links", "recovery_codes", "throttles"):
        db.execute_sql(f"DROP TABLE {table}")
    migrator.migrate(
        migrator.drop_column("users", "totp_step"),
        migrator.drop_column("logins", "address"),
        migrator.drop_column("logins", "user_agent"),
    )
