"""How the figures of a credit archive are read: the indicator, the figure in its unit, the rating by the anchors."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from custinfo.actions.credit_archive import Rated
from custinfo.classification.credit import scorecards
from custinfo.domain.messages import text

HUNDREDTHS = ("paid_in_time", "debt_ratio", "liquidity")
"""Figures that are kept in hundredths of what people read."""


def rated(found: tuple[Rated, ...], day: date, language: str) -> Iterator[tuple[str, str, str]]:
    """Each rated figure as (indicator, figure, what the anchor of its rating looks like)."""
    known = scorecards.indicators(day)
    for one in found:
        indicator = known[one.indicator]
        value = Decimal(one.figure).scaleb(-2) if one.indicator in HUNDREDTHS else Decimal(one.figure)
        figure = text(f"credit_archive.figure.{one.indicator}", language, value=f"{value:,f}")
        anchor = indicator.anchors[one.rating - 1].text(language)
        said = text("credit_archive.rating", language, rating=one.rating, anchor=anchor)
        yield indicator.title.text(language), figure, said
