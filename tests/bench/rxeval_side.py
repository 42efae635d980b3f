"""What rxeval takes for the same work. Runs in the environment of the peers: a job as JSON in, seconds as JSON out."""

import json
import sys
import time
from typing import Any

import rxeval  # type: ignore[import-not-found]

NOW = {"today": "2026-11-20", "now": "2026-11-20T09:30:00Z"}


def main() -> None:
    job = json.load(sys.stdin)
    print(json.dumps(WORK[job["work"]](job)))


def loaded(job: dict[str, Any]) -> list[float]:
    found = []
    for _ in range(job["times"]):
        began = time.process_time()
        rxeval.Session(job["form"], **NOW)
        found.append(time.process_time() - began)
    return found


def answered(job: dict[str, Any]) -> list[float]:
    session, found = rxeval.Session(job["form"], **NOW), []
    for repeat in job.get("add", ()):
        session.add_row(repeat)
    for ref, value in job["answers"]:
        began = time.process_time()
        session.set(ref, value)
        session.recompute()
        if job.get("choices"):
            session.choices(job["choices"])
        found.append(time.process_time() - began)
    return found


def evaluated(job: dict[str, Any]) -> list[float]:
    """It compiles nothing: each evaluation reads the expression and the small submission anew."""
    found = []
    for expression in job["expressions"]:
        began = time.process_time()
        for _ in range(job["times"]):
            rxeval.eval_expression(expression, job["submission"], **NOW)
        found.append((time.process_time() - began) / job["times"])
    return found


WORK = {"load": loaded, "answers": answered, "expressions": evaluated}

if __name__ == "__main__":
    main()
