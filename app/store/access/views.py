"""Saved views: a user's named filters of the list of invoices; the parameters are stored, not the results."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError

from app.store.db.compiled_queries import Slot, compiled
from app.store.db.missing_records import existing_or_raise
from app.store.db.tables import SavedViewModel
from app.store.db.transactions import transaction


class NameTakenError(Exception):
    """The user already has a view of that name; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class View:
    """A user's named filter; `parameters` is the query string of the list's URL, whose amounts `locale` reads."""

    id: int
    name: str
    parameters: Mapping[str, str]
    is_default: bool
    locale: str


def of_user(user_id: int) -> list[View]:
    """Return the user's views, by name."""
    return [
        View(view_id, name, json.loads(parameters), is_default, locale)
        for view_id, name, parameters, is_default, locale in _of_user(user_id)
    ]


def existing(user_id: int, view_id: int) -> View:
    """Raise MissingError if the user has no such view."""
    return existing_or_raise(next((view for view in of_user(user_id) if view.id == view_id), None), "view")


def save(user_id: int, name: str, parameters: Mapping[str, str], locale: str) -> int:
    """Save the parameters under the name and return the view's id; raises NameTakenError."""
    with _unique(name):
        text = json.dumps(dict(parameters), sort_keys=True)
        return SavedViewModel.create(user=user_id, name=name, parameters=text, locale=locale).id


def rename(user_id: int, view_id: int, name: str) -> bool:
    """Return whether the user has the view; raises NameTakenError."""
    with _unique(name):
        return SavedViewModel.update(name=name).where(_own(user_id, view_id)).execute() == 1


def make_default(user_id: int, view_id: int | None) -> None:
    """Make this view of the user, or none, the default of the list of invoices."""
    is_wanted = SavedViewModel.id == view_id
    SavedViewModel.update(is_default=is_wanted).where(SavedViewModel.user == user_id).execute()


def delete(user_id: int, view_id: int) -> bool:
    return SavedViewModel.delete().where(_own(user_id, view_id)).execute() == 1


@contextmanager
def _unique(name: str) -> Iterator[None]:
    try:
        with transaction():
            yield
    except IntegrityError as error:
        raise NameTakenError(f"You have a view called {name} already.") from error


@compiled
def _of_user(user_id: Slot) -> Any:
    view = SavedViewModel
    columns = (view.id, view.name, view.parameters, view.is_default, view.locale)
    return SavedViewModel.select(*columns).where(SavedViewModel.user == user_id.value).order_by(SavedViewModel.name)


def _own(user_id: int, view_id: int) -> object:
    return (SavedViewModel.id == view_id) & (SavedViewModel.user == user_id)
