"""The form engine: opening a form, recomputing after an answer, repeats, a long choice list, expressions; beside rxeval.

Run: `python -m tests.bench.bench_engine [DIR]`, or `make bench FORMS=DIR`. Besides the forms that it makes itself it takes
each XLSForm in the folder. CPU time of one process; `limit` is an absolute number in the line's unit that holds too.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from pyxform.errors import PyXFormError

from custinfo.xforms import Form, FormError, Session, load
from custinfo.xforms.xpath import Context, Expression, Focus, Node, compile_expression
from custinfo.xforms.xpath.parser import parse
from tests.bench import engine_forms, peers

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
STEPS, SEEDS, REPEATED = 400, 3, 20_000
NO_PEER = "rxeval cannot do it: its reason is on standard error"
SUFFIXES = (".xlsx", ".xls", ".csv", ".md")
VALUES = {"a": "7", "b": "x y z", "c": "2026-01-05", "d": "3.5", "e": "yes", "f": ""}
EXPRESSIONS = (
    "/data/a > 5 and selected(/data/b, 'x')", "/data/e = 'yes' and /data/a >= 1 and /data/a < 120", "/data/a > 5",
    "not(selected(/data/b, 'q')) or /data/f = ''", "if(/data/d > 3, 'a', 'b')", "/data/a + /data/d * 2",
    "coalesce(/data/f, /data/a)", "concat(/data/a, '-', /data/e)", "string-length(/data/b) < 10", ". > 0 and . < 1000",
    "/data/c <= today()", "../d * 2",
)  # fmt: skip


def main(folder: str = "") -> None:
    long = engine_forms.to_xform(engine_forms.long_form(), ".md")
    forms = {"500 questions": long} | dict(forms_in(folder))
    for name, xform in forms.items():
        _form(name, xform)
    _repeats(engine_forms.to_xform(engine_forms.household(), ".md"))
    _choices(engine_forms.to_xform(engine_forms.towns(), ".md"))
    _expressions()


def forms_in(folder: str) -> Iterable[tuple[str, str]]:
    """The XForms of the XLSForms of a folder that can be opened, by file name."""
    for file in sorted(Path(folder).iterdir()) if folder else ():
        if file.suffix in SUFFIXES:
            began = time.process_time()
            try:
                xform = engine_forms.to_xform(file.read_bytes(), file.suffix)
                load(xform)
            except (PyXFormError, FormError) as error:
                print(f"{file.name}: left out, {error}", file=sys.stderr)
                continue
            print(f"{file.name}: pyxform {time.process_time() - began:.2f} s", file=sys.stderr)
            yield file.name, xform


def _form(name: str, xform: str) -> None:
    """Opening, and each answer of random walks through the form."""
    form = load(xform)
    name = f"{name} ({len(form.nodes)} binds)"
    opening = [took(_open, xform) for _ in range(5)]
    walks = [engine_forms.walk(xform, seed, STEPS) for seed in range(SEEDS)]
    ours = [seconds for answers in walks for seconds in _answered(session(form), answers)]
    loaded = _peer({"work": "load", "form": xform, "times": 5})
    _line(f"form engine: open, {name}", min(opening), loaded and min(loaded), "s", limit=1.0, beat=False)
    peer = _peer({"work": "answers", "form": xform, "answers": walks[0]})
    _percentile(f"form engine: recompute after an answer, {name}", ours, peer, 2.0)


def _repeats(xform: str) -> None:
    form, rounds, random = load(xform), engine_forms.ROUNDS, Random(1)
    one = session(form)
    for _ in range(rounds - 1):
        one.add_repeat("/data/person")
    answers = [(f"/data/person[{n}]/age", str(16 + n % 60)) for n in range(1, rounds + 1)]
    _answered(one, answers)
    changes = [
        (f"/data/person[{random.randint(1, rounds)}]/{name}", str(random.randint(16, 120)))
        for name in ("name", "age") * 100
    ]
    wages = [(f"/data/person[{n}]/wage", str(n)) for n in range(20, 60)]
    changing = _answered(one, changes + wages) + _answered(one, [("/data/least", str(n)) for n in range(20)])
    places = [random.randint(1, rounds) for _ in range(40)]
    moving = [took(one.add_repeat, "/data/person") for _ in range(10)]
    moving += [took(one.add_repeat, "/data/person", place) for place in places]
    moving += [took(one.remove_repeat, f"/data/person[{place}]") for place in places]
    some = answers[-20:] + changes[:40]
    peer = _peer({"work": "answers", "form": xform, "add": ["/data/person"] * (rounds - 1), "answers": some})
    name = f"form engine: {rounds} rounds of a repeat"
    _percentile(f"{name}, an answer", changing, peer, 50.0)
    _percentile(f"{name}, add or remove anywhere", moving, None, 50.0, why="rxeval adds rounds at the end only")


def _choices(xform: str) -> None:
    one, random = session(load(xform)), Random(1)
    answers = [("/data/province", f"p{random.randint(0, engine_forms.PROVINCES - 1)}") for _ in range(100)]
    ours = [took(one.answer, *answer) + took(one.state, "/data/town") for answer in answers]
    assert len(one.state("/data/town").choices) == engine_forms.TOWNS // engine_forms.PROVINCES
    peer = _peer({"work": "answers", "form": xform, "answers": answers[:20], "choices": "/data/town"})
    name = f"form engine: {engine_forms.TOWNS:,} choices, filtered after an answer"
    _percentile(name, ours, peer, 5.0)


def _expressions() -> None:
    top, data = Node(kind="root"), Node("data")
    top.append(data)
    for name, value in VALUES.items():
        data.append(Node(name, value))
    focus = Focus(Context(root=top), data.children[0])
    ours = []
    for text in EXPRESSIONS:
        ours.append(took(_many_times, compile_expression(text), focus) / REPEATED)
    absolute = [text.replace("../", "/data/").replace(". ", "/data/a ") for text in EXPRESSIONS]
    submission = f"<data>{''.join(f'<{name}>{value}</{name}>' for name, value in VALUES.items())}</data>"
    peer = _peer({"work": "expressions", "expressions": absolute, "submission": submission, "times": REPEATED // 10})
    mean, theirs = statistics.mean(ours) * 1e6, peer and statistics.mean(peer) * 1e6
    _line("form engine: one expression", mean, theirs, "µs (mean of 12)", limit=10.0, a_second=round(1e6 / mean))


def session(form: Form) -> Session:
    """A session by a clock that stands still, with formats that take everything."""
    names = {node.bind.extra.get("format", "") for node in form.nodes.values()} - {""}
    return Session(form, formats=dict.fromkeys(names, lambda value: None), clock=lambda: NOW)


def _answered(session: Session, answers: engine_forms.Answers) -> list[float]:
    return [took(session.answer, ref, value) for ref, value in answers]


def _open(xform: str) -> Session:
    parse.cache_clear()  # as for a form that was never opened before
    return session(load(xform))


def _many_times(expression: Expression, focus: Focus) -> None:
    for _ in range(REPEATED):
        expression.evaluate(focus)


def took(work: Callable[..., object], *args: object) -> float:
    """CPU seconds."""
    began = time.process_time()
    work(*args)
    return time.process_time() - began


def p95(seconds: list[float]) -> float:
    """What 95 of 100 take at most."""
    return sorted(seconds)[math.ceil(len(seconds) * 0.95) - 1]


def _peer(job: dict[str, Any]) -> list[float] | None:
    """What rxeval takes; None when it cannot do the work, with its reason on standard error."""
    side = Path(__file__).with_name("rxeval_side.py")
    done = subprocess.run([peers.make(), side], input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"rxeval: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    seconds: list[float] = json.loads(done.stdout)
    return seconds


def _percentile(name: str, ours: list[float], peer: list[float] | None, limit: float, why: str = "") -> None:
    more = {"median": statistics.median(ours) * 1e3, "worst": max(ours) * 1e3}
    _line(name, p95(ours) * 1e3, peer and p95(peer) * 1e3, "ms (95 %)", limit=limit, why=why, **more)


def _line(
    name: str, ours: float, peer: float | None, unit: str, *, limit: float, beat: bool = True, why: str = "", **more: float
) -> None:  # fmt: skip
    """Ours may be the limit at most, and the ratio 1.0; without a peer, or one to beat, the limit is the bar."""
    ratio = None if peer is None else ours / peer
    beat = beat and ratio is not None
    line = {"name": name, "ours": round(ours, 4), "peer": None if peer is None else round(peer, 4), "unit": unit}
    line["ratio"] = None if ratio is None else round(ratio, 4)
    line["bar"] = 1.0 if beat else limit
    line["holds"] = ours <= limit and (ratio is None or not beat or ratio <= 1.0)
    line |= {"limit": limit} | {key: round(value, 3) for key, value in more.items()}
    line |= {"no_peer": why or NO_PEER} if ratio is None else {"against": "rxeval"}
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FORMS", ""))
