"""The kinds of regular reports, one module each: what `data/reports.toml` defines is counted, said and drawn there."""

from importlib import import_module

from custinfo.domain import report_definitions
from custinfo.reports.kind import Kind


def named(name: str) -> Kind:
    """The kind of that name. Raises NotFound, naming those that there are."""
    report_definitions.named(name)  # a closed list: no other module is ever imported
    found: Kind = import_module(f"custinfo.reports.kinds.{name}").KIND
    return found
