"""What is compared of two parties, and what each comparison may say, the most telling level first.

A level's condition is asked only when none before it held; the last level has none. Weights are not here: the rule
ships some, and `linkage` learns them from the data. Names of levels are those of the messages `duplicates.level.*`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from custinfo.classification.duplicates.conditions import (
    Alike,
    All,
    Begins,
    Condition,
    Crossed,
    Edits,
    Same,
    Shares,
    Some,
    Unknown,
    Within,
)
from custinfo.classification.duplicates.party import Kind
from custinfo.classification.duplicates.prepared import Prepared

UNKNOWN = "unknown"
"""The level of what one of the two does not say: it weighs nothing."""

DIFFERENT = "different"


@dataclass(frozen=True)
class Comparison:
    """`unknown`: when nothing can be compared. `levels`: name → condition; `different` is what remains."""

    name: str
    unknown: Condition
    levels: Mapping[str, Condition]

    @property
    def names(self) -> tuple[str, ...]:
        """The levels that weigh something, the most telling first."""
        return (*self.levels, DIFFERENT)

    def level(self, a: Prepared, b: Prepared) -> str:
        """What this comparison says of two parties."""
        if self.unknown.holds(a, b):
            return UNKNOWN
        return next((name for name, condition in self.levels.items() if condition.holds(a, b)), DIFFERENT)

    def sql(self) -> str:
        """The same as an expression over the columns of both."""
        whens = [f"WHEN {condition.sql()} THEN '{name}'" for name, condition in self.levels.items()]
        return f"CASE WHEN {self.unknown.sql()} THEN '{UNKNOWN}' {' '.join(whens)} ELSE '{DIFFERENT}' END"


_PHONE = Comparison("phone", Unknown("phones"), {"same": Shares("phones")})
_ADDRESS = Comparison(
    "address",
    Unknown("words"),
    {
        "same": Some((Same("words"), Shares("words", least=3, percent=75))),
        "street": Same("street"),
        "half": Shares("words", least=2, percent=50),
        "word": Shares("words"),
    },
)
_REGION = Comparison(
    "region",
    All((Unknown("county"), Unknown("prefecture"), Unknown("province"))),
    {"county": Same("county"), "prefecture": Same("prefecture"), "province": Same("province")},
)
_ENTERPRISE = (
    Comparison(
        "name",
        Unknown("core_sound"),
        {
            "same": All((Same("trade"), Alike("business"))),
            "sound": Same("core_sound"),
            "known": Shares("known_as"),
            "short": All((Same("trade_sound"), Unknown("business"))),
            "begins": Some((Begins("core", 2), Within("core", 4))),
            "alike": Some((Same("core_alike"), Edits("core_sound", 1, 8))),
            "letter": All((Same("business"), Shares("trade_syllables", percent=50))),
            "letters": Shares("core_syllables", least=4, percent=80),
            "trade": Same("trade_sound"),
        },
    ),
    Comparison(
        "code",
        Unknown("code_text"),
        {"same": Same("code"), "written": Same("code_text"), "letter": Edits("code_text", 2, 15)},
    ),
    _PHONE,
    _ADDRESS,
    _REGION,
    Comparison("form", Unknown("form"), {"same": Same("form")}),
    Comparison("place", Unknown("places"), {"same": Shares("places")}),
)
_INDIVIDUAL = (
    Comparison(
        "surname",
        Unknown("surname"),
        {
            "same": Same("surname"),
            "crossed": Crossed("surname", "given"),
            "known": Shares("known_as"),
            "letter": Edits("surname", 1, 4),
            "letters": Edits("surname", 2, 6),
        },
    ),
    Comparison(
        "given",
        Unknown("given"),
        {
            "written": Same("full_name"),
            "same": Same("given"),
            "crossed": Crossed("surname", "given"),
            "known": Shares("known_as"),
            "letter": Edits("given", 1, 4),
            "letters": Edits("given", 2, 6),
        },
    ),
    Comparison(
        "birth",
        Unknown("birth_year"),
        {
            "same": Same("birth_date"),
            "letter": Edits("birth_date", 1, 8),
            # Of one of them no more is known. Of strangers every sixtieth agrees in it: it is no birthday
            "year": All((Same("birth_year"), Unknown("birth_date"))),
            "letters": Edits("birth_date", 2, 8),
        },
    ),
    Comparison(
        "identity",
        Unknown("identity_text"),
        {
            "same": Same("identity"),
            "written": Same("identity_text"),
            "letter": Edits("identity_text", 1, 7),
            "letters": Edits("identity_text", 2, 7),
        },
    ),
    _PHONE,
    _ADDRESS,
    _REGION,
)
COMPARISONS: Mapping[Kind, tuple[Comparison, ...]] = {"enterprise": _ENTERPRISE, "individual": _INDIVIDUAL}
