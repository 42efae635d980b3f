"""Backups: whole, while people work; delivered to each place or said; what looks like a backup is one."""

import json
import resource
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custinfo.access.permissions import Missing
from custinfo.actions import backup_settings, backups, leftovers, restoring
from custinfo.domain.errors import BadInput, SiteFault, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.store import Site, archive, ledger
from tests.backup_sites import back_up, backups_in, fill, large_site, master, opened
from tests.factories import account, another_site, site_with_forms
from tests.soak import sweep_backup


@pytest.fixture
def store(tmp_path):
    with large_site(tmp_path / "site") as made:
        yield made


@contextmanager
def files_limited_to(size):
    """No file of this process can grow beyond `size` bytes: a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def last_event(store):
    row = store.row("SELECT action, object_id, detail FROM audit ORDER BY seq DESC LIMIT 1")
    return row["action"], row["object_id"], json.loads(row["detail"])


def test_a_backup_is_delivered_to_every_place_and_is_on_the_audit_log(store, tmp_path):
    places = [tmp_path / "one", tmp_path / "two"]
    for place in places:
        place.mkdir()
    made = backups.make(store, SERVICE, places)
    assert [one.fault for one in made.delivered] == [None, None]
    assert backups_in(places[0]) == backups_in(places[1]) == [made.name]
    assert (places[0] / made.name).read_bytes() == (places[1] / made.name).read_bytes()
    assert (places[0] / made.name).stat().st_mode & 0o077 == 0
    action, name, detail = last_event(store)
    assert (action, name) == ("backup.make", made.name)
    assert (detail["places"], detail["delivered"], detail["sha256"]) == (2, 2, made.sha256)
    assert made.name.endswith(f"-{made.manifest.store.audit_seq}.custinfo-backup")
    assert backups.last_good(store)
    assert backups.newest(store.site) is None  # those places are not in the settings


@pytest.mark.guarantee("backup-secret")
def test_a_backup_shows_nothing_without_the_master_key(store, tmp_path):
    with store.act("P-1", "test.write", "test", "1") as tx:
        tx.insert("number_series", {"series": "planted-secret-text", "last": 1})
    file = back_up(store, tmp_path / "to")
    content = file.read_bytes()
    for secret in (b"planted-secret", b"SQLite format", b"test.write", master(store).hex().encode(), master(store)):
        assert secret not in content
    assert (store.site.reports / "monthly" / "2026-10" / "月报.pdf").read_bytes()[:64] not in content
    head = archive.read_head(file)
    ring = json.loads(head["ring"])
    assert {entry["purpose"] for entry in ring["keys"]} >= {"store", "backup", "level1"}
    for purpose in ("store", "backup", "level1", "audit"):
        assert store.site.secret(purpose).hex() not in json.dumps(head)


WRITER = """
import sys
from pathlib import Path
from custinfo.store import Site, Store
from tests.factories import CARD, CREDIT_CODE, PHONE, NAME, card, code_for
from custinfo.actions import people
with Store.open(Site.load(Path(sys.argv[1]))) as store:
    actor = people.by_login_name(store, "writer")
    number = 0
    while True:
        number += 1
        answers = {**CARD, CREDIT_CODE: code_for(90100 + number), NAME: f"第{number}公司", PHONE: f"0755-{number:08d}"}
        card(store, actor, answers, key=f"card-{number}")
        seq = store.row("SELECT max(seq) AS seq FROM audit WHERE action = 'record.submit'")["seq"]
        print(number, seq, flush=True)
"""


@pytest.mark.guarantee("backup-complete")
def test_a_backup_under_writers_holds_exactly_what_was_acknowledged_by_then(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        account(store, Role.RESEARCHER, login_name="writer")
        command = [sys.executable, "-c", textwrap.dedent(WRITER), str(store.site.home)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as writer:
            acknowledged = [writer.stdout.readline()]
            (tmp_path / "to").mkdir()
            made = [backups.make(store, SERVICE, [tmp_path / "to"]) for _ in range(3)]
            acknowledged += [writer.stdout.readline() for _ in range(3)]
            writer.kill()
            acknowledged += writer.stdout.readlines()
        key = master(store)
    numbers = dict(reversed(line.split()) for line in acknowledged if line.endswith("\n"))
    for number, backup in enumerate(made):
        restored = restoring.restore(tmp_path / "to" / backup.name, tmp_path / f"new-{number}", master=key)
        with opened(restored.home) as copy:
            keys = {row["submission_key"] for row in copy.rows("SELECT submission_key FROM record_version")}
            submitted = copy.rows("SELECT seq FROM audit WHERE action = 'record.submit' AND seq <= ?",
                                  [backup.manifest.store.audit_seq])  # fmt: skip
            last = backup.manifest.store.audit_seq
            assert {f"card-{numbers[str(row['seq'])]}" for row in submitted if str(row["seq"]) in numbers} <= keys
            assert len(keys) == len(submitted)
            assert {f"card-{n}" for seq, n in numbers.items() if int(seq) <= last} <= keys
            assert copy.verify_audit() == []


def test_nobody_else_may_back_up(store, tmp_path):
    with pytest.raises(Missing):
        backups.make(store, account(store, Role.INFORMATION_ADMINISTRATOR), [tmp_path])


def test_a_backup_needs_a_place_outside_of_the_site(store, tmp_path):
    with pytest.raises(BadInput) as nowhere:
        backups.make(store, SERVICE)
    assert nowhere.value.key == "backup.no_target"
    inside = store.site.home / "lake"
    inside.mkdir(exist_ok=True)
    with pytest.raises(BadInput) as refused:
        backups.make(store, SERVICE, [inside])
    assert refused.value.key == "backup.inside"


@pytest.mark.guarantee("backup-places")
def test_one_place_that_fails_does_not_keep_the_others_from_theirs(store, tmp_path):
    good = tmp_path / "good"
    good.mkdir()
    made = backups.make(store, SERVICE, [tmp_path / "not mounted", good])
    assert [one.fault.key if one.fault else None for one in made.delivered] == ["backup.target_missing", None]
    assert backups_in(good) == [made.name]
    assert not (tmp_path / "not mounted").exists()  # an empty mount point is not filled
    assert last_event(store)[2]["delivered"] == 1


@pytest.mark.guarantee("backup-disk-full")
def test_a_full_disk_leaves_nothing_that_looks_like_a_backup(store, tmp_path):
    place = tmp_path / "to"
    whole = back_up(store, place)
    size = whole.stat().st_size
    whole.unlink()
    before = len(store.rows("SELECT 1 FROM audit"))
    for room in (2_000_000, 3_200_000, size - 5_000):
        with files_limited_to(room), pytest.raises(SiteFault) as failed:
            backups.make(store, SERVICE, [place])
        assert failed.value.key == "backup.target"
        assert backups_in(place) == []
        assert last_event(store)[0] == "backup.fail"
    assert len(store.rows("SELECT 1 FROM audit")) == before + 3
    assert leftovers.found(store.site) == []
    back_up(store, place)


def test_a_full_disk_of_the_site_is_said(store, tmp_path):
    (tmp_path / "to").mkdir()
    with files_limited_to(500_000), pytest.raises(SiteFault) as failed:
        backups.make(store, SERVICE, [tmp_path / "to"])
    assert failed.value.key in ("store.not_copied", "store.not_written")
    assert backups_in(tmp_path / "to") == []


def test_what_a_place_gives_back_changed_is_no_backup(store, tmp_path, monkeypatch):
    places = [tmp_path / "one", tmp_path / "two"]
    for place in places:
        place.mkdir()
    copy = backups._copy_bytes

    def faulty(source, target):
        copy(source, target)
        with target.open("r+b") as file:
            file.seek(1_500_000)
            file.write(b"\0")

    monkeypatch.setattr(backups, "_copy_bytes", faulty)
    made = backups.make(store, SERVICE, places)
    assert made.failed[0].fault.key == "backup.read_back"
    assert backups_in(places[1]) == []


@pytest.mark.guarantee("backup-complete")
def test_a_key_that_is_replaced_meanwhile_is_in_the_backup(store, tmp_path, monkeypatch):
    copy, copies = backups.backup.copy_store, []

    def replacing(of, target):
        copies.append(target)
        if len(copies) == 1:
            of.site.keyring.add("level1", "active")
        return copy(of, target)

    monkeypatch.setattr(backups.backup, "copy_store", replacing)
    head = archive.read_head(back_up(store, tmp_path / "to"))
    assert len(copies) == 2
    assert head["ring"] == store.site.keyring.content


def test_two_backups_do_not_run_at_once(store, tmp_path):
    with backups._alone(store.site), pytest.raises(WrongState) as refused:
        backups.make(store, SERVICE, [tmp_path])
    assert refused.value.key == "backup.running"


@pytest.mark.guarantee("backup-killed")
def test_killed_at_any_step_nothing_looks_like_a_backup_that_is_none(tmp_path):
    assert sweep_backup.kill_backup(tmp_path, points=12) == (12, 0)


# ---- settings, names and age -----------------------------------------------------------------------------------------


def with_settings(store, text):
    path = store.site.home / "site.toml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")
    return Site.load(store.site.home)


def test_the_settings_say_where_and_how_long(store, tmp_path):
    assert backup_settings.read(store.site) == backup_settings.Settings((), 90)
    site = with_settings(store, f'[backup]\nto = ["{tmp_path}", "../beside"]\ndays = 30\n')
    assert backup_settings.read(site) == backup_settings.Settings((tmp_path, site.home / "../beside"), 30)


@pytest.mark.parametrize("wrong", ["to = 3", "to = [1]", 'to = [""]', "days = 0", 'days = "90"'])
def test_wrong_settings_are_named(store, wrong):
    with pytest.raises(SiteFault) as fault:
        backup_settings.read(with_settings(store, f"[backup]\n{wrong}\n"))
    assert fault.value.key == "site.settings"


NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


def of_ages(*days):
    return [backup_settings.Found(Path(f"{age}"), NOW - timedelta(days=age)) for age in days]


def test_old_backups_thin_out_and_end():
    ages = [day + part / 4 for day in range(200) for part in range(4)]
    gone = {one.path for one in backup_settings.outlived(of_ages(*ages), NOW, 90)}
    kept = [float(str(one.path)) for one in of_ages(*ages) if one.path not in gone]
    assert [age for age in kept if age <= 2] == [part / 4 for part in range(9)]
    assert len([age for age in kept if 2 < age <= 14]) in (12, 13)  # one a day
    assert len([age for age in kept if 14 < age <= 60]) in (7, 8)  # one a week
    assert len([age for age in kept if age > 60]) in (1, 2)  # one a month
    assert max(kept) <= 90


@pytest.mark.guarantee("backup-ages")
@pytest.mark.parametrize("days", [1, 30, 90])
def test_nothing_is_older_than_the_settings_say_once_there_are_newer_ones(days):
    left = [0.0, 0.1, 0.2, *(days + extra for extra in (0.5, 1, 50, 400))]
    assert {str(one.path) for one in backup_settings.outlived(of_ages(*left), NOW, days)} >= {
        str(days + extra) for extra in (0.5, 1, 50, 400)
    }


def test_a_clock_that_jumped_takes_no_last_backup_away():
    assert backup_settings.outlived(of_ages(400, 401, 402), NOW, 90) == []
    assert backup_settings.outlived(of_ages(-1, 100, 101, 102, 103), NOW, 90) == []


def test_old_backups_of_this_site_go_and_those_of_others_stay(store, tmp_path, monkeypatch):
    place = tmp_path / "to"
    with another_site(tmp_path / "other") as other:
        theirs = [back_up(other, place)]
    (place / "notes.custinfo-backup").write_text("no backup")
    ours = []
    for day in (0, 100, 101, 102, 103):
        moment = NOW + timedelta(days=day)
        monkeypatch.setattr(backups, "utc_now", lambda moment=moment: moment)
        fill(store, 1, start=100 + day)
        ours.append(back_up(store, place).name)
    assert not (place / ours[0]).exists()
    assert all((place / name).exists() for name in [*ours[1:], theirs[0].name, "notes.custinfo-backup"])


# ---- the ledger's copies ---------------------------------------------------------------------------------------------


def forget(store, customer):
    with store.act("P-1", "test.erase", "customer", customer) as tx:
        tx.remember("person.erased", customer)


def test_the_ledger_goes_to_each_place_with_every_backup_and_every_day(store, tmp_path):
    place = tmp_path / "to"
    forget(store, "C-1")
    back_up(store, place)
    copy = backup_settings.ledger_copy(store.site, place)
    assert [line.object_id for line in ledger.read(copy, ledger.key(store.site))] == ["C-1"]
    forget(store, "C-2")
    site = with_settings(store, f'[backup]\nto = ["{place}", "{tmp_path / "away"}"]\n')
    with opened(site.home) as again:
        assert backups.copy_ledger(again, NOW.date()) == {"copied": 1, "failed": 1}
        assert backups.copy_ledger(again, NOW.date()) == {"copied": 1, "failed": 1}
    assert [line.object_id for line in ledger.read(copy, ledger.key(store.site))] == ["C-1", "C-2"]


def test_a_copy_that_says_more_is_not_overwritten(store, tmp_path):
    place = tmp_path / "to"
    forget(store, "C-1")
    back_up(store, place)
    copy = backup_settings.ledger_copy(store.site, place)
    forget(store, "C-2")
    longer = store.ledger.path.read_text() + store.ledger.path.read_text().splitlines()[0] + "\n"
    copy.write_text(longer)
    (tmp_path / "good").mkdir()
    made = backups.make(store, SERVICE, [place, tmp_path / "good"])
    assert [one.fault.key if one.fault else None for one in made.delivered] == ["ledger.forged", None]
    assert copy.read_text() == longer
