"""Runs a folder of conformance cases against the form engine: `python tests/conformance/run.py DIR [--failures]`.

Prints one JSON line for each tier. Disputed cases, cases of clock or chance, and traces that need attachments do not count.
"""

import argparse
import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from documents import FormDocument, by_position, path_of, read
from traces import run_trace

from custinfo.xforms.xpath import (
    Context,
    Focus,
    Value,
    XPathError,
    compile_expression,
    to_boolean,
    to_number,
    to_string,
)


@dataclass(frozen=True)
class Outcome:
    case: dict[str, Any]
    got: object
    passed: bool


def rows(file: Path) -> Iterator[dict[str, Any]]:
    if file.exists():
        for line in file.read_text("utf-8").splitlines():
            yield json.loads(line)


def counted(case: dict[str, Any]) -> bool:
    """Cases that the engines dispute, or of clock or chance, are not counted. Errors by which JavaRosa states what it lacks
    are: they count as failed where we have it.
    """
    return not case.get("disputed") and not case.get("clock_or_random")


def run_expression(case: dict[str, Any]) -> Outcome:
    kind = case["kind"]
    try:
        if kind.startswith("parse"):
            compile_expression(case["expr"])
            return Outcome(case, "parsed", kind == "parse_ok")
        got = evaluate(case)
    except XPathError as error:
        return Outcome(case, f"error: {error}", kind in ("error", "parse_error"))
    except Exception as error:  # a crash is a failure of the engine: say which
        return Outcome(case, f"CRASH {type(error).__name__}: {error}", False)
    if kind == "error":
        return Outcome(case, got, False)
    shown, passed = CHECKS[kind](got, case)
    return Outcome(case, shown, passed)


def evaluate(case: dict[str, Any]) -> Value:
    document = read(case["context_xml"])
    node = by_position(document, case["context_path"])
    form = FormDocument(document, case.get("lang", ""))
    root = by_position(document, case["root_path"]) if case.get("root_path") else form.root(node)
    context = Context(zone=ZoneInfo(case["tz"]), root=root, language=case.get("lang", ""), surroundings=form)
    expression = compile_expression(case["expr"], {**form.namespaces(), **case.get("namespaces", {})})
    return expression.evaluate(Focus(context, node))


def same_number(got: float, case: dict[str, Any]) -> bool:
    expected = float(str(case["expected"]).replace("Infinity", "inf"))
    if math.isnan(expected) or math.isnan(got) or math.isinf(expected) or math.isinf(got):
        return got == expected or (math.isnan(got) and math.isnan(expected))
    if factor := case.get("factor"):
        return math.floor(got * factor + 0.5) / factor == expected
    tolerance = case.get("tolerance", 1e-9 * max(1.0, abs(expected)))
    return abs(got - expected) <= tolerance


def number(got: Value, case: dict[str, Any]) -> tuple[object, bool]:
    value = to_number(got, ZoneInfo(case["tz"]))
    return value, same_number(value, case)


def string(got: Value, case: dict[str, Any]) -> tuple[object, bool]:
    return to_string(got), to_string(got) == case["expected"]


def nodeset(got: Value, case: dict[str, Any]) -> tuple[object, bool]:
    found = [path_of(n) for n in got] if isinstance(got, list) else None
    return found, found == case["expected"]


def unordered(got: Value, case: dict[str, Any]) -> tuple[object, bool]:
    found = [path_of(n) for n in got] if isinstance(got, list) else []
    return found, sorted(found) == sorted(case["expected"])


CHECKS: dict[str, Callable[[Value, dict[str, Any]], tuple[object, bool]]] = {
    "boolean": lambda got, case: (to_boolean(got), to_boolean(got) == case["expected"]),
    "number": number,
    "number_rounded": number,
    "string": string,
    "date": lambda got, case: (to_string(got), to_string(got)[:10] == case["expected"]),
    "string_regex": lambda got, case: (to_string(got), re.search(case["expected"], to_string(got)) is not None),
    "string_length": lambda got, case: (to_string(got), len(to_string(got)) == case["expected"]),
    "nodeset": nodeset,
    "nodeset_unordered": unordered,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--failures", action="store_true", help="also list each failed case on standard error")
    options = parser.parse_args()
    tiers: dict[str, list[Outcome]] = {"openrosa": [], "xpath1": [], "traces": []}
    for case in filter(counted, rows(options.folder / "expressions.jsonl")):
        tiers[case["tier"]].append(run_expression(case))
    forms = {row["form"]: row["xform"] for row in rows(options.folder / "trace_forms.jsonl")}
    for trace in rows(options.folder / "traces.jsonl"):
        if not trace["uses_external"]:
            got = run_trace(trace, forms[trace["form"]])
            tiers["traces"].append(Outcome(trace, got, got is None))
    for tier, outcomes in tiers.items():
        print(json.dumps({"tier": tier, "cases": len(outcomes), "passed": sum(o.passed for o in outcomes)}))
        for outcome in outcomes if options.failures else ():
            if not outcome.passed:
                case = outcome.case
                detail = {
                    k: case.get(k) for k in ("id", "expr", "kind", "expected", "context_path", "test") if k in case
                }
                print(json.dumps({**detail, "got": str(outcome.got)}, ensure_ascii=False), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
