"""Sealed values: in no table in plain, bound to their place, and found by nobody who may not."""

import json
import shutil
import time

import pytest

from custinfo.actions import customers, drafts, forms, impact, quotas, record_views, sealing
from custinfo.domain.errors import SiteFault
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.store import Site, Store
from custinfo.store import sealing as store_sealing
from custinfo.store.master_key import KeyFault
from tests import sealed_sites, small_forms
from tests.factories import account, empty_site
from tests.older_sites import without_key
from tests.sealed_sites import OWED, SECRET

PLACE = ("record_version", "R-1", "content/owed", 1)


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        yield opened


def sealed(store, *place, text="hello"):
    table, row_id, field, version = place or PLACE
    with store.act("service", "key.reseal", "key", "test"):
        return sealing.seal_text(store, table, row_id, field, version, text)


def rewrite(store, table, column, value, where, *given):
    """What somebody with the database's key could do."""
    with store.act("service", "key.reseal", "key", "test") as tx, tx.lifted("test"):
        assert tx.execute(f'UPDATE {table} SET "{column}" = ? WHERE {where}', [value, *given]) == 1


@pytest.mark.guarantee("keys-level1-sealed")
def test_no_table_has_a_value_of_level_1_in_plain(store):
    filled = sealed_sites.filled(store)
    assert SECRET in str(sealed_sites.seen(store, filled)["answers"])
    assert sealed_sites.found_in_plain(store) == []
    assert sealed_sites.found_in_plain(store, "甲店") != [], "the search itself finds what is not sealed"


@pytest.mark.guarantee("keys-level1-sealed")
def test_whatever_people_do_with_a_record_stays_sealed(store):
    filled = sealed_sites.filled(store)
    actor = filled.researcher
    draft = drafts.start(store, actor, "vault", record_id=filled.record_id)
    assert draft.instance["owed"] == SECRET
    form = forms.load(store, "vault")
    session = forms.session(store, form, draft.instance, actor=actor, record_id=filled.record_id)
    session.answer(OWED, f"{SECRET}77")
    drafts.save(store, actor, draft.draft_id, session.instance, OWED, saves=draft.saves)
    small_forms.send(store, actor, draft.draft_id, reason="corrected")
    drafts.discard(store, actor, filled.draft_id)
    assert sealed_sites.found_in_plain(store) == []
    view = record_views.read(store, actor, filled.record_id)
    assert OWED in view.versions[0].changed
    # The records that the proposed version would break are found, though what they say is sealed
    changed = sealed_sites.VAULT.replace("| | text | owed |", "| | date | owed |").replace(
        "| vault | 1 |", "| vault | 2 |"
    )
    found = impact.report(store, SERVICE, forms.read("vault.md", changed.encode(), store=store))
    assert found.invalid.most >= 1


@pytest.mark.guarantee("keys-bit-flip")
@pytest.mark.parametrize("shape", ["text", "json"])
def test_every_flipped_bit_of_a_sealed_value_is_noticed(store, shape):
    whole = sealed(store) if shape == "text" else json.dumps({"owed": sealed(store)}, ensure_ascii=False)
    assert opened(store, shape, whole) == "hello"
    tried = 0
    for bit in range(8 * len(whole.encode())):
        damaged = bytearray(whole.encode())
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            text = damaged.decode()
        except UnicodeDecodeError:  # SQLite hands out no such text
            continue
        if text == whole.replace("\\u001a", "\\u001A"):  # another way to write the same
            continue
        tried += 1
        with pytest.raises(SiteFault) as fault:
            opened(store, shape, text)
        assert fault.value.facts["row"] == "R-1"
        assert "hello" not in fault.value.text("en")
    assert tried > 300


def opened(store, shape, stored):
    if shape == "text":
        return sealing.open_text(store, *PLACE, stored)
    return sealing.opened_values(store, "record_version", "R-1", 1, stored).get("owed")


@pytest.mark.guarantee("keys-bit-flip")
def test_a_damaged_file_and_a_damaged_answer_are_not_shown(store):
    filled = sealed_sites.filled(store)
    row = store.row("SELECT content FROM record_version WHERE record_id = ?", [filled.record_id])
    content = json.loads(row["content"])
    content["owed"] = content["owed"][:-6] + ("A" if content["owed"][-6] != "A" else "B") + content["owed"][-5:]
    rewrite(store, "record_version", "content", json.dumps(content), "record_id = ?", filled.record_id)
    with pytest.raises(SiteFault) as fault:
        record_views.read(store, filled.researcher, filled.record_id)
    assert fault.value.key == "store.tampered"
    assert fault.value.facts["row"] == filled.record_id
    assert fault.value.facts["field"] == "content/owed"
    [file] = store.rows("SELECT file_id, content FROM file WHERE draft_id = ?", [filled.draft_id])
    stored = bytes(file["content"])
    for place in (0, 3, 7, 14, 20, len(stored) - 1):
        bad = stored[:place] + bytes([stored[place] ^ 4]) + stored[place + 1 :]
        with pytest.raises(SiteFault):
            sealing.open_bytes(store, "file", file["file_id"], "content", "", bad)


@pytest.mark.guarantee("keys-moved-value")
@pytest.mark.parametrize(
    "other",
    [
        ("record_version", "R-2", "content/owed", 1),
        ("record_version", "R-1", "content/told", 1),
        ("record_version", "R-1", "notes/owed", 1),
        ("record_version", "R-1", "content/owed", 2),
        ("verification", "R-1", "content/owed", 1),
    ],
)
def test_a_sealed_value_opens_in_its_own_place_alone(store, other):
    with pytest.raises(SiteFault) as moved:
        sealing.open_text(store, *other, sealed(store))
    assert moved.value.facts["row"] == other[1]


@pytest.mark.guarantee("keys-moved-value")
def test_answers_swapped_between_records_fields_and_versions_are_refused(store):
    filled = sealed_sites.filled(store)
    two = small_forms.send(store, filled.researcher, sealed_sites._draft(store, filled.researcher, shop="丙店"))
    contents = {row["record_id"]: row["content"] for row in store.rows("SELECT record_id, content FROM record_version")}
    one = json.loads(contents[filled.record_id])
    for content in (
        contents[two.record_id],
        json.dumps(one | {"owed": one["told"], "told": one["owed"]}),
        json.dumps(one | {"owed": json.loads(contents[two.record_id])["owed"]}),
    ):
        rewrite(store, "record_version", "content", content, "record_id = ?", filled.record_id)
        with pytest.raises(SiteFault):
            record_views.read(store, filled.researcher, filled.record_id)
    rewrite(store, "record_version", "content", contents[filled.record_id], "record_id = ?", filled.record_id)
    edit = drafts.start(store, filled.researcher, "vault", record_id=filled.record_id)
    small_forms.send(store, filled.researcher, edit.draft_id, reason="again")
    assert record_views.read(store, filled.researcher, filled.record_id).version == 2
    newer = json.loads(
        store.row("SELECT content FROM record_current WHERE record_id = ?", [filled.record_id])["content"]
    )
    rolled_back = json.dumps(newer | {"owed": one["owed"]})
    rewrite(store, "record_version", "content", rolled_back, "record_id = ? AND version = 2", filled.record_id)
    with pytest.raises(SiteFault) as fault:
        record_views.read(store, filled.researcher, filled.record_id)
    assert fault.value.facts["version"] == 2


@pytest.mark.guarantee("keys-never-in-place")
def test_without_the_key_nothing_of_level_1_is_shown_and_nothing_is_stored_in_plain(store):
    filled = sealed_sites.filled(store)
    lost = without_key(store.site, "level1")
    with Store.open(Site.load(store.site.home)) as locked:
        with pytest.raises(KeyFault) as fault:
            record_views.read(locked, filled.researcher, filled.record_id)
        assert fault.value.facts["id"] == lost
        assert fault.value.facts["row"] == filled.record_id
        with pytest.raises(KeyFault):
            drafts.start(locked, filled.researcher, "vault", given={"/data/shop": "a", OWED: SECRET})
        assert sealed_sites.found_in_plain(locked) == []
        assert locked.rows("SELECT count(*) AS n FROM draft")[0]["n"] == 3


def test_sealing_belongs_inside_an_act(store):
    with pytest.raises(ValueError, match="act"):
        sealing.seal_text(store, *PLACE, "hello")


def test_what_only_looks_sealed_is_kept_as_text(store):
    for text in ("seal:", "xseal:00000000:aGVsbG8=", "\\u001aseal:", "Zseal:0123abcd:"):
        assert sealing.open_text(store, *PLACE, text) == text
        assert opened(store, "json", json.dumps({"owed": text})) == text


@pytest.mark.guarantee("keys-blind-index")
def test_a_sealed_name_is_found_by_the_whole_of_it_and_by_those_who_may_see_it(store):
    filled = sealed_sites.filled(store)
    label = f"甲店 owes {SECRET}"
    whole = customers.search(store, filled.researcher, f" {label.upper()} ", 10, 0)
    assert [row.customer_id for row in whole.rows] == [filled.customer_id]
    for part in (SECRET, "甲店", label[:-1], "seal", "\x1aseal", "="):
        assert customers.search(store, filled.researcher, part, 10, 0).total == 0, part
    for other in (account(store, Role.MANAGER), account(store, clearance=Level.INTERNAL)):
        assert customers.search(store, other, label, 10, 0).total == 0
    assert store.rows("SELECT digest FROM label_digest")[0]["digest"] == sealing.label_digest(store, "customers", label)


def test_a_quota_counts_sealed_answers(store):
    table = f"""
| survey |
| | type | name | label | bind::custinfo:level | bind::custinfo:quota |
| | text | who | Who | | |
| | select_one sex | sex | Sex | 1 | m=2; f=1 |
| choices |
| | list_name | name | label |
| | sex | m | Male |
| | sex | f | Female |
| settings |
| | form_title | form_id | version | namespaces |
| | Poll | poll | 1 | {small_forms.NAMESPACE} |
"""
    small_forms.publish(store, table)
    actor, form = account(store), forms.load(store, "poll")
    for sex in ("m", "m", "f"):
        small_forms.send(store, actor, small_forms.fill(store, actor, "poll", {"/data/who": "x", "/data/sex": sex}))
    assert sealed_sites.found_in_plain(store, '"sex": "m"') == []
    assert quotas.counts(store, form)["/data/sex"] == {"m": 2, "f": 1}


def test_a_due_day_of_level_1_is_refused_where_the_form_is_published(store):
    table = f"""
| survey |
| | type | name | label | save_to | bind::custinfo:level |
| | text | shop | Shop | title | |
| | date | day | Day | due_on | 1 |
| entities |
| | list_name | label |
| | shops | ${{shop}} |
| settings |
| | form_title | form_id | version | namespaces |
| | Due | due | 1 | {small_forms.NAMESPACE} |
"""
    with pytest.raises(Exception, match="due_on"):
        small_forms.publish(store, table)


@pytest.mark.guarantee("keys-level1-sealed")
def test_every_column_with_sealed_values_is_known_to_the_rotation(store):
    sealed_sites.filled(store)
    known = {(column.table, column.name) for column in store_sealing.PLACES}
    for table in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in store.rows(f'SELECT * FROM "{table["name"]}"'):
            for column, value in row.items():
                raw = value if isinstance(value, bytes) else str(value).encode()
                if b"\x1aseal:" in raw or b"\\u001aseal:" in raw:
                    assert (table["name"], column) in known


def test_another_store_of_the_same_site_in_the_same_place_has_its_own_forms(tmp_path):
    """A backup from before the form was published, put back; then another form is published under its version."""
    home = tmp_path / "site"
    with empty_site(home) as before:
        pass
    shutil.copytree(home, tmp_path / "backup")
    with Store.open(before.site) as store:
        small_forms.publish(store, sealed_sites.VAULT.replace("| debt | 1 |", "| debt | |"))
        assert OWED not in sealing.answers_form(store, "vault", "1").secret
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "backup", home)
    with Store.open(Site.load(home)) as again:
        small_forms.publish(again, sealed_sites.VAULT)
        form = sealing.answers_form(again, "vault", "1")
        assert OWED in form.secret
        assert sealing.answers_form(again, "vault", "1") is form, "kept while the store is open"


def test_what_sealing_costs_is_small_beside_opening_the_form(store):
    """Saving a draft and reading a record, on a form with level 1 against the same without: CPU time of the whole."""
    small_forms.publish(store, sealed_sites.VAULT)
    plain = sealed_sites.VAULT.replace("| 1 | | . = 'nothing' |", "| | | . = 'nothing' |")
    plain = plain.replace("| 1 | | |", "| | | |").replace("| vault | 1 |", "| plain | 1 |")
    small_forms.publish(store, plain)
    actor, spent = account(store), {}
    for form_id in ("plain", "vault"):
        form = forms.load(store, form_id)
        assert bool(form.secret) == (form_id == "vault")
        draft = drafts.start(store, actor, form_id)
        session = forms.session(store, form, draft.instance, actor=actor)
        session.answer(OWED, SECRET)
        best = min(_round(store, actor, form, draft.draft_id, session.instance) for _ in range(5))
        spent[form_id] = best
    assert spent["vault"] < 1.5 * spent["plain"] + 0.02, spent


def _round(store, actor, form, draft_id, instance):
    began = time.process_time()
    for _ in range(20):
        draft = drafts.open_(store, actor, draft_id)
        forms.session(store, form, draft.instance, actor=actor)
        drafts.save(store, actor, draft_id, instance, OWED, saves=draft.saves)
    return time.process_time() - began
