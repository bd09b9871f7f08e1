"""A user may be narrowed to some customers and ledgers; one whose customers were all deleted sees nothing, not all."""

from peewee import BooleanField


def up(migrator, db):
    migrator.migrate(migrator.add_column("users", "is_scoped", BooleanField(default=False)))


def down(migrator, db):
    migrator.migrate(migrator.drop_column("users", "is_scoped"))
