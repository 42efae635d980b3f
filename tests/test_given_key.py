"""A master key that systemd hands to the service: where its file is lost, the service is given a placeholder, and is
locked until the key is made again from shares.
"""

import pytest

from custinfo.actions import keys
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store
from custinfo.store.master_key import CREDENTIAL, KeyFault
from tests.factories import another_site
from tests.older_sites import master_key_file

PLACEHOLDER = "missing"
"""What the units of `deploy/systemd` say by SetCredential."""


@pytest.fixture
def lost(tmp_path, monkeypatch):
    """A site whose master key is gone, as its service finds it; gives the site and two shares of the key."""
    with another_site(tmp_path / "site") as store:
        keys.escrow(store, SERVICE, tmp_path / "shares")
        site = store.site
    shares = [path.read_text("utf-8") for path in sorted((tmp_path / "shares").iterdir())]
    master_key_file(site).unlink()
    given = tmp_path / "credentials"
    given.mkdir()
    (given / CREDENTIAL).write_text(PLACEHOLDER, "ascii")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    return site, shares[:2]


@pytest.mark.guarantee("keys-locked-start")
def test_a_placeholder_opens_nothing_and_the_key_that_is_wanted_is_named(lost):
    site, _ = lost
    with pytest.raises(KeyFault) as fault:
        Store.open(Site.load(site.home))
    assert fault.value.key == "keys.master_wrong"
    assert fault.value.facts["id"] == site.keyring.master_id


@pytest.mark.guarantee("keys-shares")
def test_two_shares_open_it_beside_the_placeholder(lost):
    site, shares = lost
    assert keys.recover(Site.load(site.home), shares) == site.keyring.master_id
    with Store.open(Site.load(site.home)) as store:
        assert store.verify_audit() == []
    assert master_key_file(site).exists(), "where install.sh takes it from"
