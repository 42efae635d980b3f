"""Publishing the store to the lake, and looking after its versions."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from custinfo import lake
from custinfo.access import permissions, visibility
from custinfo.actions import (
    batches,
    credit_published,
    cross_region_published,
    demands_published,
    evaluations_published,
    lake_witness,
    marks_published,
    matches_published,
    merge_links_published,
    plans,
    register_events_published,
    registers_published,
    sealing,
    segments,
    surveys_published,
    visits_published,
    withholding,
)
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store

SOURCES: Mapping[str, Callable[[Store, int], Iterable[lake.TableRow]]] = {
    "card_recordings": registers_published.recordings,
    "consent_events": registers_published.consents,
    "credit_decisions": credit_published.lake_rows,
    "cross_region_sales": cross_region_published.lake_rows,
    "demands": demands_published.lake_rows,
    "evaluations": evaluations_published.lake_rows,
    "marks": marks_published.lake_rows,
    "matches": matches_published.lake_rows,
    "merged": merge_links_published.lake_rows,
    "plans": plans.lake_rows,
    "register_entries": registers_published.entries,
    "register_events": register_events_published.lake_rows,
    "second_entries": registers_published.second_entries,
    "segments": segments.lake_rows,
    "studies": surveys_published.studies,
    "survey_answers": surveys_published.answers,
    "survey_fieldwork": surveys_published.fieldwork,
    "survey_questions": surveys_published.questions,
    "survey_reviews": surveys_published.reviews,
    "survey_units": surveys_published.units,
    "visits": visits_published.lake_rows,
}
"""Where tables of `lake.published_tables` come from: for each the rows of the store after a `seq`, in ascending `seq`.

Customers stand in them by `pseudonyms.keys(store)`; who has no key there is erased and has no row. Rows about customers
of level 1 stay out, as those customers do.
"""


def check_may_read(actor: Person) -> None:
    """What is in the lake is of level 2, whoever it is about. Raises NotAllowed for who is not cleared for that now."""
    permissions.check(actor, "lake.read")
    if not visibility.sees(actor, Level.INTERNAL):
        raise NotAllowed("lake.not_cleared")


def looked_at(store: Store, actor: Person, version: int) -> None:
    """Somebody explores a version of the lake at a page. Raises NotAllowed."""
    check_may_read(actor)
    with store.act(actor.person_id, "lake.read", "lake", str(version)):
        pass


def publish(store: Store, actor: Person, *, even_unchanged: bool = False) -> lake.Manifest | None:
    """Make what is new in the store the next version of the lake; None when there is nothing new, unless a version is
    wanted `even_unchanged`, by which a branch says that it is not late.
    """
    permissions.check(actor, "lake.publish")
    withholding.catch_up(store, actor)

    def witness(version: lake.Manifest, sha256: str) -> None:
        facts = {"last_seq": version.last_seq, "batches": len(version.batches)}
        lake_witness.note(store, actor, "lake.publish", ("lake", str(version.version)), version, sha256, **facts)

    manifest = lake.publish(
        store.site, _customer_versions(store), batches.rows_for_lake(store), utc_now, tables=_tables(store),
        even_unchanged=even_unchanged, witness=witness,
    )  # fmt: skip
    lake.refresh_interactive(store.site)
    return manifest


def compact(store: Store, actor: Person) -> lake.Compacted | None:
    """Make few files of the newest version's many, as a new version; None when there are too few small ones.

    Raises NotAllowed, and as `lake.compact` does.
    """
    permissions.check(actor, "lake.publish")

    def witness(version: lake.Manifest, sha256: str) -> None:
        whole = ("lake", str(version.version))
        lake_witness.note(store, actor, "lake.compact", whole, version, sha256, files=len(version.files))

    done = lake.compact(store.site, utc_now, witness=witness)
    if done is not None:
        lake.refresh_interactive(store.site)
    return done


def _tables(store: Store) -> dict[str, Iterable[lake.TableRow]]:
    newest = lake.newest(store.site.lake)
    last_seqs = newest.last_seqs if newest else {}
    return {name: rows(store, last_seqs.get(name, 0)) for name, rows in SOURCES.items()}


def _customer_versions(store: Store) -> Iterator[lake.EntityVersionRow]:
    """What the lake may not know yet. Customers of level 1 stay out as long as they are: whoever was published before
    keeps those versions, and whoever is no longer of level 1 is published from the next version of their card on.
    """
    newest = lake.newest(store.site.lake)
    for row in store.rows(
        # Who has no salt is erased: nothing new of them reaches the lake
        "SELECT seq, entity_id, version, recorded_at, label, properties, salt FROM entity_version "
        "JOIN entity USING (entity_id) JOIN customer_salt USING (entity_id) "
        "WHERE dataset = 'customers' AND seq > ? AND entity_id NOT IN (SELECT wrote.entity_id FROM record_now_level "
        "JOIN entity_version AS wrote USING (record_id) WHERE level = ?) ORDER BY seq",
        [newest.last_seq if newest else 0, int(Level.SECRET)],
    ):
        yield lake.EntityVersionRow(
            row["seq"], row["entity_id"], row["version"], parse(row["recorded_at"]),
            sealing.unsealed_properties(row["properties"]), row["salt"],
        )  # fmt: skip
