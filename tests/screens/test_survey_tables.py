"""The screen of survey tables without a browser: what it opens with, what is chosen, what is hidden, what leaves."""

import base64
import csv
import re
from io import BytesIO, StringIO

import openpyxl
import pytest

from custinfo import lake
from custinfo.actions import survey_exports
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import Role
from custinfo.screens import survey_tables
from custinfo.screens.explorer import Explorer, _opened
from tests.factories import account, empty_site
from tests.reports import sites
from tests.survey import survey_lake


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Sixty respondents: five times the pattern."""
    return survey_lake.site(tmp_path_factory.mktemp("survey_tables") / "site", 5).home


@pytest.fixture
def explorer(home):
    return Explorer(survey_tables.SCREEN, *_opened(home, None), "en")


def part(explorer):
    return explorer._parts[0]


def grids(explorer):
    return {one.name: one for one in part(explorer)._grids}


def line(grid, label):
    return next(one for one in grid.lines if one.label == label)


def words(explorer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part(explorer)._out.value))


def test_it_opens_with_the_newest_study_weighted_in_columns_of_customers(explorer):
    assert "ST000002: 60 respondents of 80 units drawn. Effective base 54.7, design effect 1.10." in (
        explorer._summary.value
    )
    overall = grids(explorer)["overall"]
    assert overall.heads == (
        "Total",
        "Enterprise (A)",
        "Individual (B)",
        "Grade A (C)",
        "Grade C (D)",
        "No net sales (E)",
    )
    assert line(overall, "Respondents").figures == (60.0, 30.0, 30.0, "·", "·", "·")
    assert line(overall, "Weighted base").figures[:3] == (305.0, 200.0, 105.0)
    top = line(overall, "Top-2 box")
    assert top.figures[:3] == (55.0, 66.0, 34.0) and top.letters[1] == "B", "enterprises said it more often, for sure"
    assert line(overall, "Mean").figures[:3] == (3.43, 3.83, 2.67)
    assert line(grids(explorer)["recommend"], "Net promoter score").figures[0] == -0.5
    assert "Base weights times the adjustment for non-response within each stratum (2)." in words(explorer)


def test_a_column_of_two_customers_shows_nothing_and_neither_does_what_would_tell_it(explorer):
    """One customer of grade A and one of grade C stand against 58 without sales: all of them are hidden."""
    for grid in grids(explorer).values():
        assert {figure for one in grid.lines for figure in one.figures[3:]} == {"·"}


def test_unweighted_other_columns_and_one_question(explorer):
    explorer.choose({"survey": ("study:ST000002",), "weights": ("none",)})
    made = part(explorer)
    made._columns.value, made._questions.value = ("area",), ("overall",)
    assert list(grids(explorer)) == ["overall"]
    overall = grids(explorer)["overall"]
    assert overall.heads == ("Total", "East (A)", "Central and South (B)")
    assert line(overall, "Top-2 box").figures == (50.0, 34.0, 66.0)
    assert "Weighted base" not in {one.label for one in overall.lines} and "Unweighted." in words(explorer)


def test_a_form_is_all_who_filled_it_in(explorer):
    explorer.choose({"survey": ("form:satisfaction_survey",)})
    assert "120 filled in the form. Nobody was drawn" in explorer._summary.value
    assert "as of a simple random sample, which this is not" in words(explorer)


def test_raked_weights_say_by_what(explorer):
    explorer.choose({"survey": ("study:ST000002",), "weights": ("raked",)})
    assert "Weights agree with the totals of the frame by: Type of customer." in words(explorer)
    assert line(grids(explorer)["overall"], "Weighted base").figures[:3] == (305.0, 191.0, 114.0)


def test_files_hold_the_same_figures_and_no_formula(explorer):
    made = part(explorer)
    made._take("csv")
    content = base64.b64decode(re.search(r"base64,([^']+)'", made._file.value)[1]).decode("utf-8-sig")
    rows = list(csv.reader(StringIO(content)))
    assert ["Top-2 box", "55.0", "66.0", "34.0", "·", "·", "·"] in rows and ["", "", "B", "", "", "", ""] in rows
    made._take("xlsx")
    book = openpyxl.load_workbook(BytesIO(base64.b64decode(re.search(r"base64,([^']+)'", made._file.value)[1])))
    assert book.sheetnames[0] == "How it was made" and "overall" in book.sheetnames
    assert any(row[0] == "Top-2 box" and row[1] == 55 for row in book["overall"].iter_rows(values_only=True))


def test_a_file_is_registered_as_sums_for_who_may_read_the_lake(tmp_path):
    with empty_site(tmp_path / "site") as store:
        given = {"export_id": "X-1", "survey": "study:ST000002", "format": "csv", "rows": 3, "questions": ["overall"]}
        with pytest.raises(NotAllowed):
            survey_exports.hand_out(store, account(store), b"x", **given)
        xin = account(store, Role.ANALYST)
        survey_exports.hand_out(store, xin, b"x", **given)
        [row] = store.rows("SELECT * FROM export_event")
        assert (row["what"], row["tier"], row["row_count"], row["columns"]) == (
            "survey_tables", "aggregate", 3, '["overall"]',
        )  # fmt: skip
        assert store.row("SELECT 1 FROM audit WHERE action = 'survey.tables'")


@pytest.mark.parametrize(
    ("language", "words_of"), [("en", "No survey has been published yet"), ("zh-CN", "还没有发布过")]
)
def test_without_a_survey_it_says_so(tmp_path, language, words_of):
    empty = sites.site(tmp_path / "site")
    sites.publish(empty)
    opened = Explorer(survey_tables.SCREEN, *_opened(empty.home, None), language)
    assert words_of in opened._summary.value and part(opened)._grids == []


def test_few_respondents_and_weights_that_are_none_are_said_in_words(tmp_path):
    wrong = survey_lake.site(tmp_path / "site", 1, weights={"company": 0, "consumer": 3_000_000})
    opened = Explorer(survey_tables.SCREEN, *_opened(wrong.home, None), "en")
    assert "weight that is not above zero (8)" in opened._summary.value and part(opened)._grids == []
    assert lake.newest(wrong.lake) is not None
