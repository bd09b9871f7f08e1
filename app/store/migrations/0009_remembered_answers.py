"""Answers to what imports asked, used again for workbooks of the same shape."""

from peewee import CharField, DateTimeField, Model, TextField


def up(migrator, db):
    class RememberedAnswer(Model):
        shape = CharField(unique=True, max_length=200)
        question = TextField()
        answer = CharField()
        answered_at = DateTimeField()

        class Meta:
            database = db
            table_name = "remembered_answers"

    db.create_tables([RememberedAnswer])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("remembered_answers"))
