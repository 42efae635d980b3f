"""What two raters' ratings count as together."""

from datetime import date

from custinfo.classification.credit.scoring import Evidence, Rating
from custinfo.classification.credit.two_raters import combined


def rating(code: str, value: int | None, who: str, day: int = 1) -> Rating:
    return Rating(code, value, who, () if value is None else (Evidence("s", date(2026, 10, day)),))


def test_the_lower_counts_with_its_own_evidence() -> None:
    first, second = [rating("p", 4, "a"), rating("q", 2, "a")], [rating("p", 3, "b", 9), rating("q", 3, "b")]
    assert combined(first, second) == (second[0], first[1])
    assert combined(second, first) == (second[0], first[1])


def test_what_one_of_them_knows_counts_and_nothing_is_guessed() -> None:
    first = [rating("p", None, "a"), rating("q", 5, "a"), rating("r", None, "a")]
    second = [rating("p", 1, "b"), rating("q", None, "b"), rating("s", 2, "b")]
    found = combined(first, second)
    assert [(one.indicator, one.value, one.rater) for one in found] == [
        ("p", 1, "b"), ("q", 5, "a"), ("r", None, "a"), ("s", 2, "b"),
    ]  # fmt: skip


def test_equal_ratings_keep_the_newer_evidence() -> None:
    old, new = rating("p", 4, "a", 1), rating("p", 4, "b", 9)
    assert combined([old], [new]) == (new,)
    assert combined([new], [old]) == (new,)
    assert combined([old], [rating("p", 4, "b", 1)]) == (old,)
