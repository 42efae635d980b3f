"""Why sales changed: by price, by volume or by mix (Shapley), to the fen.

1. Sales are quantity × share × price, over all products: `quantity` of all together, the share of each product in it,
   its price (amount by quantity). Each of the three changed from one period to the other. The effect of one is what
   changing it alone adds, averaged over the six orders in which the three can be changed: no order is preferred, and
   the three effects add up to the whole change. That holds for each product too.
2. A product that was sold in one of the two periods alone has no price in the other: its price counts as unchanged, so
   all of its change is volume and mix.
3. A product whose quantity is unknown, zero or negative in a period in which it has an amount (only returns, a service
   without pieces) has no price there: its change stands apart as `other`.
4. For each product the effects are rounded to whole fen by the largest remainder, so that they add up to the product's
   change; the effects of the whole are the sums of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from custinfo.statistics.apportioning import apportioned
from custinfo.statistics.no_figure import NoFigure


@dataclass(frozen=True)
class Sold:
    """What was sold of a product in a period: pieces (None where they are not known) and fen."""

    quantity: int | None
    amount_fen: int


NOTHING = Sold(0, 0)


@dataclass(frozen=True)
class Effects:
    """What a change of sales is made of, in fen: the four add up to `change_fen`."""

    change_fen: int
    volume_fen: int
    mix_fen: int
    price_fen: int
    other_fen: int


@dataclass(frozen=True)
class Decomposed:
    """The effects of the whole and of each product, by code."""

    whole: Effects
    products: Mapping[str, Effects]


def decomposed(before: Mapping[str, Sold], now: Mapping[str, Sold]) -> Decomposed | NoFigure:
    """The change of sales from `before` to `now`, products by code; who is missing in one of them sold nothing there.

    NoFigure when one of the two has no quantities at all: there is no price and no mix to hold against.
    """
    codes = sorted(before.keys() | now.keys())
    pairs = {code: (before.get(code, NOTHING), now.get(code, NOTHING)) for code in codes}
    priced = {code: pair for code, pair in pairs.items() if all(map(_is_priced, pair))}
    whole = [sum(pair[end].quantity or 0 for pair in priced.values()) for end in (0, 1)]
    if not all(whole):
        return NoFigure("no_quantity")
    products = {code: _effects(pair, whole if code in priced else None) for code, pair in pairs.items()}
    sums = (sum(getattr(one, name) for one in products.values()) for name in Effects.__dataclass_fields__)
    return Decomposed(Effects(*sums), products)


def _is_priced(sold: Sold) -> bool:
    if sold.amount_fen == 0 and sold.quantity == 0:
        return True
    return sold.quantity is not None and sold.quantity > 0


def _effects(pair: tuple[Sold, Sold], whole: list[int] | None) -> Effects:
    before, now = pair
    change = now.amount_fen - before.amount_fen
    if whole is None:
        return Effects(change, 0, 0, 0, change)
    shares = [Fraction(sold.quantity or 0, total) for sold, total in zip(pair, whole, strict=True)]
    prices = [Fraction(sold.amount_fen, sold.quantity) if sold.quantity else None for sold in pair]
    known = next((price for price in prices if price is not None), Fraction(0))
    states = [(Fraction(whole[end]), shares[end], _or(prices[end], known)) for end in (0, 1)]
    volume, mix, price = apportioned(_shapley(states[0], states[1]), change)
    return Effects(change, volume, mix, price, 0)


def _or(price: Fraction | None, known: Fraction) -> Fraction:
    return known if price is None else price


_State = tuple[Fraction, Fraction, Fraction]


def _shapley(before: _State, now: _State) -> list[Fraction]:
    effects = [Fraction(0)] * 3
    orders = list(permutations(range(3)))
    for order in orders:
        state = list(before)
        for factor in order:
            reached = state[0] * state[1] * state[2]
            state[factor] = now[factor]
            effects[factor] += state[0] * state[1] * state[2] - reached
    return [effect / len(orders) for effect in effects]
