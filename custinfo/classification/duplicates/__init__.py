r"""Duplicates: which customers are the same company or person, and why.

Two ways in, with the same comparisons and the same rule (`data/rules/duplicates.toml`):

- one at entry, plain functions over small values, quick to import (no DuckDB, no Splink):

      once(party: Party) -> Prepared                               # as it is compared; may be kept, see `EDITION`
      keys_of(ready: Prepared) -> Keys                             # to be indexed, and to search the index with
      compare(a: Party, b: Party, rule: DuplicatesRule) -> Evidence
      ranked(entry: Prepared, candidates: Iterable[Prepared], rule: DuplicatesRule) -> list[tuple[str, Evidence]]
                                                                   # without band `no`; likeliest first, then by id
      rule(day: date) -> DuplicatesRule                            # `.version` is kept with every decision

- all at once, with numbers that Splink learns from the data, on Spark for a table of Spark and else in DuckDB (import
  `custinfo.classification.duplicates.linkage` where it is needed):

      linkage.find(table: ir.Table, rule: DuplicatesRule) -> Found

  `table` has the columns of `linkage.COLUMNS`: id, kind, name, other_names, credit_code, phones, address, region,
  birth_date, id_number, all strings, NULL or empty for unknown; other_names and phones hold one per line (`\n`).
  `linkage.table(parties: Iterable[Party]) -> ir.Table` makes it from parties.

  `Found.pairs`: Ibis table left, right (ids, left < right), probability (float64), band (`automatic` | `review`),
  rule_version (int64), cluster (string: smallest id of the pair's cluster; NULL when the check of clusters cut it,
  whose band is then `review`), lines (array of struct comparison, level, weight), held_back (array of string); ordered
  by left, right.
  `Found.clusters`: Ibis table id, cluster, size (int64), band; only clusters of two and more. band is `automatic` when
  the automatic pairs alone hold the cluster together.
"""

from custinfo.classification.duplicates.keys import keys_of
from custinfo.classification.duplicates.model import DuplicatesRule, rule
from custinfo.classification.duplicates.party import Band, Evidence, Keys, Kind, Line, Party
from custinfo.classification.duplicates.prepared import Prepared, once
from custinfo.classification.duplicates.scoring import compare, ranked

__all__ = [
    "Band", "DuplicatesRule", "Evidence", "Keys", "Kind", "Line", "Party", "Prepared", "compare", "keys_of", "once",
    "ranked", "rule",
]  # fmt: skip
