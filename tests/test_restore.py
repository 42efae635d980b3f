"""Restoring: all of it or nothing, nothing undone that was done since; and the drill."""

import io
import json
import os
import shutil
import struct
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from custinfo.actions import backup_settings, backups, consents, people, replay, restoring, sessions
from custinfo.domain.errors import BadInput, CustinfoError, NotAllowed, SiteFault
from custinfo.domain.people import SERVICE, Role
from custinfo.store import Site, Store, archive, backup, ledger
from tests.backup_sites import back_up, fill, large_site, master, opened
from tests.factories import PASSWORD, account, another_site, card, empty_site, site_with_forms
from tests.soak import sweep_backup
from tests.test_backup import files_limited_to


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A site, a backup of it of several chunks, and the master key; for tests that leave them as they are."""
    folder = tmp_path_factory.mktemp("made")
    with large_site(folder / "site") as store:
        return store.site, back_up(store, folder / "to"), master(store)


def nothing_at(home):
    return not home.exists() and not list(home.parent.glob(f".{home.name}*"))


def refused(file, home, **options):
    with pytest.raises(CustinfoError) as fault:
        restoring.restore(file, home, **options)
    assert nothing_at(home)
    return fault.value


# ---- what is restored ------------------------------------------------------------------------------------------------


def test_a_restored_site_is_the_site(made, tmp_path):
    site, file, key = made
    restored = restoring.restore(file, tmp_path / "new", master=key)
    with Store.open(site) as old, opened(tmp_path / "new") as new:
        for table in ("number_series", "person", "form"):
            assert new.rows(f"SELECT * FROM {table}") == old.rows(f"SELECT * FROM {table}")
        last = restored.manifest.store.audit_seq
        copied = "SELECT * FROM audit WHERE seq <= ?"
        assert new.rows(copied, [last]) == old.rows(copied, [last])
        assert new.verify_audit() == []
        assert [one.kind for one in new.audit_verified().restarts] == ["restored"]
        assert file.name in new.audit_verified().restarts[0].note
        event = new.row("SELECT * FROM audit WHERE action = 'backup.restore'")
        assert event["object_id"] == file.name
        fill(new, 2, start=1000)  # and goes on
    report = "reports/monthly/2026-10/月报.pdf"
    assert (tmp_path / "new" / report).read_bytes() == (site.home / report).read_bytes()
    for path in (tmp_path / "new").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_open_sessions_are_ended(tmp_path):
    with empty_site(tmp_path / "site") as store:
        account(store, login_name="lin")
        token = sessions.log_in(store, "lin", PASSWORD).token
        key, file = master(store), back_up(store, tmp_path / "to")
    assert restoring.restore(file, tmp_path / "new", master=key).sessions_ended == 1
    with opened(tmp_path / "new") as store:
        assert sessions.by_token(store, token) is None


def test_places_of_the_old_site_are_set_aside(tmp_path):
    with empty_site(tmp_path / "site") as store:
        settings = store.site.home / "site.toml"
        outside = tmp_path / "medium"
        text = f'anchor = "{outside}"\n{settings.read_text("utf-8")}[mail]\nhost = ""\nanchor = "stays"\n'
    shutil.rmtree(tmp_path / "site")
    site = Site.create(tmp_path / "site", name="测试公司")
    (site.home / "site.toml").write_text(text, "utf-8")
    with Store.create(Site.load(site.home)) as store:
        fill(store, 2)
        key, file = master(store), back_up(store, tmp_path / "to")
        before = {path.name: path.read_bytes() for path in outside.iterdir() if path.is_file()}
        restored = restoring.restore(file, tmp_path / "new", master=key)
        assert restored.set_aside == (f'anchor = "{outside}"',)
        assert {path.name: path.read_bytes() for path in outside.iterdir() if path.is_file()} == before
        assert restoring.drill(store, SERVICE, file)[0] == file
    assert Site.load(tmp_path / "new").anchor == tmp_path / "new" / "anchor"
    assert Site.load(tmp_path / "new").section("mail")["anchor"] == "stays"


@pytest.mark.guarantee("restore-nothing-over")
@pytest.mark.parametrize("there", ["site.toml", "other.txt"])
def test_nothing_is_restored_over_anything(made, tmp_path, there):
    _, file, key = made
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / there).write_text("x")
    with pytest.raises(SiteFault) as fault:
        restoring.restore(file, tmp_path / "used", master=key)
    assert fault.value.key == "backup.in_use"
    assert [path.name for path in (tmp_path / "used").iterdir()] == [there]
    (tmp_path / "empty").mkdir()
    assert restoring.restore(file, tmp_path / "empty", master=key).home == tmp_path / "empty"


# ---- attacks and damage ----------------------------------------------------------------------------------------------


@pytest.mark.guarantee("restore-damage")
def test_flipped_bits_and_cut_ends_are_noticed_before_anything_is_restored(tmp_path):
    assert sweep_backup.flip_and_cut(tmp_path, points=45) == (45, 0)


def chunks_of(file):
    """The start of a backup, and its chunks."""
    content = file.read_bytes()
    start = len(archive.MAGIC) + 4 + struct.unpack(">I", content[len(archive.MAGIC) :][:4])[0]
    size = archive.CHUNK + archive.TAG
    body = content[start:]
    return content[:start], [body[at : at + size] for at in range(0, len(body), size)]


def exchanged(chunks, change):
    if change == "swapped":
        chunks[1], chunks[2] = chunks[2], chunks[1]
    elif change == "left out":
        del chunks[1]
    elif change == "repeated":
        chunks.insert(1, chunks[1])
    elif change == "last left out":
        del chunks[-1]
    elif change == "something behind":
        chunks.append(b"x" * 40)
    elif change == "last repeated":
        chunks.append(chunks[-1])
    return chunks


@pytest.mark.guarantee("restore-damage")
@pytest.mark.parametrize(
    "change", ["swapped", "left out", "repeated", "last left out", "something behind", "last repeated"]
)
def test_chunks_cannot_be_moved_or_left_out(made, tmp_path, change):
    _, file, key = made
    start, chunks = chunks_of(file)
    assert len(chunks) > 3
    bad = tmp_path / "bad"
    bad.write_bytes(start + b"".join(exchanged(chunks, change)))
    assert refused(bad, tmp_path / "new", master=key).key == "backup.damaged"


@pytest.mark.guarantee("restore-damage")
def test_chunks_and_heads_of_another_backup_of_the_site_do_not_fit(made, tmp_path):
    site, file, key = made
    with Store.open(site) as store:
        other = back_up(store, tmp_path / "to")
    (start, chunks), (other_start, others) = chunks_of(file), chunks_of(other)
    bad = tmp_path / "bad"
    for content in (start + b"".join([others[0], *chunks[1:]]), other_start + b"".join(chunks)):
        bad.write_bytes(content)
        assert refused(bad, tmp_path / "new", master=key).key == "backup.damaged"


@pytest.mark.guarantee("restore-key")
def test_without_the_right_master_key_nothing_is_restored(made, tmp_path):
    _, file, _ = made
    assert refused(file, tmp_path / "new").key == "keys.master_missing"
    assert refused(file, tmp_path / "new", master=os.urandom(32)).key == "backup.master_wrong"


def rewritten_head(file, target, change):
    start, chunks = chunks_of(file)
    head = json.loads(start[len(archive.MAGIC) + 4 :])
    change(head)
    content = json.dumps(head, ensure_ascii=False, sort_keys=True).encode()
    target.write_bytes(archive.MAGIC + struct.pack(">I", len(content)) + content + b"".join(chunks))
    return target


@pytest.mark.guarantee("restore-forged")
def test_a_changed_head_is_noticed(made, tmp_path):
    site, file, key = made
    with another_site(tmp_path / "other") as other:
        other_ring = other.site.keyring.content
    changes = {
        "taken_at": lambda head: head.update(taken_at="2030-01-01T00:00:00.000000Z"),
        "site": lambda head: head.update(site="0" * 16),
        "ledger": lambda head: head.update(ledger="0000"),
        "salt": lambda head: head.update(salt="00" * 32),
        "key": lambda head: head.update(key="ffffffff"),
        "ring": lambda head: head.update(ring=other_ring),
        "no ring": lambda head: head.update(ring="{}"),
        "no salt": lambda head: head.pop("salt"),
        "number": lambda head: head.update(site=7),
    }
    for name, change in changes.items():
        fault = refused(rewritten_head(file, tmp_path / "bad", change), tmp_path / "new", master=key)
        assert isinstance(fault, SiteFault), name
    assert site.keyring.site_id == archive.read_head(file)["site"]


def forged_backup(site, file, target, *, change=lambda manifest: manifest, files=None, sign=True):
    """A backup by somebody who has the backup key: the contents of `file`, with another manifest or other files."""
    key = site.keyring.active("backup")
    with file.open("rb") as source, target.open("wb") as out:
        reader = archive.Reader(source, file)
        reader.unlock(site.secret("backup"))
        writer = archive.Writer(
            out, site.keyring.open_key(key.id), {k: v for k, v in reader.head.items() if k != "salt"}
        )
        for name, size in reader.entries():
            content = b"".join(reader.blocks(size))
            if name == backup.MANIFEST:
                held = json.loads(content) | {"head_sha256": writer.head_sha256}
                content = json.dumps(change(held), ensure_ascii=False, sort_keys=True).encode()
                manifest_text = content
            if name == backup.SIGNATURE and sign:
                content = resigned(site, manifest_text)
            writer.put(name, len(content), io.BytesIO(content))
        for name, content in (files or {}).items():
            writer.put(name, len(content), io.BytesIO(content))
        writer.close()
    return target


def resigned(site, text):
    import base64

    signature = base64.b64encode(site.signing_key().sign(backup.PURPOSE + text)).decode()
    return json.dumps({"key": site.keyring.active("sign").id, "signature": signature}).encode()


@pytest.mark.guarantee("restore-forged")
def test_a_manifest_that_is_not_signed_or_does_not_fit_is_refused(made, tmp_path):
    site, file, key = made

    def forged(**options):
        return refused(forged_backup(site, file, tmp_path / "bad", **options), tmp_path / "new", master=key)

    def fewer_rows(manifest):
        manifest["store"]["counts"]["audit"] -= 1
        return manifest

    def one_file_less(manifest):
        return manifest | {"files": manifest["files"][1:]}

    def of_another_file(manifest):
        return manifest | {"head_sha256": "0" * 64}

    assert forged(sign=False).key == "backup.forged"  # only re-packed: the old signature is of another file
    assert forged(change=fewer_rows, sign=False).key == "backup.forged"
    assert forged(change=one_file_less).key == "backup.forged"
    assert forged(change=of_another_file).key == "backup.forged"
    assert forged(files={"reports/added.txt": b"x"}).key == "backup.forged"
    # Even signed: what it says of the store is held against the store
    assert forged(change=fewer_rows).key == "backup.counts"
    shutil.rmtree(tmp_path / "new", ignore_errors=True)
    restoring.restore(forged_backup(site, file, tmp_path / "good"), tmp_path / "new", master=key, no_ledger=True)


NAMES = ["../evil", "/etc/evil", "a/../../evil", "lake/./evil", ".ssh/evil", "lake/.hidden", "a\\b", "a\0b", "a\nb", "", "a//b", "x" * 2000]  # fmt: skip


@pytest.mark.guarantee("restore-names")
@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_elsewhere_are_refused(made, tmp_path, monkeypatch, name):
    site, file, key = made
    with pytest.raises(SiteFault):
        archive._checked(name)
    with monkeypatch.context() as careless:
        careless.setattr(archive, "_checked", lambda name: name)
        bad = forged_backup(site, file, tmp_path / "bad", files={name: b"evil"} if name else None)
    if name:
        fault = refused(bad, tmp_path / "new", master=key)
        assert fault.key == "backup.bad_name"
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.guarantee("restore-names")
def test_a_name_given_twice_is_refused(made, tmp_path):
    site, file, key = made
    bad = forged_backup(site, file, tmp_path / "bad", files={"site.toml": b"name = 'evil'"})
    assert refused(bad, tmp_path / "new", master=key).key == "backup.bad_name"


def test_what_is_no_backup_is_said(tmp_path):
    for content in (b"", b"custinfo backup 1\n", os.urandom(5000), archive.MAGIC + b"\xff\xff\xff\xff{}"):
        (tmp_path / "file").write_bytes(content)
        assert refused(tmp_path / "file", tmp_path / "new", master=b"x" * 32).key == "backup.no_backup"


@pytest.mark.guarantee("restore-disk-full")
def test_a_full_disk_leaves_nothing(made, tmp_path):
    _, file, key = made
    for room in (100, 300_000, 2_500_000):
        with files_limited_to(room):
            fault = refused(file, tmp_path / "new", master=key)
        assert fault.key == "backup.not_restored"
    restoring.restore(file, tmp_path / "new", master=key)


@pytest.mark.guarantee("restore-killed")
def test_killed_at_any_step_there_is_no_site_or_a_whole_one(tmp_path):
    assert sweep_backup.kill_restore(tmp_path, points=10) == (10, 0)


# ---- what was done since ---------------------------------------------------------------------------------------------


def answers(store, customer):
    return "".join(
        row["content"] for row in store.rows(
            "SELECT content FROM record_version JOIN record USING (record_id) WHERE entity_id = ?", [customer]
        )
    )  # fmt: skip


@pytest.fixture
def since(tmp_path):
    """A backup, after which a customer was erased, one withdrew, one objected and two people lost rights."""
    with site_with_forms(tmp_path / "site") as store:
        clerk = account(store, login_name="lin")
        left = account(store, login_name="left")
        analyst = account(store, Role.ANALYST, login_name="wu")
        customer = card(store, clerk).customer_id
        yesterday = date(2026, 11, 1)
        consents.withdraw(store, clerk, customer, "marketing", channel="phone", happened_on=yesterday)
        key, file = master(store), back_up(store, tmp_path / "to")
        consents.withdraw(store, clerk, customer, "analysis", channel="phone", happened_on=yesterday)
        with store.act(SERVICE.person_id, "test.leave", "person", left.person_id) as tx:
            people.close(tx, SERVICE, left.person_id)
            tx.remember("access.revoked", left.person_id, what="leave")
        with store.act(SERVICE.person_id, "test.revoke", "person", analyst.person_id) as tx:
            tx.delete("person_role", (analyst.person_id, "analyst"))
            tx.remember("access.revoked", analyst.person_id, what="role", role="analyst")
    return file, key, customer


@pytest.mark.guarantee("restore-replay")
def test_withdrawals_and_revoked_rights_hold_after_a_restore(since, tmp_path):
    file, key, customer = since
    shutil.copy(tmp_path / "site" / "anchor" / "ledger.jsonl", tmp_path / "kept.jsonl")
    restored = restoring.restore(file, tmp_path / "new", master=key, ledger_file=tmp_path / "kept.jsonl")
    assert restored.applied == {"consent.withdrawn": 1, "access.revoked": 2}
    with opened(tmp_path / "new") as store:
        assert not consents.allowed(store, customer, "analysis")
        assert not consents.allowed(store, customer, "marketing")
        with pytest.raises(NotAllowed):
            sessions.log_in(store, "left", PASSWORD)
        assert people.by_login_name(store, "wu").roles == frozenset()
        replayed = store.rows("SELECT object_kind, object_id FROM audit WHERE action = 'ledger.replay'")
        assert len(replayed) == 3
        assert replay.known_lines(store) == [line.text for line in store.ledger.lines()]
        assert store.verify_audit() == []
        # and the ledger goes on
        with store.act("P-1", "test.erase", "customer", "C-1") as tx:
            tx.remember("access.revoked", "P-9", what="leave")
        assert len(store.ledger.lines()) == 5


@pytest.mark.guarantee("restore-replay")
def test_whoever_was_erased_since_stays_erased(tmp_path):
    from custinfo.actions import erasing

    with site_with_forms(tmp_path / "site") as store:
        customer = card(store, account(store)).customer_id
        key, file = master(store), back_up(store, tmp_path / "to")
        assert "欧阳海" in json.dumps(consented(store, customer), ensure_ascii=False)
        with store.act(SERVICE.person_id, "test.erase", "customer", customer) as tx:
            erasing.customers(store, tx, [customer], keep=False, plan_id="test")
            tx.remember("person.erased", customer, action="delete")
        erasing.finish(store, SERVICE)
    restored = restoring.restore(file, tmp_path / "new", master=key, ledger_file=tmp_path / "site")
    assert restored.applied == {"person.erased": 1}
    with opened(tmp_path / "new") as store:
        assert "欧阳海" not in json.dumps(consented(store, customer), ensure_ascii=False)
        dump = "\n".join(str(row) for table in tables(store) for row in store.rows(f'SELECT * FROM "{table}"'))
        assert "宏远电子" not in dump
        assert "欧阳海" not in dump


def consented(store, customer):
    return [
        row["content"] + row["more"]
        for row in store.rows(
            "SELECT content, coalesce((SELECT group_concat(label || properties) FROM entity_version "
            "WHERE entity_id = ?), '') AS more FROM record_version", [customer]
        )
    ]  # fmt: skip


def tables(store):
    return [row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]


@pytest.mark.guarantee("restore-ledger-wanted")
def test_without_a_ledger_nothing_is_restored_unless_it_is_said_that_none_is_left(since, tmp_path):
    file, key, _ = since
    next(file.parent.glob("*-ledger.jsonl")).unlink()
    fault = refused(file, tmp_path / "new", master=key)
    assert isinstance(fault, BadInput)
    assert fault.key == "ledger.none_found"
    restored = restoring.restore(file, tmp_path / "new", master=key, no_ledger=True)
    assert restored.ledger_from is None
    with opened(tmp_path / "new") as store:
        detail = json.loads(store.row("SELECT detail FROM audit WHERE action = 'backup.restore'")["detail"])
        assert detail["ledger_found"] == 0


@pytest.mark.guarantee("restore-ledger-wanted")
def test_an_old_or_changed_ledger_is_refused(since, tmp_path):
    file, key, _ = since
    lines = (tmp_path / "site" / "anchor" / "ledger.jsonl").read_text().splitlines(keepends=True)
    given = tmp_path / "given.jsonl"
    given.write_text("")
    assert refused(file, tmp_path / "new", master=key, ledger_file=given).key == "ledger.too_short"
    given.write_text(lines[0] + lines[2])
    assert refused(file, tmp_path / "new", master=key, ledger_file=given).key == "ledger.forged"
    given.write_text(lines[0] + lines[1].replace("analysis", "marketing") + lines[2])
    assert refused(file, tmp_path / "new", master=key, ledger_file=given).key == "ledger.forged"
    # The copy beside an older backup is the newest; put back an older one, and a later backup tells
    with opened(tmp_path / "site") as store:
        old = next(file.parent.glob("*-ledger.jsonl")).read_bytes()
        back_up(store, file.parent)
    copy = next(file.parent.glob("*-ledger.jsonl"))
    assert copy.read_bytes() != old
    copy.write_bytes(old)
    assert refused(file, tmp_path / "new", master=key).key == "ledger.too_short"


def test_a_fact_of_a_site_is_replayed_from_the_copy_beside_the_backup(since, tmp_path):
    file, key, _ = since
    with opened(tmp_path / "site") as store:
        assert backups.copy_ledger(store, date(2026, 11, 22)) == {"copied": 0, "failed": 0}
        back_up(store, file.parent)  # brings the ledger's copy up to date
    shutil.rmtree(tmp_path / "site")
    restored = restoring.restore(file, tmp_path / "new", master=key)
    assert sum(restored.applied.values()) == 3
    assert restored.ledger_from.parent == file.parent


def test_a_fault_while_facts_are_applied_leaves_no_site(since, tmp_path, monkeypatch):
    file, key, _ = since
    kinds = replay.HANDLERS | {"access.revoked": ("person", "tests.test_restore:_failing")}
    monkeypatch.setattr(replay, "HANDLERS", kinds)
    with pytest.raises(RuntimeError):
        restoring.restore(file, tmp_path / "new", master=key, ledger_file=tmp_path / "site")
    assert nothing_at(tmp_path / "new")


def _failing(store, tx, object_id, facts):
    raise RuntimeError


def test_every_kind_of_fact_has_somebody_who_applies_it():
    assert set(replay.HANDLERS) == set(ledger.KINDS)
    for _, name in replay.HANDLERS.values():
        assert callable(replay._function(name))


# ---- the drill -------------------------------------------------------------------------------------------------------


def settings_to(store, folder):
    path = store.site.home / "site.toml"
    path.write_text(path.read_text("utf-8") + f'[backup]\nto = ["{folder}"]\n', "utf-8")


@pytest.mark.guarantee("drill")
def test_a_drill_checks_everything_and_is_on_the_audit_log(tmp_path):
    with large_site(tmp_path / "site") as store:
        settings_to(store, tmp_path / "to")
        back_up(store, tmp_path / "to")
    with opened(tmp_path / "site") as store:
        before = sorted(path for path in store.site.home.rglob("*"))
        file, checked = restoring.drill(store, SERVICE)
        assert file.parent == tmp_path / "to"
        names = [check.name for check in checked]
        assert names == ["signature", "content", "keys", "pages", "counts", "audit", "sealed", "lake", "ledger"]
        assert all(check.text("en") and check.text("zh-CN") for check in checked)
        assert backups.last_good(store, "backup.drill")
        assert sorted(path for path in store.site.home.rglob("*")) == before


@pytest.mark.guarantee("drill")
def test_a_drill_that_fails_is_no_good_drill(tmp_path):
    with large_site(tmp_path / "site") as store:
        file = back_up(store, tmp_path / "to")
        content = bytearray(file.read_bytes())
        content[-2_000_000] ^= 4
        file.write_bytes(content)
        with pytest.raises(SiteFault) as fault:
            restoring.drill(store, SERVICE, file)
        assert fault.value.key == "backup.damaged"
        event = store.row("SELECT action, detail FROM audit ORDER BY seq DESC LIMIT 1")
        assert event["action"] == "backup.drill"
        assert json.loads(event["detail"])["good"] == 0
        assert backups.last_good(store, "backup.drill") is None


@pytest.mark.guarantee("drill")
def test_a_drill_finds_damage_of_the_lake_that_was_packed(tmp_path):
    with empty_site(tmp_path / "site") as store:
        manifests = store.site.lake / "manifests"
        manifests.mkdir(parents=True)
        (manifests / "000001.json").write_text("{}")
        file = back_up(store, tmp_path / "to")
        with pytest.raises(SiteFault) as fault:
            restoring.drill(store, SERVICE, file)
        assert fault.value.key == "lake.damaged"


@pytest.mark.guarantee("drill")
def test_a_drill_finds_a_sealed_answer_that_does_not_open(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        card(store, account(store))
        restoring.drill(store, SERVICE, back_up(store, tmp_path / "to"))
        with store.act("P-1", "test.change", "record", "1") as tx, tx.lifted("test"):
            content = store.row("SELECT content FROM record_version")["content"]
            at = content.index("seal:") + 40
            changed = content[:at] + ("A" if content[at] != "A" else "B") + content[at + 1 :]
            tx.execute("UPDATE record_version SET content = ?", [changed])
        with pytest.raises(SiteFault) as fault:
            restoring.drill(store, SERVICE, back_up(store, tmp_path / "to"))
        assert fault.value.key == "store.tampered"


def test_a_backup_of_another_site_is_no_drill_of_this(made, tmp_path):
    _, file, _ = made
    with another_site(tmp_path / "other") as store, pytest.raises(SiteFault) as fault:
        restoring.drill(store, SERVICE, file)
    assert fault.value.key == "backup.other_site"


def test_without_a_backup_there_is_no_drill(tmp_path):
    with empty_site(tmp_path / "site") as store, pytest.raises(BadInput) as nothing:
        restoring.drill(store, SERVICE)
    assert nothing.value.key == "backup.none_to_drill"


# ---- the commands ----------------------------------------------------------------------------------------------------


def run(*arguments, status=0):
    environment = os.environ | {"CUSTINFO_LANGUAGE": "en"}
    command = [Path(sys.executable).with_name("custinfo"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_the_commands_say_what_was_done(tmp_path):
    with empty_site(tmp_path / "site") as store:
        fill(store, 2)
        (tmp_path / "master").write_text(master(store).hex())
    home, place = tmp_path / "site", tmp_path / "to"
    place.mkdir()
    said = run("backup", "--home", home, "--to", place, "--to", tmp_path / "none", status=1)
    assert "written, read back, the same" in said
    assert "not mounted" in said
    assert "1 of 2 places" in said
    file = next(place.glob(f"*{backup_settings.SUFFIX}"))
    made = json.loads(run("backup", "--home", home, "--to", place, "--json"))
    assert made["faults"] == {str(place): None}
    assert "could be restored" in run("restore", file, "--home", home, "--drill")
    assert "in use" in run("restore", file, "--home", home, "--master-key", tmp_path / "master", status=1)
    said = run("restore", file, "--home", tmp_path / "new", "--master-key", tmp_path / "master")
    assert "sessions were ended" in said
    assert "custinfo doctor" in said
    run("audit", "verify", "--home", tmp_path / "new")
    run("keys", "escrow", "--home", home, "--out", tmp_path / "shares")
    shares = [part for path in sorted((tmp_path / "shares").iterdir())[:2] for part in ("--share", path)]
    run("restore", file, "--home", tmp_path / "from shares", *shares)
    assert "share" in run("restore", file, "--home", tmp_path / "no", *shares[:2], status=1)
    run("restore", "--home", tmp_path / "third", status=2)
    (tmp_path / "master").write_text("no key")
    assert "64 hexadecimal" in run("restore", file, "--home", tmp_path / "third", "--master-key", tmp_path / "master", status=1)  # fmt: skip
