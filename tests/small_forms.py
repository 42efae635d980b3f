"""Small forms for tests of what a site does with records: each is one XLSForm in Markdown."""

from custinfo.actions import drafts, forms, records
from custinfo.domain.people import SERVICE

NAMESPACE = 'custinfo="https://custinfo.org/xforms"'

CALL = f"""
| survey |
| | type | name | label | save_to | bind::custinfo:unique | bind::custinfo:soft_check | bind::custinfo:level |
| | text | shop | Name of the shop | shops#title |  |  |  |
| | text | code | Code | shops#code | shop_code |  |  |
| | integer | staff | Staff |  |  | . < 100 |  |
| | text | secret | What they owe |  |  |  | 1 |
| | select_one size | size | Size |  |  |  |  |
| | begin_repeat | person | Person |  |  |  |  |
| | text | person_name | Their name | contacts#title |  |  |  |
| | end_repeat |  |  |  |  |  |  |
| choices |
| | list_name | name | label |
| | size | small | Small |
| | size | large | Large |
| entities |
| | list_name | label |
| | shops | ${{shop}} |
| | contacts | ${{person_name}} |
| settings |
| | form_title | form_id | version | namespaces | attribute::custinfo:double_entry |
| | Call | call | 1 | {NAMESPACE} | blind |
"""
"""Makes a shop and one contact for each person; is entered twice, blind."""

CHANGE = f"""
| survey |
| | type | name | label | save_to |
| | select_one_from_file shops.csv | shop | Shop |  |
| | text | title | New name | title |
| | text | owner | Owner | owner |
| entities |
| | list_name | label | entity_id | update_if |
| | shops | ${{title}} | ${{shop}} | true() |
| settings |
| | form_title | form_id | version | namespaces |
| | Change of a shop | shop_change | 1 | {NAMESPACE} |
"""
"""Updates a shop that is chosen from the list of today's shops."""

QUOTA = f"""
| survey |
| | type | name | label | bind::custinfo:quota | calculation |
| | select_one sex | sex | Sex |  |  |
| | select_one age | age | Age |  |  |
| | calculate | cell |  | m/young=1; f/young=2 | concat(${{sex}}, '/', ${{age}}) |
| choices |
| | list_name | name | label |
| | sex | m | Male |
| | sex | f | Female |
| | age | young | Young |
| | age | old | Old |
| settings |
| | form_title | form_id | version | namespaces |
| | Street | street | 1 | {NAMESPACE} |
"""

PHOTO = f"""
| survey |
| | type | name | label | bind::custinfo:level |
| | image | front | The front |  |
| | file | contract | The contract | 1 |
| settings |
| | form_title | form_id | version | namespaces |
| | Photo | photo | 1 | {NAMESPACE} |
"""

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000049454e44ae426082")


def publish(store, table, name="form.md"):
    """Publish one of the forms; gives its id."""
    return forms.publish(store, SERVICE, name, table.encode()).form_id


def fill(store, actor, form_id, answers, *, rounds=0, **start):
    """A draft with these answers; `rounds` of the repeat `/data/person` are added first."""
    draft = drafts.start(store, actor, form_id, **start)
    form = forms.load(store, draft.form_id, draft.form_version)
    session = forms.session(store, form, draft.instance, actor=actor, record_id=draft.record_id)
    for _ in range(rounds):
        session.add_repeat(next(ref for ref, node in form.nodes.items() if node.repeat))
    for ref, value in answers.items():
        session.answer(ref, value)
    drafts.save(store, actor, draft.draft_id, session.instance, "/data", saves=draft.saves)
    return draft.draft_id


def send(store, actor, draft_id, **more):
    """Submit a draft as it stands now."""
    row = store.row("SELECT saves FROM draft WHERE draft_id = ?", [draft_id])
    return records.submit(store, actor, draft_id, f"key of {draft_id}", saves=row["saves"], **more)
