"""The schema, as migrations: each runs once, in a transaction, in this order, and is never changed afterwards."""

from custinfo.store.schema import spine  # isort: skip
from custinfo.store.schema import forms  # isort: skip
from custinfo.store.schema import rewriting  # isort: skip
from custinfo.store.schema.base import migrations

__all__ = ["forms", "migrations", "rewriting", "spine"]
