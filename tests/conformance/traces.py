"""Replays recorded runs of forms on a session and compares every node's state after every step.

What a run was given is not all recorded. Taken from its states instead: the instance that a restored run was opened with,
the properties of the device, the names of uploaded files. The moments that a run noted (`jr:preload`) are those of the
recording: only that there is one is compared. A value that we keep although it is wrong is blank there; equal numbers and
letters may be written differently (`0 1` and `0.0 1.0`, composed and combining accents); `meta` is left out.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

from custinfo.domain.errors import BadInput
from custinfo.xforms import Form, NodeState, RefusedAnswer, Session, load

State = dict[str, dict[str, Any]]


def run_trace(trace: dict[str, Any], xform: str) -> str | None:
    """None when the run goes as recorded, else the first difference."""
    try:
        return _run(trace, xform)
    except BadInput as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:  # a crash is a failure of the engine: say which
        return f"CRASH {type(error).__name__}: {error}"


def _run(trace: dict[str, Any], xform: str) -> str | None:
    form = load(xform)
    expected: State = {}
    session: Session | None = None
    for number, step in enumerate(trace["steps"]):
        if step["op"] == "init":
            expected = dict(step["state"])
            restored = any(
                f"mode: '{mode}'" in trace["test"] or "editing" in trace["test"] for mode in ("edit", "restore")
            )
            instance = given(expected, form.root.name) if restored else None
            session = Session(form, instance, properties=properties(form, expected))
        elif "changed" in step:
            assert session is not None
            act(session, step, expected)
            expected = {r: s for r, s in {**expected, **step["changed"]}.items() if r not in step["removed"]}
        else:
            continue
        difference = compare(session, expected, moments(form))
        if difference is not None:
            return f"step {number} {step['op']}: {difference}"
    return None


def given(state: State, root: str) -> dict[str, object]:
    """The instance that a restored run was opened with: its input is not recorded, its first state is."""
    values: dict[str, Any] = {}
    for ref, node in state.items():
        if "#range" in ref or "orx:meta" in ref:
            continue
        steps = ref.strip("/").split("/")[1:]
        place: Any = values
        for step in steps[:-1]:
            place = into(place, step)
        if "val" in node:
            place[steps[-1]] = node["val"]
        elif steps:
            into(place, steps[-1])
    return values


def preloads(form: Form, *kinds: str) -> dict[str, str]:
    """The places that the device fills with a value of these kinds, and which value."""
    binds = ((ref, node.bind.preload) for ref, node in form.nodes.items())
    return {ref: preload[1] for ref, preload in binds if preload is not None and preload[0] in kinds}


def properties(form: Form, state: State) -> dict[str, str]:
    """The properties of the device that recorded."""
    named = preloads(form, "property")
    return {name: state[ref]["val"] for ref, name in named.items() if ref in state}


def moments(form: Form) -> frozenset[str]:
    """The places that hold when a run took place."""
    return frozenset(preloads(form, "timestamp", "date"))


def into(place: dict[str, Any], step: str) -> Any:
    name, _, position = step.rstrip("]").partition("[")
    if not position:
        return place.setdefault(name, {})
    instances = place.setdefault(name, [])
    while len(instances) < int(position):
        instances.append({})
    return instances[int(position) - 1]


def act(session: Session, step: dict[str, Any], before: State) -> None:
    at, args = step["at"], step["args"]
    try:
        match step["op"]:
            case "answer":
                given_ = args[1:] if len(args) > 2 else args[-1]
                trigger = before[at]["type"] == "trigger"
                if given_ == {"str": "[object File]"}:
                    given_ = step["changed"][at]["val"]
                session.answer(at, ("OK" if given_ else "") if trigger else text(given_))
            case "createNewRepeat":
                name, _, position = at.rpartition("[")
                session.add_repeat(name, int(position.rstrip("]")))
            case "removeRepeat":
                session.remove_repeat(args[0] if isinstance(args[0], str) else step["removed"][0])
            case "setLanguage":
                session.set_language(args[0])
    except RefusedAnswer:
        return  # the recorded run was refused, too, or the states will differ


def text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, dict):
        return str(value["str"])  # a number or a choice that the recording had as an object
    if isinstance(value, list):
        return " ".join(str(text(v)) for v in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def compare(session: Session, expected: State, moments: frozenset[str]) -> str | None:
    states = {s.ref: s for s in session.nodes()}
    for ref, node in expected.items():
        if "#range" in ref or "/meta" in ref or "orx:meta" in ref:
            continue
        if ref not in states:
            return f"{ref} is missing"
        ours = shown(states[ref], node)
        theirs = {k: node[k] for k in ours}
        if isinstance(theirs.get("val"), str) and same(ours["val"], theirs["val"], ref in moments):
            ours["val"] = theirs["val"]
        if ours != theirs:
            return f"{ref}: {ours} != {theirs}"
    extra = [r for r in states if r not in expected and "/meta" not in r and "orx:meta" not in r]
    return f"{extra} should not be there" if extra else None


def same(one: str, other: str, moment: bool) -> bool:
    """Whether the values say the same."""
    if moment:
        return bool(one) == bool(other)
    return same_numbers(one, other) or unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def same_numbers(one: str, other: str) -> bool:
    """Whether both write the same numbers or places: `0 1` and `0.0 1.0`."""
    try:
        return [float(w) for w in one.replace(";", " ").split()] == [float(w) for w in other.replace(";", " ").split()]
    except ValueError:
        return False


def shown(state: NodeState, node: Mapping[str, Any]) -> dict[str, Any]:
    """Our state in the words of the recorded one. A wrong answer, which we keep, is blank there."""
    wrong = state.violation is not None and state.violation.rule in ("type", "choice")
    found: dict[str, Any] = {"rel": state.relevant, "ro": state.readonly, "req": state.required}
    if "val" in node:
        found["val"] = "" if wrong or not state.relevant else state.value
    if "options" in node:
        found["options"] = [value for value, _ in state.choices]
    if "violation" in node:
        rule = state.violation.rule if state.violation is not None else None
        found["violation"] = ("required" if state.required else None) if wrong else rule
    return found
