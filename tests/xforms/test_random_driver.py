"""Every form can be filled in and finished by a driver that answers at random within the rules; what it finishes holds.

CUSTINFO_FORMS names a folder of forms; without it the folder of collected forms beside the repository is taken, where it is.
"""

import os
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custinfo.actions import rule_lists
from custinfo.actions.formats import FORMATS
from custinfo.domain import codelists
from custinfo.xforms import Form, Session, from_file
from custinfo.xforms.xpath.regex import matches
from tests.xforms.candidates import fitting
from tests.xforms.driver import Stuck, fill
from tests.xforms.forms import NOW, form, survey

HERE = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("CUSTINFO_FORMS", HERE.parent / "shared" / "conformance" / "forms"))
SUFFIXES = (".xlsx", ".xls", ".csv", ".md", ".xml")
CITIES = b"""{"type": "FeatureCollection", "features": [
{"type": "Feature", "id": 1, "properties": {"name": "sz"}, "geometry": {"type": "Point", "coordinates": [114, 22.5]}}]}"""

DEMANDS = b"name,label,stage,customer_number\nd1,D000001,collected,\n"


def files(folder: Path) -> list[Path]:
    return sorted(f for f in folder.glob("*") if f.suffix in SUFFIXES and f.name != "INDEX.md")


def read(file: Path) -> Form:
    lists = {f"{name}.csv": codelists.load(name).choices_csv() for name in codelists.names()}
    lists |= dict(rule_lists.of_day(date(2026, 11, 1)))
    return from_file(file.read_bytes(), file.name, {**lists, "cities.geojson": CITIES, "demands.csv": DEMANDS})


def drive(made: Form, seed: int) -> None:
    """What is finished, a session that begins with it and evaluates everything anew finds right, too."""
    options = {"formats": FORMATS, "clock": lambda: NOW}
    record = fill(Session(made, random=Random(seed), **options), Random(seed))
    again = Session(made, record.values, random=Random(seed), **options)
    assert [(p.ref, p.message("en")) for p in again.problems()] == []
    assert again.finish().values.keys() == record.values.keys()


@pytest.mark.parametrize("file", files(HERE / "forms"), ids=lambda f: f.name)
def test_the_forms_of_the_repository(file: Path) -> None:
    made = read(file)
    for seed in (1, 2):
        drive(made, seed)


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no folder of forms at {FOLDER}; name one in CUSTINFO_FORMS")
@pytest.mark.parametrize("file", files(FOLDER), ids=lambda f: f.name)
def test_a_folder_of_forms(file: Path) -> None:
    drive(read(file), 5)


QUESTIONS = st.sampled_from(
    [
        "integer | {n} | {n} | | . > 3 and . < {k}0 | | yes",
        "integer | {n} | {n} | | . != ${{q0}} | | ",
        "decimal | {n} | {n} | ${{q0}} > {k} | . <= 100 | | yes",
        "text | {n} | {n} | | regex(., '[A-C]{{{k}}}-[0-9]+') | | yes",
        "text | {n} | {n} | string-length(${{q0}}) > 0 | string-length(.) >= {k} | | ",
        "select_one c | {n} | {n} | | . != 'b' | | yes",
        "select_multiple c | {n} | {n} | | count-selected(.) <= 2 and not(selected(., 'a')) | | ",
        "select_one c | {n} | {n} | selected(${{q0}}, 'a') or ${{q0}} > 2 | | | yes",
        "rank c | {n} | {n} | | | | yes",
        "date | {n} | {n} | | . <= today() and . > '1990-01-01' | | yes",
        "calculate | {n} | | | | coalesce(${{q0}}, 0) * {k} | ",
        "integer | {n} | {n} | | . < 1000000 | if(${{q0}} > 0, ${{q0}} * {k}, 1) | ",
        "geopoint | {n} | {n} | ${{q0}} != '' | | | ",
        "acknowledge | {n} | {n} | | | | yes",
    ]
)


@st.composite
def small_forms(draw: st.DrawFn) -> str:
    rows = ["integer | q0 | first | | | | "]
    for number in range(1, draw(st.integers(1, 8)) + 1):
        question = _row(draw, f"q{number}")
        kind = draw(st.sampled_from(["", "", "group", "repeat"]))
        relevant = draw(st.sampled_from(["", "${q0} < 90"]))
        around = [f"begin_{kind} | g{number} | g{number} | {relevant} | | | ", question, f"end_{kind} | | | | | | "]
        rows += around if kind else [question]
    return survey(*rows, choices="c | a | A |\nc | b | B |\nc | d | D |")


def _row(draw: st.DrawFn, name: str) -> str:
    return draw(QUESTIONS).format(n=name, k=draw(st.integers(2, 6)))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(small_forms(), st.integers(0, 10_000))
def test_small_forms_at_random(markdown: str, seed: int) -> None:
    try:
        drive(form(markdown), seed)
    except Stuck as stuck:
        pytest.fail(f"{stuck}\n{markdown}")


@pytest.mark.parametrize("pattern", [r"[A-C]{2}-\d+", r"1[3-9]\d{9}", r"(\d{3}-)?\d{8}", r"[\w-.]+@[\w-]+\.(com|cn)"])
def test_the_driver_makes_texts_that_fit(pattern: str) -> None:
    assert any(matches(pattern, fitting(pattern, Random(seed))) for seed in range(5))
