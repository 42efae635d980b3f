"""Bands of a rule file: which class an amount or a score belongs to, without overlap and without a hole."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from custinfo.classification.rules import Fault, Part, Text


class Band(Part):
    """One class: whole numbers from `at_least` on and under `below`. The highest band has no `below`."""

    name: Text
    at_least: int
    below: int | None = None


def check(bands: Sequence[Band], lowest: int) -> None:
    """Every whole number from `lowest` on is in exactly one of the bands, which stand from the highest down.

    Raises Fault for a name that is there twice, an overlap, a hole, and bands that do not begin at `lowest`.
    """
    twice = [name for name, times in Counter(band.name for band in bands).items() if times > 1]
    if twice:
        raise Fault("vertical.band_twice", name=twice[0])
    if bands[0].below is not None:
        raise Fault("vertical.band_top", name=bands[0].name, below=bands[0].below)
    for upper, lower in pairwise(bands):
        facts = {"upper": upper.name, "lower": lower.name, "below": lower.below, "at_least": upper.at_least}
        if lower.below is None or lower.below > upper.at_least:
            raise Fault("vertical.band_overlap", **facts)
        if lower.below < upper.at_least:
            raise Fault("vertical.band_hole", **facts)
        if lower.at_least >= lower.below:
            raise Fault("vertical.band_empty", name=lower.name, at_least=lower.at_least, below=lower.below)
    if bands[-1].at_least != lowest:
        raise Fault("vertical.band_bottom", name=bands[-1].name, at_least=bands[-1].at_least, lowest=lowest)
