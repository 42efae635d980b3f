"""A site with people who ask and decide, and what tests of approvals do with them."""

import atexit
import hashlib
import shutil
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from custinfo.actions import approvals, people
from custinfo.domain.people import Role
from custinfo.store import Site, Store
from tests.factories import account, empty_site

TITLE = {"zh-CN": "测试 1", "en": "Test 1"}
CONTENT = b"what is asked for"
SHA = hashlib.sha256(CONTENT).hexdigest()
PLAIN = "access_request"
"""Department head, then security administrator; nobody signs."""
SIGNED = "disclosure"
"""Department head, then manager; both sign."""
PARTS = {
    "asker": (Role.RESEARCHER,), "head": (Role.DEPARTMENT_HEAD,), "supervisor": (Role.SUPERVISOR,),
    "security": (Role.SECURITY_ADMINISTRATOR,), "manager": (Role.MANAGER,), "auditor": (Role.AUDITOR,),
    "second_manager": (Role.MANAGER,), "other": (Role.RESEARCHER,),
}  # fmt: skip


@cache
def _made():
    """A site with the crowd, made once in a run of the tests: nine passwords take seconds."""
    home = Path(tempfile.mkdtemp(prefix="custinfo-approvals-")) / "site"
    atexit.register(shutil.rmtree, home.parent, True)
    with new_store(home) as store:
        crowd(store)
    return home


@contextmanager
def site_with_crowd(home):
    """A copy of it; gives its open store."""
    shutil.copytree(_made(), home)
    with Store.open(Site.load(home)) as store:
        yield store


def crowd_of(store):
    """The people of the crowd as the store knows them now."""
    names = {"far_head": "far"} | {name: name for name in PARTS}
    return SimpleNamespace(**{part: people.by_login_name(store, name) for part, name in names.items()})


@contextmanager
def new_store(home):
    """A new site without forms; gives its open store."""
    with empty_site(home) as store:
        yield store


def crowd(store):
    """One person for each part, all of one department."""
    for name, roles in PARTS.items():
        account(store, *roles, login_name=name)
    account(store, Role.DEPARTMENT_HEAD, login_name="far", department="别的部门")
    return crowd_of(store)


def asked(store, actor, procedure=PLAIN, content=CONTENT, object_id="X-1", **more):
    """A case about a thing; gives its id."""
    with store.act(actor.person_id, "person.read", "person", object_id) as tx:
        return approvals.open(store, tx, actor, procedure, "thing", object_id, TITLE, content, **more)


def edited(store, actor, content, object_id="X-1"):
    """The thing is changed."""
    with store.act(actor.person_id, "person.read", "person", object_id) as tx:
        approvals.changed(store, tx, actor, "thing", object_id, content)


def waits_for(store, actor):
    """What waits for somebody, as pairs of what to do and the case."""
    return [(one.what, one.case.case_id) for one in approvals.waiting(store, actor)]
