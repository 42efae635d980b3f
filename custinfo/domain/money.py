"""Money: integer fen (分), 100 to the yuan. Never a float."""

import re

from custinfo.domain.errors import BadInput

AMOUNT = re.compile(r"(-?)(\d{1,13}|\d{1,3}(?:[,，]\d{3}){1,4})(?:\.(\d{1,2}))?", re.ASCII)


def fen(amount: str) -> int:
    """Fen from yuan as a person writes them: `1234.5`, `-3`, `¥1,234.50`. Raises BadInput for anything else.

    A comma is a thousands mark and stands before three digits: `12,50` may mean 12.50 and is refused.
    """
    match = AMOUNT.fullmatch(amount.strip().removeprefix("¥"))
    if match is None:
        raise BadInput("money.amount", amount=amount[:40])
    sign, whole, cents = match.groups()
    value = int(re.sub(r"[,，]", "", whole)) * 100 + int((cents or "0").ljust(2, "0"))
    return -value if sign else value


def yuan(amount_fen: int) -> str:
    """Yuan with exactly two decimals: 123450 → `1234.50`."""
    sign = "-" if amount_fen < 0 else ""
    whole, cents = divmod(abs(amount_fen), 100)
    return f"{sign}{whole}.{cents:02d}"


def show(amount_fen: int) -> str:
    """Yuan for a reader: 123450 → `¥1,234.50`."""
    sign = "-" if amount_fen < 0 else ""
    whole, cents = divmod(abs(amount_fen), 100)
    return f"{sign}¥{whole:,}.{cents:02d}"
