"""The migrations make the tables that the code describes."""

from playhouse.schema_diff import diff_models

from app.store import database as store_database
from app.store import tables


def test_the_migrated_database_has_exactly_the_tables_of_the_code(database):
    assert not diff_models(database, tables.ALL)


def test_a_second_migration_has_nothing_to_do(database):
    assert store_database.migrate() == []


def test_a_database_without_migrations_is_not_current(tmp_path):
    store_database.open_database(f"sqlite:///{tmp_path}/new.sqlite3")

    with store_database.connection():
        assert not store_database.is_current()
