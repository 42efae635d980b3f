"""Early warning: ratios by hand, thresholds to the point, what is unknown, and contradictions."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custinfo.classification import rules
from custinfo.classification.credit import early_warning
from custinfo.classification.credit.early_warning import EarlyWarningRule, Statement
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

ON = date(2026, 10, 31)
RULE = early_warning.rule(ON)
SHIPPED = (rules.FOLDER / early_warning.FILE).read_text("utf-8")

SOUND = Statement(
    year=2025,
    revenue=1000,
    operating_profit=120,
    interest=10,
    net_profit=80,
    assets=800,
    current_assets=400,
    inventories=150,
    receivables=100,
    liabilities=300,
    current_liabilities=200,
)
EARLIER = replace(SOUND, year=2024, net_profit=75, assets=750)


def found(*years: Statement) -> list[tuple[str, str]]:
    return [(signal.kind, signal.about) for signal in early_warning.signals(years, RULE)]


def test_ratios_by_hand() -> None:
    ratios = early_warning.ratios(SOUND, EARLIER)
    assert {name: ratio.value for name, ratio in ratios.items()} == {
        "debt_ratio": Fraction(3, 8),
        "gearing": Fraction(3, 5),
        "receivable_days": Fraction(73, 2),
        "current_ratio": Fraction(2),
        "quick_ratio": Fraction(5, 4),
        "interest_cover": Fraction(12),
        "return_on_assets": Fraction(1, 10),
        "profit_growth": Fraction(1, 15),
        "equity_growth": Fraction(1, 9),
    }
    assert tuple(ratios) == early_warning.RATIOS


def test_a_sound_customer_is_left_alone() -> None:
    assert found(EARLIER, SOUND) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"liabilities": 559}, []),
        ({"liabilities": 560}, [("watch", "debt_ratio")]),  # 70 % to the fen
        ({"liabilities": 679}, [("watch", "debt_ratio")]),
        ({"liabilities": 680}, [("alarm", "debt_ratio")]),
        ({"operating_profit": 20}, [("watch", "interest_cover")]),
        ({"operating_profit": 10}, [("alarm", "interest_cover")]),
        ({"operating_profit": -10}, [("alarm", "interest_cover")]),
    ],
)
def test_thresholds(changes: dict[str, int], expected: list[tuple[str, str]]) -> None:
    all_found = found(replace(SOUND, **changes))
    about = {"debt_ratio", "interest_cover"}
    assert [one for one in all_found if one[1] in about] == expected


def test_the_figures_of_a_signal() -> None:
    worse = replace(SOUND, liabilities=700, year=2025)
    signals = early_warning.signals([EARLIER, worse], RULE)
    debt = {signal.kind: signal for signal in signals if signal.about == "debt_ratio"}
    assert set(debt) == {"alarm", "deterioration"}
    assert (debt["alarm"].value, debt["alarm"].limit) == (Fraction(7, 8), Fraction(17, 20))
    assert (debt["deterioration"].before, debt["deterioration"].limit) == (Fraction(2, 5), Fraction(1, 10))
    assert {signal.rule_version for signal in signals} == {RULE.version}
    kinds = [early_warning.SIGNALS.index(signal.kind) for signal in signals]
    assert kinds == sorted(kinds), "from the gravest on"


def test_growth_grows_worse_only_with_three_years() -> None:
    first = replace(SOUND, year=2023, net_profit=40)
    second = replace(SOUND, year=2024, net_profit=80)
    third = replace(SOUND, year=2025, net_profit=88)  # 10 % after 100 %
    assert ("deterioration", "profit_growth") in found(first, second, third)
    assert ("deterioration", "profit_growth") not in found(second, third)


def test_no_equity_left() -> None:
    for liabilities in (800, 900):
        gone = replace(SOUND, liabilities=liabilities)
        ratios = early_warning.ratios(gone, EARLIER)
        assert (ratios["gearing"].value, ratios["gearing"].unknown) == (None, "negative_equity")
        assert ratios["equity_growth"].unknown == "negative_equity"
        signal = next(one for one in early_warning.signals([EARLIER, gone], RULE) if one.kind == "negative_equity")
        assert (signal.about, signal.value, signal.before) == ("equity", 800 - liabilities, 450)


def test_a_loss_and_growth_from_nothing() -> None:
    assert ("loss", "net_profit") in found(replace(SOUND, net_profit=-1))
    assert ("loss", "net_profit") not in found(replace(SOUND, net_profit=0))
    for earlier in (0, -50):
        growth = early_warning.ratios(SOUND, replace(EARLIER, net_profit=earlier))["profit_growth"]
        assert (growth.value, growth.unknown) == (None, "no_profit_before")


def test_what_is_missing_and_what_is_zero() -> None:
    nothing = Statement(year=2025)
    assert {ratio.unknown for ratio in early_warning.ratios(nothing).values()} == {"missing"}
    assert found(nothing) == [("missing", name) for name in early_warning.FIGURES]
    zero = replace(SOUND, revenue=0, interest=0, current_liabilities=0)
    ratios = early_warning.ratios(zero)
    for name in ("receivable_days", "interest_cover", "current_ratio", "quick_ratio"):
        assert (ratios[name].value, ratios[name].unknown) == (None, "zero_denominator")
    assert found(zero) == []  # nothing owed soon, and no interest to bear
    assert early_warning.ratios(replace(SOUND, assets=0, current_assets=0, receivables=0, inventories=0))[
        "debt_ratio"
    ] == early_warning.Ratio(None, "zero_denominator")


@pytest.mark.parametrize(
    ("years", "key"),
    [
        ([], "no_statement"),
        ([replace(EARLIER, year=2023), SOUND], "year_before"),
        ([SOUND, EARLIER], "year_before"),
        ([replace(SOUND, inventories=401)], "part"),
        ([replace(SOUND, current_liabilities=301)], "part"),
        ([replace(SOUND, assets=-1)], "below_zero"),
        ([replace(EARLIER, revenue=-1), SOUND], "below_zero"),
    ],
)
def test_contradictions_are_refused(years: list[Statement], key: str) -> None:
    with pytest.raises(BadInput) as raised:
        early_warning.signals(years, RULE)
    assert raised.value.key == f"credit_use.{key}"
    assert all(raised.value.text(language) for language in ("zh-CN", "en"))


grave = {"alarm": 2, "watch": 1}


@given(st.integers(0, 2000), st.integers(0, 500))
def test_more_debt_never_warns_less(liabilities: int, more: int) -> None:
    def gravity(owed: int) -> int:
        signals = found(replace(SOUND, liabilities=owed, current_liabilities=0))
        return max((grave.get(kind, 0) for kind, about in signals if about == "debt_ratio"), default=0)

    assert gravity(liabilities) <= gravity(liabilities + more)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('ratio = "gearing"', 'ratio = "debt_ratio"', "credit_use.ratio_once"),
        ("alarm = 8500", "alarm = 7000", "credit_use.alarm_first"),
        ("alarm = 8500", "alarm = 6999", "credit_use.alarm_first"),
        ("watch = 12000", "watch = 10000", "credit_use.alarm_first"),
        ("watch = 12000", "watch = 9999", "credit_use.alarm_first"),
        ("worse_by = 1000", "worse_by = 0", "classification.limit"),
        ("alarm = 8500", "alarm = 10001", "credit_use.bound"),
        ("watch = 7000", "watch = 0", "credit_use.bound"),
        ("watch = 900000", "watch = -1", "credit_use.bound"),
        ('ratio = "gearing"', 'ratio = "leverage"', "classification.wrong_entry"),
        ("alarm = 8500", "alarm = 85.0", "classification.wrong_entry"),
    ],
)
def test_a_rule_file_out_of_order_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in SHIPPED
    file = tmp_path / early_warning.FILE
    file.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(file, EarlyWarningRule)
    assert raised.value.key == key
    assert all(early_warning.FILE in raised.value.text(language) for language in ("zh-CN", "en"))


def test_ratios_figures_and_signals_have_names() -> None:
    for language in ("zh-CN", "en"):
        for group, names in {
            "ratio": early_warning.RATIOS,
            "figure": (*early_warning.FIGURES, "equity"),
            "unknown": early_warning.UNKNOWN,
            "signal": early_warning.SIGNALS,
        }.items():
            assert len({text(f"credit_use.{group}.{name}", language) for name in names}) == len(names)
