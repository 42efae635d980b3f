"""A small two-stage survey made by arithmetic, so that R can be given the same rows: 3 strata of 4 clusters of 5 units.

What R's package `survey` 4.1-1 says of it stands in the tests as numbers. The script that computed them:

    d <- read.csv("survey.csv")      # table().to_csv("survey.csv", index=False)
    one <- svydesign(id=~1, strata=~region, weights=~w, data=d, fpc=~units)
    two <- svydesign(id=~shop+row, strata=~region+NULL, fpc=~shops+staff, data=d)   # and so on
"""

import pandas as pd
import pytest

from custinfo.statistics.estimation import Estimate


def table() -> pd.DataFrame:
    """60 rows: design columns, `amount`, `visits` (numbers), `kind` (a, b, c), `pleased` (yes, no)."""
    rows = []
    for row in range(60):
        region, shop = row // 20, row // 5
        odd = (row * 7919 + 104729) % 997
        rows.append({
            "row": row, "region": "NSW"[region], "shop": shop, "shops": (40, 25, 60)[region], "staff": 20 + shop,
            "w": (40, 25, 60)[region] / 4 * (20 + shop) / 5,
            "amount": 100 + 30 * region + 11 * (shop % 4) + odd % 89, "visits": 1 + odd % 7,
            "kind": "abc"[(odd // 7) % 3], "pleased": "yes" if odd % 5 < 3 else "no",
        })  # fmt: skip
    return pd.DataFrame(rows)


def is_as(found: tuple[Estimate, ...], *expected: tuple[float, float]) -> None:
    """Asserts that these are the estimates: pairs of a value and its standard error, to nine digits."""
    assert len(found) == len(expected)
    for one, (value, error) in zip(found, expected, strict=True):
        assert one.value == pytest.approx(value, rel=1e-10)
        assert one.standard_error == pytest.approx(error, rel=1e-9)
