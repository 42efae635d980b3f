"""What two raters' ratings count as together.

1. Where both rated, the lower rating counts, with its own evidence: of two honest opinions credit follows the more
   careful one. Equal ratings keep the newer evidence; of evidence of the same day the first rater's.
2. What only one of them had information on counts as that one rated it.
3. Ratings two steps apart or more are not brought together at all: the two talk them over first
   (`raters.to_talk_over`), and one of them rates again.
"""

from collections.abc import Sequence

from custinfo.classification.credit.scoring import Rating


def combined(first: Sequence[Rating], second: Sequence[Rating]) -> tuple[Rating, ...]:
    """One rating for each indicator that either of them named, in the first one's order, then the second one's."""
    others = {rating.indicator: rating for rating in second}
    named = {rating.indicator for rating in first}
    both = [_one(rating, others.get(rating.indicator)) for rating in first]
    return (*both, *(rating for rating in second if rating.indicator not in named))


def _one(first: Rating, second: Rating | None) -> Rating:
    if second is None or second.value is None:
        return first
    if first.value is None or second.value < first.value:
        return second
    if second.value == first.value and _newest(second) > _newest(first):
        return second
    return first


def _newest(rating: Rating) -> str:
    return max((evidence.on.isoformat() for evidence in rating.evidence), default="")
