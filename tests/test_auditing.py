"""What is on the audit log, what the auditor makes of it, and what an outsider can check."""

import ast
import hashlib
import io
import json
import re
import subprocess
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from custinfo.access import permissions
from custinfo.actions import audit_export, audit_log, audit_proof, audit_words, refusals, unusual_reading
from custinfo.actions.audit_log import Selection
from custinfo.cli import main
from custinfo.domain import clock
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.machines import REQUEST
from custinfo.domain.messages import LANGUAGES, catalogue
from custinfo.domain.people import SERVICE, Role
from custinfo.store import checkpoints
from custinfo.store.schema.base import protect
from tests.factories import CARD, account, another_site, card, empty_site, site_with_forms

PACKAGE = Path(audit_log.__file__).parents[1]
MADE_OF_PARTS = {"f'{what}.read'": {"customer.read", "record.read"}}
MADE_OF_PARTS["f'request.{action}'"] = {f"request.{name}" for state in REQUEST.values() for name in state}


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def auditor(store):
    return account(store, Role.AUDITOR, login_name="shen")


def act(store, actor, action="record.read", object_kind="record", object_id="R-1", **detail):
    with store.act(actor.person_id, action, object_kind, object_id, **detail):
        pass


def entries(store, action):
    return store.rows("SELECT * FROM audit WHERE action = ? ORDER BY seq", [action])


# ---- words -------------------------------------------------------------------------------------------------------------


def constants(tree, node):
    """Every text that an expression may be: its own, or those that are given to the name that it is."""
    if isinstance(node, ast.Name):
        given = [one.value for one in ast.walk(tree) if isinstance(one, ast.Assign | ast.AnnAssign) and one.value
                 and any(isinstance(to, ast.Name) and to.id == node.id
                         for to in (one.targets if isinstance(one, ast.Assign) else [one.target]))]  # fmt: skip
        return {text for value in given for text in constants(tree, value)}
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def acts():
    """(file, action argument, kind argument, tree) of every call of `Store.act`."""
    for file in PACKAGE.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        for node in ast.walk(tree):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "act"
            if called and len(node.args) == 4:
                yield file.name, node.args[1], node.args[2], tree


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_and_kind_of_object_has_words(language):
    words, missing = catalogue(language), set()
    known = list(acts())
    assert len(known) > 60, "the search finds them"
    for _, action, kind, tree in known:
        names = MADE_OF_PARTS.get(ast.unparse(action)) or constants(tree, action)
        missing |= {
            name for name in names if re.fullmatch(r"[a-z_]+\.[a-z_]+", name) and f"audit_actions.{name}" not in words
        }
        missing |= {f"kind {name}" for name in constants(tree, kind) if name and f"audit_kinds.{name}" not in words}
    assert missing == set()


def test_an_entry_is_said_in_words_and_what_has_none_as_it_is_stored():
    assert audit_words.action("record.read", "en") == "read a record"
    assert audit_words.action("record.read", "zh-CN") == "查看了答卷"
    assert audit_words.action("never.heard", "en") == "never.heard"
    assert audit_words.detail({"rows": 3, "unheard": "x", "why": None}, "en") == "rows: 3; unheard: x"


# ---- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.guarantee("audit-refusals")
def test_a_refusal_is_on_the_log_with_who_where_and_what_was_missing(store):
    person = account(store)
    with pytest.raises(NotAllowed) as refused:
        permissions.check(person, "audit.read")
    refusals.note(store, person, refused.value, "/audit?who=秘密")
    (entry,) = entries(store, "access.refuse")
    assert (entry["actor"], entry["object_id"]) == (person.person_id, "/audit")
    assert json.loads(entry["detail"]) == {"permission": "audit.read", "why": "access.missing"}


@pytest.mark.guarantee("audit-refusals")
def test_what_somebody_typed_into_an_address_is_not_on_the_log(store):
    refusals.note(store, account(store), NotFound("access.no_record"), "/customer/张三 13800138000/../x?name=张三")
    (entry,) = entries(store, "access.refuse")
    assert entry["object_id"] == "/customer/·/../x"


@pytest.mark.guarantee("audit-refusals")
def test_nobody_floods_the_log_and_the_last_entry_says_so(store):
    person, other = account(store), account(store)
    for number in range(200):
        refusals.note(store, person, NotFound("access.no_record"), f"/record/R-{number}")
    assert len(entries(store, "access.refuse")) == refusals.MOST
    assert json.loads(entries(store, "access.refuse")[-1]["detail"])["rest"] == "not written"
    for _ in range(5):
        refusals.note(store, other, NotFound("access.no_record"), "/record/R-1")
    assert len([one for one in entries(store, "access.refuse") if one["actor"] == other.person_id]) == 1


def test_a_wrong_answer_is_no_refusal(store):
    refusals.note(store, account(store), BadInput("text.long", length=1, limit=1), "/form/x")
    assert entries(store, "access.refuse") == []


@pytest.mark.guarantee("audit-refusals")
def test_the_command_line_notes_whom_it_refused(store):
    account(store, login_name="lin")
    home = str(store.site.home)
    assert CliRunner().invoke(main, ["audit", "verify", "--home", home, "--as", "lin"]).exit_code == 1
    (entry,) = entries(store, "access.refuse")
    assert entry["actor"] != SERVICE.person_id and "audit/verify" in entry["object_id"]


# ---- reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.guarantee("audit-read-by-few")
@pytest.mark.parametrize("role", sorted(Role))
def test_only_auditor_and_security_administrator_read_it(store, role):
    person = account(store, role)
    doors = [
        lambda: audit_log.find(store, person, Selection()), lambda: audit_log.verify(store, person),
        lambda: audit_export.export(store, person, Selection(), "jsonl", "en"), lambda: audit_log.count(store, person),
        lambda: unusual_reading.find(store, person, date(2026, 1, 1), date(2026, 1, 2)),
        lambda: audit_log.actors(store, person),
    ]  # fmt: skip
    for door in doors:
        if role in (Role.AUDITOR, Role.SECURITY_ADMINISTRATOR):
            door()
        else:
            with pytest.raises(NotAllowed):
                door()


@pytest.mark.guarantee("audit-reading-is-audited")
def test_reading_searching_verifying_and_exporting_the_log_are_entries_of_it(store, auditor):
    audit_log.find(store, auditor, Selection(actor="P-1"))
    audit_log.verify(store, auditor)
    audit_export.export(store, auditor, Selection(), "csv", "zh-CN")
    unusual_reading.find(store, auditor, date(2026, 1, 1), date(2026, 1, 2))
    done = {row["action"] for row in store.rows("SELECT action FROM audit WHERE actor = ?", [auditor.person_id])}
    assert {"audit.read", "audit.verify", "audit.export", "audit.analyse"} <= done
    assert json.loads(entries(store, "audit.read")[0]["detail"])["narrowed"] == "actor"


def test_entries_are_found_by_person_action_object_and_day(store, auditor, monkeypatch):
    lin, zhou = account(store, login_name="lin"), account(store, login_name="zhou")
    act(store, lin, object_id="R-1")
    act(store, lin, "record.export", "form", "poll", rows=3)
    act(store, zhou, object_id="R-1")

    def found(**wanted):
        rows = audit_log.find(store, auditor, Selection(**wanted)).rows
        return [
            (row.who.split()[0], row.action, row.object_id) for row in rows if row.who.split()[0] in ("lin", "zhou")
        ]

    assert found(actor=lin.person_id) == [("lin", "record.export", "poll"), ("lin", "record.read", "R-1")]
    assert found(object_id="R-1") == [("zhou", "record.read", "R-1"), ("lin", "record.read", "R-1")]
    assert found(actions=("*.export",)) == [("lin", "record.export", "poll")]
    assert found(actions=("record_read",)) == found(actions=("record.rea_",)) == []
    today = clock.utc_now().astimezone(store.site.zone).date()
    assert len(found(first_day=today, last_day=today)) == 3
    assert found(last_day=today - timedelta(days=1)) == found(first_day=today + timedelta(days=1)) == []


def test_a_day_is_a_day_of_the_sites_zone(store, auditor, monkeypatch):
    """22:30 UTC on the first is half past six on the second in Shanghai."""
    monkeypatch.setattr("custinfo.store.database.utc_now", lambda: datetime.fromisoformat("2026-11-01T22:30:00+00:00"))
    lin = account(store, login_name="lin")
    act(store, lin)
    monkeypatch.undo()
    second = date(2026, 11, 2)
    assert audit_log.find(store, auditor, Selection(actor=lin.person_id, first_day=second, last_day=second)).total == 1
    assert audit_log.find(store, auditor, Selection(actor=lin.person_id, last_day=date(2026, 11, 1))).total == 0


def test_paging_shows_each_entry_once(store, auditor):
    lin = account(store, login_name="lin")
    for number in range(25):
        act(store, lin, object_id=f"R-{number}")
    wanted = Selection(actor=lin.person_id)
    pages = [audit_log.find(store, auditor, wanted, offset=at, limit=10).rows for at in (0, 10, 20)]
    assert [row.object_id for page in pages for row in page] == [f"R-{number}" for number in reversed(range(25))]


@pytest.mark.guarantee("audit-no-customer-data")
def test_the_log_holds_nothing_that_a_customer_said(tmp_path):
    """A card with known answers goes through the whole life that this test can give it; then its words are looked for."""
    with site_with_forms(tmp_path / "site") as store:
        from custinfo.actions import customers, drafts, form_exports, record_views

        lin, sun = account(store, login_name="lin"), account(store, Role.SUPERVISOR, login_name="sun")
        receipt = card(store, lin)
        customers.search(store, lin, CARD["/data/basic/name"], 10, 0)
        customer_id = customers.search(store, lin, "", 10, 0).rows[0].customer_id
        customers.card(store, lin, customer_id, "zh-CN")
        drafts.start(store, lin, "enterprise_card", customer_id=customer_id)
        record_views.read(store, lin, receipt.record_id)
        form_exports.export(store, sun, "enterprise_card", "csv", language="zh-CN")
        log = "\n".join(str(tuple(row.values())) for row in store.rows("SELECT * FROM audit"))
        spoken = [value for value in CARD.values() if len(value) > 6 and not value.isdigit() and not value.isascii()]
        spoken += [CARD["/data/basic/credit_code"], CARD["/data/people/phone"], CARD["/data/people/contact_phone"]]
        assert len(spoken) > 4 and [value for value in spoken if value in log] == []
        assert "record.read_secret" in log and "customer.search" in log and "record.export" in log


# ---- export ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def exported(store, auditor):
    lin = account(store, login_name="lin")
    for number in range(5):
        act(store, lin, object_id=f"R-{number}")
    return audit_export.export(store, auditor, Selection(), "jsonl", "en")


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def repacked(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return content.getvalue()


@pytest.mark.guarantee("audit-export-checkable")
def test_an_outsider_checks_an_export_with_openssl_and_sha256sum_alone(exported, tmp_path):
    for name, data in members(exported.data).items():
        (tmp_path / name).write_bytes(data)
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public_key.pem", "-rawin", "-in", "SHA256SUMS"]
    subprocess.run([*verify, "-sigfile", "SHA256SUMS.sig"], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True)
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text("utf-8").splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))


@pytest.mark.guarantee("audit-export-checkable")
def test_the_command_checks_an_export_without_a_site(exported, tmp_path):
    file = tmp_path / "audit.zip"
    file.write_bytes(exported.data)
    said = CliRunner(env={"CUSTINFO_LANGUAGE": "en"}).invoke(main, ["audit", "check", str(file)])
    assert said.exit_code == 0 and f"{exported.rows} entries" in said.output
    assert audit_proof.check(exported.data).agreed >= 1


@pytest.mark.guarantee("audit-export-checkable")
@pytest.mark.parametrize(
    ("name", "change", "key"),
    [
        ("audit.jsonl", lambda data: data.replace(b"R-3", b"R-9"), "audit_log.proof.file"),
        ("audit.jsonl", lambda data: b"".join(data.splitlines(keepends=True)[:-1]), "audit_log.proof.file"),
        ("SHA256SUMS", lambda data: data.replace(b"0", b"1"), "audit_log.proof.signature"),
        ("SHA256SUMS.sig", lambda data: bytes(64), "audit_log.proof.signature"),
        ("public_key.pem", lambda data: b"nonsense", "audit_log.proof.key"),
        ("people.csv", lambda data: None, "audit_log.proof.file"),
    ],
)
def test_a_changed_export_is_refused(exported, name, change, key):
    files = members(exported.data)
    changed = change(files[name])
    files = {n: changed if n == name else d for n, d in files.items() if n != name or changed is not None}
    with pytest.raises(BadInput) as refused:
        audit_proof.check(repacked(files))
    assert refused.value.key == key


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_export_is_refused(data):
    with pytest.raises(BadInput):
        audit_proof.check(data)


@pytest.mark.guarantee("audit-export-checkable")
def test_an_export_of_a_rewritten_log_does_not_agree_with_the_checkpoints_that_were_kept(store, auditor, exported):
    """The site itself signs the second export, and its checkpoints: the anchor was begun anew to hide the change."""
    kept = members(exported.data)[checkpoints.FILE]
    assert audit_proof.check(exported.data, kept=kept).agreed >= 1
    for file in store.site.anchor.iterdir():
        file.unlink()
    store.restart_anchor(checkpoints.BEGUN, "")
    later = audit_export.export(store, auditor, Selection(), "jsonl", "en")
    assert audit_proof.check(later.data).rows > exported.rows
    with pytest.raises(BadInput) as refused:
        audit_proof.check(later.data, kept=kept)
    assert refused.value.key == "audit_log.proof.checkpoints"


def test_the_key_that_was_handed_over_is_believed_not_the_one_in_the_file(store, exported, tmp_path):
    with another_site(tmp_path / "forger") as other:
        theirs = account(other, Role.AUDITOR)
        forged = audit_export.export(other, theirs, Selection(), "jsonl", "en")
    with pytest.raises(BadInput) as refused:
        audit_proof.check(forged.data, public_key=members(exported.data)["public_key.pem"])
    assert refused.value.key == "audit_log.proof.signature"


def test_the_codes_of_an_export_can_be_computed_anew_by_who_is_given_the_key(store, exported):
    from custinfo.store import audit

    chain = audit.GENESIS
    for line in members(exported.data)["audit.jsonl"].splitlines():
        entry = json.loads(line)
        del entry["seq"]
        stored = entry.pop("chain")
        chain = audit.chained(store.site.secret("audit"), chain, entry)
        assert chain == stored


def test_the_csv_says_it_in_words_and_holds_no_formula(store, auditor):
    act(store, account(store), object_id="=HYPERLINK(1)")
    data = members(audit_export.export(store, auditor, Selection(), "csv", "zh-CN").data)
    assert "查看了答卷" in data["audit.csv"].decode("utf-8-sig")
    assert ",=HYPERLINK" not in data["audit.csv"].decode("utf-8-sig")


def test_an_export_is_in_the_register_with_its_hash(store, exported):
    (row,) = store.rows("SELECT * FROM export_event WHERE what = 'audit'")
    assert (row["row_count"], row["sha256"]) == (exported.rows, hashlib.sha256(exported.data).hexdigest())


def test_too_much_for_a_page_is_said_before_it_is_made(store, auditor):
    with pytest.raises(BadInput) as refused:
        audit_export.export(store, auditor, Selection(), "jsonl", "en", most=0)
    assert "custinfo audit export" in refused.value.text("en")


# ---- verifying ---------------------------------------------------------------------------------------------------------


def test_the_last_verification_is_known(store, auditor):
    assert audit_log.last_verification(store) is None and audit_log.last_verified(store) is None
    assert audit_log.verify(store, auditor).faults == ()
    last = audit_log.last_verification(store)
    assert (last.who, last.faults) == (auditor.display_name, 0)
    assert audit_log.last_verified(store) == last.at


def run(*arguments, status=0):
    said = CliRunner(env={"CUSTINFO_LANGUAGE": "en"}).invoke(main, [str(one) for one in arguments])
    assert said.exit_code == status, said.output
    return said.output


@pytest.mark.guarantee("audit-restart")
def test_the_command_names_the_first_bad_entry_and_ends_with_1(store):
    home = store.site.home
    assert "whole" in run("audit", "verify", "--home", home)
    assert json.loads(run("audit", "verify", "--home", home, "--json"))["whole"] is True
    assert "nothing to begin anew" in run("audit", "restart-anchor", "--home", home, "--reason", "x", status=1)
    for trigger in ("audit_no_update", "audit_no_delete"):
        store._db.conn.execute(f"DROP TRIGGER {trigger}")
    store._db.conn.execute("DELETE FROM audit WHERE seq > 1")
    protect(store._db, ("audit",))
    said = json.loads(run("audit", "verify", "--home", home, "--json", status=1))
    assert (said["whole"], said["first_bad"], said["faults"][0]["kind"]) == (False, 2, "audit.cut")
    assert "entries 2 to" in run("audit", "verify", "--home", home, status=1)
    assert "not whole" in run("audit", "verify", "--home", home, status=1)
    run("audit", "restart-anchor", "--home", home, "--reason", "the end was lost; looked into", status=0)
    assert "the end was lost" in run("audit", "verify", "--home", home)
    assert entries(store, "audit.restart_anchor")


def test_only_the_security_administrator_begins_the_anchor_anew(store, auditor):
    with pytest.raises(NotAllowed):
        audit_log.restart_anchor(store, auditor, checkpoints.RESTARTED, "because")
    security = account(store, Role.SECURITY_ADMINISTRATOR)
    with pytest.raises(BadInput):
        audit_log.restart_anchor(store, security, checkpoints.RESTARTED, "  ")
    with pytest.raises(WrongState):
        audit_log.restart_anchor(store, security, checkpoints.RESTARTED, "because")


# ---- unusual reading ---------------------------------------------------------------------------------------------------

NOON = datetime.fromisoformat("2026-11-03T04:00:00+00:00")  # a Tuesday, noon in Shanghai
DAY = date(2026, 11, 3)


@pytest.fixture
def at(monkeypatch):
    def move(minutes):
        moment = NOON + timedelta(minutes=minutes)
        monkeypatch.setattr("custinfo.store.database.utc_now", lambda: moment)

    return move


def findings(store, auditor, first=DAY, last=DAY):
    return [(one.rule_id, one.who.split()[0], one.count) for one in unusual_reading.find(store, auditor, first, last)]


def test_many_reveals_in_an_hour_are_found_once_with_their_entries(store, auditor, at):
    lin = account(store, login_name="lin")
    for number in range(25):
        at(number * 2)
        act(store, lin, "field.reveal", "customer", "C", ref=f"/data/a{number}")
    (found,) = unusual_reading.find(store, auditor, DAY, DAY)
    assert (found.rule_id, found.count, len(found.entries)) == ("many_reveals", 25, 25)
    shown = audit_log.find(
        store,
        auditor,
        Selection(found.actor, found.actions, first_entry=found.entries[0], last_entry=found.entries[-1]),
    )
    assert sorted(row.seq for row in shown.rows) == list(found.entries)


def test_the_same_number_over_a_day_is_ordinary_work(store, auditor, at):
    lin = account(store, login_name="lin")
    for number in range(25):
        at(number * 10)
        act(store, lin, "field.reveal", "customer", "C")
    assert findings(store, auditor) == []


def test_two_bursts_with_a_pause_are_two_findings(store, auditor, at):
    lin = account(store, login_name="lin")
    for start in (0, 200):
        for number in range(20):
            at(start + number)
            act(store, lin, "field.reveal", "customer", "C")
    assert findings(store, auditor) == [("many_reveals", "lin", 20)] * 2


@pytest.mark.parametrize(("minutes", "late"), [(0, False), (9 * 60, True), (-8 * 60, True), (4 * 24 * 60, True)])
def test_reading_outside_of_working_hours_and_at_the_weekend_is_found(store, auditor, at, minutes, late):
    at(minutes)
    act(store, account(store, login_name="lin"))
    found = findings(store, auditor, DAY - timedelta(days=7), DAY + timedelta(days=7))
    assert found == ([("outside_hours", "lin", 1)] if late else [])


def test_a_burst_of_refusals_a_repeated_search_and_a_big_export_are_found(store, auditor, at):
    lin, sun = account(store, login_name="lin"), account(store, Role.SUPERVISOR, login_name="sun")
    at(0)
    for number in range(8):
        act(store, lin, "access.refuse", "place", f"/record/R-{number}")
    for digest in ("a", "b", "a", "a", "c", "a", "a", "a"):
        act(store, lin, "customer.search", "customer", "", searched=digest)
    act(store, sun, "record.export", "form", "poll", rows=499)
    act(store, sun, "customer.export", "form", "poll", rows=500)
    assert sorted(findings(store, auditor)) == [
        ("big_export", "sun", 500),
        ("refused", "lin", 8),
        ("same_search", "lin", 6),
    ]


def test_a_login_after_many_wrong_tries_is_found(store, auditor, at):
    lin, sun = account(store, login_name="lin"), account(store, login_name="sun")
    at(0)
    for _ in range(4):
        act(store, lin, "session.refuse", "person", "x")
    for person in (lin, sun):
        act(store, person, "session.log_in", "session", "S")
    assert findings(store, auditor) == [("guessed_login", "lin", 4)]


def test_reading_many_customers_of_another_department_is_found(tmp_path, at):
    with site_with_forms(tmp_path / "site") as store:
        lin = account(store, login_name="lin")
        receipts = [card(store, lin, CARD | {"/data/basic/name": f"第{n}公司", "/data/basic/credit_code": code}, key=f"c{n}")
                    for n, code in enumerate(map(code_of, range(10)))]  # fmt: skip
        assert len(receipts) == 10
        customers = [row["entity_id"] for row in store.rows("SELECT entity_id FROM entity WHERE dataset = 'customers'")]
        stranger, auditor = account(store, Role.MANAGER, login_name="he"), account(store, Role.AUDITOR)
        store._db.conn.execute("UPDATE person SET department = '别的部' WHERE person_id = ?", [stranger.person_id])
        at(0)
        for person in (lin, stranger):
            for customer_id in customers:
                act(store, person, "customer.read", "customer", customer_id)
        assert findings(store, auditor) == [("other_departments", "he", 10)]


def code_of(number):
    from tests.factories import code_for

    return code_for(70000 + number)


def test_what_the_service_does_is_nobodys_reading(store, auditor, at):
    at(9 * 60)
    for _ in range(30):
        act(store, SERVICE, "field.reveal", "customer", "C")
    assert findings(store, auditor) == []


@pytest.mark.parametrize(
    "content",
    ["", "[[rule]]\nid = 'x'\nkind = 'many'\nactions = ['a.b']\n", "[[rule]]\nid = 'x'\nkind = 'guess'\nactions = ['a.b']\n",
     "[[rule]]\nid = 'x'\nkind = 'many'\nactions = ['a.b']\nminutes = 1\nat_least = 1\nelse = 1\n", "not toml"],
)  # fmt: skip
def test_wrong_rules_are_named(tmp_path, content):
    file = tmp_path / "rules.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(BadInput) as refused:
        unusual_reading.load(file)
    assert "rules.toml" in refused.value.text("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_words(language):
    rules = unusual_reading.load()
    assert {rule.kind for rule in rules} == set(unusual_reading.NEEDED)
    assert all(f"audit_log.rule.{rule.rule_id}" in catalogue(language) for rule in rules)
