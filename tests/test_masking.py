"""Answers of level 1 are masked until somebody who is cleared asks for one; who saw which is on the audit log."""

import json

import pytest

from custinfo.actions import customers, forms, record_views, reveals, sessions
from custinfo.actions import lake as lake_actions
from custinfo.domain import masking
from custinfo.domain.errors import NotFound
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import customer, paper, record, showing
from custinfo.screens.context import Page
from tests import small_forms
from tests.factories import CARD, CREDIT_CODE, PASSWORD, account, card, code_for, site_with_forms
from tests.screens.conftest import Browser

PHONE, MASKED = "0755-08880002", "075****0002"
REF = "/data/people/contact_phone"


@pytest.fixture
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("masking") / "site") as opened:
        yield opened


@pytest.fixture
def lin(store):
    return account(store)


@pytest.fixture
def made(store, lin):
    return card(store, lin)


def browser(store, actor, build, path, query=None):
    login = sessions.log_in(store, actor.login_name, PASSWORD)
    return Browser(showing.screen(Page(store, store.site, login, "en", path, query or {}), build))


def revealed(store, actor):
    rows = store.rows("SELECT * FROM audit WHERE action = 'field.reveal' AND actor = ?", [actor.person_id])
    return [(row["object_kind"], row["object_id"], json.loads(row["detail"])["ref"]) for row in rows]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("13800138000", "138****8000"), ("12345678", "123****5678"), ("1234567", "1****7"), ("12345", "1****5"),
        ("欧阳海", "欧****"), ("单秀", "单****"), ("单", "****"), ("", ""),
    ],
)  # fmt: skip
def test_what_a_mask_leaves(given, shown):
    assert masking.masked(given) == shown


@pytest.mark.parametrize("length", range(1, 40))
def test_a_mask_does_not_tell_the_length_of_what_is_long_nor_half_of_what_is_short(length):
    told = masking.masked("x" * length).replace(masking.HIDDEN, "")
    assert len(told) <= max(length // 2, 1) or length >= masking.LONG
    assert len(told) < max(length, 2)
    if length >= masking.LONG:
        assert masking.masked("x" * length) == "xxx****xxxx"


@pytest.mark.guarantee("level-1-masked")
def test_card_record_and_paper_are_masked_for_who_is_cleared(store, lin, made):
    assert PHONE not in repr(customers.card(store, lin, made.customer_id, "en"))
    assert PHONE not in repr(record_views.read(store, lin, made.record_id))
    for build, path, query in (
        (customer.build, f"/customer/{made.customer_id}", None),
        (record.build, f"/record/{made.record_id}", None),
        (paper.build, "/print/enterprise_card", {"record": made.record_id}),
    ):
        told = json.dumps(browser(store, lin, build, path, query).send(kind="hello"), ensure_ascii=False)
        assert MASKED in told and PHONE not in told


@pytest.mark.guarantee("level-1-masked")
@pytest.mark.parametrize("kind", ["customer", "record"])
def test_one_answer_is_shown_when_asked_for_and_that_is_on_the_log(store, lin, made, kind):
    place, build = (made.customer_id, customer.build) if kind == "customer" else (made.record_id, record.build)
    page = browser(store, lin, build, f"/{kind}/{place}")
    page.send(kind="hello")
    assert page.send(kind="event", name="reveal", value=REF) == {"kind": "revealed", "ref": REF, "text": PHONE}
    assert (kind, place, REF) in revealed(store, lin)
    assert PHONE not in str(store.rows("SELECT * FROM audit"))


@pytest.mark.guarantee("level-1-masked")
@pytest.mark.parametrize("kind", ["customer", "record"])
def test_who_is_not_cleared_or_asks_for_what_is_not_there_hears_the_same(store, made, kind):
    place = made.customer_id if kind == "customer" else made.record_id
    told = set()
    lower = account(store, Role.SUPERVISOR, clearance=Level.INTERNAL)
    for actor, ref in ((lower, REF), (lower, "/data/nothing"), (account(store, Role.MANAGER), REF)):
        with pytest.raises(NotFound) as refused:
            reveals.reveal(store, actor, kind, place, ref)
        told.add(refused.value.text("en"))
        assert revealed(store, actor) == []
    assert len(told) == 1


@pytest.mark.guarantee("level-1-masked")
def test_an_answer_that_cannot_be_put_on_the_log_is_not_shown(store, lin, made, monkeypatch):
    def broken(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(type(store), "act", broken)
    with pytest.raises(OSError, match="disk full"):
        reveals.reveal(store, lin, "customer", made.customer_id, REF)


def test_a_change_of_a_masked_answer_is_seen_and_not_said(store, lin):
    first = card(store, lin, CARD | {CREDIT_CODE: code_for(90011)}, key="changed")
    card(store, lin, {REF: "0755-08889999"}, key="changed 2", customer_id=first.customer_id)
    changes = customers.card(store, lin, first.customer_id, "en").versions[0].changed
    assert [(one.ref, one.before, one.after) for one in changes] == [(REF, MASKED, "075****9999")]


VAULT = f"""
| survey |
| | type | name | label | save_to | bind::custinfo:level | hint |
| | text | shop | Name | | | |
| | text | place | Place | region | 1 | |
| | text | owner | Owner of ${{place}} | | | |
| entities |
| | list_name | label |
| | customers | ${{shop}} |
| settings |
| | form_title | form_id | version | namespaces |
| | Vault | lake_vault | 1 | {small_forms.NAMESPACE} |
"""


@pytest.fixture
def vault(store, lin):
    """A record of a form that calls secret what the lake is made of; gives its number."""
    small_forms.publish(store, VAULT)
    answers = {"/data/shop": "密店", "/data/place": "440305", "/data/owner": "x"}
    return small_forms.send(store, lin, small_forms.fill(store, lin, "lake_vault", answers))


@pytest.mark.guarantee("level-1-not-in-the-lake")
def test_a_property_that_a_form_calls_level_1_does_not_reach_the_lake(store, made, vault):
    """`region` is what the lake is made of; this form says that it is secret."""
    lake_actions.publish(store, SERVICE)
    from custinfo import lake

    with_regions = lake.open(store.site).customers.to_pyarrow().to_pylist()
    assert len(with_regions) == 2
    written = [row for row in with_regions if row["region"] is None]
    assert len(written) == 1, "the customer is there, without what is secret"


def test_no_text_of_a_form_says_a_masked_answer_of_another_question(store, lin, vault):
    told = json.dumps(browser(store, lin, record.build, f"/record/{vault.record_id}").send(kind="hello"))
    assert "440305" not in told and "Owner of" in told
    assert forms.load(store, "lake_vault").levels["/data/place"] is Level.SECRET
