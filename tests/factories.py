"""What a test needs, made so that the test states only what matters to it."""

import atexit
import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

from custinfo.actions import drafts, forms, people, records
from custinfo.domain import indicator_definitions
from custinfo.domain.clock import utc_now
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.store import Site, Store

PASSWORD = "a long password"
NAME, CREDIT_CODE, PHONE = "/data/basic/name", "/data/basic/credit_code", "/data/people/phone"


def code_for(number):
    """A valid credit code of the range that no real firm has."""
    from custinfo.domain.identifiers import credit_code_check_character, organisation_check_character

    body = f"DEM{number:05d}"
    first17 = f"91999999{body}{organisation_check_character(body)}"
    return first17 + credit_code_check_character(first17)


CARD = {
    "/data/basic/name": "深圳市宏远电子科技有限公司",
    "/data/basic/credit_code": code_for(90001),
    "/data/basic/kind": "company",
    "/data/basic/ownership": "joint_stock",
    "/data/business/industry_section": "C",
    "/data/business/industry_division": "39",
    "/data/business/industry": "3911",
    "/data/place/province": "440000",
    "/data/place/prefecture": "440300",
    "/data/place/county": "440305",
    "/data/place/address": "科技南路 1 号",
    "/data/people/phone": "0755-08880001",
    "/data/people/legal_representative": "欧阳海",
    "/data/people/contact_name": "单秀英",
    "/data/people/contact_phone": "0755-08880002",
    "/data/finance/payment_method": "bank_transfer",
    "/data/finance/payment_terms": "net_30",
}
SURVEY = {
    "/data/interview/interviewed_on": "2026-11-01",
    "/data/interview/channel": "phone",
    "/data/interview/dealt": "yes",
    **{f"/data/ratings/{name}": "4" for name in ("quality", "price", "delivery", "service", "overall")},
    "/data/complaint/complained": "no",
    "/data/future/recommend": "9",
    "/data/future/contact_again": "yes",
}


@contextmanager
def empty_site(home, *, demo=False):
    """A new site without forms; gives its open store."""
    with _copied(home, _made_once("empty", demo)) as store:
        yield store


def adopt_indicators(store):
    """The indicators of the program are in force, as on a site that issued reports before they were approved."""
    content = indicator_definitions.content()
    with store.act(SERVICE.person_id, "indicator.propose", "indicator_system", "1") as tx:
        row = {
            "version": 1,
            "content": content.decode(),
            "sha256": hashlib.sha256(content).hexdigest(),
            "reason": "as shipped",
        }
        row |= {"answer_by": tx.at[:10], "adopted": 1, "recorded_at": tx.at, "recorded_by": None}
        tx.insert("indicator_system", row)


@contextmanager
def another_site(home):
    """A new site whose keys no other test's site has; gives its open store."""
    with Store.create(Site.create(home, name="另一家")) as store:
        yield store


@contextmanager
def site_with_forms(home, *, demo=False):
    """A new site with the shipped forms; gives its open store."""
    with _copied(home, _made_once("forms", demo)) as store:
        yield store


@contextmanager
def _copied(home, made):
    shutil.copytree(made, home)
    with Store.open(Site.load(home)) as store:
        yield store


def share(folder):
    """The sites that tests copy are made in this folder, once for all processes of a run that name the same."""
    _shared.append(folder)


_shared = []


@cache
def _made_once(holding, demo):
    """A site that each test copies, keys and all: the schema's migrations and all forms take longer than most tests."""
    folder = _folder() / f"site-{holding}{'-demo' * demo}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            with Store.create(Site.create(folder / "site", name="测试公司", demo=demo)) as store:
                if holding == "forms":
                    forms.publish_folder(store, SERVICE)
            (folder / "whole").touch()
    return folder / "site"


def _folder():
    if not _shared:
        share(Path(tempfile.mkdtemp(prefix="custinfo-tests-")))
        atexit.register(shutil.rmtree, _shared[0], ignore_errors=True)
    return _shared[0]


def in_a_year():
    """Until when training and vetting of the people of these tests hold."""
    return utc_now() + timedelta(days=365)


def account(store, *roles, login_name=None, department="调查部", regions=(), clearance=Level.SECRET):
    """Somebody with these roles, cleared, trained and vetted for a year; a researcher unless others are given."""
    roles = roles or (Role.RESEARCHER,)
    name = login_name or f"{roles[0]}-{len(store.rows('SELECT 1 FROM person'))}"
    return people.add(
        store, SERVICE, login_name=name, display_name=f"{name} 某", roles=roles, department=department,
        password=PASSWORD, clearance=clearance, trained_until=in_a_year(), vetted_until=in_a_year(), regions=regions,
    )  # fmt: skip


def draft_of(store, actor, form_id, answers, *, customer_id=None, without=()):
    """A draft of the form in which these questions were answered, one after the other, through the engine."""
    draft = drafts.start(store, actor, form_id, customer_id=customer_id)
    saves = draft.saves
    form = forms.load(store, form_id, draft.form_version)
    session = forms.session(store, form, draft.instance)
    for ref, value in answers.items():
        if ref not in without:
            session.answer(ref, value)
            saves = drafts.save(store, actor, draft.draft_id, session.instance, ref, saves=saves).saves
    return draft.draft_id


def submit(store, actor, draft_id, key):
    """Submit a draft as it stands now."""
    row = store.row("SELECT saves FROM draft WHERE draft_id = ?", [draft_id])
    return records.submit(store, actor, draft_id, key, saves=row["saves"])


def card(store, actor, answers: Mapping[str, str] = CARD, *, key="card-1", customer_id=None):
    """A submitted enterprise card; gives its receipt."""
    draft_id = draft_of(store, actor, "enterprise_card", answers, customer_id=customer_id)
    return submit(store, actor, draft_id, key)
