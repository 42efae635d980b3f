"""Open the lake as of a moment: Ibis tables over the files of one version, on an engine of `custinfo.lake.engines`."""

import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import cache, cached_property, partial
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custinfo.classification.credit import decided
from custinfo.domain import clock
from custinfo.domain.codelists import CodeList
from custinfo.domain.errors import BadInput, NotFound, SiteFault, WrongState
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.lake import (
    code_tables,
    describing,
    engines,
    interactive,
    locking,
    manifest,
    merging,
    published_tables,
    schema,
    superseding,
    verification,
)
from custinfo.lake.appending import naive
from custinfo.lake.asked import Asked
from custinfo.lake.coarsening import smallest_group
from custinfo.lake.describing import Description
from custinfo.lake.engines import Engine
from custinfo.lake.manifest import Manifest
from custinfo.store import withheld
from custinfo.store.site import Site


@dataclass(frozen=True)
class Late:
    """A branch whose data are not in yet: they were due at `due`, and its newest version is of `published_at`, or it
    has none.
    """

    branch: str
    due: datetime
    published_at: datetime | None

    def text(self, language: str = DEFAULT_LANGUAGE, zone: tzinfo = UTC) -> str:
        """The sentence that stands beside every result, in `language`, with times as clocks of `zone` show them."""
        due = clock.show(self.due, zone)
        if self.published_at is None:
            return text("lake.late_never", language, branch=self.branch, due=due)
        return text("lake.late", language, branch=self.branch, due=due, published=clock.show(self.published_at, zone))


@dataclass(frozen=True)
class Tables:
    """What is read of a lake as of one moment: `found` by the names of `schema.TABLES`, with their columns, unordered.

    `late` names the branches whose data are missing; every result has to name them too. Rows of fewer than
    `smallest_group` customers are not handed out (`custinfo.lake.extracts`). `code_list` gives a list's table.
    """

    as_of: datetime
    found: Mapping[str, ir.Table]
    smallest_group: int
    late: tuple[Late, ...]
    code_list: Callable[[str], pa.Table]

    @property
    def customer_versions(self) -> ir.Table:
        """Every version of each customer."""
        return self.found["customer_versions"]

    @property
    def sales(self) -> ir.Table:
        """Sales, returns and payments in force: without what a later batch replaced or cancelled."""
        return self.found["sales"]

    @property
    def orders(self) -> ir.Table:
        """Orders in force: each as the batch that told of it last says it stands."""
        return self.found["orders"]

    @property
    def service_events(self) -> ir.Table:
        """Enquiries, visits, repairs, complaints … in force; one row for each."""
        return self.found["service_events"]

    @property
    def web_events(self) -> ir.Table:
        """What customers did on a site or in an app, in force; one row for each."""
        return self.found["web_events"]

    def describe(self, name: str = "", language: str = DEFAULT_LANGUAGE) -> Description:
        """What the tables are; with the name of one, what its columns mean. A notebook shows it as a table."""
        return describing.describe(self, name, language)

    def _repr_html_(self) -> str:
        return self.describe()._repr_html_()

    def table(self, name: str) -> ir.Table:
        """A table that custinfo fills, by its name in `published_tables.TABLES`; every row recorded by then."""
        return self.found[name]

    @cached_property
    def credit_grades(self) -> ir.Table:
        """The credit grade of each customer on the day of `as_of`: columns of `published_tables.CREDIT_DECISIONS`.

        That of the newest approved decision, or of the override of it that was approved last, while it holds. Who was
        never decided on has no row; a decision that came to no grade has NULL.
        """
        # A day of UTC: an override ends within hours of the end of the site's day
        return decided.in_force(self.found["credit_decisions"], self.as_of.astimezone(UTC).date())

    @cached_property
    def gradings(self) -> ir.Table:
        """The classes of customers at the end of each quarter: of the newest edition that was recorded by `as_of`."""
        rows = self.found["gradings"]
        # In a lake of branches each of them grades for itself
        by = [name for name in ("branch", "quarter") if name in rows.columns]
        newest = rows.group_by(**{f"{name}_of": rows[name] for name in by}).agg(newest=rows.edition.max())
        same = [rows[name] == newest[f"{name}_of"] for name in by]
        return rows.semi_join(newest, [*same, rows.edition == newest.newest])

    @cached_property
    def customers(self) -> ir.Table:
        """The newest version of each customer that was recorded by `as_of`."""
        versions = self.customer_versions
        newest = ibis.row_number().over(group_by=versions.customer_key, order_by=versions.version.desc())
        return versions.mutate(_place=newest).filter(lambda t: t["_place"] == 0).drop("_place")

    @cached_property
    def ownership(self) -> ir.Table:
        """The code list: code, name, name_en."""
        return self.codes("ownership").select("code", "name", "name_en")

    @cached_property
    def region(self) -> ir.Table:
        """The code list: code, name, name_en, parent, level, province, province_name, province_name_en."""
        return _with_ancestor(self.codes("region"), "province")

    @cached_property
    def industry(self) -> ir.Table:
        """The code list: code, name, name_en, parent, level, section, section_name, section_name_en."""
        return _with_ancestor(self.codes("industry"), "section")

    def codes(self, name: str) -> ir.Table:
        """A code list as it was when the version was published; columns as in `code_tables.as_table`.

        Raises NotFound when there is no such list, SiteFault when its file is missing or was changed.
        """
        return ibis.memtable(self.code_list(name))


def _with_ancestor(codes: ir.Table, level: str) -> ir.Table:
    return codes.select("code", "name", "name_en", "parent", "level", level, f"{level}_name", f"{level}_name_en")


@dataclass(frozen=True)
class Source:
    """Where a version was read: by which engine, in which folder, without whose rows (`withheld`, by the list's word;
    `left_out`, those of them whom the version knows). `keeps`: whether what is computed may be kept beside the lake.
    """

    engine: Engine
    folder: Path
    purpose: str
    withheld: tuple[str, ...]
    left_out: Callable[[], list[str]]
    keeps: bool = False


@dataclass(frozen=True)
class Lake(Tables):
    """One version of the lake as of one moment.

    A version never changes, nor does what was recorded by a moment: the same two give the same rows for ever.
    """

    manifest: Manifest
    source: Source | None = None

    @property
    def version(self) -> int:
        """The number of the version."""
        return self.manifest.version

    def listed(self, name: str) -> CodeList:
        """A code list as it was when the version was published, with its edition. Raises as `codes` does."""
        return code_tables.as_list(self.manifest, name, self.code_list(name))


def open(
    site: Site, *, version: int | None = None, as_of: datetime | None = None, purpose: str = "analysis",
    withheld_by: datetime | None = None, engine: str | None = None, checked: bool = False,
) -> Lake:  # fmt: skip
    """Open a version: the one asked for, else the newest published by `as_of`, else the newest.

    Whoever withdrew from `purpose`, objected to it or was not told yet is left out, whatever `as_of` is: it says what
    was known, not what may be used. Only a report that is built again names the moment `withheld_by` of its first run.

    Rows recorded after `as_of` are left out; without it, after the version was published. `engine` is `duckdb` or a
    master of Spark, by default what `[lake] engine` of site.toml says. For what is issued or kept every file is
    `checked` first, byte for byte, which takes as long as reading them. Raises WrongState when nothing is published,
    NotFound when there is no such version or none by then, BadInput for a moment to come, SiteFault when a file is
    missing or is not what was published, or the engine does not start.
    """
    if checked:
        verification.check_version(site, _chosen(site.lake, version, as_of))
    found = open_folder(
        site.lake, version=version, as_of=as_of, purpose=purpose, withheld_by=withheld_by,
        engine=engine or engines.of_site(site),
    )  # fmt: skip
    source = found.source and replace(found.source, keeps=interactive.wanted(site))
    return replace(found, smallest_group=smallest_group(site), source=source)


def is_still(opened: Lake, site: Site, *, as_of: datetime | None = None, withheld_by: datetime | None = None) -> bool:
    """Whether `open` would read again what `opened` holds: of the same version, which no erasure has changed since, as
    of the same moment, without the same people. Raises as `open` does.
    """
    source = opened.source
    if source is None or (source.folder, source.engine.name) != (site.lake, engines.of_site(site)):
        return False
    chosen = _chosen(site.lake, None, as_of)
    _check_there(site.lake, chosen)
    kept_back = withheld.keys(site.lake, source.purpose, withheld_by or clock.utc_now())
    read = opened.manifest, opened.as_of, source.withheld, opened.smallest_group
    return read == (chosen, as_of or chosen.published_at, tuple(kept_back), smallest_group(site))


def open_folder(
    lake: Path, *, version: int | None = None, as_of: datetime | None = None, purpose: str = "analysis",
    withheld_by: datetime | None = None, engine: str = engines.DUCKDB,
) -> Lake:  # fmt: skip
    """As `open`, for an account that may read the lake's folder and nothing else of the site."""
    return read(engines.start(engine), lake, version=version, as_of=as_of, purpose=purpose, withheld_by=withheld_by)


def read(
    engine: Engine, lake: Path, *, version: int | None = None, as_of: datetime | None = None,
    purpose: str = "analysis", withheld_by: datetime | None = None,
) -> Lake:  # fmt: skip
    """As `open_folder`, on an engine that runs already, so that tables of several lakes can be read together."""
    chosen = _chosen(lake, version, as_of)
    moment = chosen.published_at if as_of is None else as_of
    _check_there(lake, chosen)
    kept_back = withheld.keys(lake, purpose, withheld_by or clock.utc_now())
    rows = Asked(schema.TABLES, lambda name: _recorded_by(_table(engine, lake, chosen, name), moment))
    found = Asked(schema.TABLES, lambda name: _without(rows[name], name, kept_back))
    newest = manifest.newest(lake) or chosen
    return Lake(
        as_of=moment,
        found=_merged(chosen, _in_force(lake, chosen, found)),
        smallest_group=newest.smallest_group,
        late=(),
        code_list=cache(partial(code_tables.read, lake, chosen)),
        manifest=chosen,
        # One is read at once: an engine that does not work is said when the lake is opened
        source=Source(
            engine, lake, purpose, tuple(kept_back), partial(_known, rows["customer_versions"], tuple(kept_back))
        ),
    )


def _chosen(lake: Path, version: int | None, as_of: datetime | None) -> Manifest:
    if version is not None:
        return manifest.read(lake, version)
    newest = manifest.newest(lake)
    if newest is None:
        raise WrongState("lake.unpublished")
    if as_of is None:
        return newest
    if as_of > newest.published_at:
        if as_of > clock.utc_now():
            raise BadInput("lake.as_of_future", as_of=as_of.isoformat(" ", "minutes"))
        # One may have read its moment already and not be seen yet: it would be the answer later
        locking.settled(lake)
    by_then = manifest.at(lake, as_of)
    if by_then is None:
        raise NotFound("lake.none_by", as_of=as_of.isoformat(" ", "minutes"))
    return by_then


def _check_there(lake: Path, chosen: Manifest) -> None:
    """Each file is looked up, none is read: a lake of ten gigabytes opens in no time. A file of another size is not
    what was published; a `checked` opening tells one of the same size too.
    """
    for file in chosen.files:
        try:
            found = (lake / file.path).stat()
        except (FileNotFoundError, NotADirectoryError):
            raise SiteFault("lake.missing", file=file.path) from None
        if not stat.S_ISREG(found.st_mode):
            raise SiteFault("lake.missing", file=file.path)
        if file.bytes is not None and found.st_size != file.bytes:
            raise SiteFault("lake.damaged", file=file.path)


def _table(engine: Engine, lake: Path, chosen: Manifest, name: str) -> ir.Table:
    quick = interactive.read(engine, lake, chosen, name)
    return engine.read([lake / path for path in chosen.paths(name)], schema.TABLES[name]) if quick is None else quick


def _recorded_by(table: ir.Table, moment: datetime) -> ir.Table:
    return table.filter(table["recorded_at"] <= ibis.literal(naive(moment), "timestamp"))


def _in_force(lake: Path, chosen: Manifest, found: Mapping[str, ir.Table]) -> Mapping[str, ir.Table]:
    """The tables without the rows of batches that a later batch had taken out of force by the moment of `found`.

    Rows of the other batches are not held against what is gone, nor is their row id read.
    """
    paths = chosen.paths("superseded")
    if not paths:
        return found
    batches = superseding.touched(lake, paths)

    def left(name: str) -> ir.Table:
        if name not in schema.LINES:
            return found[name]
        gone, rows, row_id = found["superseded"], found[name], schema.ROW_IDS[name]
        touched = rows.filter(rows["batch_id"].isin(batches))
        same = [touched["batch_id"] == gone["batch_id"], touched[row_id] == gone["row_id"]]
        return rows.filter(~rows["batch_id"].isin(batches)).union(touched.anti_join(gone, same))

    return Asked(found, left)


def _merged(chosen: Manifest, found: Mapping[str, ir.Table]) -> Mapping[str, ir.Table]:
    """The tables with the customers that were merged by then as one; a lake in which nobody was pays nothing for it."""
    return merging.applied(found) if chosen.paths(merging.TABLE) else found


def _known(versions: ir.Table, customer_keys: Sequence[str]) -> list[str]:
    """Those of the customers who are there: of a new customer nothing changes before the lake knows them."""
    if not customer_keys:
        return []
    asked = ibis.memtable({"customer_key": list(customer_keys)}, schema={"customer_key": "string"})
    there = versions.semi_join(asked, "customer_key").select("customer_key").distinct().order_by("customer_key")
    return [str(key) for key in there.to_pyarrow()["customer_key"].to_pylist()]


def _without(table: ir.Table, name: str, customer_keys: Sequence[str]) -> ir.Table:
    """The table without what is about these customers."""
    if not customer_keys:
        return table
    for key in published_tables.keys(name):
        kept_back = ibis.memtable({key: list(customer_keys)}, schema={key: "string"})
        table = table.anti_join(kept_back, key)
    return table
