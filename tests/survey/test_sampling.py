"""Sample sizes, allocations, draws that repeat, response rates."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.domain.errors import BadInput
from custinfo.statistics import draws, responses, sampling
from custinfo.statistics.draws import Unit
from custinfo.statistics.sampling import Asked, SampleSize, Stratum

SCHOOLS = {
    "E": Stratum(4421, 175.874710156),
    "H": Stratum(755, 688.319022063),
    "M": Stratum(1018, 438.611705438),
}


def test_sizes_that_every_textbook_has() -> None:
    assert sampling.for_proportion(0.05) == SampleSize(385, 385)
    assert sampling.for_proportion(0.03) == SampleSize(1068, 1068)
    assert sampling.for_proportion(0.05, confidence=0.99) == SampleSize(664, 664)
    assert sampling.for_proportion(0.05, population=1000) == SampleSize(278, 278)
    assert sampling.for_proportion(0.05, response=0.4) == SampleSize(385, 963)
    assert sampling.for_proportion(0.05, design_effect=2, population=1000) == SampleSize(556, 556)
    assert sampling.for_proportion(0.05, population=20, design_effect=2, response=0.5) == SampleSize(20, 20)
    assert sampling.for_mean(2, 15) == SampleSize(217, 217)


NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"margin": 0}, "margin of error is 0%; it must be between 0.01% and 100%"), ({"margin": -0.03}, "error is -3%;"),
        ({"margin": 1e-198}, "error is 1e-196%;"), ({"margin": 1.0001}, "error is 100.01%;"), ({"margin": NAN}, "is nan%;"),
        ({"confidence": 1}, "confidence is 100%; it must be between 50% and 99.99%"), ({"confidence": 0.07}, "is 7%;"),
        ({"confidence": 99.99999999999999 / 100}, "confidence is 99.99999999999999%;"),
        ({"proportion": 0}, "expected share is 0%;"), ({"response": 0}, "response is 0%;"), ({"response": 2}, "is 200%;"),
        ({"design_effect": 1e308}, "design effect is 1e[+]308; it must be between 0.1 and 100"),
        ({"design_effect": INFINITE}, "design effect is inf;"),
    ],
)  # fmt: skip
def test_a_size_out_of_range_is_refused_as_it_was_typed(facts: dict[str, float], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        sampling.for_proportion(**{"margin": 0.05, **facts})  # type: ignore[arg-type]


def test_the_name_is_said_in_the_readers_language() -> None:
    with pytest.raises(BadInput) as refused:
        sampling.for_proportion(-0.03)
    assert refused.value.text("zh-CN") == "允许误差为 -3%，应在 0.01% 与 100% 之间。请更正。"


@pytest.mark.parametrize("population", [None, 1, 10**9])
def test_whatever_lies_within_the_bounds_can_be_reckoned_with(population: int | None) -> None:
    names = ("margin", "confidence", "proportion", "design_effect", "response")
    for corner in product(*(sampling.BOUNDS[name] for name in names)):
        found = sampling.for_proportion(**dict(zip(names, corner, strict=True)), population=population)  # type: ignore[arg-type]
        assert 1 <= found.answers <= found.asked <= (population or 10**16)
    for margin, deviation in product(sampling.BOUNDS["margin_of_mean"], sampling.BOUNDS["deviation"]):
        assert sampling.for_mean(margin, deviation).answers >= 1
    for deviation, cost in product(sampling.BOUNDS["deviation"], sampling.BOUNDS["cost"]):
        sizes = sampling.cost_optimal(3, {"a": Stratum(5, deviation, cost), "b": Stratum(5)}, least=1)
        assert sum(sizes.values()) == 3 and min(sizes.values()) >= 1


@pytest.mark.parametrize(
    ("stratum", "said"),
    [
        (Stratum(5, 1e308, 1e-300), "cost of an answer in the stratum “a” is 1e-300;"), (Stratum(5, 1.0, 0.0), "“a” is 0;"),
        (Stratum(5, 1e308), "deviation in the stratum “a” is 1e[+]308; it must be between 0 and 1000000000000"),
        (Stratum(5, -1.0), "“a” is -1;"), (Stratum(5, NAN), "“a” is nan;"), (Stratum(5, 1.0, INFINITE), "“a” is inf;"),
        (Stratum(-1), "no units"),
    ],
)  # fmt: skip
def test_a_stratum_that_cannot_be_reckoned_with_is_named(stratum: Stratum, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        sampling.cost_optimal(3, {"a": stratum, "b": Stratum(5)})


def test_how_many_units_clusters_may_have() -> None:
    assert sampling.of_clusters([9, 3, 6], 1) == Asked(3, 9, Fraction(6))
    assert sampling.of_clusters([9, 3, 6], 2) == Asked(9, 15, Fraction(12))
    assert sampling.of_clusters([9, 3, 6], 2, within=4) == Asked(7, 8, Fraction(22, 3)), "4, 3 and 4"
    assert sampling.of_clusters([9, 3, 6], 3) == Asked(18, 18, Fraction(18))


def test_allocations() -> None:
    assert sampling.neyman(200, SCHOOLS) == {"E": 89, "H": 60, "M": 51}
    assert sampling.proportional(200, SCHOOLS) == {"E": 143, "H": 24, "M": 33}
    assert sampling.proportional(200, SCHOOLS, least=30) == {"E": 138, "H": 30, "M": 32}
    dear = {**SCHOOLS, "H": Stratum(755, 688.319022063, 4.0)}
    assert sampling.cost_optimal(200, dear) == {"E": 105, "H": 35, "M": 60}
    assert sampling.neyman(5, {"a": Stratum(2, 100.0), "b": Stratum(10, 1.0)}) == {"a": 2, "b": 3}
    assert sampling.neyman(3, {"a": Stratum(5, 0.0), "b": Stratum(10, 0.0)}) == {"a": 1, "b": 2}
    assert sampling.quotas(10, {"m": 1, "f": 1, "x": 1}) == {"m": 4, "f": 3, "x": 3}
    with pytest.raises(BadInput, match="cannot be divided"):
        sampling.proportional(10, SCHOOLS, least=5)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.floats(0, 100)), min_size=1, max_size=6), st.integers(0, 8),
    st.floats(0, 1),
)  # fmt: skip
def test_an_allocation_keeps_its_sum_and_its_bounds(parts: list[tuple[int, float]], least: int, part: float) -> None:
    strata = {str(i): Stratum(units, deviation) for i, (units, deviation) in enumerate(parts)}
    low, high = sum(min(least, one.units) for one in strata.values()), sum(one.units for one in strata.values())
    size = low + int(part * (high - low))
    found = sampling.neyman(size, strata, least=least)
    assert sum(found.values()) == size
    assert all(min(least, strata[name].units) <= n <= strata[name].units for name, n in found.items())


FRAME = [Unit(f"C{i:03d}", "NSW"[i % 3], f"k{i // 6}", (i * 37) % 50) for i in range(60)]


def made(seed: str) -> list[draws.Draw]:
    return [
        draws.simple(FRAME, 12, seed), draws.systematic(FRAME, 7, seed),
        draws.stratified(FRAME, {"N": 3, "S": 4, "W": 0}, seed), draws.cluster(FRAME, 3, seed),
        draws.cluster(FRAME, 3, seed, within=2), draws.proportional_to_size(FRAME, 9, seed),
    ]  # fmt: skip


def test_a_draw_is_repeated_by_its_record_alone() -> None:
    for one in made("2026-11"):
        assert draws.again(one, FRAME) == one
        with pytest.raises(BadInput, match="not the frame"):
            draws.again(one, [*FRAME, Unit("new")])
    assert [one.ids for one in made("2026-11")] != [one.ids for one in made("2026-12")]
    assert [one.size for one in made("x")] == [12, 7, 7, 18, 6, 9]


def test_the_same_lots_fall_on_every_machine() -> None:
    first = draws.simple(FRAME, 5, "2026-11")
    assert first.frame_sha256 == "e792c2a1c75f716451e3eb555bb62da65de03144097c8904f78369a6478626cb"
    assert first.ids == ("C004", "C005", "C023", "C046", "C048")


def test_everybody_has_the_chance_that_the_record_says() -> None:
    often: list[Counter[str]] = [Counter() for _ in range(6)]
    rounds = 120
    for seed in range(rounds):
        for counter, one in zip(often, made(str(seed)), strict=True):
            counter.update(one.ids)
    certain = made("0")[5]
    for counter, one in zip(often, made("0"), strict=True):
        for id_, chance in zip(one.ids, one.chances, strict=True):
            assert abs(counter[id_] / rounds - float(chance)) < 0.18
    assert all(often[5][unit.id] == 0 for unit in FRAME if unit.size == 0)
    assert sum(certain.weights) > 0


def test_a_unit_that_is_certain_is_taken_and_weighs_one() -> None:
    frame = [Unit("giant", size=1000), *(Unit(str(i), size=10) for i in range(20))]
    drawn = draws.proportional_to_size(frame, 5, "s")
    assert dict(zip(drawn.ids, drawn.chances, strict=True))["giant"] == 1
    assert drawn.size == 5
    assert set(drawn.chances) == {Fraction(1), Fraction(1, 5)}


def test_frames_that_cannot_be_drawn_from() -> None:
    for spoil in (
        lambda: draws.simple(FRAME, 61, "s"),
        lambda: draws.simple(FRAME, 0, "s"),
        lambda: draws.simple([FRAME[0], replace(FRAME[1], id="C000")], 1, "s"),
        lambda: draws.stratified(FRAME, {"N": 1}, "s"),
        lambda: draws.stratified(FRAME, {"N": 21, "S": 1, "W": 1}, "s"),
        lambda: draws.cluster(FRAME, 11, "s"),
        lambda: draws.proportional_to_size([Unit("a", size=0)], 1, "s"),
    ):
        with pytest.raises(BadInput):
            spoil()


def test_response_rates_of_aapor() -> None:
    found = responses.rates(
        ["complete"] * 60 + ["partial"] * 10 + ["refused"] * 15 + ["not_reached"] * 10 + ["other"] * 5
        + ["unknown_household"] * 30 + ["unknown_other"] * 10 + ["not_eligible"] * 25,
    )  # fmt: skip
    assert found.eligible == Fraction(100, 125)
    assert (found.rr1, found.rr2) == (Fraction(60, 140), Fraction(70, 140))
    assert (found.rr3, found.rr4) == (Fraction(60, 132), Fraction(70, 132))
    assert (found.rr5, found.rr6) == (Fraction(60, 100), Fraction(70, 100))
    nobody = responses.rates([])
    assert nobody.rr1 is nobody.rr5 is None
    with pytest.raises(BadInput):
        responses.rates(["away"])  # type: ignore[list-item]


def test_return_rates() -> None:
    found = responses.returns(300, 260, 249)
    assert (str(found.return_rate), str(found.valid_rate)) == ("86.7", "95.8")
    assert responses.returns(0, 0, 0).return_rate is None
    with pytest.raises(BadInput):
        responses.returns(10, 11, 1)


def test_those_who_answered_stand_for_their_class() -> None:
    weights, classes = responses.for_nonresponse(
        [10.0, 10.0, 20.0, 5.0, 5.0], ["a", "a", "a", "b", "b"], [True, True, False, True, True]
    )
    assert weights == (20.0, 20.0, 0.0, 5.0, 5.0)
    assert [(one.name, one.drawn, one.answered, one.factor) for one in classes] == [("a", 3, 2, 2.0), ("b", 2, 2, 1.0)]
    for facts in ({"least": 3}, {"most_factor": 1.5}):
        with pytest.raises(BadInput, match="class"):
            responses.for_nonresponse([1.0, 3.0, 1.0], ["a"] * 3, [True, False, True], **facts)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="class"):
        responses.for_nonresponse([1.0], ["a"], [False])
