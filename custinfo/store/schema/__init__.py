"""The schema, as migrations: each runs once, in a transaction, in this order, and is never changed afterwards."""

from custinfo.store.schema import spine  # isort: skip
from custinfo.store.schema import forms  # isort: skip
from custinfo.store.schema import rewriting  # isort: skip
from custinfo.store.schema import access  # isort: skip
from custinfo.store.schema import ledger  # isort: skip
from custinfo.store.schema import login  # isort: skip
from custinfo.store.schema import approvals  # isort: skip
from custinfo.store.schema import retention  # isort: skip
from custinfo.store.schema import privacy  # isort: skip
from custinfo.store.schema import incidents  # isort: skip
from custinfo.store.schema import audit  # isort: skip
from custinfo.store.schema import sealing  # isort: skip
from custinfo.store.schema import exports  # isort: skip
from custinfo.store.schema import batches  # isort: skip
from custinfo.store.schema import merges  # isort: skip
from custinfo.store.schema import segments  # isort: skip
from custinfo.store.schema import credit  # isort: skip
from custinfo.store.schema import batch_contents  # isort: skip
from custinfo.store.schema import remittances  # isort: skip
from custinfo.store.schema import reports  # isort: skip
from custinfo.store.schema import match_grams  # isort: skip
from custinfo.store.schema import match_events  # isort: skip
from custinfo.store.schema import report_calendar  # isort: skip
from custinfo.store.schema import statistics  # isort: skip
from custinfo.store.schema import report_uses  # isort: skip
from custinfo.store.schema import plans  # isort: skip
from custinfo.store.schema import studies  # isort: skip
from custinfo.store.schema import deciders  # isort: skip
from custinfo.store.schema import indicator_systems  # isort: skip
from custinfo.store.schema import sample_units  # isort: skip
from custinfo.store.schema import gradings  # isort: skip
from custinfo.store.schema.base import migrations

__all__ = [
    "access",
    "approvals",
    "audit",
    "batch_contents",
    "batches",
    "credit",
    "deciders",
    "exports",
    "forms",
    "gradings",
    "incidents",
    "indicator_systems",
    "ledger",
    "login",
    "match_events",
    "match_grams",
    "merges",
    "migrations",
    "plans",
    "privacy",
    "remittances",
    "report_calendar",
    "report_uses",
    "reports",
    "retention",
    "rewriting",
    "sample_units",
    "sealing",
    "segments",
    "spine",
    "statistics",
    "studies",
]
