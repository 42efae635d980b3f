"""The form page's Python side: what it tells, what it takes, and what it never takes."""

import pytest

from custinfo.actions import draft_list, drafts, sessions
from custinfo.screens import form
from custinfo.screens.filling import submission_key
from tests import factories
from tests.factories import CARD, CREDIT_CODE, NAME, PHONE

PATH = "/form/enterprise_card"


@pytest.fixture
def card(visit):
    opened = visit(form.build, PATH)
    opened.send(kind="hello")
    return opened


def fill(page, answers):
    for ref, value in answers.items():
        assert page.answer(ref, value)["kind"] == "ack", ref


def own_drafts(store, login):
    return [draft.draft_id for draft in draft_list.mine(store, login.person)]


def new_card(number):
    return CARD | {CREDIT_CODE: factories.code_for(number)}


class TestThePageAsItIsTold:
    def test_sections_questions_and_texts(self, visit):
        page = visit(form.build, PATH).send(kind="hello")
        assert page["title"] == "企业客户资料卡"
        assert page["tree"][0]["label"] == "基本信息"
        assert page["tree"][0]["items"][0] == NAME
        assert (
            page["questions"][NAME] | {"kind": "text", "label": "企业名称", "required": True} == page["questions"][NAME]
        )
        assert page["texts"]["submit"] == "提交"

    def test_in_english(self, visit):
        page = visit(form.build, PATH, language="en").send(kind="hello")
        assert (page["title"], page["questions"][NAME]["label"]) == ("Enterprise customer card", "Company name")
        assert page["texts"]["submit"] == "Submit"

    def test_a_blank_required_question_is_no_problem_before_submitting(self, visit):
        page = visit(form.build, PATH).send(kind="hello")
        assert not [question for question in page["questions"].values() if question["problem"]]

    def test_long_lists_stay_in_the_kernel_and_are_searched_there(self, card):
        province = "/data/place/province"
        assert card.send(kind="hello")["questions"][province]["choices"] is None
        found = card.send(kind="choices", id="c-1", ref=province, query="广")
        assert [item["label"] for item in found["items"]] == ["广东省", "广西壮族自治区"]

    def test_nothing_of_it_is_in_the_state_of_the_widget(self, card):
        card.answer(NAME, "只在消息里")
        assert "只在消息里" not in repr({key: value for key, value in card.widget.get_state().items() if key != "_esm"})

    def test_opening_a_form_stores_nothing(self, card, store, login):
        before = own_drafts(store, login)
        card.send(kind="hello")
        assert own_drafts(store, login) == before


class TestAnswers:
    def test_the_first_one_makes_the_draft_and_tells_its_address(self, card, store, login):
        told = card.answer(NAME, "宏远")
        assert told["draft"]["id"] in own_drafts(store, login)
        assert told["draft"]["url"] == f"{PATH}?draft={told['draft']['id']}"
        assert told["draft"]["id"] in told["draft"]["storage_key"]

    def test_an_acknowledged_answer_is_on_disk(self, card, store, login):
        draft_id = card.answer(NAME, "宏远")["draft"]["id"]
        assert drafts.open_(store, login.person, draft_id).instance["basic"]["name"] == "宏远"

    def test_the_patch_holds_what_changed_and_nothing_else(self, card):
        told = card.answer(NAME, "宏远")
        assert list(told["patch"]) == ["set", "tallies"]
        assert list(told["patch"]["set"]) == [NAME]

    def test_a_question_that_comes_up_is_in_the_patch_with_the_new_tree(self, card):
        told = card.answer("/data/people/purchasing_manager", "王五")
        shown = "/data/people/purchasing_manager_phone"
        assert shown in told["patch"]["set"]
        assert shown in next(group["items"] for group in told["patch"]["tree"] if group["ref"] == "/data/people")

    def test_a_wrong_one_is_kept_and_said_at_its_question(self, card):
        told = card.answer(CREDIT_CODE, "123")
        assert told["kind"] == "ack"
        assert (told["patch"]["set"][CREDIT_CODE]["value"], bool(told["patch"]["set"][CREDIT_CODE]["problem"])) == (
            "123",
            True,
        )

    @pytest.mark.parametrize("bad", ["a\x00b", "\u202egnp.exe", "长" * 50_000, 7, None, ["x"], {"a": 1}])
    def test_one_that_cannot_be_kept_is_refused_at_its_question(self, card, bad):
        told = card.answer(NAME, bad)
        assert (told["kind"], told["kept"]) == ("refused", True)
        assert told["patch"]["set"][NAME]["problem"]

    def test_a_refused_one_stops_the_submission_until_it_is_mended(self, card):
        fill(card, new_card(1))
        card.answer(NAME, "a\x00b")
        told = card.send(kind="submit")
        assert (told["kind"], [problem["ref"] for problem in told["problems"]]) == ("problems", [NAME])
        card.answer(NAME, "宏远")
        assert card.send(kind="submit")["kind"] == "receipt"

    def test_the_same_message_twice_does_nothing_twice(self, card, store):
        first = card.send(kind="answer", id=5, ref=NAME, value="甲")
        saves = drafts_saves(store, first)
        again = card.send(kind="answer", id=5, ref=NAME, value="甲")
        assert (again["kind"], again["id"], drafts_saves(store, first)) == ("ack", 5, saves)

    def test_an_older_one_that_comes_late_changes_nothing(self, card, store, login):
        draft_id = card.send(kind="answer", id=9, ref=NAME, value="新")["draft"]["id"]
        card.send(kind="answer", id=8, ref=NAME, value="旧")
        assert drafts.open_(store, login.person, draft_id).instance["basic"]["name"] == "新"

    def test_a_draft_goes_on_where_it_was(self, card, visit):
        draft_id = card.answer(NAME, "宏远")["draft"]["id"]
        page = visit(form.build, PATH, {"draft": draft_id}).send(kind="hello")
        assert (page["questions"][NAME]["value"], page["draft"]["id"]) == ("宏远", draft_id)
        assert page["saved_at"]


def drafts_saves(store, told):
    return store.row("SELECT saves FROM draft WHERE draft_id = ?", [told["draft"]["id"]])["saves"]


class TestAHostileBrowser:
    @pytest.mark.parametrize(
        "ref",
        [
            "/data/people/purchasing_manager_phone",
            "/data/nothing",
            "/data/meta/instanceID",
            "/data/place/region",
            "../x",
            "",
        ],
    )
    def test_hidden_computed_and_unknown_questions_take_no_answer(self, card, store, login, ref):
        before = own_drafts(store, login)
        told = card.answer(ref, "x")
        assert (told["kind"], told["kept"]) == ("refused", False)
        assert own_drafts(store, login) == before

    def test_a_choice_that_is_not_on_the_list(self, card):
        told = card.answer("/data/basic/kind", "=cmd")
        assert told["kind"] == "refused"
        assert "=cmd" in told["patch"]["set"]["/data/basic/kind"]["problem"]

    def test_traits_cannot_be_set(self, card):
        before = card.widget.get_state()
        card.frame({"method": "update", "state": {"_esm": "alert(1)", "_css": "x", "layout": "y", "draft": "D-1"}})
        assert card.widget.get_state() == before

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"method": "custom"},
            {"method": "custom", "content": "x"},
            {"method": "custom", "content": {"kind": []}},
            {"method": 3},
        ],
    )
    def test_frames_of_any_shape_raise_nothing(self, card, data):
        card.frame(data)

    @pytest.mark.parametrize(
        "content",
        [{"kind": "answer"}, {"kind": "answer", "ref": NAME, "id": "1", "value": "x"}, {"kind": "choices", "ref": 3}],
    )
    def test_messages_of_the_wrong_shape_are_passed_over(self, card, content):
        assert card.send(**content) is None

    def test_someone_elses_draft_is_not_there(self, card, visit, store):
        draft_id = card.answer(NAME, "秘密客户")["draft"]["id"]
        other = factories.account(store)
        theirs = sessions.log_in(store, other.login_name, factories.PASSWORD)
        page = visit(form.build, PATH, {"draft": draft_id}, session=theirs)
        page.send(kind="hello")
        assert "秘密客户" not in repr(page.heard)

    def test_an_ended_session_can_do_nothing(self, visit, store, researcher):
        login = sessions.log_in(store, researcher.login_name, factories.PASSWORD)
        card = visit(form.build, PATH, session=login)
        card.send(kind="hello")
        draft_id = card.answer(NAME, "甲")["draft"]["id"]
        sessions.log_out(store, login)
        for message in (
            {"kind": "hello"},
            {"kind": "answer", "id": 99, "ref": NAME, "value": "乙"},
            {"kind": "submit"},
        ):
            told = card.send(**message)
            assert told["kind"] == "login"
            assert told["href"].startswith("/login?next=%2Fform%2Fenterprise_card%3Fdraft%3D")
        assert drafts.open_(store, login.person, draft_id).instance["basic"]["name"] == "甲"

    def test_an_exception_never_reaches_the_browser(self, card, store, monkeypatch):
        def broken(*_, **__):
            raise RuntimeError("SECRET 13800138000")

        monkeypatch.setattr(drafts, "save", broken)
        told = card.answer(PHONE, "13800138000")
        assert told["kind"] == "failed"
        assert "SECRET" not in repr(card.heard)
        assert "Traceback" not in repr(card.heard)
        log = (store.site.home / "log" / "incidents.log").read_text("utf-8")
        assert "RuntimeError" in log
        assert "13800138000" not in log

    def test_an_answer_that_could_not_be_saved_is_not_acknowledged_and_may_come_again(self, card, monkeypatch):
        with monkeypatch.context() as broken:
            broken.setattr(drafts, "save", lambda *_, **__: 1 / 0)
            assert card.send(kind="answer", id=1, ref=NAME, value="甲")["kind"] == "failed"
        assert card.send(kind="answer", id=1, ref=NAME, value="甲")["kind"] == "ack"


class TestSubmitting:
    def test_what_is_missing_is_listed_in_the_order_of_the_form_and_said_at_each_question(self, card):
        told = card.send(kind="submit")
        refs = [problem["ref"] for problem in told["problems"]]
        assert refs[0] == NAME
        assert refs == [ref for ref in card.send(kind="hello")["questions"] if ref in refs]
        assert all(told["patch"]["set"][ref]["problem"] for ref in refs)
        assert str(len(refs)) in told["title"]

    def test_a_receipt_with_the_ways_on(self, card):
        fill(card, new_card(2))
        told = card.send(kind="submit")
        assert told["kind"] == "receipt"
        assert [link["href"].split("/")[1] for link in told["links"]] == ["customer", "form", ""]

    def test_twice_gives_the_same_receipt(self, card, store):
        fill(card, new_card(3))
        first = card.send(kind="submit")
        number = store.row("SELECT count(*) AS n FROM record")["n"]
        assert card.send(kind="submit") == first
        assert store.row("SELECT count(*) AS n FROM record")["n"] == number

    def test_the_key_of_a_draft_is_always_the_same(self):
        assert submission_key("D-1") == submission_key("D-1") != submission_key("D-2")

    def test_after_it_no_answer_is_taken(self, card):
        fill(card, new_card(4))
        card.send(kind="submit")
        assert card.send(kind="answer", id=999, ref=NAME, value="改") is None
        assert card.send(kind="hello")["stage"] == "done"

    def test_a_code_that_another_customer_has_is_said_at_its_question(self, visit, card):
        fill(card, new_card(5))
        card.send(kind="submit")
        again = visit(form.build, PATH)
        again.send(kind="hello")
        fill(again, new_card(5))
        assert again.send(kind="submit")["kind"] == "similar"
        told = again.send(kind="submit", another="另一家")
        assert [problem["ref"] for problem in told["problems"]] == [CREDIT_CODE]
        assert told["patch"]["set"][CREDIT_CODE]["problem"] == told["problems"][0]["text"]


class TestACustomersCard:
    @pytest.fixture
    def customer(self, card):
        fill(card, new_card(6))
        return card.send(kind="submit")["links"][0]["href"].rpartition("/")[2]

    def test_it_starts_from_the_current_version_and_a_conflict_loses_nothing(self, customer, visit, store, login):
        first, second = (visit(form.build, PATH, {"customer": customer}) for _ in range(2))
        assert first.send(kind="hello")["questions"][NAME]["value"] == CARD[NAME]
        second.send(kind="hello")
        first.answer("/data/basic/short_name", "甲")
        draft_id = second.answer("/data/basic/short_name", "乙")["draft"]["id"]
        assert first.send(kind="submit")["kind"] == "receipt"
        told = second.send(kind="submit")
        assert (told["kind"], told["href"]) == ("conflict", f"/customer/{customer}")
        assert drafts.open_(store, login.person, draft_id).instance["basic"]["short_name"] == "乙"

    def test_a_card_that_was_changed_since_the_page_was_opened_is_taken_as_it_is_now(self, visit, store, researcher):
        made = factories.card(store, researcher, new_card(7), key="seven")
        opened = visit(form.build, PATH, {"customer": made.customer_id})
        opened.send(kind="hello")
        factories.card(store, researcher, {"/data/basic/short_name": "新"}, key="seven-2", customer_id=made.customer_id)
        told = opened.answer(PHONE, "0755-08880009")
        assert told["patch"]["set"]["/data/basic/short_name"]["value"] == "新"
        assert opened.send(kind="submit")["kind"] == "receipt"
