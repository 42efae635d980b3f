"""Sign-account cards: what was put on account without one, or beyond its limit."""

from datetime import date, timedelta

import pytest

from custinfo.classification.credit import account_cards
from custinfo.classification.credit.account_cards import Held
from custinfo.domain.messages import LANGUAGES, text

DAY = date(2026, 11, 20)
ISSUED, LOST = DAY - timedelta(days=100), DAY - timedelta(days=10)
CARD, GONE = Held(ISSUED, None, 50_000), Held(ISSUED, LOST, 50_000)


@pytest.mark.parametrize(
    ("cards", "on_account", "balance", "found"),
    [
        ([], [(DAY, 100)], 100, ()),  # never had a card
        ([Held(DAY + timedelta(days=1), None, 1)], [(DAY, 100)], 100, ()),
        ([CARD], [(DAY, 50_000)], 50_000, ()),  # up to the limit
        ([CARD], [(DAY, 50_001)], 50_001, (("card_limit", 1, 50_000),)),
        ([CARD, GONE], [(DAY, 50_001)], 50_001, (("card_limit", 1, 50_000),)),
        ([CARD, CARD], [(DAY, 50_001)], 50_001, ()),  # two cards, two limits
        ([GONE], [(LOST - timedelta(days=1), 90_000)], 90_000, ()),  # bought while the card counted
        ([GONE], [(LOST, 700), (LOST - timedelta(days=1), 100)], 800, (("no_card", 700, 0),)),  # on the day of the loss
        ([CARD], [(ISSUED - timedelta(days=1), 700)], 700, ()),  # before the first card
        ([GONE, Held(DAY, None, 900)], [(LOST, 700)], 700, (("no_card", 700, 0),)),  # between two cards
        ([CARD], [], -5, ()),
        ([GONE], [(DAY + timedelta(days=1), 700)], 700, ()),  # after the day that is asked about
    ],
)
def test_what_is_out_of_the_ordinary(cards, on_account, balance, found):
    assert account_cards.signs(cards, on_account, balance, DAY) == found


def test_every_sign_has_words():
    for language in LANGUAGES:
        assert len({text(f"credit_use.sign.{one}", language) for one in account_cards.SIGNS}) == 2
