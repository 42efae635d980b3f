"""Surveys from the lake to weights and tables that may be shown: a small study reckoned by hand."""

import pytest

from custinfo import lake
from custinfo.actions.survey_work import Surveys
from custinfo.classification import disclosure_rules
from custinfo.domain.errors import BadInput
from custinfo.statistics import survey_tables, survey_weights
from custinfo.statistics.survey_tables import BASE
from custinfo.statistics.surveys import Unit
from tests.reports import sites
from tests.survey import survey_lake

STUDY = "study:ST000002"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return survey_lake.site(tmp_path_factory.mktemp("surveys") / "site")


@pytest.fixture(scope="module")
def small(site):
    """The study of 12 respondents, as its first version of the lake has it."""
    return lake.open(site, as_of=sites.later(1))


@pytest.fixture(scope="module")
def found(small):
    return Surveys(small)


def rule(threshold):
    of_class, _ = disclosure_rules.release_class("inside", survey_lake.STUDIES["ST000002"][0].date())
    return of_class.model_copy(update={"threshold": threshold})


def tables(found, small, how="sample", threshold=2, names=("overall",)):
    taken, weighting = found.taken(STUDY), found.weighting(STUDY, how)
    point = found.point(taken, "customer_type", small.as_of.date())
    made = survey_tables.of(taken.returned, weighting, [point], names, rule(threshold))
    return dict(zip(names, made, strict=True))


def cell(made, code, place=0):
    row = next(one for one in made.table.rows if one.code == code)
    return row.cells[place]


def test_studies_stand_before_forms_and_the_newest_first(found):
    assert [code for _, code in found.choices("en")] == [
        "study:ST000002", "study:ST000001", "form:satisfaction_survey",
    ]  # fmt: skip
    taken = found.taken(STUDY)
    assert len(taken.units) == 16 and len(taken.returned.respondents) == 12
    assert len(found.taken("form:satisfaction_survey").returned.respondents) == 24, "both studies'"


def test_weights_of_twelve_by_hand(found):
    """Each stratum's weights: base × drawn and eligible / answered; an effective base by Kish of 61² / Σ w²."""
    weighting = found.weighting(STUDY, "sample")
    assert weighting.basis == "strata"
    assert sorted(weighting.sampled.weights) == pytest.approx([3.5] * 6 + [20 / 3] * 6)
    told = [(one.name, one.drawn, one.answered, round(one.factor, 6)) for one in weighting.classes]
    assert told == [("company", 8, 6, 1.333333), ("consumer", 7, 6, 1.166667)]
    squares = 6 * 3.5**2 + 6 * (20 / 3) ** 2
    assert weighting.effective == pytest.approx(61**2 / squares)
    assert weighting.design_effect == pytest.approx(12 * squares / 61**2)
    assert sorted(weighting.sampled.population) == [24.0] * 6 + [40.0] * 6


def test_shares_means_and_scores_by_hand(found, small):
    made = tables(found, small, names=("overall", "recommend", "improve"))
    overall = made["overall"]
    assert cell(overall, "top").value == pytest.approx((40 * 4 / 6 + 21 * 2 / 6) / 61)
    assert cell(overall, "mean").value == pytest.approx((40 * 23 / 6 + 21 * 16 / 6) / 61)
    assert [cell(overall, "top", place).value for place in (1, 2)] == pytest.approx([4 / 6, 2 / 6])
    assert cell(made["recommend"], "score").value == pytest.approx(100 * (40 / 6 - 21 * 2 / 6) / 61)
    improve = made["improve"].table.bases[0]
    assert (improve.unweighted, improve.blank, improve.not_asked) == (9, 2, 1)
    price = 4 * 20 / 3 + 3.5
    assert cell(made["improve"], "price").value == pytest.approx(price / (5 * 20 / 3 + 4 * 3.5))
    plain = tables(found, small, "none")["overall"]
    assert cell(plain, "top").value == pytest.approx(6 / 12)


def test_a_finite_population_makes_the_error_smaller(found, small):
    """A share of a stratified sample: Σ (N_h / N)² (1 − n_h / N_h) p_h q_h / (n_h − 1), with N the weights' sum."""
    p = {"company": (40, 4 / 6), "consumer": (21, 2 / 6)}
    left = {"company": 1 - 6 / 40, "consumer": 1 - 6 / 24}
    variance = sum((n / 61) ** 2 * left[name] * share * (1 - share) / 5 for name, (n, share) in p.items())
    assert cell(tables(found, small)["overall"], "top").standard_error == pytest.approx(variance**0.5)


def test_few_answers_are_hidden_with_what_would_tell_them(found, small):
    made = tables(found, small, threshold=3)["overall"]
    assert made.shown(BASE, 0) and made.shown(BASE, 1) and made.shown(BASE, 2)
    # Of enterprises two said 5, two 4, one 3, one 2: all below three
    assert not any(made.shown(code, 1) for code in "5432")
    assert not made.shown("mean", 1), "with the mean the hidden choices could be reckoned"
    assert not made.shown("bottom", 1) and not made.shown("top", 2)
    everything = tables(found, small, threshold=7)["overall"]
    assert not everything.shown(BASE, 1) and not everything.shown("1", 1), "a column of fewer shows nothing at all"
    assert everything.shown(BASE, 0)


def test_who_of_several_choices_are_few_is_hidden_choice_by_choice(found, small):
    made = tables(found, small, threshold=3, names=("improve",))["improve"]
    assert not made.shown("delivery", 0), "two of nine"
    assert not made.shown("price", 2) and not made.shown("price", 1), "one consumer chose it, one company did not"
    assert all(made.shown(BASE, place) for place in range(3))


def test_raking_to_the_frame_makes_the_totals_agree(found):
    """All 24 consumers of the frame count again, though one of the eight drawn was not eligible."""
    weighting = found.weighting(STUDY, "raked")
    assert (weighting.margins, weighting.unused) == (("customer_type",), ("area",))
    counted = {}
    for one, weight in zip(weighting.respondents, weighting.sampled.weights, strict=True):
        kind = "company" if int(one.rpartition("c")[2]) <= 8 else "consumer"
        counted[kind] = counted.get(kind, 0) + weight
    assert counted == pytest.approx({"company": 61 * 40 / 64, "consumer": 61 * 24 / 64})


def unit(number, stratum, disposition="complete", weight=2.0):
    came = disposition == "complete"
    return Unit(f"k{number}", stratum, "", weight, disposition, "web", f"r{number}" if came else None)


def weigh(found, units):
    return survey_weights.of_study(found.studies[0], units, {one.respondent for one in units})


def test_a_stratum_without_answers_makes_one_class_of_all(found):
    weighting = weigh(found, [unit(1, "company"), unit(2, "company"), unit(3, "consumer", "refused", 3.0)])
    assert (weighting.basis, weighting.empty) == ("sample", ("consumer",))
    assert weighting.sampled.weights == pytest.approx([3.5, 3.5]), "7 in all, for two"


def test_a_stratum_of_which_nobody_was_drawn_is_named(found):
    """The others' weights stay theirs: 4 of a frame of companies and consumers."""
    companies = [unit(1, "company"), unit(2, "company")]
    weighting = weigh(found, companies)
    assert (weighting.basis, weighting.empty) == ("strata", ("consumer",))
    assert weighting.sampled.weights == pytest.approx([2.0, 2.0])
    assert weigh(found, [*companies, unit(3, "consumer", "not_eligible")]).empty == (), "there is nobody to speak of"
    assert weigh(found, [unit(1, "company", "refused")]).empty == ("company", "consumer")


def test_who_was_drawn_twice_and_merged_is_one_respondent(site, found):
    """c7, who refused, was c1, who had answered; c2 and c3 had both answered; c16, never asked, was c8, never heard of.
    Base weights are added: of companies 10, 10, 5, 5, 5 answered for 43, as c8 now stands for 5 and for 3 of c16.
    """
    key = site.secret("pseudonym")
    links = [lake.TableRow(n, {"customer_key": lake.pseudonym(key, one), "survivor_key": lake.pseudonym(key, other),
                               "recorded_at": sites.later(2)})
             for n, (one, other) in enumerate([("c7", "c1"), ("c2", "c3"), ("c16", "c8")], 1)]  # fmt: skip
    lake.publish(site, [], [], lambda: sites.later(2), tables={"merged": links})
    merged = Surveys(lake.open(site))
    taken, weighting = merged.taken(STUDY), merged.weighting(STUDY, "sample")
    assert len(taken.units) == len({one.customer_key for one in taken.units}) == 13
    wanted = {f"ST000002-c{n}" for n in (1, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14)}
    assert set(weighting.respondents) == set(taken.returned.respondents) == wanted
    weights = dict(zip(weighting.respondents, weighting.sampled.weights, strict=True))
    assert [weights[f"ST000002-c{n}"] for n in (1, 3, 4, 9)] == pytest.approx([430 / 35, 430 / 35, 215 / 35, 3.0])
    assert [(one.name, one.drawn, one.answered) for one in weighting.classes] == [("company", 6, 5), ("consumer", 6, 6)]
    assert len(found.taken(STUDY).units) == 16, "who reads what was known before the merges sees them apart"


def test_strata_of_one_respondent_are_put_together(found):
    weighting = weigh(found, [unit(1, "a"), unit(2, "b"), unit(3, "b"), unit(4, "c"), unit(5, "c"), unit(6, "c")])
    strata = dict(zip(weighting.respondents, weighting.sampled.strata, strict=True))
    assert strata["r1"] == strata["r2"] == strata["r3"] != strata["r4"] == strata["r6"], "a with the smaller of two"
    assert weighting.sampled.population is None, "the frame has no such strata"


def test_nobody_answered_or_the_sample_has_no_weights(found):
    nobody = weigh(found, [unit(1, "company", "refused"), unit(2, "company", "")])
    assert (nobody.respondents, nobody.effective, nobody.design_effect) == ((), 0.0, None)
    quota = weigh(found, [unit(1, "company", weight=None), unit(2, "company", "refused", None)])
    assert (quota.basis, list(quota.sampled.weights)) == ("quota", [1.0])
    with pytest.raises(BadInput) as refused:
        weigh(found, [unit(1, "company", weight=0.0), unit(2, "company")])
    assert "ST000002" in refused.value.text("en") and "(1)" in refused.value.text("en")


def test_what_nobody_asks_for_has_nobody(found):
    taken = found.taken("form:another")
    assert (taken.returned.respondents, taken.study) == ((), None)
