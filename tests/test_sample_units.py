"""Units of samples from the store to the lake, each once and when it came; and stores of before they had a number."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlcipher3 import dbapi2 as sqlcipher
from sqlite_utils import Database

from custinfo import lake
from custinfo.actions import fieldwork, surveys_published
from custinfo.actions import lake as publishing
from custinfo.domain.clock import parse
from custinfo.domain.people import SERVICE
from custinfo.statistics import surveys
from custinfo.store.schema import migrations
from tests.factories import site_with_forms
from tests.study_sites import SIX, Office


def test_of_two_studies_each_has_its_units_when_they_were_handed_out(tmp_path):
    """A quota sample is drawn first and filled last: another study's units are in the lake by then."""
    with site_with_forms(tmp_path / "site") as store:
        office = Office(store)
        _, quotas = office.sampled(replace(SIX, method="quota", size=4))
        publishing.publish(store, SERVICE)
        _, drawn = office.sampled()
        publishing.publish(store, SERVICE)
        fieldwork.hand_out(store, office.li, quotas, "phone", office.customers[:3])
        handed_out = store.rows("SELECT min(recorded_at) AS at FROM fieldwork")[0]["at"]
        publishing.publish(store, SERVICE)
        opened = lake.open(store.site).found
        by_number = {one.study: one for one in surveys.studies(opened["studies"])}
        found = {number: surveys.units(opened["survey_units"], opened["survey_fieldwork"], one)
                 for number, one in by_number.items()}  # fmt: skip
        assert {number: len(units) for number, units in found.items()} == {"ST000001": 3, "ST000002": 6}
        assert {one.disposition for one in found["ST000001"]} == {"unknown_other"}
        moments = opened["survey_units"].select("study", "recorded_at").distinct().to_pyarrow().to_pylist()
        drawn_at = store.rows("SELECT drawn_at FROM sample WHERE sample_id = ?", [drawn])[0]["drawn_at"]
        told = {row["study"]: row["recorded_at"] for row in moments}
        wanted = {"ST000001": parse(handed_out), "ST000002": parse(drawn_at)}
        assert len(moments) == 2 and told == {study: at.replace(tzinfo=None) for study, at in wanted.items()}
        before = lake.open(store.site, as_of=parse(handed_out) - timedelta(microseconds=1)).found["survey_units"]
        assert {row["study"] for row in before.to_pyarrow().to_pylist()} == {"ST000002"}
        assert publishing.publish(store, SERVICE) is None, "each once"
        assert list(surveys_published.units(store, 10**12)) == []


SAMPLES = (
    # In the order in which they were drawn: id, method, drawn at, the units in their places, with who was handed what when
    ("SM-b", "quota", "2026-10-01T00:00:00.000000Z", {"Q": "2026-10-05T00:00:00.000000Z", "P": None}),
    ("SM-c", "stratified", "2026-10-02T00:00:00.000000Z", {"Z": None, "A": "2026-10-06T00:00:00.000000Z"}),
    ("SM-a", "simple", "2026-10-03T00:00:00.000000Z", {"Z": None}),
)


@pytest.fixture
def older():
    """A store of before `m035`, with three samples."""
    db = Database(sqlcipher.connect(":memory:", isolation_level=None))
    migrations.apply(db, stop_before="m035_sample_units")
    for number, (sample_id, method, drawn_at, units) in enumerate(SAMPLES):
        _insert(db, "sample", sample_id=sample_id, method=method, number=number, drawn_at=drawn_at)
        for place, (customer, at) in enumerate(units.items(), 1):
            _insert(db, "sample_unit", sample_id=sample_id, customer_id=customer, place=place, stratum="s",
                    base_weight=None if method == "quota" else 2.5)  # fmt: skip
            if at:
                _insert(db, "fieldwork", sample_id=sample_id, customer_id=customer, kind="handed_out", recorded_at=at)
    db.execute("PRAGMA foreign_keys = ON")
    return db


def _insert(db, table, **values):
    """A row whose other columns say nothing."""
    blank = {column.name: b"" if column.type == "BLOB" else "0" for column in db[table].columns if column.notnull}
    db[table].insert({**blank, **values})


def test_units_of_older_stores_keep_their_order_and_the_numbers_that_the_lake_has(older):
    """But for those of quota samples: the lake may have passed them, and has them once more."""
    with older.atomic():
        migrations.apply(older)
    found = older.query(
        "SELECT seq, sample_id, customer_id, place, base_weight, recorded_at FROM sample_unit ORDER BY seq"
    )
    assert [tuple(row.values()) for row in found] == [
        (200000001, "SM-c", "Z", 1, 2.5, "2026-10-02T00:00:00.000000Z"),
        (200000002, "SM-c", "A", 2, 2.5, "2026-10-02T00:00:00.000000Z"),
        (300000001, "SM-a", "Z", 1, 2.5, "2026-10-03T00:00:00.000000Z"),
        (400000001, "SM-b", "Q", 1, None, "2026-10-05T00:00:00.000000Z"),
        (400000002, "SM-b", "P", 2, None, "2026-10-01T00:00:00.000000Z"),
    ]  # fmt: skip
    _insert(older, "sample_unit", sample_id="SM-b", customer_id="N", place=3)
    assert older.execute("SELECT max(seq) FROM sample_unit").fetchone() == (400000003,)
    register = {(row["sample_id"], row["customer_id"]): row["waves"] for row in older["fieldwork_unit"].rows}
    assert len(register) == 6 and ("SM-c", "A") in register


def test_what_protected_the_units_protects_them_after_the_change(older):
    with older.atomic():
        migrations.apply(older)
    assert older.execute("PRAGMA foreign_key_check('sample_unit')").fetchall() == []
    for statement in ("UPDATE sample_unit SET place = 9", "DELETE FROM sample_unit"):
        with pytest.raises(sqlcipher.IntegrityError, match="append-only"):
            older.execute(statement)
    for wrong in (("SM-c", "A"), ("SM-nothing", "A")):
        with pytest.raises(sqlcipher.IntegrityError):
            _insert(older, "sample_unit", sample_id=wrong[0], customer_id=wrong[1])
    with pytest.raises(sqlcipher.IntegrityError):
        _insert(older, "fieldwork", sample_id="SM-c", customer_id="nobody")
