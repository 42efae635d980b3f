"""Every version of the lake stands on the audit log by the hash of its manifest, and a lake that differs is found."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from custinfo.actions import doctor, lake, lake_witness, pseudonyms
from custinfo.cli import main
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import SiteFault
from custinfo.domain.people import SERVICE
from custinfo.lake import compaction, erasing, files, manifest
from custinfo.lake.publishing import publish as publish_unseen
from tests.backup_sites import opened
from tests.factories import CARD, CREDIT_CODE, account, card, code_for, site_with_forms
from tests.lake.killing import killed_at


@pytest.fixture
def home(tmp_path):
    """A site with two versions of the lake, of a customer each; its store is closed."""
    with site_with_forms(tmp_path / "site") as store:
        clerk = account(store, login_name="lin")
        for number in (1, 2):
            card(store, clerk, CARD | {CREDIT_CODE: code_for(number)}, key=f"card-{number}")
            lake.publish(store, SERVICE)
    return tmp_path / "site"


def noted(store):
    """Version → the hash of its manifest, as the audit log has them."""
    rows = store.rows("SELECT detail FROM audit WHERE action IN ('lake.publish', 'lake.compact') ORDER BY seq")
    return {said["version"]: said["manifest"] for said in (json.loads(row["detail"]) for row in rows)}


def there(store):
    """Version → the hash of its manifest, as the lake has them."""
    folder = store.site.lake
    return {version: files.sha256(manifest.path(folder, version)) for version in manifest.versions(folder)}


def refused(store, key):
    with pytest.raises(SiteFault) as fault:
        lake_witness.check(store)
    assert fault.value.key == key
    assert key in {one.key for one in doctor.faults(store.site.home)}


@pytest.mark.guarantee("lake-witnessed")
def test_killed_at_any_step_no_version_is_there_without_its_entry(home):
    with opened(home) as store:
        card(store, account(store), CARD | {CREDIT_CODE: code_for(3)}, key="card-3")

    def publish():
        with opened(home) as store:
            lake.publish(store, SERVICE)

    steps = (os, "fsync"), (Path, "replace"), (Path, "write_text"), (lake_witness, "note")
    killed = ahead = 0
    while not killed_at(killed + 1, publish, *steps):
        killed += 1
        with opened(home) as store:
            assert there(store).items() <= noted(store).items()
            assert store.verify_audit() == []
            ahead += len(noted(store)) > len(there(store))
            if len(there(store)) == 3:
                break
            lake_witness.check(store) if len(noted(store)) == 2 else refused(store, "lake_witness.put_back")
    assert killed > 5
    assert ahead, "a kill between the entry and the version was among them"
    publish()
    with opened(home) as store:
        assert noted(store) == there(store)
        lake_witness.check(store)


@pytest.mark.guarantee("lake-witnessed")
def test_a_lake_that_was_put_back_or_rewritten_is_named(home):
    with opened(home) as store:
        lake_witness.check(store)
        newest = manifest.path(store.site.lake, 2)
        said = newest.read_text("utf-8")
        newest.unlink()
        assert CliRunner().invoke(main, ["lake", "verify", "--home", str(home)]).exit_code == 1
        refused(store, "lake_witness.put_back")
        newest.write_text(said.replace('"last_seq": ', '"last_seq": 1'), "utf-8")  # hashes of files and chain still fit
        refused(store, "lake_witness.differs")
        newest.write_text(said, "utf-8")
        lake_witness.check(store)
    assert CliRunner().invoke(main, ["lake", "verify", "--home", str(home)]).exit_code == 0


@pytest.mark.guarantee("lake-witnessed")
def test_a_version_that_nobody_put_on_the_log_is_named(home):
    with opened(home) as store:
        publish_unseen(store.site, [], [], utc_now, even_unchanged=True)
        refused(store, "lake_witness.differs")


def test_versions_that_were_compacted_or_lost_a_person_are_the_ones_of_the_log(home, monkeypatch):
    monkeypatch.setattr(compaction, "WORTH_IT", 2)
    with opened(home) as store:
        assert lake.compact(store, SERVICE)
        assert noted(store) == there(store)
        gone = next(iter(pseudonyms.keys(store).values()))
        assert erasing.erase(store.site, {gone: False}, smallest_group=5, now=utc_now()).customers == 1
        assert noted(store) != there(store)
        lake_witness.check(store)


def test_without_room_for_the_entry_nothing_is_published(home, monkeypatch):
    def full(*_, **__):
        raise SiteFault("store.not_written", file="store.db", fault="full")

    monkeypatch.setattr(lake_witness, "note", full)
    with opened(home) as store:
        before = there(store)
        with pytest.raises(SiteFault):
            lake.publish(store, SERVICE, even_unchanged=True)
        assert there(store) == before
        assert not list(store.site.lake.rglob("*.part"))


def test_lakes_of_before_the_log_held_hashes_are_passed_over(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        publish_unseen(store.site, [], [], utc_now, even_unchanged=True)
        lake_witness.check(store)
        lake.publish(store, SERVICE, even_unchanged=True)
        lake_witness.check(store)
