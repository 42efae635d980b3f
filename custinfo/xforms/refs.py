"""Refs: the path of an answer, `/data/contact[2]/phone`, and the place of the form that it is an answer to."""

from collections.abc import Mapping, Sequence


def without_positions(ref: str) -> str:
    """`/data/contact[2]/phone` → `/data/contact/phone`: the place in the form."""
    return "/".join(step.partition("[")[0] for step in ref.split("/")) if "[" in ref else ref


def flat(values: object, root: str) -> dict[str, str]:
    """Nested answers by ref. `root` is the ref of what `values` are the answers of: `form.root.ref` for a record.

    The text of a place that has attributes too stands under a blank name, and gets the ref of the place itself.
    """
    found: dict[str, str] = {}
    _flatten(values, root, found)
    return found


def _flatten(value: object, ref: str, found: dict[str, str]) -> None:
    if isinstance(value, Mapping):
        for name, one in value.items():
            _flatten(one, f"{ref}/{name}" if name else ref, found)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for position, one in enumerate(value, 1):
            _flatten(one, f"{ref}[{position}]", found)
    elif isinstance(value, str):
        found[ref] = value
