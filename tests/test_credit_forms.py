"""The forms of credit say what the rule files say."""

from datetime import date

import pytest

from custinfo.actions import account_cards, credit_rating_form, forms
from custinfo.classification.credit import account_cards as account_card_rule
from custinfo.classification.credit import account_watch, dunning, first_dealing, grades, scorecards
from custinfo.domain import codelists
from custinfo.domain.messages import text
from custinfo.xforms import form_check

ON = date(2026, 11, 22)
FORMS = (
    "credit_rating", "credit_override", "credit_application", "qualification_papers", "credit_dunning", "collection",
    "account_card", "account_measure",
)  # fmt: skip


@pytest.fixture(scope="module")
def checked():
    """Each form as it is checked before it is published."""
    lists = {f"{name}.csv": codelists.load(name).choices_csv() for name in codelists.names()}
    return {
        form_id: form_check.check((forms.FORMS / f"{form_id}.md").read_bytes(), f"{form_id}.md", lists)
        for form_id in FORMS
    }


def choices(form_id, name):
    """The choices of a list of the form: name → (Chinese, English)."""
    found, there = {}, False
    for line in (forms.FORMS / f"{form_id}.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[2:-1]]
        there = there or line.startswith("| choices |")
        if there and cells and cells[0] == name:
            found[cells[1]] = (cells[2], cells[3])
    return found


def said(prefix, codes):
    return {
        code: tuple(text(f"credit_use.{prefix}.{code}", language) for language in ("zh-CN", "en")) for code in codes
    }


@pytest.mark.parametrize("form_id", FORMS)
def test_checking_the_form_finds_neither_mistakes_nor_warnings(checked, form_id):
    found = checked[form_id]
    assert found.form is not None
    assert [one.text("en") for one in (*found.errors, *found.warnings)] == []


def test_the_rating_form_is_what_the_rules_make_of_it():
    stored = (forms.FORMS / "credit_rating.md").read_text("utf-8")
    assert stored == credit_rating_form.table(), "custinfo credit form > forms/credit_rating.md, and raise VERSION"


@pytest.mark.parametrize("scheme", scorecards.SCHEMES)
def test_each_scheme_asks_for_its_indicators_with_their_anchors(checked, scheme):
    card = scorecards.scorecard(scheme, ON)
    form = checked["credit_rating"].form
    for code, indicator in card.indicators.items():
        assert f"/data/{code}/{code}_rating" in form.control_of
        listed = choices("credit_rating", f"rating_{code}")
        assert list(listed) == ["5", "4", "3", "2", "1", "none"], "the best first, and no information is no 3"
        for rating, anchor in enumerate(indicator.anchors, start=1):
            assert listed[str(rating)] == (f"{rating} 分：{anchor.zh}", f"{rating}: {anchor.en}")


def test_grades_papers_occasions_and_steps_are_those_of_the_rules():
    rule = grades.rule(ON)
    assert list(choices("credit_override", "grade")) == list(rule.order)
    hint = (forms.FORMS / "credit_override.md").read_text("utf-8")
    assert f"decimal-date-time(today()) + {rule.override.days})" in hint
    papers = choices("qualification_papers", "paper")
    proofs = [code for code in first_dealing.PROOFS if code != "credit_grade"]
    others = [code for code in first_dealing.PAPERS if code not in proofs]
    assert papers == said("proof", proofs) | said("paper", others)
    assert choices("qualification_papers", "occasion") == said("occasion", first_dealing.OCCASIONS)
    steps = choices("credit_dunning", "step")
    assert steps.pop("none")
    assert steps == said("action", dunning.ACTIONS)


def test_cards_measures_and_collections_offer_what_the_program_knows():
    assert choices("account_measure", "sign") == said("sign", (*account_watch.SIGNS, *account_card_rule.SIGNS))
    stated = choices("account_card", "status")
    assert tuple(stated) == account_cards.STATES
    words = {"status": ("state", stated), "measure": ("measure", choices("account_measure", "measure"))}
    for section, offered in words.values():
        for code, texts in offered.items():
            assert texts == tuple(text(f"account_cards.{section}.{code}", one) for one in ("zh-CN", "en"))
    assert set(choices("collection", "manner")) == {"cash", "transfer", "bill"}
    for language in ("zh-CN", "en"):
        assert {text(f"remittances.manner.{one}", language, day="") for one in choices("collection", "manner")}
