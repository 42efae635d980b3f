"""Lists for mailing (R195): who agreed to it and may be reached; nobody who withdrew, objected or was not told yet."""

from dataclasses import dataclass

from custinfo.access import permissions, visibility
from custinfo.actions import assignments, consents, entities, entity_levels, export_register, forms, sealing
from custinfo.actions.export_register import Order
from custinfo.domain import consent
from custinfo.domain.consent import Tier
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.exchange.workbook import Sheet, book
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms.refs import flat

DATASETS = ("customers", "guests")
WAYS = ("address", "phone", "email")
"""The names of the questions that say how to reach somebody, on whichever card."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class MailingList:
    """The workbook, how many are on it, and how many of those whom the person may know of are not."""

    file_name: str
    media_type: str
    data: bytes
    rows: int
    left_out: int


def order(purpose: str) -> Order:
    """The list, as an approval is given to it."""
    return Order("mailing_list", "mailing_list", {}, purpose, lambda store, actor: len(_rows(store, actor, purpose)))


def make(store: Store, actor: Person, purpose: str, language: str) -> MailingList:
    """The list for a purpose that people agree to. Raises BadInput for any other; WrongState without an approval."""
    permissions.check(actor, "mailing.list")
    if not consent.purpose(purpose).needs_consent:
        raise BadInput("privacy.not_for_mailing")
    export_register.check_tier(actor, Tier.IDENTIFIED)
    said = consents.newest(store)
    rows = _rows(store, actor, purpose)
    approval = export_register.approval_for(store, actor, order(purpose), Tier.IDENTIFIED, len(rows))
    reader = entity_levels.Reader(store, actor)
    export_id = export_register.new_id()
    mark = export_register.mark(store, actor, export_id, consent.purpose(purpose).titles[language])
    columns = ("number", "name", *WAYS, "mark")
    lines: list[list[object]] = [[*line(store, actor, reader, row), mark] for row in rows]
    headings = tuple(text(f"privacy.column.{name}", language) for name in columns)
    data = book([Sheet(purpose, headings, lines, {})], mark=mark)
    left_out = _known(store, actor) - len(rows)
    with store.act(actor.person_id, "mailing.export", "mailing_list", purpose, rows=len(rows), left_out=left_out) as tx:
        consents.check_unmoved(store, said)
        export_register.note(
            tx, store, actor, what="mailing_list", object_id="mailing_list", format="xlsx", rows=len(rows),
            columns=list(columns), tier=Tier.IDENTIFIED, purpose=purpose, data=data, approval=approval,
            export_id=export_id,
        )  # fmt: skip
    return MailingList(f"{purpose}.xlsx", XLSX, data, len(rows), left_out)


def _rows(store: Store, actor: Person, purpose: str) -> list[Row]:
    mine, scope = assignments.visible_where(actor, "entity_current")
    agreed, given = consents.allowed_where(purpose, "entity_current", consents.today(store))
    return store.rows(
        f"SELECT * FROM entity_current WHERE dataset IN (?, ?) AND {mine} AND {agreed} ORDER BY number",
        [*DATASETS, *scope, *given],
    )


def _known(store: Store, actor: Person) -> int:
    mine, scope = assignments.visible_where(actor, "entity_current")
    rows = store.rows(
        f"SELECT count(*) AS n FROM entity_current WHERE dataset IN (?, ?) AND {mine}", [*DATASETS, *scope]
    )
    return int(rows[0]["n"])


def line(store: Store, actor: Person, reader: entity_levels.Reader, row: Row) -> list[object]:
    """Number, name and ways to reach somebody, as far as the person may see them."""
    row = sealing.opened_entity(store, row)
    card = entities.current(store, row["entity_id"])
    form = forms.load(store, card["form_id"], card["form_version"])
    found: dict[str, str] = {}
    for ref, value in flat(entities.content(store, card), form.root.ref).items():
        name = ref.rpartition("/")[2]
        if name in WAYS and ref in form.levels and visibility.sees(actor, form.levels[ref]):
            found.setdefault(name, value)
    return [row["number"], reader.label(row["entity_id"], row["label"], ""), *(found.get(name, "") for name in WAYS)]
