"""Names for the demo site: invented people, firms and street addresses, formed as real ones are.

The parts stand in `data/demo/words.toml`. Every function draws from the `random.Random` that it is given and from
nothing else.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

FOLDER = Path(__file__).parents[2] / "data" / "demo"
RARE_SHARE = 0.015
SINGLE_CHARACTER_SHARE = 0.22


@cache
def words() -> Mapping[str, Any]:
    """The word lists of `data/demo/words.toml`."""
    return tomllib.loads((FOLDER / "words.toml").read_text("utf-8"))


def word(rng: Random, kind: str) -> str:
    """One entry (of a list) or character (of a string) of the words of this `kind`."""
    pool: Sequence[str] = words()[kind]
    return rng.choice(pool)


def surname(rng: Random) -> str:
    """A surname, the common ones far more often; now and then a rare or a two-character one."""
    if rng.random() < RARE_SHARE:
        return word(rng, "rare_surnames")
    groups: Sequence[Mapping[str, Any]] = words()["surnames"]
    group = rng.choices(groups, [len(group["characters"]) * group["weight"] for group in groups])[0]
    return str(rng.choice(group["characters"]))


def given_name(rng: Random, *, female: bool) -> str:
    """A given name of one or two characters."""
    pool = "female" if female else "male"
    return word(rng, pool) if rng.random() < SINGLE_CHARACTER_SHARE else word(rng, pool) + word(rng, pool)


def person(rng: Random) -> str:
    """The full name of someone whose gender does not matter."""
    return surname(rng) + given_name(rng, female=rng.random() < 0.4)


def shop_name(rng: Random) -> str:
    """A firm's own name (字号): two auspicious characters that are not a well-known name."""
    while True:
        name = word(rng, "shop") + word(rng, "shop")
        if name[0] != name[1] and name not in words()["well_known"]:
            return name


def office(rng: Random) -> str:
    """A street address of a firm, without the place."""
    street = f"{word(rng, 'roads')}路{rng.randint(1, 699)}号"
    if rng.random() < 0.35:
        return street
    return f"{street}{word(rng, 'buildings')}{rng.choice('ABC')}座{rng.randint(2, 28)}{rng.randint(1, 16):02d}室"


def home(rng: Random) -> str:
    """A street address of a household, without the place."""
    estate = word(rng, "shop") + word(rng, "shop") + word(rng, "estates")
    building, flat = rng.randint(1, 32), f"{rng.randint(1, 26)}0{rng.randint(1, 4)}"
    return f"{word(rng, 'roads')}路{rng.randint(1, 399)}号{estate}{building}栋{flat}"
