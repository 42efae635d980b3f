"""A small scorecard in files of its own, worked out by hand in the tests of credit scoring."""

from datetime import date
from pathlib import Path

from custinfo.classification.credit.scoring import Evidence, Rating

ON = date(2026, 10, 31)
SEEN = (Evidence("现场", date(2026, 10, 1)),)

HEAD = """
[[version]]
version = 1
effective_from = 2020-01-01
reason = "r"
approved_by = "p"
"""


def _words(text: str) -> str:
    return f'{{ zh = "{text}", en = "{text}" }}'


def _indicator(code: str, extra: str = "") -> str:
    anchors = ", ".join(_words(f"{code} {rating}") for rating in range(1, 6))
    return f"""
[[version.indicator]]
code = "{code}"
title = {_words(code)}
evidence = {_words("evidence")}
fields = []
months = 6
anchors = [{anchors}]
{extra}
"""


CARD = f"""{HEAD}
title = {_words("card")}
minimum_percent = 70
judgement = [{{ more = "x", less = "y", times = 3 }}]

[[version.criterion]]
code = "x"
title = {_words("x")}
meaning = {_words("x")}
weight = 7500
aspect = "willingness"
indicators = [{{ indicator = "p", percent = 60 }}, {{ indicator = "q", percent = 40 }}]

[[version.criterion]]
code = "y"
title = {_words("y")}
meaning = {_words("y")}
weight = 2500
indicators = [{{ indicator = "r", percent = 100 }}]

[[version.cap]]
code = "weak_x"
title = {_words("weak x")}
criterion = "x"
rating = 2
at_most = "C"

[[version.cap]]
code = "no_r"
title = {_words("no r")}
indicator = "r"
rating = 1
at_most = "D"
"""
"""Shares of the whole: p 45 %, q 30 %, r 25 %."""

INDICATORS = (
    HEAD
    + _indicator("p", f"measure = {{ unit = {_words('u')}, rising = true, cuts = [10, 20, 30, 40] }}")
    + _indicator("q", f"measure = {{ unit = {_words('u')}, rising = false, cuts = [40, 30, 20, 10] }}")
    + _indicator("r")
)


def _grade(code: str, points: int) -> str:
    return f"""
[[version.grade]]
code = "{code}"
from_points = {points}
title = {_words(code)}
meaning = {_words(code)}
standing = "good"
"""


FINDING = f"""
[[version.finding]]
code = "dishonest"
title = {_words("dishonest")}
at_most = "D"
"""

GRADES = (
    HEAD
    + "override = { notches = 1, days = 90 }\n"
    + "".join(_grade(*one) for one in {"A": 8400, "B": 6400, "C": 4400, "D": 3000, "E": 0}.items())
    + FINDING
)


def files(folder: Path, **changed: str) -> Path:
    """The three files in `folder`, one of them changed: `card`, `indicators` or `grades`."""
    content = {"card": CARD, "indicators": INDICATORS, "grades": GRADES} | changed
    for name, file in {"card": "5c", "indicators": "indicators", "grades": "grades"}.items():
        (folder / f"credit_{file}.toml").write_text(content[name], "utf-8")
    return folder


def rated(**values: int | None) -> list[Rating]:
    """One rater's ratings, each with evidence."""
    return [Rating(code, value, "P1", () if value is None else SEEN) for code, value in values.items()]
