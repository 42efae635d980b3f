"""Sites with values of level 1 in every place where one can stand, and what is left of them in the store."""

import json
from dataclasses import dataclass

from custinfo.actions import drafts, files, forms, reviews, sealing, second_factor
from custinfo.actions.drafts import AnswerEvent
from custinfo.domain.clock import utc_now
from custinfo.domain.people import Role
from custinfo.store import Store
from custinfo.store import sealing as store_sealing
from custinfo.xforms.refs import flat
from tests import small_forms
from tests.factories import account

SECRET = "7788990011"
"""What stands in every answer of level 1, in notes, reasons, queries, logs and names of files."""
VAULT = f"""
| survey |
| | type | name | label | save_to | bind::custinfo:level | calculation | bind::custinfo:soft_check |
| | text | shop | Name of the shop | title | | | |
| | text | owed | What they owe | debt | 1 | | . = 'nothing' |
| | calculate | told | | | | concat('debt ', ${{owed}}) | |
| | file | contract | Contract | | 1 | | |
| | begin_group | family | Family | | | | |
| | begin_repeat | heir | Heir | | | | |
| | text | heir_name | Their name | | 1 | | |
| | end_repeat | | | | | | |
| | end_group | | | | | | |
| entities |
| | list_name | label |
| | customers | concat(${{shop}}, ' owes ', ${{owed}}) |
| settings |
| | form_title | form_id | version | namespaces | instance_name | attribute::custinfo:double_entry |
| | Vault | vault | 1 | {small_forms.NAMESPACE} | concat(${{shop}}, ' ', ${{owed}}) | blind |
"""
OWED, CONTRACT, HEIR = "/data/owed", "/data/contract", "/data/family/heir[1]/heir_name"


@dataclass(frozen=True)
class Filled:
    """A record with its second entry, its query and its customer, and an open draft; `seen` is what people read."""

    record_id: str
    customer_id: str
    draft_id: str
    researcher: object
    supervisor: object


def filled(store: Store) -> Filled:
    """Fill a store with level 1 wherever it can stand."""
    small_forms.publish(store, VAULT)
    one, two = account(store), account(store)
    supervisor = account(store, Role.SUPERVISOR)
    submitted = small_forms.send(store, one, _draft(store, one))
    again = _draft(store, two, owed=f"{SECRET}99", verifies=submitted.record_id)
    small_forms.send(store, two, again)
    reviews.ask(store, supervisor, submitted.record_id, 1, OWED, f"really {SECRET}?")
    [made] = submitted.entities
    second_factor.begin(store, one)
    return Filled(submitted.record_id, made.entity_id, _draft(store, one, shop="乙店"), one, supervisor)


def _draft(store, actor, *, shop="甲店", owed=SECRET, **start):
    draft_id = small_forms.fill(store, actor, "vault", {"/data/shop": shop, OWED: owed}, **start)
    stored = files.put(store, actor, draft_id, CONTRACT, f"{SECRET}.png", small_forms.PNG + SECRET.encode())
    draft = drafts.open_(store, actor, draft_id)
    form = forms.load(store, "vault")
    session = forms.session(store, form, draft.instance, actor=actor)
    session.answer(CONTRACT, stored.name)
    if "/data/family/heir[1]" not in {state.ref for state in session.nodes()}:
        session.add_repeat("/data/family/heir")
    session.answer(HEIR, f"heir {SECRET}")
    event = AnswerEvent("question", OWED, utc_now(), utc_now(), "", SECRET)
    drafts.save(store, actor, draft_id, session.instance, "/data", saves=draft.saves, events=[event])
    drafts.remark(store, actor, draft_id, notes={OWED: f"note {SECRET}"}, reasons={OWED: f"because {SECRET}"})
    return draft_id


def seen(store: Store, site: Filled) -> dict[str, object]:
    """Everything of level 1 in plain; the same before and after any change of keys."""
    content = store.row("SELECT * FROM record_version WHERE record_id = ?", [site.record_id])
    place = store, "record_version", site.record_id, 1
    answers = flat(sealing.opened_values(*place, content["content"]), "/data")
    twice = store.row("SELECT * FROM verification WHERE record_id = ?", [site.record_id])
    entity = store.row("SELECT * FROM entity_current WHERE entity_id = ?", [site.customer_id])
    [stored] = store.rows("SELECT file_id FROM file WHERE name = ?", [answers[CONTRACT]])
    draft = drafts.open_(store, site.researcher, site.draft_id)
    messages = [one.text for query in reviews.queries(store, site.supervisor, site.record_id) for one in query.messages]
    events = store.rows(
        "SELECT draft_id, ref, started_at, new_value FROM answer_event WHERE ref = ? ORDER BY seq", [OWED]
    )
    return {
        "answers": answers,
        "beside": [sealing.opened_values(*place, content[one], one) for one in ("notes", "reasons")],
        "twice": sealing.opened_values(store, "verification", twice["verification_id"], 1, twice["content"]),
        "draft": [flat(draft.instance, "/data"), dict(draft.notes), dict(draft.reasons)],
        "messages": messages,
        "entity": {name: sealing.opened_entity(store, entity)[name] for name in ("label", "properties")},
        "file": files.content(store, stored["file_id"]),
        "code": second_factor.begun(store, site.researcher).secret,
        "events": [_opened_event(store, row) for row in events],
    }


def _opened_event(store, row):
    when = f"{row['ref']} {row['started_at']}"
    return sealing.open_text(store, "answer_event", row["draft_id"], "new_value", when, row["new_value"])


def found_in_plain(store: Store, wanted: str = SECRET) -> list[str]:
    """Every column of every table of the store in which the text stands in plain."""
    found = []
    for table in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in store.rows(f'SELECT * FROM "{table["name"]}"'):
            for column, value in row.items():
                told = value if isinstance(value, bytes) else str(value).encode()
                escaped = json.dumps(wanted).strip('"').encode()
                if wanted.encode() in told or escaped in told:
                    found.append(f"{table['name']}.{column}")
    return sorted(set(found))


def unseal(store: Store) -> None:
    """Put level 1 back in plain, and on the list of what is to be sealed, as an older version would have left it."""
    from custinfo.store.schema.sealing import OLDER

    with store.act("service", "key.reseal", "key", "test") as tx, tx.lifted("rotate:test"):
        for column in (one for one in store_sealing.PLACES if one.table in OLDER):
            rows = store.rows(
                f'SELECT rowid AS at, {column.row_id} AS id, {column.version} AS version, "{column.name}" AS stored '
                f'FROM {column.table} WHERE "{column.name}" IS NOT NULL'
            )
            for row in rows:
                place = store, column.table, row["id"]
                if column.kind == "bytes":
                    plain = store_sealing.open_bytes(*place, column.name, row["version"], row["stored"])
                elif column.kind == "text":
                    plain = store_sealing.open_text(*place, column.name, row["version"], row["stored"])
                else:
                    opened = store_sealing.opened_json(*place, column.name, row["version"], row["stored"])
                    plain = json.dumps(opened, ensure_ascii=False, sort_keys=column.table != "draft")
                tx.execute(f'UPDATE {column.table} SET "{column.name}" = ? WHERE rowid = ?', [plain, row["at"]])
        tx.execute("DELETE FROM label_digest")
        for table in OLDER:
            tx.execute("INSERT INTO unsealed VALUES (?, 0)", [table])
