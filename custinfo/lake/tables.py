"""Open the lake as of a moment: Ibis tables over the files of one version, on a DuckDB inside the process.

The only module that knows the engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from custinfo.domain import clock, codelists
from custinfo.domain.errors import NotFound, SiteFault, WrongState
from custinfo.lake import manifest, schema
from custinfo.lake.manifest import Manifest
from custinfo.lake.publishing import naive
from custinfo.store import withheld
from custinfo.store.site import Site


@dataclass(frozen=True)
class Lake:
    """One version of the lake as of one moment. Tables have the columns of `custinfo.lake.schema`, in no order.

    A version never changes, nor does what was recorded by a moment: the same two give the same rows for ever.
    """

    manifest: Manifest
    as_of: datetime
    customer_versions: ir.Table
    sales: ir.Table

    @property
    def version(self) -> int:
        """The number of the version."""
        return self.manifest.version

    @cached_property
    def customers(self) -> ir.Table:
        """The newest version of each customer that was recorded by `as_of`."""
        versions = self.customer_versions
        newest = ibis.row_number().over(group_by=versions.customer_key, order_by=versions.version.desc())
        return versions.mutate(_place=newest).filter(lambda t: t["_place"] == 0).drop("_place")

    @cached_property
    def ownership(self) -> ir.Table:
        """The code list: code, name, name_en."""
        return _code_table("ownership")

    @cached_property
    def region(self) -> ir.Table:
        """The code list: code, name, name_en, parent, level, province, province_name, province_name_en."""
        return _code_table("region", "province")

    @cached_property
    def industry(self) -> ir.Table:
        """The code list: code, name, name_en, parent, level, section, section_name, section_name_en."""
        return _code_table("industry", "section")


def open(
    site: Site, *, version: int | None = None, as_of: datetime | None = None, purpose: str = "analysis",
    withheld_by: datetime | None = None,
) -> Lake:  # fmt: skip
    """Open a version: the one asked for, else the newest published by `as_of`, else the newest.

    Whoever withdrew from `purpose`, objected to it or was not told yet is left out, whatever `as_of` is: it says what
    was known, not what may be used. Only a report that is built again names the moment `withheld_by` of its first run.

    Rows recorded after `as_of` are left out; without it, after the version was published. Raises WrongState when
    nothing is published, NotFound when there is no such version or none by then, SiteFault when a file is missing.
    """
    return open_folder(site.lake, version=version, as_of=as_of, purpose=purpose, withheld_by=withheld_by)


def open_folder(
    lake: Path, *, version: int | None = None, as_of: datetime | None = None, purpose: str = "analysis",
    withheld_by: datetime | None = None,
) -> Lake:  # fmt: skip
    """As `open`, for an account that may read the lake's folder and nothing else of the site."""
    chosen = _chosen(lake, version, as_of)
    moment = chosen.published_at if as_of is None else as_of
    for file in chosen.files:
        if not (lake / file.path).is_file():
            raise SiteFault("lake.missing", file=file.path)
    engine = _engine()
    kept_back = withheld.keys(lake, purpose, withheld_by or clock.utc_now())
    found = {
        name: _without(_recorded_by(_table(engine, lake, chosen, name), moment), kept_back) for name in schema.TABLES
    }
    return Lake(chosen, moment, found["customer_versions"], found["sales"])


def _chosen(lake: Path, version: int | None, as_of: datetime | None) -> Manifest:
    if version is not None:
        return manifest.read(lake, version)
    newest = manifest.newest(lake)
    if newest is None:
        raise WrongState("lake.unpublished")
    if as_of is None:
        return newest
    by_then = manifest.at(lake, as_of)
    if by_then is None:
        raise NotFound("lake.none_by", as_of=clock.stamp(as_of))
    return by_then


def _engine() -> Backend:
    # Nothing is ever fetched from outside; and time is in UTC whatever the machine's zone
    engine = ibis.duckdb.connect(autoinstall_known_extensions=False, autoload_known_extensions=False)
    engine.raw_sql("SET TimeZone = 'UTC'")
    return engine


def _table(engine: Backend, lake: Path, chosen: Manifest, name: str) -> ir.Table:
    paths = [_literal(lake / path) for path in chosen.paths(name)]
    if not paths:
        return engine.create_table(name, schema.TABLES[name].empty_table())
    return engine.read_parquet(paths, table_name=name)


def _literal(path: Path) -> str:
    # DuckDB reads a path as a pattern
    return "".join(f"[{character}]" if character in "[*?" else character for character in str(path))


def _recorded_by(table: ir.Table, moment: datetime) -> ir.Table:
    return table.filter(table["recorded_at"] <= ibis.literal(naive(moment), "timestamp"))


def _without(table: ir.Table, customer_keys: Sequence[str]) -> ir.Table:
    """The table without these customers."""
    if not customer_keys:
        return table
    kept_back = ibis.memtable({"customer_key": list(customer_keys)}, schema={"customer_key": "string"})
    return table.anti_join(kept_back, "customer_key")


def _code_table(name: str, ancestor: str | None = None) -> ir.Table:
    codes = codelists.load(name)
    columns = ["code", "name", "name_en"]
    if ancestor is not None:
        columns += ["parent", "level", ancestor, f"{ancestor}_name", f"{ancestor}_name_en"]
    rows: list[Sequence[str | None]] = []
    for code in codes.rows:
        row: list[str | None] = [code.code, code.name, code.label("en")]
        if ancestor is not None:
            above = codes.ancestor(code.code, ancestor)
            names = (above.code, above.name, above.label("en")) if above else (None, None, None)
            row += [code.parent or None, code.level, *names]
        rows.append(row)
    return ibis.memtable(rows, schema=dict.fromkeys(columns, "string"))
