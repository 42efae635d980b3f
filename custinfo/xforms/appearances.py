"""The appearances that are drawn, by question type. A word that is not listed falls back to the type's usual look."""

import re

LAYOUT = frozenset(f"w{units}" for units in range(1, 11))
"""How many units of the grid theme a question is wide, or a group has: every type may say so."""
_CALL = re.compile(r"[\w:.\-]+\([^()]*\)")
_NUMBERED = frozenset(f"{word}-{n}" for word in ("columns", "compact", "quickcompact") for n in range(1, 11))
_LISTED = frozenset({
    "minimal", "autocomplete", "search", "columns", "columns-pack", "compact", "quickcompact", "horizontal",
    "horizontal-compact", "no-buttons", "label", "list", "list-nolabel",
}) | _NUMBERED  # fmt: skip
_ONE = _LISTED | {"quick", "likert"}
_KNOWN: dict[str, frozenset[str]] = {
    "text": frozenset({"multiline", "numbers", "thousands-sep", "url", "masked"}),
    "integer": frozenset({"thousands-sep", "counter", "bearing"}),
    "decimal": frozenset({"thousands-sep", "counter", "bearing"}),
    "note": frozenset({"thousands-sep", "url"}),
    "calculate": frozenset({"thousands-sep", "url"}),
    "range": frozenset({"vertical", "no-ticks", "picker", "rating"}),
    "select_one": _ONE,
    "select_one_from_file": _ONE,
    "select_multiple": _LISTED,
    "select_multiple_from_file": _LISTED,
    "date": frozenset({"month-year", "year", "no-calendar"}),
    "dateTime": frozenset({"no-calendar"}),
    "image": frozenset({"new", "new-front", "selfie", "annotate", "draw", "signature"}),
    "audio": frozenset({"new"}),
    "video": frozenset({"new", "new-front"}),
    "barcode": frozenset({"front"}),
    "group": frozenset({"field-list", "table-list"}),
    "repeat": frozenset({"field-list"}),
}


def known(question_type: str) -> frozenset[str]:
    """The words that a question type, by its name in XLSForm, is drawn with."""
    return _KNOWN.get(question_type, frozenset()) | LAYOUT


def words(appearance: str) -> tuple[str, ...]:
    """The words of an appearance; calls such as `search('list')` and `ex:app.name(…)` are none."""
    return tuple(_CALL.sub(" ", appearance).split())
