"""Estimates against R's package survey 4.1-1: the same rows, the same design, the same figures. Those of its own data,
which are not shipped, are compared by `python -m tests.survey.api_of_r`.
"""

import pytest

from custinfo.domain.errors import BadInput
from custinfo.statistics.estimation import Estimate, SurveyDesign, SurveySample
from tests.survey.small_survey import is_as, table

ELEMENTS = SurveyDesign(weight="w", strata="region")
CLUSTERS = SurveyDesign(weight="w", strata="region", cluster="shop", population="shops")
STAGES = SurveyDesign(
    weight="w", strata="region", cluster="shop", second_stage="row", population="shops", second_population="staff"
)
KIND = {"a": 5000.0, "b": 4000.0, "c": 5500.0}
PLEASED = {"no": 6000.0, "yes": 8500.0}


def sample(design: SurveyDesign = CLUSTERS) -> SurveySample:
    return SurveySample(table(), design)


R = {
    "elements": (
        ELEMENTS, 57, (195.9692425402, 3.752029488817), (640329.5, 13950.92970162), (50.75434459526, 3.986942898268),
        [(0.3254781943382, 0.0673854698870), (0.3104055087988, 0.06693793207691), (0.3641162968630, 0.07026897046113)],
        [(205.2712756624, 6.738002486128), (188.7772351106, 5.675098614711)],
    ),
    "clusters": (
        CLUSTERS, 9, (195.9692425402, 3.463119771016), (640329.5, 19614.82144069), (50.75434459526, 4.073036474212),
        [(0.3254781943382, 0.03795200343772), (0.3104055087988, 0.03470189500285), (0.364116296863, 0.01690561490031)],
        [(205.2712756624, 7.164070774119), (188.7772351106, 2.540642092954)],
    ),
    "two stages": (
        STAGES, 9, (195.9692425402, 3.597192624647), (640329.5, 19870.77270893), (50.75434459526, 4.192874539165),
        [(0.3254781943382, 0.04216640338979), (0.3104055087988, 0.0392731244969), (0.364116296863, 0.02577623727834)],
        [(205.2712756624, 7.364891760597), (188.7772351106, 2.974108319151)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", R)
def test_designs_are_estimated_as_r_does(name: str) -> None:
    design, freedom, mean, total, ratio, shares, domains = R[name]
    drawn = sample(design)
    is_as(drawn.mean("amount"), mean)
    is_as(drawn.total("amount"), total)
    is_as(drawn.ratio("amount", "visits"), ratio)
    is_as(drawn.proportions("kind"), *shares)
    is_as(drawn.mean("amount", ["pleased"]), *domains)
    assert drawn.mean("amount")[0].degrees_of_freedom == freedom
    assert [one.key for one in drawn.proportions("kind")] == [("a",), ("b",), ("c",)]


def test_weights_are_adjusted_as_r_does_and_errors_know_it() -> None:
    post = sample().post_stratified("kind", KIND)
    is_as(post.mean("amount"), (195.7308626935, 3.519728641296))
    is_as(post.total("visits"), (55973.7223854, 4108.406456784))
    raked = sample().raked({"kind": KIND, "pleased": PLEASED})
    is_as(raked.mean("amount"), (195.112822647, 3.840600287119))
    is_as(raked.total("visits"), (55875.74494693, 4110.508842488))
    known = sample().calibrated({"kind": KIND}, {"visits": 58000})
    is_as(known.mean("amount"), (195.6864499923, 3.640445816565))
    is_as(known.total("amount"), (2837453.524889, 52786.46434019))
    assert known.total("visits")[0] == Estimate((), pytest.approx(58000), 0.0, *[pytest.approx(58000)] * 2, 9, 60)  # type: ignore[arg-type]
    assert sum(raked.weights) == pytest.approx(14500)


def test_replicate_weights_know_the_finite_population() -> None:
    jackknife = sample().replicated("jackknife")
    is_as(jackknife.mean("amount"), (195.9692425402, 3.465540782069))
    is_as(jackknife.ratio("amount", "visits"), (50.75434459526, 3.995687952841))
    bootstrap = sample().replicated("bootstrap", replicates=60, seed=3).mean("amount")[0]
    again = sample().replicated("bootstrap", replicates=60, seed=3).mean("amount")[0]
    assert bootstrap == again
    assert bootstrap.degrees_of_freedom == 9
    assert 2.5 < bootstrap.standard_error < 5.5
    balanced = sample(SurveyDesign(weight="w", strata="region", cluster="shop")).replicated("balanced").mean("amount")
    assert balanced[0].value == pytest.approx(195.9692425402)


def test_what_the_design_fixes_has_no_error() -> None:
    rows = table()
    even = SurveySample(rows.assign(w=rows.shops.astype(float)), ELEMENTS)
    assert {one.standard_error for one in even.proportions("region")} == {0.0}


def test_a_blank_leaves_the_estimate_and_not_the_design() -> None:
    rows = table().astype({"amount": float})
    rows.loc[rows.pleased == "no", "amount"] = None
    blank = SurveySample(rows, CLUSTERS).mean("amount")
    assert blank[0].n == int((rows.pleased == "yes").sum())
    is_as(blank, (188.7772351106, 2.540642092954))


@pytest.mark.parametrize(
    ("key", "spoil"),
    [
        ("estimation.no_column", lambda: SurveySample(table(), SurveyDesign(weight="nix"))),
        ("estimation.no_column", lambda: sample().mean("nix")),
        ("estimation.no_rows", lambda: SurveySample(table().head(0), CLUSTERS)),
        ("estimation.weights", lambda: SurveySample(table().assign(w=0.0), CLUSTERS)),
        ("estimation.blank_design", lambda: SurveySample(table().assign(shop=float("nan")), CLUSTERS)),
        ("estimation.too_small", lambda: SurveySample(table().assign(shops=3), CLUSTERS)),
        ("estimation.several_sizes", lambda: SurveySample(table().assign(shops=range(60, 120)), CLUSTERS)),
        ("estimation.second_stage", lambda: SurveySample(table(), SurveyDesign(weight="w", second_population="staff"))),
        ("estimation.lone_cluster", lambda: SurveySample(table().head(25), CLUSTERS).mean("amount")),
        ("estimation.categories_differ", lambda: sample().post_stratified("kind", {"a": 1.0})),
        ("estimation.empty_population", lambda: sample().post_stratified("kind", {**KIND, "a": 0.0})),
        ("estimation.margins_differ", lambda: sample().raked({"kind": KIND, "pleased": {"no": 1.0, "yes": 2.0}})),
        (
            "estimation.blank_auxiliary",
            lambda: SurveySample(table().assign(kind=None), CLUSTERS).post_stratified("kind", KIND),
        ),
        ("estimation.nothing_answered", lambda: SurveySample(table().assign(amount=None), CLUSTERS).mean("amount")),
    ],
)
def test_what_does_not_fit_is_refused_in_words(key: str, spoil: object) -> None:
    with pytest.raises(BadInput) as refused:
        spoil()  # type: ignore[operator]
    assert refused.value.key == key
    assert refused.value.text("en") != refused.value.text("zh-CN")
