"""The words for what a standing says in codes: grades, indicators, caps, terms, ratios, warnings, what lacks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property

from custinfo.classification.credit import scorecards
from custinfo.classification.credit.early_warning import Ratio, Signal
from custinfo.classification.credit.first_dealing import Lack
from custinfo.classification.credit.raters import Agreement
from custinfo.classification.credit.scorecards import Scorecard
from custinfo.classification.credit.scoring import AppliedCap
from custinfo.domain import codelists, money
from custinfo.domain.messages import text
from custinfo.reports.showing import NONE

TERMS = "payment_terms"
DAYS = ("receivable_days",)
TIMES = ("gearing", "current_ratio", "quick_ratio", "interest_cover")
"""Ratios that are read as days or as so many times; the others are percentages."""


@dataclass(frozen=True)
class CreditWords:
    """Words in one language, by the rules of a scheme (`5c`, `5p`, `6a`) that are in force on a day."""

    language: str
    scheme: str
    day: date

    @cached_property
    def card(self) -> Scorecard:
        """The scorecard. Raises BadInput as `scorecards.scorecard` does."""
        return scorecards.scorecard(self.scheme, self.day)

    def scheme_title(self) -> str:
        """What the scheme is called."""
        return self.card.card.title.text(self.language)

    def grade(self, code: str | None) -> str:
        """A grade with what it means in a few words; in words too when there is none."""
        found = next((one for one in self.card.grades.grade if one.code == code), None)
        return found.title.text(self.language) if found else code or text("credit_paper.word.no_grade", self.language)

    def indicator(self, code: str) -> str:
        """An indicator's title; its code where the rules of the day do not have it."""
        found = self.card.indicators.get(code)
        return found.title.text(self.language) if found else code

    def finding(self, code: str) -> str:
        """A fact that caps the grade."""
        found = next((one for one in self.card.grades.finding if one.code == code), None)
        return found.title.text(self.language) if found else code

    def cap(self, one: AppliedCap) -> str:
        """A cap that applied, with the best grade that it leaves."""
        titles = {cap.code: cap.title for cap in self.card.card.cap}
        title = titles[one.code].text(self.language) if one.code in titles else self.finding(one.code)
        key = "lowered" if one.lowered else "without_effect"
        return text(f"credit_paper.cap.{key}", self.language, title=title, grade=one.at_most)

    def terms(self, code: str | None) -> str:
        """Terms of payment by their label."""
        if not code:
            return NONE
        listed = codelists.load(TERMS)
        return listed.label(code, self.language) if code in listed else code

    def all_terms(self, codes: Iterable[str]) -> str:
        """Several terms, one after the other."""
        return self.listed(self.terms(code) for code in codes) or NONE

    def listed(self, words: Iterable[str]) -> str:
        """Words in a row, as the language strings them together."""
        return ("、" if self.language == "zh-CN" else ", ").join(words)

    def lack(self, one: Lack) -> str:
        """What keeps the gate shut: the proof and why it does not hold."""
        why = text(f"credit_use.lack.{one.why}", self.language, day=one.day)
        return text("credit_paper.word.pair", self.language, first=self.proof(one.kind), second=why)

    def proof(self, kind: str) -> str:
        """A kind of proof."""
        return text(f"credit_use.proof.{kind}", self.language)

    def paper(self, paper: str, occasion: str) -> str:
        """A paper that is not there, and for which occasion it is asked."""
        what, when = (f"credit_use.paper.{paper}", f"credit_use.occasion.{occasion}")
        said = {"paper": text(what, self.language), "occasion": text(when, self.language)}
        return text("credit_paper.word.for", self.language, **said)

    def ratio_name(self, ratio: str) -> str:
        """What a ratio is called."""
        return text(f"credit_use.ratio.{ratio}", self.language)

    def ratio(self, name: str, one: Ratio) -> str:
        """A ratio as it is read, or why there is none."""
        if one.value is None:
            return text(f"credit_use.unknown.{one.unknown}", self.language)
        return self.ratio_value(name, one.value)

    def ratio_value(self, name: str, value: Fraction) -> str:
        """`45.0%`, `1.50`, `90 days`."""
        if name in DAYS:
            return text("credit_paper.word.days", self.language, days=f"{rounded(value, 0):,f}")
        return f"{rounded(value, 2):,f}" if name in TIMES else f"{rounded(value * 100, 1):,f}%"

    def warning(self, one: Signal) -> str:
        """A warning as a sentence, with the figures that it rests on."""
        key = f"credit_paper.warning.{one.kind}"
        if one.kind == "missing":
            return text(key, self.language, figure=text(f"credit_use.figure.{one.about}", self.language))
        if one.kind in ("loss", "negative_equity"):
            return text(key, self.language, amount=money.show(int(one.value or 0)))
        value, limit, before = (
            NONE if given is None else self.ratio_value(one.about, given)
            for given in (one.value, one.limit, one.before)
        )
        facts = {"ratio": self.ratio_name(one.about), "value": value, "limit": limit, "before": before}
        return text(key, self.language, **facts)

    def rules(self, versions: Mapping[str, int]) -> str:
        """Which versions of which rules a decision was made by."""
        named = (f"{text(f'credit_paper.rule.{name}', self.language)} {versions[name]}" for name in sorted(versions))
        return text("credit_paper.word.rules", self.language, versions=self.listed(named))

    def kappa(self, one: Agreement) -> str:
        """How far two raters agree, with the notes that belong to the number."""
        facts = {"compared": one.compared, "equal": one.equal, "left_out": one.left_out}
        said = [text("credit_paper.kappa.counts", self.language, **facts)]
        if one.kappa is not None:
            said.insert(0, text("credit_paper.kappa.value", self.language, kappa=f"{float(one.kappa):.2f}"))
        said += [text(f"credit_scorecards.kappa.{note}", self.language) for note in one.notes]
        return ("" if self.language == "zh-CN" else " ").join(said)


def rounded(value: Fraction, digits: int) -> Decimal:
    """A fraction with so many decimals, half away from zero."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
