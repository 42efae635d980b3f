"""Banner points of one question share its totals: what one hides is not to be added up from another."""

from datetime import date

import numpy as np
import pytest

from custinfo.classification.disclosure_rules import release_class
from custinfo.statistics import survey_tables
from custinfo.statistics.banner_data import Category, Question, Sampled, single
from custinfo.statistics.survey_tables import BASE
from custinfo.statistics.survey_weights import Weighting
from custinfo.statistics.surveys import Returned

RULE, _ = release_class("inside", date(2026, 11, 1))
WORDS = {"zh-CN": "问", "en": "asked"}


def answered(name, codes):
    question = Question(name, WORDS, "single", tuple(Category(code, WORDS) for code in sorted(set(codes))))
    return single(question, codes)


@pytest.fixture(scope="module")
def found():
    """22 respondents. Of men nine said no and one yes, of women twelve yes; by age nobody stands out."""
    said = answered("q", ["yes"] * 13 + ["no"] * 9)
    sex = answered("sex", ["m"] + ["w"] * 12 + ["m"] * 9)
    age = answered("age", ["old"] * 6 + ["young"] * 7 + ["old"] * 5 + ["young"] * 4)
    who = tuple(f"r{n}" for n in range(22))
    return Returned(who, ("",) * 22, {"q": said}), who, sex, age


def hidden(found, *points):
    returned, who, *_ = found
    weighting = Weighting(who, Sampled(np.ones(22)), "none")
    (made,) = survey_tables.of(returned, weighting, points, ["q"], RULE)
    return made.hidden


def test_a_total_that_one_point_hides_is_not_added_up_from_another(found):
    _, _, sex, age = found
    assert hidden(found, age) == set()
    # One man said yes. No woman said no, so that hides in the totals
    assert hidden(found, sex) == {("yes", 1), ("no", 1), ("yes", 0), ("no", 0)}
    # By age everybody's answers add up to the totals: it is the bases by sex that hide him then
    both = hidden(found, sex, age)
    assert both == {("yes", 1), ("yes", 2), (BASE, 1), (BASE, 2)}
    assert hidden(found, age, sex) == {(row, place + 2) for row, place in both}
