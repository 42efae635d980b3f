"""What `custinfo doctor` finds: each fault and each warning with its remedy; nothing on a healthy site."""

import json
import os
import socket
import threading
import time
from datetime import timedelta

import pytest
from click.testing import CliRunner

from custinfo.actions import backups, doctor, doctor_warnings, leftovers, restoring
from custinfo.cli import main
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.people import SEPARATED, SERVICE, Role
from custinfo.store import Site, Store, scratch
from tests.backup_sites import fill, opened
from tests.factories import account, empty_site


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as made:
        yield made


def examined(store):
    found = doctor.examine(store.site.home)
    for error in (*found.faults, *found.warnings):
        assert error.text("en")
        assert error.text("zh-CN")
    return found


def faults(store):
    return [error.key for error in examined(store).faults]


def warnings(store):
    return [error.key for error in examined(store).warnings]


def configure(store, text):
    path = store.site.home / "site.toml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def moved(monkeypatch, **by):
    """The doctor looks at the site at another time."""
    for module in (doctor, doctor_warnings):
        monkeypatch.setattr(module, "utc_now", lambda: utc_now() + timedelta(**by))


def well_kept(store, tmp_path):
    """A site of which nothing is to be said."""
    (tmp_path / "to").mkdir()
    master = tmp_path / "master.key"
    ring = store.site.keyring
    ring.place.file(ring.master_id).rename(master)
    settings = store.site.home / "site.toml"
    settings.write_text(
        f'master_key = "{master}"\n{settings.read_text("utf-8")}\n[backup]\nto = ["{tmp_path / "to"}"]\n', "utf-8"
    )
    with opened(store.site.home) as again:
        for role in sorted(SEPARATED):
            account(again, role)
        backups.make(again, SERVICE)
        restoring.drill(again, SERVICE)


def test_a_well_kept_site_has_neither_faults_nor_warnings(store, tmp_path):
    well_kept(store, tmp_path)
    found = doctor.examine(store.site.home)
    assert [error.text("en") for error in (*found.faults, *found.warnings)] == []
    assert found.last_backup
    assert found.last_drill


def test_a_new_site_is_told_what_it_lacks(store):
    keys = warnings(store)
    assert {"doctor.backup_nowhere", "doctor.backup_never", "doctor.drill_never", "doctor.master_beside"} <= set(keys)
    assert keys.count("doctor.role_missing") == len(SEPARATED)
    assert faults(store) == []


@pytest.mark.guarantee("doctor-backups")
def test_an_old_backup_and_an_old_drill_are_named(store, tmp_path, monkeypatch):
    well_kept(store, tmp_path)
    moved(monkeypatch, days=1)
    assert warnings(store) == []
    moved(monkeypatch, days=3)
    assert warnings(store) == ["doctor.backup_old"]
    moved(monkeypatch, days=36)
    assert warnings(store) == ["doctor.backup_old", "doctor.drill_old"]


@pytest.mark.guarantee("doctor-backups")
def test_a_drill_that_failed_and_a_place_that_was_missed_are_named(store, tmp_path):
    well_kept(store, tmp_path)
    with opened(store.site.home) as again:
        backups.make(again, SERVICE, [tmp_path / "to", tmp_path / "away"])
        file = backups.newest(again.site)
        file.write_bytes(file.read_bytes()[:-1])
        with pytest.raises(doctor.SiteFault):
            restoring.drill(again, SERVICE)
    assert warnings(store) == ["doctor.backup_partly", "doctor.drill_failed"]


@pytest.mark.parametrize("path", ["keys", "store.db", "keys/ring.json", "anchor", "anchor/ledger.jsonl", "anchor/head"])
def test_files_that_others_can_read_are_named(store, path):
    with store.act("P-1", "test.erase", "customer", "C-1") as tx:
        tx.remember("person.erased", "C-1")
    assert faults(store) == []
    (store.site.home / path).chmod(0o755)
    assert faults(store) == ["doctor.open_to_others"]


def test_analysts_may_pass_through_the_sites_folder_and_no_more(store):
    store.site.home.chmod(0o710)
    assert faults(store) == []
    for mode in (0o750, 0o730, 0o711):
        store.site.home.chmod(mode)
        assert faults(store) == ["doctor.open_to_others"]


def test_a_missing_key_is_named_once(store):
    ring = store.site.keyring
    ring.place.file(ring.master_id).unlink()
    assert faults(store) == ["keys.master_missing"]


def test_wrong_settings_are_named(store):
    configure(store, "[backup]\ndays = 0\n")
    assert "site.settings" in faults(store)


def test_a_cut_or_changed_ledger_is_named(store):
    for number in range(3):
        with store.act("P-1", "test.erase", "customer", str(number)) as tx:
            tx.remember("person.erased", str(number))
    path = store.ledger.path
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:2]))
    assert faults(store) == ["doctor.ledger_cut"]
    path.write_text(lines[0] + lines[1].replace('"1"', '"9"') + lines[2])
    assert faults(store) == ["ledger.forged"]
    path.unlink()
    path.mkdir()
    assert "ledger.not_written" in faults(store)


def test_a_full_disk_is_named(store, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: _usage(5_000_000))
    assert "doctor.disk_full" in faults(store)


def _usage(free):
    from collections import namedtuple

    return namedtuple("Usage", "total used free")(1, 1, free)


def test_a_clock_that_is_behind_is_named(store, monkeypatch):
    fill(store, 1)
    moved(monkeypatch, hours=-1)
    assert faults(store) == ["doctor.clock_back"]


def test_administrators_who_are_one_person_are_named(store, tmp_path):
    well_kept(store, tmp_path)
    with opened(store.site.home) as again:
        somebody = account(again, Role.AUDITOR, login_name="both")
        with again.act("P-1", "test.grant", "person", somebody.person_id) as tx:
            tx.insert("person_role", {"person_id": somebody.person_id, "role": "security_administrator"})
    found = examined(store)
    assert [error.key for error in found.warnings] == ["doctor.not_apart"]
    assert found.warnings[0].facts["names"] == "both"


def test_clearances_that_run_out_are_named(store, tmp_path):
    well_kept(store, tmp_path)
    with opened(store.site.home) as again:
        clerk = account(again, login_name="lin")
        with again.act("P-1", "test.change", "person", clerk.person_id) as tx:
            soon = stamp(utc_now() + timedelta(days=20))
            tx.execute("UPDATE clearance SET trained_until = ? WHERE person_id = ?", [soon, clerk.person_id])
    found = examined(store)
    assert [(error.key, error.facts["names"]) for error in found.warnings] == [("doctor.runs_out", "lin")]


def test_a_mail_server_that_does_not_answer_is_named(store, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        configure(store, f'[mail]\nhost = "127.0.0.1"\nport = {port}\nfrom = "a@example.org"\n')

        def answer():
            connection, _ = server.accept()
            connection.sendall(b"220 ready\r\n")
            while said := connection.recv(1000):
                connection.sendall(b"221 bye\r\n" if said.lower().startswith(b"quit") else b"250 ok\r\n")

        threading.Thread(target=answer, daemon=True).start()
        assert "doctor.smtp" not in warnings(store)
    monkeypatch.setattr(doctor_warnings, "SMTP_SECONDS", 0.5)
    assert "doctor.smtp" in warnings(store)


def test_leftovers_are_named_and_swept(store):
    run = store.site.home / "run"
    (run / ".drill-abc").mkdir(parents=True)
    old = store.site.reports / "monthly" / "2026-10" / ".building-x"
    new = old.with_name(".building-y")
    for path in (old, new):
        path.mkdir(parents=True)
    os.utime(old, (time.time() - 2 * 24 * 3600,) * 2)
    with scratch.folder(run, "backup") as busy:
        assert "doctor.leftovers" in warnings(store)
        assert leftovers.found(store.site) == [run / ".drill-abc", old]
        assert leftovers.sweep(store.site) == 2
        assert busy.is_dir()
    assert new.is_dir()
    assert "doctor.leftovers" not in warnings(store)


def test_a_scratch_folder_of_a_living_process_is_left_alone(tmp_path):
    with scratch.folder(tmp_path, "drill") as mine:
        assert scratch.sweep(tmp_path, "drill") == 0
        assert mine.is_dir()
    assert not mine.exists()


def run(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_warnings_end_with_status_0_and_faults_with_1(store, monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")
    home = store.site.home
    said = run("doctor", "--home", home)
    assert "No fault was found" in said
    assert "! This site was never backed up" in said
    found = json.loads(run("doctor", "--home", home, "--json"))
    assert found["faults"] == []
    assert found["last_backup"] is None
    assert "doctor.drill_never" in {one["key"] for one in found["warnings"]}
    (home / "keys").chmod(0o755)
    said = run("doctor", "--home", home, status=1)
    assert "✗" in said
    assert "chmod go-rwx" in said
    found = json.loads(run("doctor", "--home", home, "--json", status=1).splitlines()[0])
    assert [one["key"] for one in found["faults"]] == ["doctor.open_to_others"]


def test_nothing_is_changed_by_looking(store):
    before = {path: path.stat().st_mtime_ns for path in store.site.home.rglob("*") if path.suffix not in (".db-shm",)}
    doctor.examine(store.site.home)
    after = {path: path.stat().st_mtime_ns for path in store.site.home.rglob("*") if path.suffix not in (".db-shm",)}
    assert len(store.rows("SELECT 1 FROM audit")) == 0
    assert {p for p in after if after[p] != before.get(p)} <= {store.site.anchor, store.site.anchor / "ledger.jsonl"}
    assert Store.open(Site.load(store.site.home)).rows("SELECT 1 FROM audit") == []
