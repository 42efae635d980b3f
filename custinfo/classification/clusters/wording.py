"""Whether a cluster can be said in conditions, such as a segment has: it is what people can act on, and never changes.

Conditions are looked for among codes of categories and one range of an amount, one after the other, each the one by
which customers of the conditions and customers of the cluster agree most (Jaccard: those in both over those in either),
until none adds GAIN. The same rows in any order give the same; of conditions that are equally good the first
in the order of their names counts, of ranges the lowest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GAIN = 0.02
"""A condition that adds less is not worth its words."""
CUTS = 40
"""Values of the amount that a range may begin or end at: the quantiles of the customers looked at."""

Inside = NDArray[np.bool_]


@dataclass(frozen=True)
class Wording:
    """`codes` by category, in order; the `amount` from its first number to below its second, None where there is no
    such end. Both empty when no condition tells the cluster from the rest.
    """

    codes: Mapping[str, tuple[str, ...]]
    amount: tuple[int | None, int | None] = (None, None)


def said(inside: Inside, categories: Mapping[str, Sequence[str]], amounts: Sequence[int], least: int = 1) -> Wording:
    """The conditions for the customers that are `inside`, of all that are looked at: their codes by category, and their
    amounts (fen, none unknown), each as long as `inside`. A code of fewer than `least` customers is not named.
    """
    columns = {name: np.array(values, dtype=object) for name, values in sorted(categories.items())}
    fen = np.array(amounts, dtype=np.int64)
    chosen, found, best = np.ones(len(inside), dtype=bool), Wording({}), _agreement(inside, np.ones(len(inside), bool))
    while True:
        tried = [*_by_codes(inside, chosen, columns, found, least), *_by_amount(inside, chosen, fen, found)]
        if not tried:
            return found
        agreement, wording, rows = max(tried, key=lambda one: round(one[0], 9))
        if agreement < best + GAIN:
            return found
        best, found, chosen = agreement, wording, rows


def _agreement(inside: Inside, chosen: Inside) -> float:
    either = int((inside | chosen).sum())
    return int((inside & chosen).sum()) / either if either else 0.0


def _by_codes(
    inside: Inside, chosen: Inside, columns: Mapping[str, NDArray[np.object_]], found: Wording, least: int
) -> Iterator[tuple[float, Wording, Inside]]:
    """One more category: its codes in the order of how much of them is inside, as many of the first as agree best."""
    for name, column in columns.items():
        if name in found.codes:
            continue
        codes, place = np.unique(column[chosen].astype(str), return_inverse=True)
        all_of, within = np.bincount(place), np.bincount(place, weights=inside[chosen])
        known = [n for n in range(len(codes)) if all_of[n] >= least]
        order = sorted(known, key=lambda n: (-within[n] / all_of[n], codes[n]))
        if len(order) < 2:
            continue
        # Of the first code, the first two, the first three …: those in both, and those in either
        both = np.cumsum(within[order])[:-1]
        best = order[: 1 + int(np.argmax(both / (inside.sum() + np.cumsum(all_of[order])[:-1] - both)))]
        rows = chosen.copy()
        rows[chosen] = np.isin(place, best)
        wanted = tuple(sorted(str(codes[n]) for n in best))
        yield _agreement(inside, rows), Wording({**found.codes, name: wanted}, found.amount), rows


def _by_amount(
    inside: Inside, chosen: Inside, fen: NDArray[np.int64], found: Wording
) -> Iterator[tuple[float, Wording, Inside]]:
    """A range of the amount, open at either end or at none, that begins and ends at quantiles."""
    if found.amount != (None, None) or not len(fen):
        return
    cuts = [int(one) for one in np.unique(np.quantile(fen, np.linspace(0, 1, CUTS + 1), method="lower"))[1:]]
    best: tuple[float, tuple[int | None, int | None], Inside] | None = None
    for low in (None, *cuts):
        for high in (*(one for one in cuts if low is None or one > low), None):
            if low is None and high is None:
                continue
            rows = chosen & (fen >= (fen.min() if low is None else low))
            rows = rows if high is None else rows & (fen < high)
            agreement = _agreement(inside, rows)
            if best is None or agreement > best[0]:
                best = (agreement, (low, high), rows)
    if best is not None:
        yield best[0], Wording(found.codes, best[1]), best[2]
