"""Forecasts: worked by hand, never without an interval, and intervals that hold about as often as they say."""

import csv
from itertools import accumulate
from pathlib import Path
from random import Random

import pytest

from custinfo.domain.messages import LANGUAGES
from custinfo.statistics.forecast import LEAST, forecast

FILE = Path(__file__).parent / "data" / "pizzaplace_2015.csv"


def test_drift_worked_by_hand():
    # Steps 1, 3, 1, 3, …: on average 2; the errors of seven steps are -1 (four times) and 1 (three), about -1/7
    found = forecast([0, 1, 4, 5, 8, 9, 12, 13], 2)
    assert found.method == "drift"
    # mean step 13/7, standard error of the steps 1.0690, t(6; 0.9) 1.4398: 13 + 13/7 ± 1.4398 · 1.0690 · √(8/7)
    first, second = found.steps
    assert (first.low, first.middle, first.high) == (13, 15, 17)
    # ± 1.4398 · 1.0690 · √(2 · 9/7) around 13 + 26/7
    assert (second.low, second.middle, second.high) == (14, 17, 20)


def test_seasons_worked_by_hand():
    # Every season is 10 above the one before: nothing is left to chance
    points = [year * 10 + quarter for year in range(4) for quarter in (1, 5, 3, 9)]
    found = forecast(points, 5, season=4)
    assert found.method == "seasonal_naive"
    assert [(one.low, one.middle, one.high) for one in found.steps] == [(n, n, n) for n in (41, 45, 43, 49, 51)]
    assert (found.tried, found.held) == (6, 6)


def test_without_two_and_a_half_seasons_the_drift_is_taken():
    assert forecast(list(range(29)), 1).method == "drift"
    assert forecast(list(range(30)), 1).method == "seasonal_naive"


@pytest.mark.parametrize("season", [100, 12])
def test_intervals_hold_about_as_often_as_they_say(season):
    held = tried = 0
    for seed in range(7):
        random = Random(seed)
        noise = [random.gauss(0, 1000) for _ in range(60)]
        # A random walk for the drift; for the seasons one that goes on from the same month of the year before
        points = list(accumulate(noise)) if season == 100 else noise[:]
        for place in range(12, 60) if season == 12 else ():
            points[place] += points[place - 12]
        found = forecast([round(point) for point in points], 1, season=season)
        held, tried = held + found.held, tried + found.tried
    assert 0.74 <= held / tried <= 0.86


def test_wider_where_more_is_asked_and_farther_away():
    random = Random(3)
    points = [round(random.gauss(100, 9)) + n for n in range(20)]
    sure, usual = forecast(points, 3, level=95), forecast(points, 3, level=80)
    for one, other in zip(sure.steps, usual.steps, strict=True):
        assert one.low < other.low <= other.middle <= other.high < one.high
    widths = [one.high - one.low for one in usual.steps]
    assert widths == sorted(widths)


def test_the_sentence_says_how_it_held():
    rows = list(csv.DictReader(FILE.read_text("utf-8").splitlines()))
    months = [sum(int(row["amount_fen"]) for row in rows if row["month"] == f"2015-{n:02d}") for n in range(1, 13)]
    found = forecast(months, 1)
    assert (found.tried, found.held) == (4, 3)
    for language in LANGUAGES:
        assert "4" in found.note(language)
        assert "80%" in found.note(language)
    longer = forecast(months + months[::-1], 1)
    assert longer.tried >= 5
    assert "too short" in found.note("en")
    assert "too short" not in longer.note("en")


def test_too_few_figures_are_a_sentence():
    found = forecast([1] * (LEAST - 1), 1)
    assert found.reason == "few_points"
    assert all(str(LEAST) in found.text(language) for language in LANGUAGES)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"steps": 1, "season": 1}, {"steps": 1, "level": 100}])
def test_no_step_no_season_no_level(wrong):
    with pytest.raises(ValueError, match="forecast"):
        forecast([1] * 20, **wrong)
