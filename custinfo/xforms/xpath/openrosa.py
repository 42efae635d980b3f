# ruff: noqa: ARG001, D103, PLR0124 - each function takes the focus; ODK says what each does; `x != x` tells NaN
"""The functions that OpenRosa and ODK add: choices, repeats, numbers, texts."""

import base64
import binascii
import hashlib
import math
import uuid as uuids
from collections.abc import Callable

from custinfo.xforms.xpath.errors import XPathError
from custinfo.xforms.xpath.nodes import Node
from custinfo.xforms.xpath.regex import matches
from custinfo.xforms.xpath.registry import function, joined, numbers_of, strings_of
from custinfo.xforms.xpath.values import Focus, Value, to_boolean, to_nodes, to_number, to_string

MAX_UUID = 1000


@function("if", 3, lazy=True)
def if_(f: Focus, test: Callable[[Focus], Value], yes: Callable[[Focus], Value], no: Callable[[Focus], Value]) -> Value:
    return yes(f) if to_boolean(test(f)) else no(f)


@function("coalesce", 0, None)
def coalesce(f: Focus, *values: Value) -> Value:
    """The first that is not blank."""
    for value in values:
        text = to_string(value)
        if text and text != "NaN":
            return text if isinstance(value, list) else value
    return ""


@function("once", 1, lazy=True)
def once(f: Focus, value: Callable[[Focus], Value]) -> Value:
    """The value that the question has already, else the computed one."""
    return f.current.string() or value(f)


@function("selected", 2)
def selected(f: Focus, values: Value, one: Value) -> Value:
    wanted, chosen = to_string(one).strip(), to_string(values).split()
    return wanted in chosen if wanted else not chosen


@function("selected-at", 2)
def selected_at(f: Focus, values: Value, index: Value) -> Value:
    chosen, at = to_string(values).split(), to_number(index, f.context.zone)
    return chosen[int(at)] if at == at and 0 <= at < len(chosen) else ""


@function("count-selected", 1)
def count_selected(f: Focus, values: Value) -> Value:
    return float(len(to_string(values).split()))


@function("count-non-empty", 1)
def count_non_empty(f: Focus, nodes: Value) -> Value:
    return float(sum(1 for n in to_nodes(nodes) if n.string()))


@function("jr:choice-name", 2)
def choice_name(f: Focus, value: Value, path: Value) -> Value:
    return f.context.surroundings.choice_name(to_string(value), to_string(path), f.current)


@function("jr:itext", 1)
def itext(f: Focus, text_id: Value) -> Value:
    found = f.context.surroundings.itext(to_string(text_id))
    return [found] if isinstance(found, Node) else found


@function("instance", 1)
def instance(f: Focus, name: Value) -> Value:
    found = f.context.surroundings.instance(to_string(name))
    return [] if found is None else [found]


@function("pulldata", 4)
def pulldata(f: Focus, name: Value, wanted: Value, key: Value, value: Value) -> Value:
    """Column `wanted` of the row of the attachment `name` whose column `key` is `value`."""
    found = f.context.surroundings.instance(to_string(name))
    if found is None:
        raise XPathError("unknown_instance", name=to_string(name))
    table = found.children[0] if found.children else found
    places = table.lookup("item", to_string(key), "text", list).get(to_string(value), [])
    fields = table.named("item")[places[0]].named(to_string(wanted)) if places else []
    return fields[0].string() if fields else ""


@function("indexed-repeat", 3, None)
def indexed_repeat(f: Focus, target: Value, *places: Value) -> Value:
    """`target` inside the n-th instance of a repeat, of a repeat in that, and so on."""
    if len(places) % 2:
        raise XPathError("wrong_arguments", name="indexed-repeat", count=len(places) + 1)
    inside: Node | None = None
    pairs = sorted(zip(map(to_nodes, places[::2]), places[1::2], strict=True), key=lambda pair: _depth(pair[0]))
    for repeat, index in pairs:  # the outermost first, in whatever order they were written
        nodes = [n for n in repeat if inside is None or _is_in(n, inside)]
        at = to_number(index, f.context.zone)
        if not (1 <= at <= len(nodes)):
            return []
        inside = nodes[int(at) - 1]
    return [n for n in to_nodes(target) if inside is not None and _is_in(n, inside)]


def _depth(nodes: list[Node]) -> int:
    node, depth = nodes[0] if nodes else None, 0
    while node is not None:
        node, depth = node.parent, depth + 1
    return depth


def _is_in(node: Node | None, place: Node) -> bool:
    while node is not None and node is not place:
        node = node.parent
    return node is place


@function("int", 1)
def int_(f: Focus, value: Value) -> Value:
    number = to_number(value, f.context.zone)
    return float(math.trunc(number)) if math.isfinite(number) else number


@function("round", 1, 2)
def round_(f: Focus, value: Value, digits: Value = 0.0) -> Value:
    """Half away from zero, to `digits` after the point (or before it, when negative). A decimal comma is a point."""
    value = value.replace(",", ".") if isinstance(value, str) else value
    number, places = to_number(value, f.context.zone), to_number(digits, f.context.zone)
    if not math.isfinite(number) or places != places:
        return number if places == places else math.nan
    scale = 10.0 ** max(-300, min(300, int(places)))
    shifted = number * scale
    if not math.isfinite(shifted) or not math.isfinite(scale):
        return number
    whole = math.floor(abs(float(repr(shifted))) + 0.5)
    if abs(shifted) % 1 and round(abs(shifted), 9) % 1 == 0.5:
        whole = math.floor(round(abs(shifted), 9) + 0.5)
    return math.copysign(whole / scale, number) if whole else 0.0


@function("pow", 2)
def power(f: Focus, base: Value, exponent: Value) -> Value:
    a, b = to_number(base, f.context.zone), to_number(exponent, f.context.zone)
    try:
        result = a**b
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return result if isinstance(result, float) else math.nan


@function("abs", 1)
def absolute(f: Focus, value: Value) -> Value:
    return abs(to_number(value, f.context.zone))


@function("pi")
def pi(f: Focus) -> Value:
    return math.pi


def _real(name: str, compute: Callable[..., float], arguments: int = 1) -> None:
    """A function of numbers; outside its domain the result is NaN."""

    def run(f: Focus, *values: Value) -> Value:
        numbers = [to_number(v, f.context.zone) for v in values]
        try:
            return float(compute(*numbers))
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    function(name, arguments)(run)


def _log(value: float) -> float:
    return -math.inf if value == 0 else math.log(value)


def _log10(value: float) -> float:
    return -math.inf if value == 0 else math.log10(value)


_real("sin", math.sin)
_real("cos", math.cos)
_real("tan", math.tan)
_real("asin", math.asin)
_real("acos", math.acos)
_real("atan", math.atan)
_real("atan2", math.atan2, 2)
_real("log", _log)
_real("log10", _log10)
_real("exp", math.exp)
_real("exp10", lambda x: 10.0**x)
_real("sqrt", math.sqrt)


@function("min", 1, None)
def least(f: Focus, *values: Value) -> Value:
    numbers = numbers_of(f, values)
    return math.nan if not numbers or any(map(math.isnan, numbers)) else min(numbers)


@function("max", 1, None)
def most(f: Focus, *values: Value) -> Value:
    numbers = numbers_of(f, values)
    return math.nan if not numbers or any(map(math.isnan, numbers)) else max(numbers)


@function("random")
def random(f: Focus) -> Value:
    return f.context.random.random()


@function("randomize", 1, 2)
def randomize(f: Focus, nodes: Value, seed: Value | None = None) -> Value:
    """The nodes in a random order; with a seed always in the same one (Park and Miller's generator, as ODK's)."""
    draw = f.context.random.random if seed is None else _park_miller(_seed(seed, f))
    shuffled: list[Node] = []
    for i, node in enumerate(to_nodes(nodes)):  # Fisher and Yates, inside out: the form that ODK's clients agree on
        j = math.floor(draw() * (i + 1))
        shuffled.append(node)
        shuffled[i], shuffled[j] = shuffled[j], node
    return shuffled


def _seed(seed: Value, f: Focus) -> int:
    number = to_number(seed, f.context.zone)
    if math.isfinite(number):
        return int(number)
    if math.isinf(number):
        return 2**63 - 1 if number > 0 else -(2**63)  # the largest whole numbers of Java
    text = "" if isinstance(seed, float) else to_string(seed)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True) if text else 0


def _park_miller(seed: int) -> Callable[[], float]:
    modulus = 2_147_483_647
    state = abs(seed) % modulus * (1 if seed >= 0 else -1)  # the remainder has the sign of the seed
    state = state + modulus - 1 if state <= 0 else state

    def draw() -> float:
        nonlocal state
        state = state * 16_807 % modulus
        return (state - 1) / (modulus - 1)

    return draw


@function("uuid", 0, 1)
def uuid(f: Focus, length: Value | None = None) -> Value:
    if length is None:
        return str(uuids.UUID(int=f.context.random.getrandbits(128), version=4))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    number = to_number(length, f.context.zone)
    if number != number:
        raise XPathError("not_a_number", value=to_string(length))
    return "".join(f.context.random.choices(letters, k=int(max(0, min(MAX_UUID, number)))))


@function("regex", 2)
def regex(f: Focus, text: Value, pattern: Value) -> Value:
    return matches(to_string(pattern), to_string(text))


@function("substr", 2, 3)
def substr(f: Focus, text: Value, start: Value, end: Value | None = None) -> Value:
    """From `start` (counting from 0) up to, not including, `end`; negative counts from the end."""
    whole, zone = to_string(text), f.context.zone
    low, high = to_number(start, zone), math.inf if end is None else to_number(end, zone)
    if low != low or high != high:
        return ""
    size = len(whole)
    return whole[int(max(-size, min(size, low))) : None if high >= size else int(max(-size, high))]


@function("join", 1, None)
def join(f: Focus, separator: Value, *values: Value) -> Value:
    return joined(to_string(separator), strings_of(values))


@function("boolean-from-string", 1)
def boolean_from_string(f: Focus, value: Value) -> Value:
    return to_string(value) in ("1", "true")


@function("checklist", 2, None)
def checklist(f: Focus, least_: Value, most_: Value, *checks: Value) -> Value:
    count = sum(1 for c in checks for held in _each(c) if held)
    return _within(f, least_, most_, float(count))


@function("weighted-checklist", 2, None)
def weighted_checklist(f: Focus, least_: Value, most_: Value, *pairs: Value) -> Value:
    total = 0.0
    if len(pairs) % 2:
        raise XPathError("wrong_arguments", name="weighted-checklist", count=len(pairs) + 2)
    for check, weight in zip(pairs[::2], pairs[1::2], strict=True):
        total += sum(w for held, w in zip(_each(check), numbers_of(f, (weight,)), strict=False) if held)
    return _within(f, least_, most_, total)


def _each(value: Value) -> list[bool]:
    return [bool(n.string()) for n in value] if isinstance(value, list) else [to_boolean(value)]


def _within(f: Focus, least_: Value, most_: Value, total: float) -> bool:
    low, high = to_number(least_, f.context.zone), to_number(most_, f.context.zone)
    return (low == -1 or total >= low) and (high == -1 or total <= high)


@function("digest", 2, 3)
def digest(f: Focus, text: Value, algorithm: Value, encoding: Value = "base64") -> Value:
    names = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
    name, how = to_string(algorithm), to_string(encoding)
    if name not in names or how not in ("hex", "base64"):
        raise XPathError("unknown_digest", name=f"{name} {how}")
    computed = hashlib.new(names[name], to_string(text).encode(), usedforsecurity=False).digest()
    return computed.hex() if how == "hex" else base64.b64encode(computed).decode()


@function("base64-decode", 1)
def base64_decode(f: Focus, text: Value) -> Value:
    try:
        return base64.b64decode(to_string(text), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
