"""Sign-account cards (签帐卡), handled like a bank book: what was put on account without one, or beyond its limit.

What is on account is what is not paid yet. A card counts from the day of its issue to its last day; from the day on
which it is lost, returned or blocked it counts no more. Of a customer who never had a card nothing is said, nor of
goods from before the first: not everybody on account deals by card. The limit is the sum of the cards that are valid on
the day; while none is, what is owed is from before, and only new goods are a sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

SIGNS = ("no_card", "card_limit")


@dataclass(frozen=True)
class Held:
    """A card: its limit in fen, its first day, and the first day on which it does not count (None: for good)."""

    first: date
    ended_on: date | None
    limit_fen: int

    def valid(self, day: date) -> bool:
        """Whether it counts on a day."""
        return self.first <= day and (self.ended_on is None or day < self.ended_on)


def signs(
    cards: Sequence[Held], on_account: Sequence[tuple[date, int]], balance_fen: int, day: date
) -> tuple[tuple[str, int, int], ...]:  # fmt: skip
    """What is out of the ordinary on `day`, as (sign, amount, compared with), amounts in fen.

    `on_account` has the day of goods that are not paid and what is open of them; `balance_fen` is all that is owed.
    """
    first = min((card.first for card in cards), default=None)
    if first is None or first > day:
        return ()
    without = sum(fen for on, fen in on_account if first <= on <= day and not any(card.valid(on) for card in cards))
    limit = sum(card.limit_fen for card in cards if card.valid(day))
    found = [("no_card", without, 0)] if without > 0 else []
    if limit and balance_fen > limit:
        found.append(("card_limit", balance_fen - limit, limit))
    return tuple(found)
