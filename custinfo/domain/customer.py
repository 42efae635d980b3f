"""What is known of a customer beside names: the attributes that cards save, and that the lake and its readers have."""

from collections.abc import Callable, Mapping

from custinfo.domain import money

_COARSE_FEN = 1000 * 100


def coarse_fen(text: str) -> int:
    """An amount in fen, down to whole thousands of yuan: a person's exact income could tell who it is. The bounds of
    bands of income are whole thousands, so that nobody comes into another band.
    """
    return money.fen(text) // _COARSE_FEN * _COARSE_FEN


PROPERTIES: Mapping[str, tuple[str, Callable[[str], str | int]]] = {
    # The lake's column: the card's property, and how its text is read. What is not named here never reaches the lake.
    "customer_type": ("customer_type", str),
    "ownership": ("ownership", str),
    "region": ("region", str),
    "industry": ("industry", str),
    "kind": ("kind", str),
    "staff": ("staff", int),
    "registered_capital_fen": ("registered_capital", money.fen),
    "revenue_fen": ("revenue", money.fen),
    "assets_fen": ("assets", money.fen),
    "figures_year": ("figures_year", int),
    "location_type": ("location_type", str),
    "market_position": ("market_position", str),
    "income_fen": ("income", coarse_fen),
    "income_year": ("income_year", int),
    "birth_year": ("birth_year_about", int),
    "enterprise_type": ("enterprise_type", str),
}
