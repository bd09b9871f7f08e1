"""Saved views: a user's named filters of the list of invoices; the parameters are stored, not the results."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError

from app.store.db.compiled_queries import Slot, compiled
from app.store.db.tables import SavedViewModel
from app.store.db.transactions import transaction


class NameTakenError(Exception):
    """The user already has a view of that name; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class View:
    """A user's named filter; `parameters` is the query string of the list's URL."""

    id: int
    name: str
    parameters: Mapping[str, str]
    is_default: bool


def of_user(user_id: int) -> list[View]:
    """Return the user's views, by name."""
    rows = _of_user(user_id)
    return [View(view_id, name, json.loads(parameters), is_default) for view_id, name, parameters, is_default in rows]


def save(user_id: int, name: str, parameters: Mapping[str, str]) -> int:
    """Save the parameters under the name and return the view's id; raises NameTakenError."""
    try:
        with transaction():
            row = SavedViewModel.create(user=user_id, name=name, parameters=_json(parameters))
    except IntegrityError as error:
        raise NameTakenError(f"You have a view called {name} already.") from error
    return row.id


def change(user_id: int, view_id: int, *, name: str, parameters: Mapping[str, str] | None = None) -> bool:
    """Rename the user's view, replace its parameters if given, and return whether it exists; raises NameTakenError."""
    values = {"name": name, **({} if parameters is None else {"parameters": _json(parameters)})}
    try:
        with transaction():
            changed: int = SavedViewModel.update(values).where(_own(user_id, view_id)).execute()
    except IntegrityError as error:
        raise NameTakenError(f"You have a view called {name} already.") from error
    return changed == 1


def make_default(user_id: int, view_id: int | None) -> bool:
    """Make this view, or none, the default of the list of invoices; return False if there is no such view."""
    with transaction():
        if view_id is not None and not SavedViewModel.select().where(_own(user_id, view_id)).exists():
            return False
        SavedViewModel.update(is_default=False).where(SavedViewModel.user == user_id).execute()
        if view_id is not None:
            SavedViewModel.update(is_default=True).where(_own(user_id, view_id)).execute()
        return True


def delete(user_id: int, view_id: int) -> bool:
    return SavedViewModel.delete().where(_own(user_id, view_id)).execute() == 1


@compiled
def _of_user(user_id: Slot) -> Any:
    columns = (SavedViewModel.id, SavedViewModel.name, SavedViewModel.parameters, SavedViewModel.is_default)
    return SavedViewModel.select(*columns).where(SavedViewModel.user == user_id.value).order_by(SavedViewModel.name)


def _own(user_id: int, view_id: int) -> object:
    return (SavedViewModel.id == view_id) & (SavedViewModel.user == user_id)


def _json(parameters: Mapping[str, str]) -> str:
    return json.dumps(dict(parameters), sort_keys=True)
