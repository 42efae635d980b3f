"""Samples of a study: sizes and allocations worked by hand, who can be drawn, and drawing again from the record (R76)."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from custinfo.actions import sample_frames, samples, studies, study_steps
from custinfo.actions.sample_frames import Chosen
from custinfo.actions.samples import Design, Verified
from custinfo.cli import main
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Role
from tests.factories import account, site_with_forms
from tests.study_sites import SIX, TO_SAMPLING, Office


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("samples") / "site") as store:
        yield Office(store)


@pytest.fixture(scope="module")
def ready(office):
    """A study whose sample can be drawn, again and again."""
    return office.study(*TO_SAMPLING)


def drawn(office, study_id, design, **more):
    sample_id = samples.draw(office.store, office.zhou, study_id, design, **{"reason": "x", **more})
    (made,) = [one for one in samples.of_study(office.store, office.zhou, study_id) if one.sample_id == sample_id]
    units = office.store.rows("SELECT * FROM sample_unit WHERE sample_id = ? ORDER BY place", [sample_id])
    return made, units


def test_a_stratified_draw_keeps_each_units_chance_and_weight(office, ready):
    made, units = drawn(office, ready, SIX, seed="2026")
    # 12 agreed: 9 of Guangdong, 3 of Jiangsu; 6 × 9/12 = 4.5 and 1.5, the first stratum is served the half
    assert made.strata == {"320000": 3, "440000": 9} and (made.frame_units, made.left_out) == (12, 2)
    assert made.drawn == {"320000": 2, "440000": 4} and made.units == 6
    told = {(one["stratum"], one["chance"], one["probability"], one["base_weight"]) for one in units}
    assert told == {("320000", "2/3", 2 / 3, 1.5), ("440000", "4/9", 4 / 9, 2.25)}
    assert sum(one["base_weight"] for one in units) == pytest.approx(12), "the weights add up to the frame"
    assert [one["place"] for one in units] == [1, 2, 3, 4, 5, 6]
    assert (made.method, made.seed, made.strata_by, made.allocation) == (
        "stratified",
        "2026",
        "province",
        "proportional",
    )
    assert samples.verify(office.store, office.manager, made.sample_id) == Verified(True, True)
    again, same = drawn(office, ready, SIX, seed="2026")
    assert again.number == made.number + 1
    assert [one["customer_id"] for one in same] == [one["customer_id"] for one in units]
    other, _ = drawn(office, ready, SIX)
    assert other.seed not in ("", "2026")


def test_nobody_without_consent_or_out_of_scope_or_not_wanted_is_in_the_frame(office):
    store = office.store
    frame = sample_frames.build(store, office.zhou, Chosen())
    ids = {unit.id for unit in frame.units}
    assert not ids & {office.id_of(number) for number in office.refusing}
    jiangsu = sample_frames.build(store, office.zhou, Chosen(provinces=("320000",)))
    assert (len(jiangsu.units), jiangsu.left_out) == (3, 0)
    assert sample_frames.build(store, office.zhou, Chosen(customer_type="individual")).units == ()
    assert sample_frames.build(store, office.zhou, Chosen(sections=("C",), departments=("调查部",))).left_out == 2
    elsewhere = account(store, Role.SUPERVISOR, department="别的部门")
    assert sample_frames.build(store, elsewhere, Chosen()).units == ()
    with pytest.raises(NotAllowed):
        sample_frames.build(store, office.zhou, Chosen(), "value_grade")
    for wrong in (Chosen(provinces=("990000",)), Chosen(sections=("?",)), Chosen(customer_type="cat")):
        with pytest.raises(BadInput, match="has no"):
            sample_frames.build(store, office.zhou, wrong)


@pytest.mark.parametrize(
    ("changes", "asked", "sizes"),
    [
        # 1.96² × 0.25 / 0.3² = 10.7 answers; of 12 units 10.7 / (1 + 9.7/12) = 5.9: 6, and 6 / 0.6 = 10 are asked
        ({"method": "simple", "size": None, "margin": 0.3, "response": 0.6}, 10, {"units": 10}),
        ({"method": "systematic", "size": 5}, 5, {"units": 5}),
        ({"size": 8, "least": 3}, 8, {"320000": 3, "440000": 5}),
        # 9 × 1 and 3 × 6: a third and two thirds of 3
        ({"size": 3, "allocation": "neyman", "facts": {"320000": (6.0, 1.0)}}, 3, {"320000": 2, "440000": 1}),
        # 9 × 1 / √9 = 3 and 3 × 1 / √1 = 3: halves
        ({"size": 4, "allocation": "cost_optimal", "facts": {"440000": (1.0, 9.0)}}, 4, {"320000": 2, "440000": 2}),
        # 3 × 1 and 9 × 30: 0.03 and 2.97 of 3, but nobody could stand for a stratum of which none is drawn
        ({"size": 3, "allocation": "neyman", "facts": {"440000": (30.0, 1.0)}}, 3, {"320000": 1, "440000": 2}),
        ({"method": "quota", "size": 4}, 4, {"320000": 1, "440000": 3}),
        ({"method": "cluster", "clusters_by": "province", "clusters": 1, "within": 2, "size": 12}, 12,
         {"clusters": 1, "within": 2}),
    ],
)  # fmt: skip
def test_sizes_and_allocations_worked_by_hand(office, changes, asked, sizes):
    planned = samples.plan(office.store, office.zhou, replace(SIX, **changes))
    assert (planned.needed.asked, planned.sizes) == (asked, sizes)


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "simple", "strata_by": ""}, {"method": "systematic", "strata_by": ""}, {},
        {"method": "cluster", "clusters_by": "province", "clusters": 1, "within": 2, "size": None},
        {"method": "quota"},
    ],
)  # fmt: skip
def test_every_method_is_verified_from_its_record(office, ready, changes):
    made, units = drawn(office, ready, replace(SIX, **changes))
    assert samples.verify(office.store, office.zhou, made.sample_id) == Verified(True, True)
    assert len(units) == {"cluster": 2, "quota": 0}.get(made.method, 6)


def test_a_record_that_was_tampered_with_is_found(office, ready):
    made, units = drawn(office, ready, SIX)
    outside = next(
        office.id_of(n) for n in office.customers if office.id_of(n) not in {u["customer_id"] for u in units}
    )
    db = office.store._db
    for trigger in ("sample_unit_no_update", "sample_no_update"):
        db.execute(f"DROP TRIGGER {trigger}")
    try:
        db.execute(
            "UPDATE sample_unit SET customer_id = ? WHERE sample_id = ? AND place = 1", [outside, made.sample_id]
        )
        assert samples.verify(office.store, office.zhou, made.sample_id) == Verified(True, False)
        db.execute("UPDATE sample SET frame_sha256 = 'x' WHERE sample_id = ?", [made.sample_id])
        assert samples.verify(office.store, office.zhou, made.sample_id) == Verified(False, False)
    finally:
        for table in ("sample_unit", "sample"):
            db.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT "
                       f"RAISE(ABORT, '{table} is append-only'); END")  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "magic"}, "no method"), ({"strata_by": "shoe size"}, "cannot be divided"), ({"strata_by": ""}, "needs"),
        ({"method": "cluster"}, "needs"), ({"allocation": "fair"}, "no allocation"), ({"size": 13}, "cannot be drawn"),
        ({"size": 0}, "cannot be drawn"), ({"size": 1}, "cannot be divided"), ({"least": 0}, "least number in each stratum is 0"), ({"facts": {"990000": (1.0, 1.0)}}, "no stratum"),
        ({"chosen": Chosen(departments=("无",))}, "Nobody can be drawn"), ({"size": None, "margin": 0.0}, "must be between"),
        ({"method": "cluster", "clusters_by": "province", "clusters": 9}, "cannot be drawn"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_said_and_nothing_is_kept(office, ready, changes, message):
    before = office.store.rows("SELECT count(*) AS n FROM sample")
    with pytest.raises(BadInput, match=message):
        samples.draw(office.store, office.zhou, ready, replace(SIX, **changes), reason="x")
    assert office.store.rows("SELECT count(*) AS n FROM sample") == before


def test_more_than_was_approved_or_another_one_without_a_reason_is_not_drawn(office):
    store, zhou = office.store, office.zhou
    small = {"/data/method/population": "12", "/data/method/planned_sample": "12", "/data/method/response_rate": "100"}
    study_id = office.study(*TO_SAMPLING, **{**small, "/data/method/planned_sample": "6"}, approved=False)
    with pytest.raises(WrongState):
        samples.draw(store, zhou, study_id, SIX)
    study_id = office.study(*TO_SAMPLING, **small)
    with pytest.raises(BadInput, match="why another"):
        [samples.draw(store, zhou, study_id, SIX) for _ in range(2)]
    study_steps.take(store, zhou, study_id, "sampling")
    with pytest.raises(WrongState, match="settled"):
        samples.draw(store, zhou, study_id, SIX, reason="x")
    with pytest.raises(NotFound):
        samples.draw(store, zhou, "ST-nothing", SIX)
    assert Design().size is None


def test_of_clusters_the_largest_that_can_be_drawn_must_be_approved(office):
    """Of two provinces with 3 and 9 units one is drawn: which one, nobody knows before."""
    clusters = replace(SIX, method="cluster", clusters_by="province", clusters=1, size=None)
    planned = samples.plan(office.store, office.zhou, clusters)
    assert (planned.asked.least, planned.asked.most, planned.asked.expected) == (3, 9, 6)
    small = {"/data/method/population": "12", "/data/method/planned_sample": "8", "/data/method/response_rate": "100"}
    study_id = office.study(*TO_SAMPLING, **small)
    for seed in map(str, range(4)):
        with pytest.raises(BadInput, match="Up to 9 units"):
            samples.draw(office.store, office.zhou, study_id, clusters, seed=seed)
    assert drawn(office, study_id, replace(clusters, within=8))[0].units in (3, 8)


def test_by_the_command_line(office):
    def run(*words, status=0):
        home = ["--home", str(office.store.site.home)]
        done = CliRunner().invoke(main, ["study", *words, *home], env={"CUSTINFO_LANGUAGE": "en"})
        assert done.exit_code == status, done.output
        return done.output

    study_id = office.study(*TO_SAMPLING)
    design = ["--as", "zhou", "--method", "stratified", "--strata-by", "province", "--size", "6"]
    assert "Jiangsu: 2 of 3" in run("plan", *design)
    of_clusters = ["--method", "cluster", "--clusters-by", "province", "--clusters", "1"]
    assert "drawing 1 of the clusters gives 3 to 9 of 12 units to ask, 6 on average" in run(
        "plan", "--as", "zhou", *of_clusters
    )
    for wrong in (["--margin", "-3"], ["--design-effect", "1e308"], ["--least", "0"], ["--confidence", "nan"]):
        assert "must be between" in run("plan", *design[:6], *wrong, status=1)
    assert samples.newest(office.store, study_id) is None
    assert "2026" in run("draw", study_id, *design, "--seed", "2026")
    number = studies.read(office.store, office.zhou, study_id).number
    assert run("verify", study_id, "--as", "zhou") == run("verify", number, "--as", "zhou")
    assert study_id in run("list", "--as", "manager")
    assert "0" in run("rates", number, "--as", "zhou", "--by", "stratum")
    run("rates", "ST999999", "--as", "zhou", status=1)
    run("draw", study_id, *design, status=1)
    run("draw", study_id, "--as", "li", "--size", "3", status=1)
