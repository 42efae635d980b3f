"""The answers of one version of a form, as far as another version has places for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from custinfo.xforms.model import Form, ModelNode


def fitted(form: Form, values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """An instance that `Session` takes, and the refs (without positions) of the answers that the form has no place for.

    Only names count: an answer whose type or choices changed is kept, and the session says what is wrong with it.
    """
    lost: dict[str, None] = {}
    instance = _group(form.root, values, form.root.ref, lost)
    return instance, tuple(lost)


def _group(node: ModelNode, values: Mapping[str, Any], ref: str, lost: dict[str, None]) -> dict[str, Any]:
    children = {child.name: child for child in node.children}
    found: dict[str, Any] = {}
    for name, value in values.items():
        child = children.get(name)
        where = f"{ref}/{name}" if name else ref
        kept = _value(child, value, where, lost) if child is not None else None
        if child is not None and kept is not None:
            found[name] = kept
        elif _holds_an_answer(value):
            lost[where] = None
    return _without_rounds(node, found)


def _without_rounds(node: ModelNode, found: dict[str, Any]) -> dict[str, Any]:
    """Say outright that a repeat has no rounds: left out, a session would give it the first round of a new record."""
    for child in node.children:
        if child.repeat:
            found.setdefault(child.name, [])
        elif child.name not in found and any(inner.repeat for inner in child.walk()):
            found[child.name] = _without_rounds(child, {})
    return found


def _value(node: ModelNode, value: Any, ref: str, lost: dict[str, None]) -> Any:
    """What of the value fits the place; None when its shape is another."""
    if node.repeat:
        rounds = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        fitting = [_one(node, one, ref, lost) for one in rounds]
        return None if None in fitting else fitting
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _value(node, value[0], ref, lost) if len(value) == 1 else None
    return _one(node, value, ref, lost)


def _one(node: ModelNode, value: Any, ref: str, lost: dict[str, None]) -> Any:
    if isinstance(value, Mapping):
        return _group(node, value, ref, lost) if node.children else None
    return value if isinstance(value, str) and not node.is_group else None


def _holds_an_answer(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_an_answer(inner) for inner in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(_holds_an_answer(inner) for inner in value)
    return bool(value)
