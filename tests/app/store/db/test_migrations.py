"""The migrations make the tables that the code describes."""

from pathlib import Path

import pytest
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models
from support.tables import ALL

from app.store.db import database as store_database
from app.store.db import tables

# Indexes over some rows only: peewee's models do not describe them, the migrations make them.
PARTIAL_INDEXES = {
    "invoices_open",
    "invoices_voided_at",
    "invoices_written_off_at",
    "payments_paid_on",
    "payments_voided_at",
    "payments_batch_key",
}
FOLDER = Path(store_database.__file__).parents[1] / "migrations"


def columns(database):
    """Return each column of the tables, and whether who adds a row has to fill it."""
    return {
        (table, column.name): not (column.null or column.primary_key or column.default is not None)
        for table in database.get_tables()
        for column in database.get_columns(table)
    }


def test_the_migrated_database_has_exactly_the_tables_of_the_code(database):
    found = diff_models(database, ALL)

    assert {index.name for index in found.drop_indexes} == PARTIAL_INDEXES
    assert not found._replace(drop_indexes=[])


def test_a_second_migration_has_nothing_to_do(database):
    assert store_database.migrate() == []


def test_the_migration_can_be_taken_back_and_applied_again(database):
    Runner(database, directory=str(FOLDER)).down("0001_tables")
    assert not database.table_exists("invoices")
    store_database.migrate()

    assert tables.LedgerVersionModel.select().count() == 1
    assert not diff_models(database, ALL)._replace(drop_indexes=[])


def test_the_version_before_a_migration_can_go_on_writing_as_both_serve_during_a_deploy(database):
    in_its_way = []
    for name in reversed(store_database.known()[1:]):
        later = columns(database)
        Runner(database, directory=str(FOLDER)).down(name)
        earlier = columns(database)
        tables_of_then = {table for table, _ in earlier}
        in_its_way += [f"{name} takes {table}.{column} away" for table, column in earlier.keys() - later.keys()]
        in_its_way += [
            f"{name} demands {table}.{column}"
            for (table, column), is_demanded in later.items()
            if is_demanded and table in tables_of_then and not earlier.get((table, column))
        ]
    store_database.migrate()

    assert in_its_way == []


def test_a_database_without_migrations_is_not_current(tmp_path):
    store_database.open_database(f"sqlite:///{tmp_path}/new.sqlite3")

    with store_database.connection():
        assert not store_database.is_current()


def test_a_database_of_before_the_first_release_is_refused_in_one_sentence(tmp_path):
    store_database.open_database(f"sqlite:///{tmp_path}/old.sqlite3")

    with store_database.connection():
        tables.database.execute_sql("CREATE TABLE invoices (id INTEGER PRIMARY KEY)")
        with pytest.raises(store_database.DatabaseUnavailableError, match="made before the first release"):
            store_database.migrate()
