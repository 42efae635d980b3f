"""The server's own refusals are on the audit log: a strange kernel, a request that no page of ours sends."""

import pytest

from custinfo.store import Site, Store


def refusals(running_site):
    with Store.open(Site.load(running_site.home)) as store:
        return [(row["actor"], row["object_id"], row["detail"]) for row in store.rows(
            "SELECT actor, object_id, detail FROM audit WHERE action = 'access.refuse' ORDER BY seq")]  # fmt: skip


def person_id(running_site, login_name):
    with Store.open(Site.load(running_site.home)) as store:
        return store.row("SELECT person_id FROM person WHERE login_name = ?", [login_name])["person_id"]


@pytest.mark.guarantee("audit-refusals")
def test_reaching_for_another_persons_kernel_is_on_the_log(running_site):
    _, kernel = running_site.open_page(running_site.log_in("lin"))
    stranger = running_site.log_in("zhao")
    assert stranger.get(f"{running_site.base_url}/api/kernels/{kernel}").status_code == 404
    found = [(actor, place) for actor, place, _ in refusals(running_site)]
    assert (person_id(running_site, "zhao"), f"/api/kernels/{kernel}") in found


@pytest.mark.guarantee("audit-refusals")
def test_a_post_without_the_token_of_a_page_is_on_the_log_once(running_site):
    browser = running_site.log_in("lin")
    for _ in range(5):
        assert browser.post(f"{running_site.base_url}/logout").status_code == 403
    mine = [one for one in refusals(running_site) if one[1] == "/logout"]
    assert len(mine) == 1 and "http_403" in mine[0][2]


def test_a_mistyped_address_is_no_refusal(running_site):
    assert running_site.log_in("lin").get(f"{running_site.base_url}/custmers").status_code == 404
    assert not [one for one in refusals(running_site) if one[1] == "/custmers"]
