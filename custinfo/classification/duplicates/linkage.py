"""All duplicates of a table at once: candidate pairs are scored, rules hold back, clusters are checked as wholes.

It runs on the engine of the table that it is given: on Spark for a table of Spark, else in a DuckDB of its own. DuckDB
and Ibis are heavy: import this module where duplicates are looked for, not where a page starts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from custinfo.classification.duplicates import blocking, clusters, databases, learning, scoring
from custinfo.classification.duplicates.comparisons import COMPARISONS
from custinfo.classification.duplicates.model import DuplicatesRule, Model, bits, probability, weights
from custinfo.classification.duplicates.party import Band, Kind, Party
from custinfo.classification.duplicates.prepared import LISTS, Columns, Prepared, companies, prepare

COLUMNS = tuple(column.name for column in fields(Party))
SUPPORT = 0.34
"""Of the pairs across two clusters, the share that must be likely before a likely pair joins them."""

_LINE = pa.struct([("comparison", pa.string()), ("level", pa.string()), ("weight", pa.float64())])
PAIRS = pa.schema(
    [
        ("left", pa.string()),
        ("right", pa.string()),
        ("probability", pa.float64()),
        ("band", pa.string()),
        ("rule_version", pa.int64()),
        ("cluster", pa.string()),
        ("lines", pa.list_(_LINE)),
        ("held_back", pa.list_(pa.string())),
    ]
)
CLUSTERS = pa.schema([("id", pa.string()), ("cluster", pa.string()), ("size", pa.int64()), ("band", pa.string())])


@dataclass(frozen=True)
class Found:
    """Likely pairs and clusters as Ibis tables (columns: see the package), and the model that scored each kind."""

    pairs: ir.Table
    clusters: ir.Table
    models: Mapping[Kind, Model]


def table(parties: Iterable[Party]) -> ir.Table:
    """Parties as `find` takes them."""
    return ibis.memtable(records(parties))


def records(parties: Iterable[Party]) -> pa.Table:
    """The same as rows in memory, to be held by an engine."""
    each = list(parties)
    columns = {name: [_written(getattr(party, name)) for party in each] for name in COLUMNS}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in COLUMNS]))


def _written(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def find(table: ir.Table, rule: DuplicatesRule) -> Found:
    """The likely duplicates among the rows of `table`. The same rows, in any order, give the same result."""
    every = table.select(*COLUMNS).order_by("id").to_pyarrow()
    pairs, grouped, models = [PAIRS.empty_table()], [CLUSTERS.empty_table()], {}
    for kind in COMPARISONS:
        of_kind = every.filter(pc.equal(every["kind"], kind))
        if of_kind.num_rows < 2:
            continue
        with closing(databases.of(table)) as database:
            run = _Run(database, kind, rule, of_kind)
            models[kind] = run.model
            pairs.append(run.pairs)
            grouped.append(run.clusters)
    in_order = pa.concat_tables(pairs).sort_by([("left", "ascending"), ("right", "ascending")])
    return Found(ibis.memtable(in_order), ibis.memtable(pa.concat_tables(grouped).sort_by("id")), models)


def prepared(rows: pa.Table, columns: Iterable[str]) -> Iterator[pa.RecordBatch]:
    """The parties of `rows`, which are of one kind, prepared, with `unique_id`, their place in it. Unknown is NULL."""
    names = list(columns)
    kinds = {name: pa.list_(pa.string()) if name in LISTS else pa.string() for name in names}
    start = 0
    # Small batches: of many objects that live long, Python looks again and again for those that are unreachable
    for batch in rows.to_batches(max_chunksize=2_000):
        ready = _companies(batch) if batch.column("kind")[0].as_py() == "enterprise" else _persons(batch)
        arrays = [
            pa.array([value or None for value in ready[name]], kinds[name])
            if name in ready
            else pa.nulls(batch.num_rows, kinds[name])
            for name in names
        ]
        place = pa.array(range(start, start + batch.num_rows), pa.int32())
        start += batch.num_rows
        yield pa.RecordBatch.from_arrays([place, *arrays], ["unique_id", *names])


def _companies(batch: pa.RecordBatch) -> Columns:
    one = {name: _texts(batch, name) for name in ("name", "credit_code", "address", "region")}
    several = {
        name: [text.split("\n") if text else () for text in _texts(batch, name)] for name in ("other_names", "phones")
    }
    return companies(
        one["name"], several["other_names"], one["credit_code"], several["phones"], one["address"], one["region"]
    )


def _persons(batch: pa.RecordBatch) -> Columns:
    parties = [
        Party(
            id_, "individual", name, tuple(others.split("\n")), code, tuple(phones.split("\n")), address, region, birth,
            identity,
        )
        for id_, _, name, others, code, phones, address, region, birth, identity in zip(
            *(_texts(batch, name) for name in COLUMNS), strict=True
        )
    ]  # fmt: skip
    return dict(zip(Prepared._fields, zip(*map(prepare, parties), strict=True), strict=True))


def _texts(batch: pa.RecordBatch, name: str) -> list[str]:
    return [text or "" for text in batch.column(name).to_pylist()]


class _Run:
    """The duplicates of one kind. `pairs` and `clusters` as in `PAIRS` and `CLUSTERS`, `model` the numbers used."""

    def __init__(self, database: databases.Database, kind: Kind, rule: DuplicatesRule, rows: pa.Table) -> None:
        self._database, self._kind, self._rule = database, kind, rule
        self._ids = rows["id"].combine_chunks()
        columns = [name for name in Prepared._fields if name not in ("id", "kind")]
        batches = prepared(rows, columns)
        first = next(batches)
        database.bring("parties", pa.RecordBatchReader.from_batches(first.schema, _chain(first, batches)))
        database.make("candidates", blocking.pairs_sql(kind, "parties", rule.most_alike))
        self.model = learning.learnt(database, kind, rule)
        self._weights, self._prior = weights(self.model), bits(self.model.prior)
        self._judge(columns)
        of = self._clusters()
        self.pairs, self.clusters = self._pairs(of), self._members(of)

    def _judge(self, columns: Iterable[str]) -> None:
        """Makes the table `judged`: the likely pairs that are not held back altogether, and how they agree.

        There are many pairs and few ways: each way is judged once, by the same code as a pair at entry.
        """
        names = [comparison.name for comparison in COMPARISONS[self._kind]]
        levels = ", ".join(f"{comparison.sql()} AS {comparison.name}" for comparison in COMPARISONS[self._kind])
        both = ", ".join(f"l.{name} AS {name}_l, r.{name} AS {name}_r" for name in columns)
        self._database.make(
            "met",
            f"""SELECT l, r, {levels},
            coalesce(code_l <> code_r, false) OR coalesce(identity_l <> identity_r, false) AS other_code,
            coalesce(branch_l, '') <> coalesce(branch_r, '') AS other_branch
            FROM (SELECT join_key_l AS l, join_key_r AS r, {both} FROM candidates
            JOIN parties AS l ON l.unique_id = join_key_l JOIN parties AS r ON r.unique_id = join_key_r)""",
        )
        told = ", ".join([*names, "other_code", "other_branch"])
        every = self._database.ask(f"SELECT DISTINCT {told} FROM met")
        every = every.sort_by([(name, "ascending") for name in every.column_names])
        self._ways = [self._way(way) for way in every.to_pylist()]
        kept = pa.array([place for place, way in enumerate(self._ways) if way.band != "no"], pa.int32())
        scores = pa.array([way.bits for way in self._ways], pa.float64())
        ways = every.append_column("bits", scores).take(kept).append_column("way", kept)
        self._database.bring("ways", ways.to_reader())
        self._database.make("judged", f"SELECT l, r, bits, way FROM met JOIN ways USING ({told})")

    def _way(self, way: Mapping[str, object]) -> "_Way":
        levels = {comparison.name: str(way[comparison.name]) for comparison in COMPARISONS[self._kind]}
        reasons = scoring.held_back(levels, bool(way["other_code"]), bool(way["other_branch"]), self._kind)
        weighed = {name: self._weights[name][level] for name, level in levels.items()}
        total = self._prior + sum(weighed.values())
        likely = probability(total)
        lines: list[dict[str, object]] = [
            {"comparison": name, "level": levels[name], "weight": round(weighed[name], 2)} for name in levels
        ]
        lines.sort(key=lambda line: -abs(float(str(line["weight"]))))
        used = self._rule.model_copy(update={self._kind: self.model})
        return _Way(total, likely, scoring.band(likely, levels, reasons, used, self._kind), reasons, lines)

    def _clusters(self) -> dict[int, int]:
        rows = self._database.ask("SELECT l, r, bits, way FROM judged ORDER BY l, r")
        self._met_so = rows["way"].combine_chunks()
        sure = pa.array([way.band == "automatic" for way in self._ways], pa.bool_()).take(self._met_so)
        columns = [rows["l"], rows["r"], rows["bits"], sure]
        self._edges = list(map(clusters.Edge, *(column.to_pylist() for column in columns)))
        marked = self._database.ask(
            "SELECT unique_id, code, identity, branch FROM parties WHERE unique_id IN (SELECT l FROM judged UNION "
            "SELECT r FROM judged)"
        )
        marks = {}
        for record, code, identity, branch in zip(*(column.to_pylist() for column in marked.columns), strict=True):
            own = {"branch": branch or ""}
            if code:
                own["code"] = code
            if identity:
                own["identity"] = identity
            marks[record] = own
        return clusters.join(self._edges, marks, SUPPORT)

    def _pairs(self, of: Mapping[int, int]) -> pa.Table:
        together = [of[edge.left] == of[edge.right] for edge in self._edges]
        cut = [[*way.reasons, "duplicates.held_back.cluster"] for way in self._ways]
        reasons = pa.array([list(way.reasons) for way in self._ways] + cut, pa.list_(pa.string()))
        ways = self._met_so
        columns = {
            "left": self._ids.take(pa.array([edge.left for edge in self._edges], pa.int32())),
            "right": self._ids.take(pa.array([edge.right for edge in self._edges], pa.int32())),
            "probability": pa.array([way.probability for way in self._ways], pa.float64()).take(ways),
            "band": [
                "automatic" if edge.sure and same else "review"
                for edge, same in zip(self._edges, together, strict=True)
            ],
            "rule_version": pa.repeat(self._rule.version, len(together)),
            "cluster": self._ids.take(
                pa.array(
                    [of[edge.left] if same else None for edge, same in zip(self._edges, together, strict=True)],
                    pa.int32(),
                )
            ),
            "lines": pa.array([way.lines for way in self._ways], pa.list_(_LINE)).take(ways),
            "held_back": reasons.take(pc.add(ways, pc.if_else(pa.array(together, pa.bool_()), 0, len(self._ways)))),
        }
        return pa.table(columns, schema=PAIRS)

    def _members(self, of: Mapping[int, int]) -> pa.Table:
        sizes = Counter(of.values())
        sure = set(clusters.held_together(of, (edge for edge in self._edges if edge.sure)))
        members = sorted(record for record, cluster in of.items() if sizes[cluster] > 1)
        columns = {
            "id": self._ids.take(pa.array(members, pa.int32())),
            "cluster": self._ids.take(pa.array([of[record] for record in members], pa.int32())),
            "size": [sizes[of[record]] for record in members],
            "band": ["automatic" if of[record] in sure else "review" for record in members],
        }
        return pa.table(columns, schema=CLUSTERS)


@dataclass(frozen=True)
class _Way:
    """One way in which pairs agree: how likely that is the same, what is done with it, what holds back, and why."""

    bits: float
    probability: float
    band: Band
    reasons: tuple[str, ...]
    lines: list[dict[str, object]]


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest
