"""Forms of other tools have roots of other names than `data`: everything that a site does by ref holds for them too."""

import pytest

from custinfo.actions import draft_list, drafts, record_views, verifications
from custinfo.domain.people import SERVICE, Role
from custinfo.xforms import Unfinished, form_check
from tests.factories import account, empty_site
from tests.small_forms import CALL, PHOTO, PNG, fill, send

FIRST = {"/visit/shop": "南山店", "/visit/code": "A1", "/visit/size": "small"}


def xform(table):
    """The XForm of a small form, as another tool would have made it."""
    made = form_check.check(table.encode(), "form.md").xform
    return made.replace("<data ", "<visit ").replace("</data>", "</visit>").replace("/data/", "/visit/").encode()


@pytest.fixture
def store(tmp_path):
    from custinfo.actions import forms

    with empty_site(tmp_path / "site") as opened:
        for name, table in (("call.xml", CALL), ("photo.xml", PHOTO)):
            forms.publish(opened, SERVICE, name, xform(table))
        yield opened


def test_answers_codes_drafts_and_second_entries_of_such_a_form(store):
    lin, zhou = account(store, login_name="lin"), account(store, Role.SUPERVISOR, login_name="zhou")
    begun = fill(store, lin, "call", FIRST)
    assert [draft.label for draft in draft_list.mine(store, lin)] == ["南山店"]
    first = send(store, lin, begun)
    assert record_views.read(store, lin, first.record_id).answers["/visit/shop"] == "南山店"
    with pytest.raises(Unfinished) as taken:
        send(store, lin, fill(store, lin, "call", {**FIRST, "/visit/shop": "北店"}))
    assert [(problem.ref, problem.rule) for problem in taken.value.problems] == [("/visit/code", "unique")]
    again = fill(store, zhou, "call", {**FIRST, "/visit/shop": "南山点"}, verifies=first.record_id)
    assert send(store, zhou, again).differences == 1
    assert verifications.agreement(store, zhou, "call").operators[0].compared == 3


def test_a_file_of_another_draft_is_refused_there_too(store):
    from custinfo.actions import files

    lin = account(store, login_name="lin")
    draft = drafts.start(store, lin, "photo")
    stored = files.put(store, lin, draft.draft_id, "/visit/front", "a.png", PNG)
    theirs = drafts.start(store, lin, "photo")
    drafts.save(store, lin, theirs.draft_id, {"front": stored.name}, "/visit/front", saves=0)
    with pytest.raises(Unfinished):
        send(store, lin, theirs.draft_id)
