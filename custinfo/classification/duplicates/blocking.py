"""Which pairs are compared at all: those that share a key, of those keys that not too many share.

A key is an expression over the columns of the prepared parties, NULL is no key.
"""

from collections.abc import Mapping

from custinfo.classification.duplicates.party import Kind

_BORN = "coalesce(birth_date, birth_year)"

KEYS: Mapping[Kind, tuple[str, ...]] = {
    "enterprise": (
        "code_text",
        "substr(code_text, 9, 9)",
        "core_sound || coalesce(branch, '')",
        "core_alike || '|' || prefecture",
        "trade_sound || '|' || prefecture",
        "trade_sound || '|' || county",
        "substr(trade, 1, 2) || '|' || prefecture",
        "substr(trade, 1, 1) || business || '|' || prefecture",
        "substr(trade, 2, 8) || business || '|' || prefecture",
        "street || '|' || coalesce(prefecture, '')",
        "street || '|' || substr(trade_sound, 1, 3)",
    ),
    "individual": (
        "identity_text",
        f"core_sound || '|' || {_BORN}",
        "core_sound || '|' || birth_year",
        "core_alike || '|' || county",
        "core_alike || '|' || street",
        f"given || '|' || {_BORN}",
        f"surname || '|' || {_BORN}",
        f"given || surname || '|' || {_BORN}",
        f"street || '|' || {_BORN}",
        f"{_BORN} || '|' || county",
        f"{_BORN} || '|' || least(substr(surname, 1, 1), substr(given, 1, 1))",
        f"{_BORN} || '|' || greatest(substr(surname, 1, 1), substr(given, 1, 1))",
        f"substr(identity_text, 1, 5) || '|' || {_BORN}",
        "surname || '|' || street",
        "given || '|' || street",
        "substr(surname, 1, 3) || '|' || substr(given, 1, 3) || '|' || county",
    ),
}
"""For each kind, the keys beside those of its lists: every telephone, and every name that it goes by."""

LISTS = ("phones", "known_as")


def pairs_sql(kind: Kind, parties: str, most_alike: int) -> str:
    """The pairs of rows of the table `parties` that are candidates: join_key_l < join_key_r, each once, and a
    `match_key` as Splink wants it. No key that more than `most_alike` rows share.
    """
    single = [f"SELECT unique_id, '{place}:' || {key} AS block FROM {parties}" for place, key in enumerate(KEYS[kind])]
    many = [
        f"SELECT unique_id, '{name}:' || item AS block FROM (SELECT unique_id, unnest({name}) AS item FROM {parties})"
        for name in LISTS
    ]
    every = " UNION ALL ".join(single + many)
    return f"""
    WITH keyed AS (SELECT DISTINCT unique_id, hash(block) AS block FROM ({every}) WHERE block IS NOT NULL),
    few AS (SELECT block FROM keyed GROUP BY block HAVING count(*) BETWEEN 2 AND {most_alike}),
    rows AS (SELECT keyed.* FROM keyed JOIN few USING (block))
    SELECT DISTINCT l.unique_id AS join_key_l, r.unique_id AS join_key_r, '0' AS match_key
    FROM rows AS l JOIN rows AS r ON l.block = r.block AND l.unique_id < r.unique_id
    """
