"""A planted secret of level 1 is hunted as everybody who is not cleared for it: nothing, not even a differing count."""

import gzip
import json
import logging
import re
import secrets
import tempfile
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from custinfo import lake
from custinfo.actions import (
    backups,
    customers,
    drafts,
    due,
    files,
    forms,
    impact,
    record_views,
    reviews,
    second_entries,
)
from custinfo.actions import lake as lake_actions
from custinfo.cli import main
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import CustinfoError, NotFound
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from tests import small_forms
from tests.factories import account, site_with_forms
from tests.test_access import LETTERS
from tests.test_levels import VAULT
from tests.test_matrix import SCREENS
from tests.test_matrix import World as Matrix

pytestmark = pytest.mark.guarantee("level-1-nowhere")
KNOWN = "甲店"


class World(Matrix):
    """A site with the secret in every place that can hold one; or the same without it, to count in."""

    def __init__(self, store, secret):
        self.store, self.secret = store, secret
        small_forms.publish(store, VAULT)
        self.author = account(store)
        self.receipt = self._plant(secret) if secret else self._plant("")
        self.own = self.receipt
        # Nobody else's clearance reaches level 1, whatever their role
        self.people = {
            (letter, Level.SECRET): account(store, role, clearance=Level.INTERNAL) for letter, role in LETTERS.items()
        }
        with store.act("test", "test.hand_over", "record", self.receipt.record_id) as tx:
            row = {"record_id": self.receipt.record_id, "person_id": self.people["R", Level.SECRET].person_id}
            tx.insert("record_handover", {**row, "at": tx.at, "by": "test"})
        self.proposal = self.case = "none"
        self.person = self.author.person_id
        lake_actions.publish(store, SERVICE)

    def _plant(self, secret):
        """An answer, what is worked out from it, a label, a file's name and bytes, a note, a query, an answer log."""
        store, author = self.store, self.author
        answers = {"/data/shop": KNOWN, "/data/hue": "red"}
        answers |= {"/data/owed": secret, "/data/closed/inside": secret, "/data/after": "after"} if secret else {}
        draft_id = small_forms.fill(store, author, "vault", answers)
        if secret:
            picture = small_forms.PNG + secret.encode()
            stored = files.put(store, author, draft_id, "/data/closed/contract", f"{secret}.png", picture)
            session = forms.session(
                store, forms.load(store, "vault"), drafts.open_(store, author, draft_id).instance, actor=author
            )
            session.answer("/data/closed/contract", stored.name)
            event = drafts.AnswerEvent("question", "/data/owed", utc_now(), utc_now(), "", secret)
            saves = drafts.open_(store, author, draft_id).saves
            drafts.save(store, author, draft_id, session.instance, "/data/owed", saves=saves, events=[event])
            drafts.remark(store, author, draft_id, notes={"/data/owed": f"note {secret}"})
            self.file = stored
        receipt = small_forms.send(store, author, draft_id)
        if secret:
            asking = account(store, Role.SUPERVISOR)
            reviews.ask(store, asking, receipt.record_id, 1, "/data/owed", f"why {secret}?")
        return receipt


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    before = set(Path(tempfile.gettempdir()).iterdir())
    with site_with_forms(tmp_path_factory.mktemp("hunt") / "site") as opened:
        found = World(opened, f"S{secrets.token_hex(12)}")
        found.before = before
        yield found


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("without") / "site") as opened:
        yield World(opened, "")


def traces(secret):
    """As it may stand in bytes: plain, in another case, in UTF-16, or its digest-free hexadecimal."""
    plain = secret.encode()
    return (plain, plain.upper(), plain.lower(), secret.encode("utf-16-le"), plain.hex().encode())


def holds(content, secret):
    """Whether bytes hold the secret, compressed parts of them too."""
    parts = [content]
    if content[:2] == b"\x1f\x8b":
        parts.append(gzip.decompress(content))
    for match in re.finditer(rb"x[\x01\x5e\x9c\xda]", content):
        try:
            parts.append(zlib.decompressobj().decompress(content[match.start() :], 1_000_000))
        except zlib.error:
            continue
    return any(trace in part for part in parts for trace in traces(secret))


def test_the_hunt_finds_what_is_there(world):
    """The secret is there for who is cleared: a hunt that finds nothing anywhere proves nothing."""
    assert customers.search(world.store, world.author, f"{KNOWN} owes {world.secret}", 9, 0).total == 1
    assert world.secret in repr(reviews.queries(world.store, world.author, world.receipt.record_id))
    assert holds(files.get(world.store, world.author, world.file.name)[1], world.secret)
    assert holds(b"x" + world.secret.encode("utf-16-le"), world.secret)


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("path", SCREENS)
def test_no_page_holds_it(world, path, letter):
    assert world.secret not in (world.told(path, letter) or "")


@pytest.mark.parametrize("letter", LETTERS)
def test_no_export_report_of_impact_or_list_holds_it(world, letter):
    actor = world.people[letter, Level.SECRET]
    assert world.secret not in (world.exported_of(actor, "vault") or "")
    asked = [
        lambda: customers.search(world.store, actor, "", 50, 0),
        lambda: customers.card(world.store, actor, world.receipt.entities[0].entity_id, "en"),
        lambda: record_views.listed(world.store, actor),
        lambda: record_views.read(world.store, actor, world.receipt.record_id),
        lambda: reviews.queries(world.store, actor, world.receipt.record_id),
        lambda: second_entries.waiting(world.store, actor),
        lambda: impact.report(world.store, actor, forms.load(world.store, "vault")),
        lambda: due.mine(world.store, actor, utc_now().date().replace(year=2036)),
    ]
    for ask in asked:
        try:
            told = repr(ask())
        except CustinfoError as refused:  # nothing else: a call that is no call any more would find nothing either
            told = repr(refused) + str(refused) + refused.text("zh-CN")
        assert world.secret not in told
    for name in (world.file.name, world.file.file_id):
        with pytest.raises(NotFound):
            files.get(world.store, actor, name)


@pytest.mark.parametrize("letter", "RSHIM")
def test_no_count_tells_whether_it_is_there(world, without, letter):
    told = []
    for one in (world, without):
        actor = one.people[letter, Level.SECRET]
        total = customers.search(one.store, actor, "", 50, 0).total
        by_secret = [
            customers.search(one.store, actor, words, 50, 0).total
            for words in (world.secret, f"{KNOWN} owes {world.secret}", KNOWN)
        ]
        home = reviews.waiting(one.store, actor)
        listed = record_views.listed(one.store, actor)
        read = record_views.read(one.store, actor, one.receipt.record_id)
        told.append((
            total, by_secret, home, listed.total, listed.rows[0].open_queries, record_views.states(one.store, actor, "vault"),
            len(reviews.queries(one.store, actor, one.receipt.record_id)), len(read.files), len(read.notes),
            sorted(ref for ref in read.answers if ref != "/data/after"), len(read.versions),
        ))  # fmt: skip
    assert told[0] == told[1]


def test_no_file_of_the_site_holds_it(world):
    """Raw: the database with its WAL, the lake, the anchor, the ledger, reports."""
    found = [path for path in world.store.site.home.rglob("*") if path.is_file()]
    assert {"store.db", "store.db-wal"} <= {path.name for path in found}
    assert [path for path in found if holds(path.read_bytes(), world.secret)] == []


def test_no_temporary_file_holds_it(world):
    made = set(Path(tempfile.gettempdir()).iterdir()) - world.before
    ours = [path for path in made if path.is_file() and path.stat().st_uid == world.store.site.home.stat().st_uid]
    assert [path for path in ours if holds(path.read_bytes(), world.secret)] == []


def test_no_backup_holds_it(world, tmp_path):
    made = backups.make(world.store, SERVICE, [tmp_path])
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert made and found
    assert [path for path in found if holds(path.read_bytes(), world.secret)] == []


def test_the_audit_log_and_the_logs_do_not_say_it(world, caplog):
    caplog.set_level(logging.DEBUG)
    customers.search(world.store, world.author, world.secret, 9, 0)
    record_views.read(world.store, world.author, world.receipt.record_id)
    assert world.secret not in caplog.text
    assert world.secret not in json.dumps(world.store.rows("SELECT * FROM audit"), ensure_ascii=False)


def test_the_lake_and_the_notebooks_over_it_do_not_hold_it(world):
    """What a notebook of an analyst can print is what the lake's tables hold."""
    opened = lake.open(world.store.site)
    assert world.secret not in repr(opened.customers.to_pyarrow().to_pylist())
    assert KNOWN not in repr(opened.customers.to_pyarrow().to_pylist())


@pytest.mark.parametrize("letter", "SHI")
def test_no_command_prints_it(world, letter):
    actor = world.people[letter, Level.SECRET]
    home = ["--home", str(world.store.site.home)]
    for name in ("csv", "jsonl"):
        out = world.store.site.home.parent / f"{letter}.{name}"
        run = CliRunner().invoke(
            main, ["form", "export", "vault", *home, "--as", actor.login_name, "--format", name, "--out", str(out)]
        )
        assert run.exit_code == 0, run.output
        assert world.secret not in run.output
        assert KNOWN.encode() in out.read_bytes() and not holds(out.read_bytes(), world.secret)
    assert world.secret not in CliRunner().invoke(main, ["user", "list", *home]).output


def test_columns_of_the_store_hold_it_sealed_alone(world):
    """Below the file's own encryption: who has the store's key and not that of level 1 finds nothing."""
    tables = [row["name"] for row in world.store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = [
        name for name in tables
        if any(holds(repr(row).encode(), world.secret) for row in world.store.rows(f'SELECT * FROM "{name}"'))
    ]  # fmt: skip
    assert found == []
