"""Keys: the ring, the master key, their loss, rotation, shares, and the workbench without them."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from click.testing import CliRunner

from custinfo.actions import keys
from custinfo.cli import main
from custinfo.domain.errors import BadInput, NotAllowed, SiteFault, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.store import Site, Store, rotation
from custinfo.store.keyring import PURPOSES, RETIRED, Keyring
from custinfo.store.master_key import KeyFault, id_of
from tests import sealed_sites
from tests.factories import account, empty_site
from tests.older_sites import master_key_file, with_raw_keys, without_key
from tests.processes import free_port
from tests.soak import sweep_keys


@pytest.fixture
def site(tmp_path):
    return Site.create(tmp_path / "site", name="测试公司")


def ring_file(site):
    return site.home / "keys" / "ring.json"


def changed_ring(site, change):
    """The ring's file with `change` made to its content."""
    content = json.loads(ring_file(site).read_text("utf-8"))
    change(content)
    ring_file(site).write_text(json.dumps(content), "utf-8")


def test_a_new_site_has_every_key_wrapped_and_none_in_plain(site):
    assert {one.purpose for one in site.keyring.entries} == set(PURPOSES)
    files = {path.name: path for path in (site.home / "keys").iterdir()}
    assert set(files) == {"ring.json", master_key_file(site).name}
    assert all(path.stat().st_mode & 0o077 == 0 for path in files.values())
    for purpose in PURPOSES:
        secret = site.secret(purpose)
        assert secret.hex() not in ring_file(site).read_text()
        assert base64.b64encode(secret).decode() not in ring_file(site).read_text()


def test_signatures_are_checked_without_the_master_key(site):
    signature = site.signing_key().sign(b"anchor")
    master_key_file(site).unlink()
    locked = Site.load(site.home)
    locked.verifying_key(site.keyring.active("sign").id).verify(signature, b"anchor")
    with pytest.raises(KeyFault):
        locked.signing_key()


@pytest.mark.guarantee("keys-never-in-place")
@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_key_that_is_gone_from_the_ring_is_named_and_not_made_anew(site, purpose):
    lost = without_key(site, purpose)
    before = ring_file(site).read_text()
    with pytest.raises(KeyFault) as fault:
        Site.load(site.home).secret(purpose)
    assert fault.value.facts["purpose"] == purpose
    assert fault.value.facts["id"] == lost
    assert ring_file(site).read_text() == before


@pytest.mark.guarantee("keys-never-in-place")
@pytest.mark.parametrize("purpose", PURPOSES)
def test_any_damage_to_a_wrapped_key_is_noticed(site, purpose):
    whole = ring_file(site).read_text("utf-8")
    wrapped = next(one.wrapped for one in site.keyring.entries if one.purpose == purpose)
    box = base64.b64decode(wrapped)
    for place in range(len(box)):
        bad = base64.b64encode(box[:place] + bytes([box[place] ^ 1]) + box[place + 1 :]).decode()
        ring_file(site).write_text(whole.replace(wrapped, bad), "utf-8")
        with pytest.raises(KeyFault) as fault:
            Keyring.open(site.home / "keys").secret(purpose)
        assert fault.value.facts["purpose"] == purpose


@pytest.mark.guarantee("keys-never-in-place")
def test_no_wrapped_key_takes_the_place_of_another(site, tmp_path):
    other = Site.create(tmp_path / "other", name="other")

    def swap(content):
        one, two = content["keys"][0], content["keys"][1]
        one["wrapped"], two["wrapped"] = two["wrapped"], one["wrapped"]

    changed_ring(site, swap)
    for purpose in PURPOSES[:2]:
        with pytest.raises(KeyFault):
            Site.load(site.home).secret(purpose)
    # Nor the ring or the master key of another site
    master_key_file(other).rename(site.home / "keys" / f"master-{site.keyring.master_id}.key")
    with pytest.raises(KeyFault) as wrong:
        Site.load(site.home).secret("audit")
    assert wrong.value.key == "keys.master_wrong"


@pytest.mark.guarantee("keys-never-in-place")
@pytest.mark.parametrize("damage", [None, "", "xyz", "00" * 31, "00" * 32])
def test_a_missing_or_damaged_master_key_locks_the_site(site, damage):
    Store.create(site).close()
    path, master_id = master_key_file(site), site.keyring.master_id
    path.unlink()
    if damage is not None:
        path.write_text(damage)
    with pytest.raises(KeyFault) as fault:
        Store.open(Site.load(site.home))
    assert fault.value.facts["id"] == master_id
    assert master_id in fault.value.text("en")
    assert "keys recover" in fault.value.text("zh-CN")
    assert len(list((site.home / "keys").glob("master-*"))) == (damage is not None)


@pytest.mark.guarantee("keys-never-in-place")
@pytest.mark.parametrize("damage", [None, "", "{}", '{"format": 2}', "[1]"])
def test_a_missing_or_damaged_ring_locks_the_site(site, damage):
    if damage is None:
        ring_file(site).unlink()
    else:
        ring_file(site).write_text(damage)
    with pytest.raises(KeyFault):
        Site.load(site.home).secret("store")
    assert ring_file(site).exists() == (damage is not None)


def test_a_purpose_that_a_ring_never_had_gets_its_key_once(site):
    def forget(content):
        content["keys"] = [one for one in content["keys"] if one["purpose"] != "backup"]
        del content["made"]["backup"]

    changed_ring(site, forget)
    one, two = Site.load(site.home), Site.load(site.home)
    assert one.secret("backup") == two.secret("backup")
    without_key(site, "backup")
    with pytest.raises(KeyFault):
        Site.load(site.home).secret("backup")


def test_what_another_process_changes_in_the_ring_is_seen_at_the_next_use(site):
    other = Site.load(site.home)
    before = other.secret("level1")
    site.keyring.add("level1", "active")
    assert other.secret("level1") == site.secret("level1") != before


@pytest.mark.guarantee("keys-older-stores")
def test_keys_in_files_of_their_own_move_into_the_ring(site):
    before = {purpose: site.secret(purpose) for purpose in ("store", "audit", "lookup", "pseudonym", "cookie")}
    older = with_raw_keys(site)
    assert {purpose: older.secret(purpose) for purpose in before} == before
    assert {path.suffix for path in (site.home / "keys").iterdir() if path.name != ".lock"} == {".json", ".key"}
    assert not [path for path in (site.home / "keys").glob("*.key") if not path.name.startswith("master-")]


def test_an_older_site_without_one_of_its_keys_stays_as_it_is(site):
    with_raw_keys(site)
    lost = site.home / "keys" / "audit.key"
    lost.unlink()
    with pytest.raises(KeyFault) as fault:
        Site.load(site.home).secret("store")
    assert fault.value.facts["purpose"] == "audit"
    assert not ring_file(site).exists()


def test_the_master_key_may_lie_elsewhere(site, tmp_path, monkeypatch):
    secret, path = site.secret("store"), master_key_file(site)
    named = tmp_path / "elsewhere.key"
    path.rename(named)
    with (site.home / "site.toml").open("a") as settings:
        settings.write(f'master_key = "{named}"\n')
    moved = Site.load(site.home)
    assert moved.secret("store") == secret
    moved.keyring.wrap_anew()
    assert Site.load(site.home).secret("store") == secret
    assert list((site.home / "keys").glob("master-*")) == []
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    named.rename(credentials / "custinfo-master")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    given = Site.load(site.home)
    assert given.secret("store") == secret
    with Store.create(given) as store, pytest.raises(WrongState):
        rotation.master(store, "service")


@pytest.mark.guarantee("keys-rotation-killed")
@pytest.mark.parametrize("which", ["level1", "master", "store"])
def test_after_a_rotation_everything_reads_as_before_and_the_old_key_is_gone(tmp_path, which):
    with empty_site(tmp_path / "site") as store:
        filled = sealed_sites.filled(store)
        wanted, site = sealed_sites.seen(store, filled), store.site
        before = {one.purpose: one.id for one in site.keyring.entries} | {"master": site.keyring.master_id}
    replaced = keys.rotate(Site.load(site.home), SERVICE, which)
    after = {one.purpose: one.id for one in Site.load(site.home).keyring.entries}
    assert replaced.destroyed == (before[which],)
    assert len(after) == len(PURPOSES)
    assert {purpose for purpose in after if after[purpose] != before[purpose]} == ({which} - {"master"})
    with Store.open(Site.load(site.home)) as store:
        assert sealed_sites.seen(store, filled) == wanted
        assert store.verify_audit() == []
        told = store.rows("SELECT * FROM audit WHERE action IN ('key.rotate', 'key.destroy') ORDER BY seq")
        assert [row["object_id"] for row in told] == [before[which]] * (1 if which == "master" else 2)


@pytest.mark.guarantee("keys-rotation-killed")
@pytest.mark.parametrize(("which", "points"), [("level1", 6), ("master", 6), ("store", 5)])
def test_a_rotation_killed_at_any_step_is_ended_by_the_next(tmp_path, which, points):
    assert sweep_keys.sweep(which, tmp_path, points) == (points, 0)


@pytest.mark.guarantee("keys-older-stores")
@pytest.mark.parametrize(("which", "points"), [("older", 5), ("convert", 8)])
def test_bringing_an_older_site_up_can_be_killed_at_any_step(tmp_path, which, points):
    assert sweep_keys.sweep(which, tmp_path, points) == (points, 0)


@pytest.mark.guarantee("keys-rotation-writers")
def test_the_old_key_is_kept_while_anything_is_sealed_by_it(tmp_path):
    with empty_site(tmp_path / "site") as store:
        sealed_sites.filled(store)
        old = store.site.keyring.active("level1").id
        sealed = store.rows("SELECT label FROM entity_version")[0]["label"]
        with store.act("service", "key.reseal", "key", "test") as tx:  # where no rotation looks for sealed values
            tx.insert("number_series", {"series": sealed, "last": 1})
        with pytest.raises(WrongState) as kept:
            rotation.level1(store, "service")
        assert kept.value.facts == {"id": old, "table": "number_series", "field": "series"}
        assert store.site.keyring.of("level1", RETIRED).id == old
        with store.act("service", "key.reseal", "key", "test") as tx:
            tx.execute("DELETE FROM number_series WHERE series = ?", [sealed])
        assert rotation.level1(store, "service").destroyed == (old,)


@pytest.mark.guarantee("keys-rotation-writers")
def test_a_writer_with_the_ring_of_before_seals_by_the_new_key(tmp_path):
    with empty_site(tmp_path / "site") as store:
        filled = sealed_sites.filled(store)
        with Store.open(Site.load(store.site.home)) as other:
            sealed_sites.seen(other, filled)  # it has the old key at hand
            rotation.level1(store, "service")
            sealed_sites._draft(other, filled.researcher)
            assert sealed_sites.seen(other, filled) == sealed_sites.seen(store, filled)
        assert rotation.level1(store, "service").rows > 0


def test_the_store_key_is_not_replaced_while_anybody_has_the_store_open(site):
    with Store.create(site):
        before = ring_file(site).read_text()
        with pytest.raises(WrongState) as busy:
            keys.rotate(Site.load(site.home), SERVICE, "store")
        assert busy.value.key == "store.in_use"
        assert ring_file(site).read_text() == before
    keys.rotate(Site.load(site.home), SERVICE, "store")


def test_only_the_security_administrator_handles_keys(site):
    with Store.create(site) as store:
        for role in Role:
            person = account(store, role)
            if role is Role.SECURITY_ADMINISTRATOR:
                assert keys.listed(site, person).fault is None
                continue
            for action in (
                lambda who=person: keys.listed(site, who),
                lambda who=person: keys.rotate(site, who, "master"),
                lambda who=person: keys.escrow(store, who, site.home / "out"),
            ):
                with pytest.raises(NotAllowed):
                    action()
    with pytest.raises(BadInput):
        keys.rotate(site, SERVICE, "pseudonym")


def sheets(store, folder):
    return [path.read_text("utf-8") for path in keys.escrow(store, SERVICE, folder)]


@pytest.mark.guarantee("keys-shares")
@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (2, 1)])
def test_two_shares_give_the_master_key_back(site, tmp_path, pair):
    with Store.create(site) as store:
        held = sheets(store, tmp_path / "shares")
    path, key = master_key_file(site), master_key_file(site).read_text()
    assert all(site.keyring.master_id in sheet and key not in sheet for sheet in held)
    path.write_text("ff" * 32)
    assert keys.recover(Site.load(site.home), [held[n] for n in pair]) == site.keyring.master_id
    assert path.read_text() == key
    assert path.stat().st_mode & 0o077 == 0
    with Store.open(Site.load(site.home)) as store:
        told = [row["action"] for row in store.rows("SELECT action FROM audit ORDER BY seq")]
        assert told[-2:] == ["key.escrow", "key.recover"]


@pytest.mark.guarantee("keys-shares")
def test_other_shares_give_nothing_and_it_is_said_why(site, tmp_path):
    other = Site.create(tmp_path / "other", name="other")
    with Store.create(site) as store, Store.create(other) as elsewhere:
        first, second = sheets(store, tmp_path / "one"), sheets(store, tmp_path / "two")
        theirs = sheets(elsewhere, tmp_path / "theirs")
    path = master_key_file(site)
    path.unlink()
    body, last = first[0].rstrip().rsplit(maxsplit=1)
    misspelt = f"{body} {'zero' if last != 'zero' else 'academic'}"
    wrong = {
        "keys.shares_few": [first[0]],
        "keys.shares_mixed": [first[0], second[1]],
        "keys.share_unreadable": [misspelt, first[1]],
        "keys.shares_of_another": theirs[:2],
    }
    for key, given in wrong.items():
        with pytest.raises((BadInput, SiteFault)) as refused:
            keys.recover(Site.load(site.home), given)
        assert refused.value.key == key
        assert refused.value.text("zh-CN")
    with pytest.raises(BadInput) as twice:
        keys.recover(Site.load(site.home), [first[1], first[1]])
    assert twice.value.key == "keys.shares_few"
    assert not path.exists()
    with pytest.raises(SiteFault):
        keys.escrow(Store.open(other), SERVICE, tmp_path / "one")


def test_on_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")
    home = tmp_path / "site"
    Store.create(Site.create(home, name="x")).close()

    def run(*arguments, **more):
        return CliRunner().invoke(main, ["keys", arguments[0], "--home", str(home), *arguments[1:]], **more)

    assert "the master key" in run("rotate", "master").output
    assert run("escrow", "--out", str(tmp_path / "out")).exit_code == 0
    words = [(tmp_path / "out" / f"share-{n}-of-3.txt").read_text().rpartition("---")[2].split() for n in (3, 1)]
    typed = [" ".join(word for word in one if word.isalpha()) for one in words]
    listed = json.loads(run("list", "--json").output)
    assert not listed["locked"]
    (home / "keys" / f"master-{listed['master']}.key").unlink()
    locked = run("list")
    assert locked.exit_code == 1
    assert listed["master"] in locked.output
    assert run("rotate", "level1").exit_code == 1
    recovered = run("recover", input="\n".join(typed) + "\n")
    assert recovered.exit_code == 0, recovered.output
    assert not any(word in recovered.output for word in typed[0].split() if len(word) > 6)
    assert run("rotate", "level1").exit_code == 0
    done = run("rotate", "store")
    assert done.exit_code == 0, done.output
    assert run("list").exit_code == 0


def fetched(port, path, method="GET"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()
    except OSError:
        return None, None, ""


def until(port, status, path="/login", seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fetched(port, path)[0] == status:
            return True
        time.sleep(0.3)
    return False


@pytest.mark.guarantee("keys-locked-start")
def test_without_its_key_the_workbench_says_so_at_every_address_and_opens_when_it_is_back(tmp_path):
    home, port = tmp_path / "site", free_port()
    site = Site.create(home, name="机密公司")
    Store.create(site).close()
    path, master_id = master_key_file(site), site.keyring.master_id
    key = path.read_text()
    path.unlink()
    command = [sys.executable, "-c", "from custinfo.cli import main; main()", "serve", "--home", str(home), "--port"]
    server = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert until(port, 503)
        for address in ("/", "/login", "/customer/x", "/static/a/b.js", "/api/kernels", "/healthz"):
            for method in ("GET", "POST"):
                status, headers, page = fetched(port, address, method)
                assert status == 503
                assert master_id in page
                assert "工作台已锁定" in page and "The workbench is locked" in page
                assert str(tmp_path) not in page and "机密公司" not in page
                assert "script" not in headers["Content-Security-Policy"].replace("script-src 'self'", "")
        assert not list((home / "keys").glob("master-*"))
        path.write_text(key)
        assert until(port, 200)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    assert str(path) in server.stderr.read()


def test_a_locked_workbench_ends_when_it_is_told(tmp_path):
    home, port = tmp_path / "site", free_port()
    site = Site.create(home, name="x")
    master_key_file(site).write_text(os.urandom(32).hex())
    command = [sys.executable, "-c", "from custinfo.cli import main; main()", "serve", "--home", str(home), "--port"]
    server = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert until(port, 503)
    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0
    assert id_of(bytes.fromhex(master_key_file(site).read_text())) != site.keyring.master_id
