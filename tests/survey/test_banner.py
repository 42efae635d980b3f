"""Banner tables: figures worked out by hand, errors and tests as R's package survey has them, bases that say why."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.domain.errors import BadInput
from custinfo.statistics import banner_letters
from custinfo.statistics.banner import Banner, Point, Row, Table, nested, point
from custinfo.statistics.banner_data import (
    Answers,
    Category,
    Kind,
    Question,
    Said,
    Sampled,
    answers,
    recommendation,
    scale_nets,
    unweighted,
)
from custinfo.statistics.banner_letters import Significance, holm, letter
from custinfo.statistics.banner_shown import percents
from tests.survey.small_survey import table as small

LABELS = {name: {"en": name} for name in ("top", "bottom", "promoters", "passives", "detractors")}
EVERY = Significance(suppress_below=0, mark_below=0)


def question(name: str, kind: Kind, codes: str | list[str]) -> Question:
    numbers = kind in ("scale", "recommend")
    categories = tuple(
        Category(code, {"en": code}, float(code) if numbers and code != "-99" else None, code == "-99")
        for code in codes
    )
    nets = {"scale": scale_nets, "recommend": recommendation}[kind](categories, LABELS) if numbers else ()
    return Question(name, {"en": name}, kind, categories, nets)


def single(codes: str, said: str) -> Answers:
    """One letter for each respondent; `.` said nothing, `_` was not asked."""
    known: dict[str, Said] = {".": "", "_": None}
    return answers(question("q", "single", codes), [known.get(one, one) for one in said])


def row(table: Table, code: str) -> Row:
    return next(one for one in table.rows if one.code == code)


def values(table: Table, code: str) -> list[float | None]:
    return [cell.value for cell in row(table, code).cells]


def drawn(rows: pd.DataFrame, *, clusters: bool) -> Sampled:
    return Sampled(
        rows.w.to_numpy(float), pd.factorize(rows.region)[0], rows.shop.to_numpy() if clusters else None,
        rows.shops.to_numpy(float) if clusters else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("clusters", "errors", "share", "t", "freedom"),
    [
        (False, (3.752029488817, 6.738002486128, 5.675098614711), 0.0673854698870, 1.6299035597009, 57),
        (True, (3.463119771016, 7.164070774119, 2.540642092954), 0.03795200343772, 2.2467821902478, 9),
    ],
)
def test_errors_and_tests_are_those_of_the_design(
    clusters: bool, errors: tuple[float, ...], share: float, t: float, freedom: int
) -> None:
    rows = small()
    pleased = answers(question("pleased", "single", ["no", "yes"]), list(rows.pleased))
    banner = Banner(len(rows), [point(pleased)], drawn(rows, clusters=clusters), EVERY)
    mean = banner.table(answers(question("amount", "number", []), [str(one) for one in rows.amount])).rows[0]
    assert [cell.standard_error for cell in mean.cells] == pytest.approx(errors, rel=1e-9)
    assert [cell.value for cell in mean.cells] == pytest.approx((195.9692425402, 205.2712756624, 188.7772351106))
    kinds = banner.table(answers(question("kind", "single", "abc"), list(rows.kind)))
    assert row(kinds, "a").cells[0].standard_error == pytest.approx(share, rel=1e-9)
    sums = banner._made.sums(rows.amount.to_numpy(float)[:, None], np.ones(60, dtype=bool), binary=False)
    variance = sums.variances[1] + sums.variances[2] - 2 * sums.covariances[0]
    assert (sums.means[1] - sums.means[2]) / variance**0.5 == pytest.approx(t, rel=1e-9)
    assert sums.freedom == freedom


def test_a_simple_table_by_hand() -> None:
    channel = single("xy", "xxxxxxxxyyyyyyyyyyyy")
    said = single("abc", "aaaaaabb" + "aabbbbbbcc..")
    table = Banner(20, [point(channel)], unweighted(20), EVERY).table(said)
    assert [base.unweighted for base in table.bases] == [18, 8, 10]
    assert [(base.blank, base.not_asked) for base in table.bases] == [(2, 0), (0, 0), (2, 0)]
    assert values(table, "a") == pytest.approx([8 / 18, 0.75, 0.2])
    assert [cell.count for cell in row(table, "b").cells] == [8, 2, 6]
    assert [cell.index for cell in row(table, "a").cells] == [100, 169, 45]
    assert [cell.letters for cell in row(table, "a").cells] == ["", "B", ""]
    assert [cell.letters for cell in row(table, "b").cells] == ["", "", ""]
    assert [column.letter for column in table.columns] == ["", "A", "B"]
    p, n = 0.75, 8
    assert row(table, "a").cells[1].standard_error == pytest.approx((20 / 19 * p * (1 - p) / n) ** 0.5)


def test_asked_in_vain_not_asked_and_no_opinion_are_three_things() -> None:
    overall = answers(question("overall", "scale", ["1", "2", "3", "4", "5", "-99"]),
                      ["5", "4", "1", "-99", "", None, "5", "3"])  # fmt: skip
    table = Banner(8, [], unweighted(8), EVERY).table(overall)
    base = table.bases[0]
    assert (base.unweighted, base.blank, base.not_asked) == (6, 1, 1)
    assert values(table, "-99") == [pytest.approx(1 / 6)]
    mean = row(table, "mean")
    assert mean.bases[0].unweighted == 5
    assert mean.cells[0].value == pytest.approx(18 / 5)
    assert mean.cells[0].deviation == pytest.approx(np.std([5, 4, 1, 5, 3], ddof=1))
    assert values(table, "top") == [pytest.approx(3 / 6)]
    assert values(table, "bottom") == [pytest.approx(1 / 6)]


def test_the_net_promoter_score() -> None:
    said = ["10"] * 5 + ["9"] + ["8"] * 2 + ["3"] * 2
    points = question("recommend", "recommend", [str(one) for one in range(11)])
    table = Banner(10, [], unweighted(10)).table(answers(points, said))
    assert [values(table, code)[0] for code in ("promoters", "passives", "detractors")] == pytest.approx(
        [0.6, 0.2, 0.2]
    )
    assert values(table, "score") == [pytest.approx(40)]
    assert row(table, "score").labels == {"zh-CN": "净推荐值", "en": "Net promoter score"}


def test_weights_and_the_base_that_they_are_worth() -> None:
    weights = np.array([1.0, 1.0, 2.0, 4.0])
    base = Banner(4, [], Sampled(weights)).table(single("ab", "abab")).bases[0]
    assert (base.unweighted, base.weighted, base.effective) == (4, 8.0, pytest.approx(64 / 22))
    assert base.flag == "too_small"


def test_several_choices_overlap_in_rows_and_columns() -> None:
    rng = np.random.default_rng(5)
    said = [" ".join(code for code in "xyz" if rng.random() < 0.5) for _ in range(300)]
    many = answers(question("many", "multiple", "xyz"), said)
    weights = 0.5 + rng.random(300)
    yes = answers(question("yes", "single", "ny"), ["y" if "x" in one or rng.random() < 0.3 else "n" for one in said])
    banner = Banner(300, [point(many)], Sampled(weights), EVERY)
    sums = banner._made.sums((yes.places == 1)[:, None].astype(float), yes.answered, binary=True)
    assert many.chosen is not None
    members, y = many.chosen.T, (yes.places == 1).astype(float)
    scores = [weights * m * (y - (weights * m) @ y / weights[m].sum()) / weights[m].sum() for m in members]
    for pair, (a, b) in enumerate(banner._pairs):
        difference = scores[a - 1] - scores[b - 1]
        expected = 300 / 299 * (difference @ difference)
        found = sums.variances[a, 0] + sums.variances[b, 0] - 2 * sums.covariances[pair, 0]
        assert found == pytest.approx(expected, rel=1e-9)
        assert sums.freedom[pair] == (members[a - 1] | members[b - 1]).sum() - 1
    table = banner.table(many)
    assert table.bases[0].blank == sum(one == "" for one in said)
    assert values(table, "x")[1] == 1.0
    assert sum(value or 0 for value in (values(table, code)[0] for code in "xyz")) > 1


def test_letters_stand_where_the_difference_is_sure() -> None:
    groups = single("xyz", "x" * 100 + "y" * 100 + "z" * 20)
    said = single("ab", "a" * 70 + "b" * 30 + "a" * 57 + "b" * 43 + "a" * 20)
    two = Significance(levels=(0.95, 0.9))
    table = Banner(220, [point(groups)], unweighted(220), two).table(said)
    assert [cell.letters for cell in row(table, "a").cells] == ["", "b", "", ""]
    assert [cell.letters for cell in row(table, "b").cells] == ["", "", "a", ""]
    assert [base.flag for base in table.bases] == ["", "", "", "too_small"]
    alike = single("ab", "a" * 70 + "b" * 30 + "a" * 57 + "b" * 43 + "a" * 13 + "b" * 7)
    for correction, letters in (("none", ["", "b", "", ""]), ("holm", ["", "", "", ""])):
        careful = Significance((0.95, 0.9), correction, 10)  # type: ignore[arg-type]
        table = Banner(220, [point(groups)], unweighted(220), careful).table(alike)
        assert [cell.letters for cell in row(table, "a").cells] == letters
    none_and_all = Banner(80, [point(single("xy", "x" * 40 + "y" * 40))], unweighted(80)).table(
        single("ab", "a" * 40 + "b" * 40)
    )
    assert [cell.letters for cell in row(none_and_all, "a").cells] == ["", "B", ""]


def test_points_may_be_nested_and_grids_are_summed_up() -> None:
    outer, inner = single("xy", "xxxxyyyy"), single("mf", "mmffmmff")
    banner = Banner(8, [nested(outer, inner)], unweighted(8), EVERY)
    assert [tuple(head["en"] for head in column.heads) for column in banner.columns[1:]] == [
        ("x", "m"), ("x", "f"), ("y", "m"), ("y", "f")]  # fmt: skip
    said: dict[str, list[Said]] = {"p": list("55443322"), "q": [*"5544332", None]}
    items = [answers(question(name, "scale", "12345"), one) for name, one in said.items()]
    means = banner.grid("grid", {"en": "grid"}, items)
    assert [one.code for one in means.rows] == ["p", "q"]
    assert values(means, "p") == pytest.approx([3.5, 5, 4, 3, 2])
    assert [base.unweighted for base in means.rows[1].bases] == [7, 2, 2, 2, 1]
    tops = banner.grid("grid", {"en": "grid"}, items, net="top")
    assert values(tops, "p") == pytest.approx([0.5, 1, 1, 0, 0])
    with pytest.raises(BadInput):
        banner.grid("grid", {"en": "grid"}, [outer])


def test_nobody_in_a_column_is_no_number() -> None:
    table = Banner(4, [point(single("xy", "xxxx"))], unweighted(4), EVERY).table(single("ab", "aab."))
    cell = row(table, "a").cells[2]
    assert (cell.value, cell.standard_error, cell.index, cell.letters, cell.count) == (None, None, None, "", 0)
    assert percents(table, question("q", "single", "ab"))["a"] == (Decimal(67), Decimal(67), None)


def test_columns_of_shares_add_up_as_shown() -> None:
    said = single("abc", "abc" * 3)
    table = Banner(9, [], unweighted(9)).table(said)
    assert [percents(table, said.question)[code][0] for code in "abc"] == [Decimal(34), Decimal(33), Decimal(33)]
    scale = answers(question("s", "scale", "1234"), list("1223334"))
    shown = percents(Banner(7, [], unweighted(7)).table(scale), scale.question, decimals=1)
    assert sum(shown[code][0] or 0 for code in "1234") == 100
    assert shown["top"][0] == (shown["3"][0] or 0) + (shown["4"][0] or 0)
    many = answers(question("m", "multiple", "ab"), ["a", "a b", "b"])
    assert percents(Banner(3, [], unweighted(3)).table(many), many.question)["a"] == (Decimal(67),)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc."), st.sampled_from("xy"), st.floats(0.1, 9)), min_size=2, max_size=40))
def test_every_column_is_whole(people: list[tuple[str, str, float]]) -> None:
    said, groups, weights = zip(*people, strict=True)
    sampled = Sampled(np.array(weights))
    table = Banner(len(people), [point(single("xy", "".join(groups)))], sampled, EVERY).table(
        single("abc", "".join(said))
    )
    for place in range(3):
        parts = [one.cells[place] for one in table.rows]
        if table.bases[place].unweighted:
            assert sum(cell.value or 0 for cell in parts) == pytest.approx(1)
        assert sum(cell.count for cell in parts) == table.bases[place].unweighted
    assert table.bases[1].unweighted + table.bases[2].unweighted == table.bases[0].unweighted


def test_holm_by_hand() -> None:
    assert holm(np.array([0.01, np.nan, 0.04, 0.03])) == pytest.approx([0.03, np.nan, 0.06, 0.06], nan_ok=True)
    assert [letter(place) for place in (0, 25, 26, 27, 52)] == ["A", "Z", "AA", "AB", "BA"]
    assert banner_letters.Significance().levels == (0.95,)


def test_what_cannot_be_tabulated_is_refused_in_words() -> None:
    two = single("ab", "ab")
    for spoil in (
        lambda: single("ab", "abz"),
        lambda: answers(question("n", "number", []), ["1", "x"]),
        lambda: answers(question("n", "number", []), ["inf"]),
        lambda: answers(question("m", "multiple", "ab"), ["a z"]),
        lambda: Sampled(np.array([1.0, 0.0])),
        lambda: Sampled(np.ones(2), np.zeros(3, dtype=np.int64)),
        lambda: Banner(3, [point(two)], unweighted(3)),
        lambda: Banner(2, [], Sampled(np.ones(2), np.array([0, 1]))),
        lambda: Banner(2, [], Sampled(np.ones(2), population=np.ones(2))),
        lambda: point(answers(question("n", "number", []), ["1"])),
        lambda: Significance(levels=(0.9, 0.95)),
        lambda: Significance(suppress_below=200),
    ):
        with pytest.raises(BadInput) as refused:
            spoil()
        assert refused.value.text("en") != refused.value.text("zh-CN")
    assert isinstance(point(two), Point)
