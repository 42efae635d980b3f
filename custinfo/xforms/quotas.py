"""Quotas: how many records may have which answer, as a form states them and a session keeps them."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from custinfo.xforms.model import FormError, ModelNode

COLUMN = "quota"
"""The form column `bind::custinfo:quota`: `m/18-34=50; f/18-34=40` at the question whose answer names the cell."""
Counts: TypeAlias = Mapping[str, Mapping[str, int]]
"""By question and answer: how many records have it already."""


def parse(text: str) -> dict[str, int]:
    """The limit of each cell. Raises ValueError with the part that cannot be read."""
    limits: dict[str, int] = {}
    for part in text.replace("；", ";").replace("＝", "=").split(";"):
        cell, equals, limit = (piece.strip() for piece in part.rpartition("="))
        if not part.strip():
            continue
        if not equals or not cell or not (limit.isascii() and limit.isdigit()) or cell in limits:
            raise ValueError(part.strip())
        limits[cell] = int(limit)
    return limits


def of_nodes(nodes: Iterable[ModelNode]) -> dict[str, dict[str, int]]:
    """The quotas of a form by question. Raises FormError for each that cannot be read or stands in a repeat."""
    found: dict[str, dict[str, int]] = {}
    problems: list[tuple[str, dict[str, object]]] = []
    repeats: list[str] = []
    for node in nodes:
        if node.repeat:
            repeats.append(f"{node.ref}/")
        stated = node.bind.extra.get(COLUMN, "")
        if not stated:
            continue
        if any(node.ref.startswith(repeat) for repeat in repeats):
            problems.append(("xforms.quota_in_repeat", {"ref": node.ref}))
            continue
        try:
            found[node.ref] = parse(stated)
        except ValueError as error:
            problems.append(("xforms.quota_wrong", {"ref": node.ref, "value": str(error)[:80]}))
    if problems:
        raise FormError(problems)
    return found
