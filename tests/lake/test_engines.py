"""The engines: the same rows to the last byte on DuckDB and on Spark, and faults of an engine in words.

The functions that compute are compared one by one in tests/classification/test_equal_on_engines.py.
"""

import random
import subprocess
import sys
from datetime import date, timedelta

import ibis
import pyarrow as pa
import pytest

from custinfo import lake
from custinfo.classification import schemes, value_grade
from custinfo.domain.errors import BadInput, SiteFault, WrongState
from custinfo.domain.periods import Month, Quarter
from custinfo.lake import compaction, control_totals, engines, gradings, manifest, schema
from custinfo.lake.publishing import BatchRow
from custinfo.statistics import customers, sales, segments, surveys
from custinfo.store import withheld
from custinfo.store.site import Site
from tests.engines import digest, spark
from tests.survey import survey_lake
from tests.test_lake import at, customer, moment, refused

DAY = date(2026, 10, 31)
QUARTER = Quarter(2026, 3)
REGIONS = ("350102", "110101", "440305", "999999", "")
OWNERSHIP = ("state", "collective", "joint_stock", "")


def sold(site, batch_id, seed, hours):
    """Sales, returns and payments of 40 customers, many of equal amounts, with quantities that no float holds."""
    pick = random.Random(seed)
    key = site.secret("pseudonym")
    lines = [
        {
            "customer_key": lake.pseudonym(key, f"c{pick.randrange(1, 41)}"), "line_no": f"{batch_id}-{n}",
            "kind": pick.choice(("sale", "sale", "sale", "return", "payment")),
            "occurred_on": DAY - timedelta(days=pick.randrange(0, 500)), "product": pick.choice(("茶", "Tea", None)),
            "quantity": pick.choice((None, 1, 2**53 + 1)),
            "amount_fen": pick.choice((0, 100, 100, 12_345, 10**12 + 1)),
        }
        for n in range(200)
    ]  # fmt: skip
    table = pa.Table.from_pylist(lines, schema=schema.SALES_LINES)
    facts = lake.FactBatch(lake.BATCH_KINDS["sales"], table, control_totals.of(table, []))
    return BatchRow(batch_id, moment(hours), lake.write_batch(site, batch_id, facts, moment(hours)))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A lake of three versions, of which the last is a compaction; one customer withdrew."""
    place = Site.create(tmp_path_factory.mktemp("engines") / "海风 site", name="海风")
    pick = random.Random(7)
    cards = [
        customer(
            n, f"c{n % 40 + 1}", n // 40 + 1, 0 if n <= 70 else 1.5,
            region=pick.choice(REGIONS), ownership=pick.choice(OWNERSHIP),
        )
        for n in range(1, 100)
    ]  # fmt: skip
    lake.publish(place, cards[:70], [sold(place, f"B{n}", n, 0) for n in range(5)], at(1))
    lake.publish(place, cards, [sold(place, f"C{n}", n, 1.5) for n in range(5)], at(2))
    lake.compact(place, at(3))
    key = lake.pseudonym(place.secret("pseudonym"), "c9")
    withheld.write(place.lake, [withheld.Withheld(key, "analysis", "2026-11-01T00:00:00.000000Z")])
    return place


def results(opened):
    """What analysts and reports ask for."""
    grades = value_grade.grade(opened.customers, opened.sales, DAY, value_grade.rule(DAY))
    described = segments.described(opened.customers, grades, opened.region, opened.industry)
    provinces = opened.region.select(code="code", group="province")
    return {
        "customers": opened.customers,
        "sales": opened.sales,
        "grades": grades,
        "by_grade": customers.by_grade(grades),
        "composition": customers.composition(opened.customers, "region", provinces),
        "months": sales.series(opened.sales, Month(2026, 10)),
        "provinces": segments.by(described, "province"),
        "spread": segments.by(described, "grade"),
    }


def classes(opened):
    """A scheme of classes as gradings keep them."""
    known = schemes.Known(QUARTER, opened.customers, opened.sales, opened.service_events)
    return schemes.SCHEMES["value_grade"](known).mutate(scheme=ibis.literal("value_grade"))


def test_the_same_bytes_on_duckdb_and_on_spark(site):
    # Of the second version: files of two versions, rows that were replaced, and somebody who withdrew
    here, there = (results(lake.open(site, engine=engine, version=2)) for engine in (engines.DUCKDB, spark()))
    differing = {name for name in ("customers", "sales", "grades") if digest(here[name]) != digest(there[name])}
    assert differing == set()


def test_surveys_are_the_same_on_duckdb_and_on_spark(tmp_path):
    made = survey_lake.site(tmp_path / "site")

    def read(engine):
        opened = lake.open(made, engine=engine)
        tables = surveys.of_branches(opened.found)
        every = surveys.studies(tables["studies"])
        form_id = every[0].form_id
        given = surveys.returned(tables, form_id)
        said = {
            name: [
                None if part is None else part.tobytes() for part in (one.state, one.places, one.chosen, one.numbers)
            ]
            for name, one in given.answers.items()
        }
        drawn = [surveys.units(tables["survey_units"], tables["survey_fieldwork"], one) for one in every]
        asked = surveys.questions(tables["survey_questions"], form_id)
        return every, drawn, surveys.forms(tables["survey_questions"]), asked, given.respondents, given.customers, said

    of_duckdb = read("duckdb")
    assert len(of_duckdb[0]) == 2
    assert of_duckdb == read(spark())


def test_what_was_known_at_a_moment_never_changes_afterwards(site):
    """The first version as it was then, and the same moment in later ones, with what came late and compacted."""
    then = results(lake.open(site, version=1))
    for version in (2, 3):
        later = results(lake.open(site, version=version, as_of=moment(1.2)))
        assert {name: digest(table) for name, table in later.items()} == {
            name: digest(table) for name, table in then.items()
        }
    now = results(lake.open(site, version=3))
    assert {name for name in then if digest(now[name]) == digest(then[name])} == set(), "nothing came late"


def test_a_quarter_graded_on_spark_is_the_edition_that_duckdb_gave(tmp_path):
    place = Site.create(tmp_path / "site", name="海风")
    lake.publish(place, [customer(n, f"c{n}") for n in range(1, 41)], [sold(place, "B1", 1, 0)], at(1))

    def recorded(engine, hours):
        opened = lake.open(place, engine=engine)
        return gradings.record(place, opened, QUARTER, classes(opened), moment(hours), at(hours))

    # Their keys are rows in the program's memory
    key = lake.pseudonym(place.secret("pseudonym"), "c9")
    withheld.write(place.lake, [withheld.Withheld(key, "analysis", "2026-11-01T00:00:00.000000Z")])
    assert recorded(engines.DUCKDB, 2).new
    assert not recorded(spark(), 3).new


def test_spark_reads_columns_that_a_file_lacks_as_null_and_no_files_as_no_rows(site):
    engine = engines.start(spark())
    files = [site.lake / path for path in manifest.read(site.lake, 2).paths("sales")]
    wider = schema.SALES.append(pa.field("later", pa.int64()))
    for one in (engine, engines.start(engines.DUCKDB)):
        assert one.read(files, wider).later.isnull().sum().to_pyarrow().as_py() == 2000
        assert one.read([], wider).count().to_pyarrow().as_py() == 0


def test_one_program_works_with_one_spark(site):
    lake.open(site, engine=spark())
    with refused(WrongState, "lake.engine_other", engine="local[3]", running=spark()):
        lake.open(site, engine="local[3]")


def test_a_path_that_spark_would_take_for_a_pattern_is_refused(tmp_path):
    place = Site.create(tmp_path / "海风 [1]", name="海风")
    lake.publish(place, [customer(1, "c1")], [], at(1))
    assert lake.open(place).customers.count().to_pyarrow().as_py() == 1
    with refused(SiteFault, "lake.engine_path", character="["):
        lake.open(place, engine=spark())


DIES = """
import os, signal, sys
from pathlib import Path
from custinfo import lake
from custinfo.domain.errors import SiteFault
from custinfo.lake import gradings
from custinfo.store.site import Site
from tests.lake.test_engines import QUARTER, at, classes, moment

place, engine = Site.load(Path(sys.argv[1])), sys.argv[2]
opened = lake.open(place, engine=engine)
assert opened.sales.count().to_pyarrow().as_py() > 0
graded = classes(opened)
from pyspark import SparkContext
os.kill(SparkContext._gateway.proc.pid, signal.SIGKILL)
SparkContext._gateway.proc.wait()
for work in (
    lambda: gradings.record(place, opened, QUARTER, graded, moment(9), at(9)),
    opened.sales.count().execute,
    lambda: lake.open(place, engine=engine),
):
    try:
        work()
    except SiteFault as fault:
        print(fault.key, bool(fault.text("zh-CN")))
"""


def test_a_spark_that_dies_half_way_is_said_in_words_and_nothing_is_published(site):
    before = sorted(file for file in site.home.rglob("*") if file.is_file())
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DIES, str(site.home), spark()],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    said = done.stdout.splitlines()
    assert said[:2] == ["lake.engine_died True"] * 2, done.stderr[-2000:]
    assert said[2] in ("lake.engine_died True", "lake.engine_start True")
    assert sorted(file for file in site.home.rglob("*") if file.is_file()) == before
    assert lake.newest(site.lake).version == 3


# ---- without Spark -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", "sqlite", "spark", "spark://", "local[0]", "local[x]", "local[2] ", "DuckDB", "http://x"]
)
def test_an_engine_that_does_not_exist_is_refused(site, name):
    with refused(BadInput, "lake.engine_unknown", engine=name):
        engines.start(name)


@pytest.mark.parametrize(
    "name", ["local", "local[*]", "local[16]", "spark://host:7077", "spark://a:7077,b:7077", "yarn"]
)
def test_masters_of_spark_are_known(name, monkeypatch):
    monkeypatch.setattr(engines, "import_module", lambda _name: (_ for _ in ()).throw(ImportError))
    with refused(SiteFault, "lake.engine_missing", engine=name):
        engines.start(name)


def test_a_spark_that_does_not_start_is_said_in_words(monkeypatch):
    class Broken:
        def __getattr__(self, _name):
            return self

        def __call__(self, *_args):
            return self

        def getOrCreate(self):  # noqa: N802
            raise RuntimeError("JAVA_GATEWAY_EXITED")

    monkeypatch.setattr(engines, "import_module", lambda _name: Broken())
    with refused(SiteFault, "lake.engine_start", engine="local[2]"):
        engines.start("local[2]")


def test_the_engine_stands_in_one_place_and_an_argument_wins(tmp_path):
    place = Site.create(tmp_path / "site", name="海风")
    assert engines.of_site(place) == "duckdb"
    lake.publish(place, [customer(1, "c1")], [], at(1))
    with (place.home / "site.toml").open("a") as settings:
        settings.write('\n[lake]\nengine = "abacus"\n')
    place = Site.load(place.home)
    with refused(BadInput, "lake.engine_unknown", engine="abacus"):
        lake.open(place)
    assert lake.open(place, engine="duckdb").customers.count().to_pyarrow().as_py() == 1


def test_the_same_rows_before_and_after_compaction_on_duckdb(site):
    before, after = (results(lake.open(site, version=version)) for version in (2, 3))
    assert {name: digest(table) for name, table in before.items()} == {
        name: digest(table) for name, table in after.items()
    }
    assert len(manifest.read(site.lake, 3).paths("sales")) < compaction.WORTH_IT
