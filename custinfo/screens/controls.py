"""Which control a question is drawn with, and what beyond its words the control needs to know."""

from collections.abc import Mapping
from typing import Any

from custinfo.xforms import Drawn, Form, NodeState
from custinfo.xforms.appearances import LAYOUT, known, words
from custinfo.xforms.refs import without_positions

RADIO_MOST = 7
"""Up to so many choices stand open as radio buttons; up to `SELECT_MOST`, in a drop-down list; more are searched."""
SELECT_MOST = 20
LAID_OUT_MOST = 60
"""Up to so many stand open where the form says how to lay them out."""
PICKER_MOST = 500
RATING_MOST = 15
TYPED = {
    "int": "integer", "integer": "integer", "decimal": "decimal", "date": "date", "time": "time",
    "dateTime": "datetime", "geopoint": "geopoint", "geotrace": "geotrace", "geoshape": "geoshape",
    "barcode": "barcode",
}  # fmt: skip
PLAIN = ("", "string", "text", "boolean")
LISTED = frozenset({"radio", "checks", "select", "multiselect", "rank"})
"""Kinds whose choices travel to the browser; the others search in the kernel."""
_OPEN = frozenset({
    "columns", "columns-pack", "compact", "quickcompact", "horizontal", "horizontal-compact", "list", "list-nolabel",
    "likert", "quick", "no-buttons",
})  # fmt: skip
_SEARCHED = frozenset({"autocomplete", "search"})
_UPLOADS = {"image": "image", "audio": "audio", "video": "video"}
_TYPE_NAMES = {
    "int": "integer", "integer": "integer", "decimal": "decimal", "date": "date", "time": "time",
    "dateTime": "dateTime", "geopoint": "geopoint", "geotrace": "geotrace", "geoshape": "geoshape",
    "barcode": "barcode",
}  # fmt: skip
_CONTROL_NAMES = {
    "select1": "select_one", "select": "select_multiple", "rank": "rank", "range": "range", "trigger": "acknowledge",
    "group": "group", "repeat": "repeat", "instance": "repeat",
}  # fmt: skip
_BOUNDS = {"start": "0", "end": "10", "step": "1"}
_DATE_PARTS = {"month-year": "month", "year": "year"}


def question_type(one: Drawn) -> str:
    """XLSForm's name for the type of what is drawn: `select_one`, `integer`, `image` …"""
    if one.kind == "upload":
        return _UPLOADS.get(one.parameters.get("mediatype", "").partition("/")[0], "file")
    return _CONTROL_NAMES.get(one.kind) or _TYPE_NAMES.get(one.type, "text")


def look(one: Drawn) -> list[str]:
    """The words of the appearance that this type is drawn with; the others fall back to its usual look."""
    allowed = known(question_type(one)) - LAYOUT
    return [word for word in words(one.appearance) if word in allowed]


def span(one: Drawn) -> int:
    """How many units of the grid theme it is wide; 0 where the form does not say."""
    return next((int(word[1:]) for word in words(one.appearance) if word in LAYOUT), 0)


def kind_of(one: Drawn, state: NodeState, form: Form) -> str:
    """The kind of control, as `fields.js` knows them."""
    if one.kind == "input":
        return _input_kind(one, state, form)
    if one.kind in ("select1", "select"):
        return _choice_kind(one, len(state.choices), form)
    if one.kind == "upload":
        return question_type(one)
    if one.kind == "range":
        return _range_kind(one)
    return {"rank": "rank", "trigger": "acknowledge"}.get(one.kind, "unsupported")


def _input_kind(one: Drawn, state: NodeState, form: Form) -> str:
    if state.readonly:
        return "output" if state.value or form.nodes[without_positions(one.ref)].bind.calculate else "note"
    appearance = words(one.appearance)
    if one.type in PLAIN:
        return "multiline" if "multiline" in appearance else "text"
    if one.type == "date":
        return next((part for word, part in _DATE_PARTS.items() if word in appearance), "date")
    return TYPED.get(one.type, "unsupported")


def _choice_kind(one: Drawn, count: int, form: Form) -> str:
    appearance = {word.rstrip("0123456789").rstrip("-") for word in words(one.appearance)}
    itemset = form.control_of[without_positions(one.ref)].itemset
    # A filtered list is searched whatever its length now: a control must not change under the hand
    long = count > SELECT_MOST or (itemset is not None and "[" in itemset.nodeset)
    many = one.kind == "select"
    if appearance & _SEARCHED or (long and not (appearance & _OPEN and count <= LAID_OUT_MOST)):
        return "tags" if many else "combobox"
    if "minimal" in appearance:
        return "multiselect" if many else "select"
    if many or appearance & _OPEN or count <= RADIO_MOST:
        return "checks" if many else "radio"
    return "select"


def _range_kind(one: Drawn) -> str:
    steps, appearance = _steps(one.parameters), words(one.appearance)
    if "rating" in appearance and steps <= RATING_MOST:
        return "rating"
    return "picker" if "picker" in appearance and steps <= PICKER_MOST else "range"


def _steps(parameters: Mapping[str, str]) -> float:
    try:
        start, end, step = (float(parameters.get(name, usual)) for name, usual in _BOUNDS.items())
        return abs((end - start) / step)
    except (ValueError, ZeroDivisionError):
        return float("inf")


def details(one: Drawn, kind: str) -> dict[str, Any]:
    """What only some kinds have: the bounds of a range, what an upload takes."""
    if kind in ("range", "rating", "picker"):
        return {name: one.parameters.get(name, usual) for name, usual in _BOUNDS.items()}
    if one.kind == "upload":
        accept = one.parameters.get("accept", "")
        general = one.parameters.get("mediatype", "")
        return {"accept": accept or ("" if general == "application/*" else general)}
    return {}
