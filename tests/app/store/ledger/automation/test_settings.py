"""The settings of automation, on both databases."""

from dataclasses import replace

from app.domain.automation import Automation
from app.store.db.transactions import transaction
from app.store.ledger.automation import settings

SAVED = Automation(
    applies_mailed=True, weekday=5, hour=0, recipients=("a@b.example", "c@d.example"), chat_url="https://chat.example/1"
)


def test_what_was_saved_is_read_back_with_the_next_version(database):
    for version in (0, 1):
        with transaction():
            assert settings.locked().version == version
            settings.write(replace(SAVED, version=version))

    assert settings.current() == replace(SAVED, version=2)
