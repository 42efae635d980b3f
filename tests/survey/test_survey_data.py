"""From the records of a shipped form to tables, with nothing declared in between."""

from pathlib import Path

import pytest

from custinfo.exchange import StoredRecord
from custinfo.exchange.survey_data import SurveyData, read
from custinfo.statistics.banner import Banner, point
from custinfo.statistics.banner_data import unweighted
from custinfo.xforms import Form, Session, from_file

FORMS = Path(__file__).parents[2] / "forms"


@pytest.fixture(scope="module")
def form() -> Form:
    return from_file((FORMS / "satisfaction_survey.md").read_bytes(), "satisfaction_survey.md")


def answered(form: Form, number: int, overall: str, **more: str) -> StoredRecord:
    """A record as the store keeps it: only what was answered."""
    said = {"interviewed_on": "2026-11-01", "channel": "web", "dealt": "yes" if overall else "no"}
    if overall:
        said |= dict.fromkeys(("quality", "price", "delivery", "service", "overall"), overall)
        said |= {"why_dissatisfied": "late"} if overall in "12" else {}
        said |= {"complained": "no"}
    said |= {"recommend": "9", "contact_again": "no", **more}
    session = Session(form)
    names = {ref.rpartition("/")[2]: ref for ref in form.nodes}
    for name, value in said.items():
        session.answer(names[name], value)
    return StoredRecord(
        f"R-{number}", 1, form.form_id, form.version, "approved", "2026-11-02T00:00:00Z", "ada", None,
        session.finish().values,
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(form: Form) -> SurveyData:
    records = [
        answered(form, 1, "5", improve="price delivery"), answered(form, 2, "4", recommend="10", channel="phone"),
        answered(form, 3, "1", recommend="2"), answered(form, 4, ""),
    ]  # fmt: skip
    return read(form, records, lambda level: True)


def test_the_form_says_what_each_question_is(data: SurveyData) -> None:
    assert data.keys == ("R-1", "R-2", "R-3", "R-4")
    kinds = {name: one.question.kind for name, one in data.answers.items()}
    assert kinds["overall"] == kinds["complaint_handling"] == "scale"
    assert (kinds["recommend"], kinds["improve"], kinds["channel"]) == ("recommend", "multiple", "single")
    assert "suggestions" not in kinds
    overall = data.answers["overall"].question
    assert overall.labels == {"zh-CN": "总体满意程度", "en": "Satisfaction on the whole"}
    assert {net.code: net.of for net in overall.nets} == {"top": ("4", "5"), "bottom": ("1", "2")}


def test_tables_with_no_extra_work(data: SurveyData) -> None:
    banner = Banner(4, [point(data.answers["channel"])], unweighted(4))
    tables = {name: banner.table(one) for name, one in data.answers.items()}
    overall = tables["overall"]
    assert (overall.bases[0].unweighted, overall.bases[0].blank, overall.bases[0].not_asked) == (3, 0, 1)
    assert next(one for one in overall.rows if one.kind == "mean").cells[0].value == pytest.approx(10 / 3)
    improve = tables["improve"]
    assert (improve.bases[0].unweighted, improve.bases[0].blank, improve.bases[0].not_asked) == (1, 3, 0)
    score = next(one for one in tables["recommend"].rows if one.kind == "score")
    assert score.cells[0].value == pytest.approx(50)


def test_a_scale_without_any_opinion_is_a_plain_choice() -> None:
    shipped = (FORMS / "satisfaction_survey.md").read_text("utf-8")
    form = from_file(shipped.replace("| satisfaction | ", "| satisfaction | -").encode(), "satisfaction_survey.md")
    found = read(form, [answered(form, 1, "-1")], lambda level: True).answers["overall"]
    assert (found.question.kind, found.question.nets) == ("single", ())


def test_a_question_beyond_the_readers_level_is_not_there(form: Form) -> None:
    nothing = read(form, [answered(form, 1, "5")], lambda level: False)
    assert not nothing.answers
