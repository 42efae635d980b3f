"""The form page beyond single answers: pages, remarks, times, links, edits, second entries, conflicts, suspicions."""

import json
from datetime import timedelta

import pytest

from custinfo.actions import draft_list, drafts, forms, sessions
from custinfo.domain.clock import utc_now
from custinfo.domain.people import SERVICE, Role
from custinfo.screens import form
from tests import factories, trial_forms
from tests.factories import CARD, CREDIT_CODE, NAME, PASSWORD, PHONE

LONG, SHORT = "/form/long_form", "/form/short_form"
SHORT_NAME = "/data/basic/short_name"


@pytest.fixture
def store(store):
    forms.publish(store, SERVICE, "long.md", trial_forms.long_form().encode())
    forms.publish(store, SERVICE, "short.md", trial_forms.short_form().encode())
    return store


@pytest.fixture
def open_page(visit, store):
    def opened(path, query=None, **more):
        page = visit(form.build, path, query, **more)
        page.first = page.send(kind="hello")
        return page

    return opened


@pytest.fixture
def supervisor(store):
    person = factories.account(store, Role.SUPERVISOR)
    return sessions.log_in(store, person.login_name, PASSWORD)


def suspicions(store):
    return [json.loads(row["detail"]) for row in store.rows("SELECT * FROM audit WHERE action = 'form.suspicion'")]


def events(store, draft_id):
    return store.rows("SELECT * FROM answer_event WHERE draft_id = ? ORDER BY seq", [draft_id])


class TestPages:
    def test_a_long_form_shows_a_page_and_counts_the_others(self, open_page):
        told = open_page(LONG).first
        assert (told["at"], len(told["sections"]), len(told["tallies"])) == ("/data/s1", 25, 25)
        assert {ref.rpartition("/")[0] for ref in told["questions"]} == {"/data/s1"}
        assert told["tallies"][24] == [16, 0, 1, 0]

    def test_questions_on_other_pages_cost_no_bytes(self, store, open_page):
        for each in (20, 40):
            table = trial_forms.table(f"wide_{each}", [
                row for s in range(10)
                for row in [("begin_group", f"s{s}", "部分", "Part"), *[("text", f"q{s}_{q}", f"题 {q}", f"Question {q}") for q in range(20 if s == 0 else each)], ("end_group", "", "", "")]
            ])  # fmt: skip
            forms.publish(store, SERVICE, f"wide{each}.md", table.encode())
        sizes = [len(json.dumps({**open_page(f"/form/wide_{each}").first, "texts": 0})) for each in (20, 40)]
        assert abs(sizes[1] - sizes[0]) < 30, "ten pages of twice as many questions"

    def test_an_answer_tells_of_its_page_alone_and_renews_the_figures(self, open_page):
        page = open_page(LONG)
        told = page.answer("/data/s1/q1_1", "yes")["patch"]
        assert set(told["set"]) == {"/data/s1/q1_1", "/data/s1/q1_2"}
        assert told["tallies"][0] == [17, 1, 1, 0]

    def test_turning_goes_forth_and_back_and_stops_at_the_ends(self, open_page):
        page = open_page(LONG)
        assert page.send(kind="turn", to=-1)["patch"] == {"set": {}}
        assert page.send(kind="turn", to=1)["patch"]["at"] == "/data/s2"
        told = page.send(kind="turn", to="/data/s25")["patch"]
        assert (told["at"], "/data/s25/q25_20" in told["set"]) == ("/data/s25", True)
        assert page.send(kind="turn", to=1)["patch"] == {"set": {}}
        assert page.send(kind="turn", to="/data/nothing")["patch"] == {"set": {}}

    def test_an_answer_to_a_question_of_another_page_is_taken(self, open_page):
        assert open_page(LONG).answer("/data/s7/q7_3", "7")["kind"] == "ack"

    def test_submitting_turns_to_the_first_problem_and_the_next_error_goes_on_across_pages(self, open_page):
        page = open_page(LONG)
        page.answer("/data/s1/q1_1", "no")
        told = page.send(kind="submit")
        assert (told["focus"], told["patch"]["at"], len(told["problems"])) == ("/data/s2/q2_1", "/data/s2", 20)
        assert "24" in told["title"] and "4" in told["more"]
        told = page.send(kind="error", to="/data/s2/q2_1")
        assert (told["focus"], told["patch"]["at"]) == ("/data/s3/q3_1", "/data/s3")
        assert page.send(kind="error", to="/data/s25/q25_1")["focus"] == "/data/s2/q2_1"

    def test_the_summary_is_renewed_as_answers_change(self, open_page):
        page = open_page(LONG)
        page.send(kind="submit")
        told = page.answer("/data/s1/q1_1", "no")["patch"]
        assert told["summary"]["problems"][0]["ref"] == "/data/s2/q2_1"

    def test_a_long_repeat_is_shown_some_rounds_at_a_time(self, open_page):
        page = open_page(SHORT)
        for number in range(1, 26):
            told = page.send(kind="add", ref="/data/visit", id=number)
        assert told["focus"] == "/data/visit[26]"
        repeat = next(item for item in told["patch"]["tree"] if not isinstance(item, str))
        assert (repeat["rounds"], len(repeat["items"])) == ({"first": 20, "last": 26, "total": 26}, 6)
        told = page.send(kind="rounds", ref="/data/visit", to=0)["patch"]
        repeat = next(item for item in told["tree"] if not isinstance(item, str))
        assert [item["ref"] for item in repeat["items"]][::9] == ["/data/visit[1]", "/data/visit[10]"]
        told = page.send(kind="jump", to="/data/visit[17]/place")
        assert (told["focus"], "/data/visit[17]/place" in told["patch"]["set"]) == ("/data/visit[17]/place", True)

    def test_another_window_does_not_turn_the_page(self, open_page):
        here = open_page(LONG)
        draft_id = here.answer("/data/s1/q1_3", "1")["draft"]["id"]
        there = open_page(LONG, {"draft": draft_id})
        here.send(kind="turn", to="/data/s9")
        there.answer("/data/s1/q1_3", "2")
        here.answer("/data/s9/q9_3", "3")
        assert here.heard[-1]["at"] == "/data/s9"


class TestLanguages:
    def test_the_form_speaks_another_language_than_the_page(self, open_page):
        page = open_page(SHORT)
        told = page.send(kind="language", code="en")
        assert (told["title"], told["questions"]["/data/name"]["label"], told["texts"]["submit"]) == (
            "Trial",
            "Name",
            "提交",
        )
        assert [one["code"] for one in told["languages"]] == ["zh-CN", "en"]
        assert "language=en" in page.answer("/data/name", "Li")["draft"]["url"]

    def test_the_address_keeps_it(self, open_page):
        assert open_page(SHORT, {"language": "en"}).first["questions"]["/data/name"]["label"] == "Name"

    @pytest.mark.parametrize("code", ["xx", None, ["en"], 3])
    def test_a_language_that_it_does_not_have_is_passed_over(self, open_page, code):
        assert open_page(SHORT).send(kind="language", code=code) is None


class TestBesideTheAnswers:
    def test_the_time_of_the_interview_is_kept_in_the_sites_zone_and_not_in_the_future(self, open_page, store, login):
        page = open_page(SHORT)
        told = page.send(kind="interviewed", ref="", id=1, value="2026-11-01T09:30")
        draft = drafts.open_(store, login.person, told["draft"]["id"])
        assert draft.interviewed_at.astimezone(store.site.zone).isoformat()[:16] == "2026-11-01T09:30"
        assert open_page(SHORT, {"draft": draft.draft_id}).first["interviewed"] == "2026-11-01T09:30"
        tomorrow = (utc_now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
        for wrong in (tomorrow, "", "gestern", "2026-13-01T00:00"):
            told = page.send(kind="interviewed", ref="", id=2, value=wrong)
            assert (told["kind"], bool(told["text"])) == ("refused", True)
        assert drafts.open_(store, login.person, draft.draft_id).interviewed_at == draft.interviewed_at

    def test_a_note_is_kept_shown_and_moves_with_its_round(self, open_page, store, login):
        page = open_page(SHORT)
        for number in (1, 2):
            page.send(kind="add", ref="/data/visit", id=number)
        told = page.send(kind="note", ref="/data/visit[3]/place", id=1, value=" 门口很难找 ")
        assert told["patch"]["set"]["/data/visit[3]/place"]["note"] == "门口很难找"
        told = page.send(kind="remove", ref="/data/visit[2]", id=9)
        assert told["patch"]["set"]["/data/visit[2]/place"]["note"] == "门口很难找"
        assert drafts.open_(store, login.person, told["draft"]["id"]).notes == {"/data/visit[2]/place": "门口很难找"}
        page.send(kind="note", ref="/data/visit[2]/place", id=10, value="")
        assert drafts.open_(store, login.person, told["draft"]["id"]).notes == {}

    def test_a_note_on_a_question_that_is_not_asked_is_refused_and_stores_nothing(self, open_page, store, login):
        before = len(draft_list.mine(store, login.person))
        assert open_page(SHORT).send(kind="note", ref="/data/brand", id=1, value="x")["kind"] == "refused"
        assert len(draft_list.mine(store, login.person)) == before

    def test_an_unusual_answer_wants_a_reason_before_it_is_submitted(self, open_page, store):
        page = open_page(SHORT)
        page.answer("/data/name", "李")
        question = page.answer("/data/age", "97")["patch"]["set"]["/data/age"]
        assert (question["soft"], question["reason"]) == (True, "")
        told = page.send(kind="submit")
        assert (told["kind"], told["focus"]) == ("problems", "/data/age")
        assert told["patch"]["set"]["/data/age"]["reason_wanted"]
        told = page.send(kind="reason", ref="/data/age", id=1, value="身份证核对过")
        assert (told["patch"]["summary"], "reason_wanted" in told["patch"]["set"]["/data/age"]) == (None, False)
        assert page.send(kind="submit")["kind"] == "receipt"
        kept = store.row("SELECT reasons FROM record_current ORDER BY recorded_at DESC")["reasons"]
        assert json.loads(kept) == {"/data/age": "身份证核对过"}

    def test_the_log_says_when_each_question_was_answered_and_what_it_was_before(self, open_page, store):
        page = open_page(SHORT)
        page.send(kind="answer", id=1, ref="/data/name", value="李", ago=0, took=4000, seen=[["/data/age", 9000, 2000]])
        draft_id = page.send(kind="answer", id=2, ref="/data/name", value="林", ago=1000, took=500)["draft"]["id"]
        found = events(store, draft_id)
        assert [(one["event"], one["ref"], one["old_value"], one["new_value"]) for one in found] == [
            ("form start", "", None, None),
            ("question", "/data/age", None, None),
            ("question", "/data/name", "", "李"),
            ("question", "/data/name", "李", "林"),
        ]
        took = [drafts.parse(one["ended_at"]) - drafts.parse(one["started_at"]) for one in found[1:]]
        assert [round(one.total_seconds(), 1) for one in took] == [2.0, 4.0, 0.5]

    @pytest.mark.parametrize("bad", [-5, 1e300, "x", None, [1], float("inf")])
    def test_figures_that_cannot_be_count_as_none(self, open_page, store, bad):
        page = open_page(SHORT)
        told = page.send(
            kind="answer", id=1, ref="/data/name", value="李", ago=bad, took=bad, seen=[["/data/age", bad], bad]
        )
        last = events(store, told["draft"]["id"])[-1]
        assert last["started_at"] == last["ended_at"]

    def test_coming_back_leaving_and_finishing_are_on_the_log(self, open_page, store):
        page = open_page(SHORT)
        draft_id = page.answer("/data/name", "李")["draft"]["id"]
        page.send(kind="leave", seen=[])
        again = open_page(SHORT, {"draft": draft_id})
        again.send(kind="add", ref="/data/visit", id=1)
        again.send(kind="remove", ref="/data/visit[2]", id=2)
        again.send(kind="jump", to="/data/age")
        again.send(kind="submit")
        assert [one["event"] for one in events(store, draft_id)] == [
            "form start", "question", "form exit", "form resume", "add repeat", "delete repeat", "jump", "form finalize",
        ]  # fmt: skip


class TestQuotas:
    def test_a_full_cell_is_said_at_once_and_the_interview_can_be_ended(self, open_page, store, login):
        first = open_page(SHORT)
        for ref, value in {"name": "甲", "smokes": "yes", "brand": "乙"}.items():
            first.answer(f"/data/{ref}", value)
        assert first.send(kind="submit")["kind"] == "receipt"
        page = open_page(SHORT)
        told = page.answer("/data/smokes", "yes")
        assert [line["ref"] for line in told["patch"]["full"]] == ["/data/smokes"]
        draft_id = told["draft"]["id"]
        assert page.answer("/data/smokes", "no")["patch"]["full"] == []
        page.answer("/data/smokes", "yes")
        told = page.send(kind="discard")
        assert (told["kind"], told["title"]) == ("receipt", "访问已结束")
        assert store.row("SELECT outcome FROM draft WHERE draft_id = ?", [draft_id])["outcome"] == "discarded"
        assert page.send(kind="answer", id=99, ref="/data/name", value="x") is None


class TestALinkWithAnswers:
    def test_they_go_through_the_form_and_are_stored_with_the_first_answer(self, open_page, store, login):
        before = len(draft_list.mine(store, login.person))
        page = open_page(SHORT, {"d[brand]": "红", "d[/data/smokes]": "yes", "d[visit]": "x", "d[age]": "30"})
        questions = page.first["questions"]
        assert [questions[f"/data/{name}"]["value"] for name in ("smokes", "brand", "age")] == ["yes", "红", "30"]
        assert len(page.first["given_refused"]) == 1 and "visit" in page.first["given_refused"][0]
        assert len(draft_list.mine(store, login.person)) == before
        told = page.answer("/data/name", "李")
        kept = drafts.open_(store, login.person, told["draft"]["id"]).instance
        assert (kept["smokes"], kept["brand"], kept["name"]) == ("yes", "红", "李")

    @pytest.mark.parametrize("name", ["brand", "/data/office", "/data/nothing", "nothing", "/data/smokes"])
    def test_hidden_read_only_unknown_and_unoffered_ones_are_refused_with_a_sentence(self, open_page, name):
        page = open_page(SHORT, {f"d[{name}]": "<b>"})
        assert len(page.first["given_refused"]) == 1
        assert page.first["questions"]["/data/office"]["value"] == ""

    def test_a_draft_is_not_changed_by_a_link(self, open_page):
        draft_id = open_page(SHORT).answer("/data/name", "李")["draft"]["id"]
        page = open_page(SHORT, {"draft": draft_id, "d[name]": "王"})
        assert page.first["questions"]["/data/name"]["value"] == "李"


class TestAfterSubmitting:
    def test_a_reload_shows_the_receipt_again_to_its_owner_alone(self, open_page, supervisor):
        page = open_page(SHORT)
        draft_id = page.answer("/data/name", "李")["draft"]["id"]
        receipt = page.send(kind="submit")
        assert receipt["url"] == f"{SHORT}?done={draft_id}"
        for query in ({"done": draft_id}, {"draft": draft_id}):
            told = open_page(SHORT, query).first
            assert (told["stage"], told["receipt"]["lines"]) == ("done", receipt["lines"])
        assert "receipt" not in open_page(SHORT, {"done": draft_id}, session=supervisor).first

    def test_a_record_is_changed_with_a_reason(self, open_page, store, supervisor):
        page = open_page(SHORT)
        page.answer("/data/name", "李")
        page.send(kind="submit")
        record_id = store.row("SELECT record_id FROM record_current ORDER BY recorded_at DESC")["record_id"]
        edit = open_page(SHORT, {"record": record_id}, session=supervisor)
        assert (edit.first["questions"]["/data/name"]["value"], edit.first["change"]) == ("李", "wanted")
        edit.answer("/data/name", "林")
        told = edit.send(kind="submit")
        assert (told["kind"], told["change_wanted"], told["title"]) == ("problems", True, "请说明修改原因")
        assert edit.send(kind="submit", reason=" 听错了 ")["kind"] == "receipt"
        row = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
        assert (row["version"], row["reason"], json.loads(row["content"])["name"]) == (2, "听错了", "林")


class TestAConflictOverACustomer:
    @pytest.fixture
    def both(self, open_page, store, researcher):
        number = 70_000 + len(store.rows("SELECT 1 FROM entity"))
        card = CARD | {CREDIT_CODE: factories.code_for(number)}
        made = factories.card(store, researcher, card, key=f"conflict-{number}")
        query = {"customer": made.customer_id}
        return open_page("/form/enterprise_card", query), open_page("/form/enterprise_card", query)

    def test_it_is_shown_side_by_side_and_the_answers_go_onto_the_newest_version(self, both, store, login):
        theirs, mine = both
        theirs.answer(SHORT_NAME, "甲")
        theirs.answer(PHONE, "0755-08880011")
        mine.answer(PHONE, "0755-08880022")
        assert theirs.send(kind="submit", reason="更正")["kind"] == "receipt"
        told = mine.send(kind="submit")
        assert told["kind"] == "conflict"
        rows = {row[0]: row[1:] for row in told["compare"]["rows"]}
        assert rows == {
            "简称": ["（空）", "甲", "（空）"],
            "电话号码": ["0755-08880001", "0755-08880011", "0755-08880022"],
        }
        page = mine.send(kind="rebase")
        assert (page["kind"], page["questions"][SHORT_NAME]["value"]) == ("page", "甲")
        assert page["questions"][PHONE]["value"] == "0755-08880022"
        assert mine.send(kind="submit")["kind"] == "receipt"


class TestSuspicions:
    @pytest.mark.parametrize(
        ("ref", "value", "kind"),
        [
            ("/data/nothing/13800138000", "x", "unknown_question"),
            ("/data/brand", "x", "hidden_question"),
            ("/data/office", "x", "readonly_question"),
            ("/data/smokes", "=cmd", "choice_not_offered"),
            ("/data/name", "长" * 10_000_000, "huge_answer"),
            ("/data/name", 7, "not_text"),
        ],
    )
    def test_what_no_page_sends_is_on_the_audit_log_once_and_without_its_value(
        self, open_page, store, ref, value, kind
    ):
        before = suspicions(store)
        page = open_page(SHORT)
        for _ in range(3):
            assert page.answer(ref, value)["kind"] == "refused"
        [found] = suspicions(store)[len(before) :]
        assert found == {"kind": kind, "ref": ref if "nothing" not in ref else ""}

    def test_a_question_that_just_went_away_is_a_race(self, open_page, store):
        before = suspicions(store)
        page = open_page(SHORT)
        page.answer("/data/smokes", "yes")
        page.answer("/data/smokes", "no")
        assert page.answer("/data/brand", "红")["kind"] == "refused"
        assert suspicions(store) == before

    def test_what_people_paste_is_no_attack(self, open_page, store):
        before = suspicions(store)
        assert open_page(SHORT).answer("/data/name", "长" * 50_000)["kind"] == "refused"
        assert suspicions(store) == before

    def test_a_page_that_is_flooded_stops_telling(self, open_page, store):
        before = len(suspicions(store))
        page = open_page(LONG)
        for n in range(1, 26):
            page.answer(f"/data/s{n}/q{n}_2", "x")
        assert len(suspicions(store)) - before == 20

    def test_someone_elses_draft(self, open_page, store, supervisor):
        draft_id = open_page(SHORT).answer("/data/name", "秘密")["draft"]["id"]
        before = len(suspicions(store))
        open_page(SHORT, {"draft": draft_id}, session=supervisor)
        open_page(SHORT, {"draft": "D-nothing"}, session=supervisor)
        assert [one["kind"] for one in suspicions(store)[before:]] == ["foreign_draft"]


def test_a_record_is_entered_a_second_time_blind(open_page, store, supervisor):
    table = trial_forms.table("twice", [("text", "name", "姓名", "Name", "yes")]).replace("| style |", "| style | attribute::custinfo:double_entry |").replace('xforms" |  |', 'xforms" |  | blind |')  # fmt: skip
    forms.publish(store, SERVICE, "twice.md", table.encode())
    first = open_page("/form/twice")
    first.answer("/data/name", "李")
    first.send(kind="submit")
    record_id = store.row("SELECT record_id FROM record WHERE form_id = 'twice'")["record_id"]
    second = open_page("/form/twice", {"verify": record_id}, session=supervisor)
    assert (second.first["questions"]["/data/name"]["value"], record_id in second.first["subtitle"]) == ("", True)
    second.answer("/data/name", "林")
    told = second.send(kind="submit")
    assert (told["kind"], "1" in told["lines"][-1]) == ("receipt", True)


def test_names_of_a_customer_do_not_reach_the_audit_log(open_page, store):
    page = open_page("/form/enterprise_card")
    page.answer(NAME, "绝密公司")
    page.send(kind="note", ref=NAME, id=1, value="绝密备注")
    assert "绝密" not in repr(store.rows("SELECT detail FROM audit"))
