"""The models of all tables."""

from app.store.db import tables

ALL = [
    model
    for model in vars(tables).values()
    if isinstance(model, type) and issubclass(model, tables.BaseModel) and not model.__subclasses__()
]
