"""Replays recorded runs of forms on a session and compares every node's state after every step."""

from collections.abc import Mapping
from typing import Any

from custinfo.domain.errors import BadInput
from custinfo.xforms import NodeState, RefusedAnswer, Session, load

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
            session = Session(form, given(expected, form.root.name) if restored else None)
        elif "changed" in step:
            assert session is not None
            act(session, step, expected)
            expected = {r: s for r, s in {**expected, **step["changed"]}.items() if r not in step["removed"]}
        else:
            continue
        difference = compare(session, expected)
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
    if isinstance(value, list):
        return " ".join(str(text(v)) for v in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def compare(session: Session, expected: State) -> str | None:
    states = {s.ref: s for s in session.nodes()}
    for ref, node in expected.items():
        if "#range" in ref or "/meta" in ref or "orx:meta" in ref:
            continue
        if ref not in states:
            return f"{ref} is missing"
        ours = shown(states[ref], node)
        theirs = {k: node[k] for k in ours}
        if isinstance(theirs.get("val"), str) and same_numbers(ours["val"], theirs["val"]):
            ours["val"] = theirs["val"]
        if ours != theirs:
            return f"{ref}: {ours} != {theirs}"
    extra = [r for r in states if r not in expected and "/meta" not in r and "orx:meta" not in r]
    return f"{extra} should not be there" if extra else None


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
