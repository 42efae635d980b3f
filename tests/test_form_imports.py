"""Records in and out of files: the form's own rules for every row, all or nothing, and only what one may see comes out."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import zipfile

import openpyxl
import pytest
from click.testing import CliRunner

from custinfo.actions import drafts, files, form_exports, form_imports, form_life, forms, record_views, sealing
from custinfo.cli import main
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from tests.factories import account, another_site, empty_site
from tests.questionnaires import AGE, COLOUR, NAME, PHONE, published, record
from tests.small_forms import PHOTO, PNG, publish, send
from tests.work import calls_counted

CARD_LIKE = """| survey |
| | type | name | label | save_to | bind::custinfo:unique | bind::custinfo:about |
| | text | name | Name | | | |
| | text | code | Code | credit_code | credit_code | |
| settings |
| | form_id | version | namespaces |
| | member | 1 | custinfo="https://custinfo.org/xforms" |
| entities |
| | list_name | label |
| | customers | ${name} |
"""


@pytest.fixture
def home(tmp_path):
    return tmp_path / "site"


@pytest.fixture
def store(home):
    with empty_site(home) as opened:
        published(opened)
        yield opened


@pytest.fixture
def head(store):
    return account(store, Role.SUPERVISOR)


def table(*rows, headings=("name", "age", "colour", "phone")):
    out = io.StringIO()
    csv.writer(out).writerows([headings, *rows])
    return out.getvalue().encode()


def run(store, actor, data, form_id="poll", **given):
    return form_imports.run(store, actor, form_id, "poll.csv", data, language="en", **given)


def count(store, name="record"):
    return store.rows(f"SELECT count(*) AS n FROM {name}")[0]["n"]


def contents(store):
    rows = store.rows("SELECT record_id, version, content FROM record_version ORDER BY seq")
    place = "record_version"
    return [sealing.opened_values(store, place, one["record_id"], one["version"], one["content"]) for one in rows]


def errors_of(imported):
    sheet = openpyxl.load_workbook(io.BytesIO(imported.error_file)).active
    headings, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    return [dict(zip(headings, row, strict=True)) for row in rows]


# In


def test_rows_become_records_by_the_rules_of_the_form(store, head):
    imported = run(store, head, table(["甲", 30, "Red", "1"], ["乙", "", "blue", ""]))
    assert (imported.rows, imported.accepted, imported.rejected, imported.error_file) == (2, 2, 0, None)
    [first, second] = contents(store)
    assert (first["colour"], first["adult"], second["adult"]) == ("red", "true", "false")
    rows = store.rows("SELECT * FROM record_version")
    assert {(row["recorded_by"], row["state"], row["source"]) for row in rows} == {
        (head.person_id, "received", "import")
    }
    [event] = store.rows("SELECT * FROM audit WHERE action = 'record.import'")
    assert json.loads(event["detail"]) == {
        "import_id": imported.import_id,
        "rows": 2,
        "accepted": 2,
        "form_version": "1",
    }
    assert first["meta"]["instanceID"] != second["meta"]["instanceID"]


WRONG = [["甲", 30, "red", ""], ["", 30, "red", ""], ["丙", -1, "mauve", ""], ["丁", "many", "", ""]]


def test_one_wrong_row_stops_the_whole_file_and_every_cell_has_its_reason(store, head):
    imported = run(store, head, table(*WRONG))
    assert (imported.import_id, imported.rows, imported.accepted, imported.rejected) == ("", 4, 0, 3)
    assert count(store) == count(store, "form_import") == 0
    told = {row["age"]: row["_reason"] for row in errors_of(imported)}
    assert len(told) == 3
    reasons = " ".join(imported.reasons)
    for place in ("row 3, name", "row 4, age", "row 4, colour", "row 5, age"):
        assert place in reasons
    [event] = store.rows("SELECT * FROM audit WHERE action = 'record.import_refused'")
    assert json.loads(event["detail"])["wrong"] == 3


def test_accept_valid_keeps_the_right_rows_and_the_corrected_rest_follows(store, head):
    imported = run(store, head, table(*WRONG), accept_valid=True)
    assert (imported.accepted, imported.rejected, count(store)) == (1, 3, 1)
    book = openpyxl.load_workbook(io.BytesIO(imported.error_file))
    for row, values in zip(
        book.active.iter_rows(min_row=2), (["乙", 30, "red"], ["丙", 1, "blue"], ["丁", 9, None]), strict=True
    ):
        for cell, value in zip(row, values, strict=False):
            cell.value = value
    mended = io.BytesIO()
    book.save(mended)
    again = form_imports.run(store, head, "poll", "poll.errors.xlsx", mended.getvalue(), language="en")
    assert (again.accepted, again.rejected, again.reasons) == (3, 0, ())
    assert count(store) == 4


def test_the_same_file_is_imported_once(store, head):
    data = table(["甲", 30, "red", ""])
    first = run(store, head, data)
    with pytest.raises(Conflict) as again:
        run(store, head, data)
    assert first.import_id in again.value.text("en")
    assert count(store) == 1


def test_a_refused_file_may_be_tried_again(store, head):
    run(store, head, table(*WRONG))
    assert run(store, head, table(*WRONG), accept_valid=True).accepted == 1


def test_a_submission_that_was_imported_before_is_left_as_it_is(store, head):
    headings = ("name", "instanceID")
    run(store, head, table(["甲", "uuid:1"], headings=headings))
    longer = run(store, head, table(["甲", "uuid:1"], ["乙", "uuid:2"], headings=headings))
    assert (longer.rows, longer.accepted, longer.already, longer.rejected) == (2, 1, 1, 0)
    assert count(store) == 2
    twice = run(store, head, table(["丙", "uuid:3"], ["丙", "uuid:3"], headings=headings))
    assert (twice.accepted, twice.rejected) == (0, 1) and count(store) == 2


def test_an_answer_to_what_is_not_asked_is_a_reason_and_a_computed_one_a_note(store, head):
    hidden = run(store, head, table(["甲", "blue", "because"], headings=("name", "colour", "why")))
    assert hidden.rejected == 1 and "not asked" in hidden.reasons[0] and "row 2, why" in hidden.reasons[0]
    computed = run(store, head, table(["甲", 30, "false"], headings=("name", "age", "adult")))
    assert computed.accepted == 1 and any("/data/adult" in note for note in computed.notes)
    assert contents(store)[0]["adult"] == "true"


def test_an_unusual_answer_passes_with_its_origin_as_the_reason(store, head):
    imported = run(store, head, table(["甲", 95, "", ""]))
    assert imported.accepted == 1 and any("1 unusual" in note for note in imported.notes)
    [row] = store.rows("SELECT reasons FROM record_version")
    assert json.loads(row["reasons"]) == {AGE: "poll.csv: 2"}


def test_a_quota_counts_rows_of_the_same_file(store, head):
    record(store, account(store), {NAME: "甲", COLOUR: "red"}, key="1")
    imported = run(
        store, head, table(["乙", 1, "red", ""], ["丙", 1, "red", ""], ["丁", 1, "blue", ""]), accept_valid=True
    )
    assert (imported.accepted, imported.rejected) == (2, 1)
    assert "row 3, colour" in imported.reasons[0] and "full" in imported.reasons[0]


def test_identifiers_stay_unique_within_a_file_and_against_the_store(store, head):
    from custinfo.actions import forms

    forms.publish(store, SERVICE, "member.md", CARD_LIKE.encode())
    rows = [["甲", "A1"], ["乙", "A2"], ["丙", "a1"]]
    imported = run(store, head, table(*rows, headings=("name", "code")), "member", accept_valid=True)
    assert (imported.accepted, imported.rejected, count(store, "entity")) == (2, 1, 2)
    assert "C000001" in imported.reasons[0]
    later = run(store, head, table(["丁", "A2"], headings=("name", "code")), "member")
    assert later.rejected == 1 and count(store, "entity") == 2
    ids = [row["uuid"] for row in store.rows("SELECT uuid FROM entity")]
    assert len(set(ids)) == 2 and all(ids)


def test_repeats_come_with_their_rows(store, head):
    data = json.dumps(
        [{"name": "甲", "child": [{"nick": "宝"}, {"nick": "贝"}]}, {"name": "乙", "child": [{"nick": ""}]}]
    )
    imported = form_imports.run(store, head, "poll", "poll.json", data.encode(), language="en", accept_valid=True)
    assert (imported.accepted, imported.rejected) == (1, 1)
    assert contents(store)[0]["child"] == [{"nick": "宝"}, {"nick": "贝"}]


def test_the_time_of_the_interview_comes_along_and_lies_in_the_past(store, head):
    headings = ("name", "start")
    run(store, head, table(["甲", "2026-01-05T08:30:00+08:00"], headings=headings))
    [row] = store.rows("SELECT interviewed_at FROM record_version")
    assert row["interviewed_at"] == "2026-01-05T00:30:00.000000Z"
    future = run(store, head, table(["乙", "2999-01-05T08:30:00+08:00"], headings=headings))
    assert future.rejected == 1 and "future" in future.reasons[0]


def test_a_file_that_cannot_be_used_is_refused_in_words(store, head):
    for data in (b"", b"%PDF-1.7", b"\x00\x01\x02", table(["x"], headings=("unheard of",))):
        with pytest.raises(BadInput) as refused:
            run(store, head, data)
        assert refused.value.text("zh-CN") and refused.value.text("en")
    assert count(store) == 0


def test_who_may_import_and_into_what(store, head):
    data = table(["甲", 30, "red", ""])
    for role in (Role.RESEARCHER, Role.ANALYST, Role.MANAGER):
        with pytest.raises(NotAllowed):
            run(store, account(store, role), data)
    with pytest.raises(NotFound):
        run(store, head, data, "nothing")
    form_life.close(store, SERVICE, "poll", "over")
    with pytest.raises(WrongState):
        run(store, head, data)


CHILD = """
import sys
from custinfo.actions import form_imports, people, records
from custinfo.store import Site, Store
from pathlib import Path
store = Store.open(Site.load(Path(sys.argv[1])))
head = people.by_login_name(store, sys.argv[2])
admit, done = records.admit, []
def slowly(*given, **named):
    receipt = admit(*given, **named)
    done.append(receipt)
    if len(done) == 20:
        print("half", flush=True)
        sys.stdin.read()
    return receipt
records.admit = slowly
rows = "".join(f"n{i}\\n" for i in range(40))
form_imports.run(store, head, "poll", "poll.csv", ("name\\n" + rows).encode())
"""


def test_a_process_that_dies_in_the_middle_leaves_nothing(store, home, head):
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(home), head.login_name],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout.readline() == "half\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdin.close(), child.stdout.close()
    assert [count(store, name) for name in ("record", "record_version", "form_import")] == [0, 0, 0]
    assert store.verify_audit() == []
    assert run(store, head, table(["甲", 30, "red", ""])).accepted == 1


def test_the_work_of_an_import_grows_with_its_rows(store, head):
    """Four times the rows take about four times the calls, and not sixteen."""

    def calls(rows, name):
        data = table(*([f"{name}{i}", 30, "blue", ""] for i in range(rows)))
        with calls_counted() as counted:
            assert run(store, head, data).accepted == rows
        return counted.made

    calls(10, "w")
    few, many = calls(40, "a"), calls(160, "b")
    assert many < 5 * few


# Out


@pytest.fixture
def filled(store, head):
    run(store, head, table(["=1+1", 30, "red", "13800138000"], ["乙", 12, "blue", ""]))
    return store


def export(store, actor, name="csv_exact", **given):
    return form_exports.export(store, actor, "poll", name, language="en", **given)


def exported_rows(found):
    import zipfile

    data = found.data
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read("poll.csv")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_an_export_holds_the_answers_and_is_on_the_audit_log(filled, head):
    found = export(filled, head)
    assert found.rows == 2 and [row["age"] for row in exported_rows(found)] == ["30", "12"]
    [event] = filled.rows("SELECT * FROM audit WHERE action = 'record.export'")
    detail = json.loads(event["detail"])
    assert (event["object_id"], detail["format"], detail["rows"]) == ("poll", "csv_exact", 2)
    assert found.file_name.startswith("poll")


def test_what_is_above_ones_clearance_is_not_there_by_name_or_value(filled, head):
    analyst = account(filled, Role.SUPERVISOR, clearance=Level.INTERNAL)
    for name in ("csv", "csv_exact", "jsonl", "xml", "sav", "xlsx", "ddi"):
        seen, cleared = export(filled, analyst, name), export(filled, head, name)
        for data in unpacked(seen.data):
            assert b"13800138000" not in data and b"phone" not in data.lower() and b"Telephone" not in data, name
        assert any(b"phone" in data.lower() or b"elephone" in data for data in unpacked(cleared.data)), name
    with pytest.raises(NotAllowed):
        export(filled, account(filled))


def unpacked(data):
    import zipfile

    if not data.startswith(b"PK"):
        return [data]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [archive.read(name) for name in archive.namelist()]


def test_a_level_that_a_later_version_lowers_does_not_lay_old_answers_open(filled):
    lowered = {"phone": "| | text | phone | 电话 | Telephone | | | | | | | | |"}
    published(filled, "2", rows=lowered)
    analyst = account(filled, Role.SUPERVISOR, clearance=Level.INTERNAL)
    [first, *_] = exported_rows(export(filled, analyst))
    assert first["phone"] == ""


def test_answers_that_the_version_has_no_place_for_are_counted(filled, head):
    published(filled, "2", rows={"phone": None})
    found = export(filled, head)
    assert (found.rows, dict(found.left_out)) == (2, {PHONE: 1})
    old = export(filled, head, version="1")
    assert exported_rows(old)[0]["phone"] == "13800138000" and not old.left_out
    assert export(filled, head, version="2").rows == 0


def test_an_export_by_state_and_wrong_names(filled, head):
    assert export(filled, head, state="approved").rows == 0
    assert export(filled, head, state="received").rows == 2
    for given in ({"state": "nonsense"}, {"version": "9"}, {"name": "docx"}):
        with pytest.raises(NotFound):
            export(filled, head, **given)


def test_what_is_exported_can_be_imported_elsewhere(filled, head, tmp_path):
    with another_site(tmp_path / "other") as other:
        published(other)
        reader = account(other, Role.SUPERVISOR)
        for name in ("xml", "jsonl"):
            found = export(filled, head, name)
            imported = form_imports.run(other, reader, "poll", found.file_name, found.data, language="en")
            assert imported.accepted + imported.already == 2, imported.reasons
        assert count(other) == 2


@pytest.mark.parametrize("name", ["xml", "jsonl", "csv_exact", "xlsx_exact", "csv", "xlsx"])
def test_an_export_of_ones_own_records_is_recognised_row_by_row(store, head, name):
    record(store, account(store), {NAME: "页", AGE: "30"}, key="page")
    run(store, head, table(["入", 30, "red", ""]))
    own = export(store, head, name)
    run(store, head, table(["新", 12, "blue", ""]))
    again = form_imports.run(store, head, "poll", own.file_name, own.data, language="en")
    assert (again.rows, again.accepted, again.already, again.rejected) == (2, 0, 2, 0), again.reasons
    assert count(store) == count(store, "record_version") == 3


def test_what_was_recorded_before_is_left_even_when_the_row_is_wrong_today(store, head):
    record(store, account(store), {NAME: "页", AGE: "30"}, key="page")
    own = export(store, head, "jsonl").data.replace(b'"30"', b'"many"')
    again = form_imports.run(store, head, "poll", "own.jsonl", own, language="en")
    assert (again.already, again.rejected, again.error_file) == (1, 0, None)


def test_a_record_that_comes_while_a_file_is_judged_is_not_recorded_twice(store, head, monkeypatch, tmp_path):
    with another_site(tmp_path / "other") as other:
        published(other)
        record(other, account(other), {NAME: "页"}, key="page")
        sent = export(other, account(other, Role.SUPERVISOR), "jsonl").data
    judge, judged = form_imports.Judging.judge, []

    def slow(self, row):
        found = judge(self, row)
        if not judged:
            judged.append(found)
            form_imports.run(store, head, "poll", "first.jsonl", sent, language="en")
        return found

    monkeypatch.setattr(form_imports.Judging, "judge", slow)
    late = form_imports.run(store, head, "poll", "late.jsonl", sent + b"\n", language="en")
    assert (late.accepted, late.already, count(store)) == (0, 1, 1)


def test_notes_reasons_and_the_interview_go_out_and_come_in_by_level(store, head, tmp_path):
    about = {
        "interviewed_at": "2026-10-01T08:00:00Z",
        "notes": {PHONE: "左手边", NAME: "王"},
        "reasons": {AGE: "见证件"},
    }
    row = {"record_id": "R-elsewhere", "values": {"name": "甲", "age": 95, "phone": "1"}, **about}
    imported = form_imports.run(store, head, "poll", "a.jsonl", json.dumps(row).encode(), language="en")
    assert imported.accepted == 1, imported.reasons
    out = json.loads(export(store, head, "jsonl").data)
    assert {name: out[name] for name in ("notes", "reasons")} == {name: about[name] for name in ("notes", "reasons")}
    assert out["interviewed_at"].startswith("2026-10-01T08:00:00")
    seen = json.loads(export(store, account(store, Role.SUPERVISOR, clearance=Level.INTERNAL), "jsonl").data)
    assert seen["notes"] == {NAME: "王"}, "a note is as secret as its question"
    too_long = {**row, "record_id": "R-2", "notes": {NAME: "长" * 3000}}
    refused = form_imports.run(store, head, "poll", "b.jsonl", json.dumps(too_long).encode(), language="en")
    assert (refused.accepted, refused.rejected) == (0, 1)


# Files that answers name


@pytest.fixture
def photographed(store):
    """A photograph that somebody took with a page: its name."""
    publish(store, PHOTO)
    lin = account(store)
    draft = drafts.start(store, lin, "photo")
    names = [
        files.put(store, lin, draft.draft_id, ref, name, data).name
        for ref, name, data in (("/data/front", "front.png", PNG), ("/data/contract", "paper.txt", b"secret terms"))
    ]
    session = forms.session(store, forms.load(store, "photo"), draft.instance)
    for ref, name in zip(("/data/front", "/data/contract"), names, strict=True):
        session.answer(ref, name)
    drafts.save(store, lin, draft.draft_id, session.instance, "/data", saves=draft.saves)
    send(store, lin, draft.draft_id)
    return names


def archive(**files_in_it):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in files_in_it.items():
            made.writestr(name, data)
    return out.getvalue()


def submission(name, number=1):
    return (
        f'<data id="photo" version="1" xmlns:orx="http://openrosa.org/xforms"><front>{name}</front>'
        f"<orx:meta><orx:instanceID>uuid:{number}</orx:instanceID></orx:meta></data>"
    ).encode()


def photo_run(store, actor, data, name="photo.zip", **given):
    return form_imports.run(store, actor, "photo", name, data, language="en", **given)


def test_files_travel_with_the_submissions_and_are_whose_the_record_is(store, head, photographed, tmp_path):
    sent = form_exports.export(store, head, "photo", "xml", language="en")
    front, contract = photographed
    with zipfile.ZipFile(io.BytesIO(sent.data)) as found:
        assert {f"media/{front}", f"media/{contract}"} < set(found.namelist())
        assert found.read(f"media/{front}") == PNG
    [event] = store.rows("SELECT detail FROM audit WHERE action = 'record.export'")
    assert json.loads(event["detail"])["files"] == 2
    cut = form_exports.export(
        store, account(store, Role.SUPERVISOR, clearance=Level.INTERNAL), "photo", "xml", language="en"
    )
    with zipfile.ZipFile(io.BytesIO(cut.data)) as found:
        assert [name for name in found.namelist() if name.startswith("media/")] == [f"media/{front}"]
    with another_site(tmp_path / "other") as other:
        publish(other, PHOTO)
        theirs = account(other, Role.SUPERVISOR)
        assert photo_run(other, theirs, sent.data).accepted == 1
        [content] = contents(other)
        assert content["front"] not in photographed and content["front"].endswith("front.png")
        assert files.get(other, theirs, content["front"])[1] == PNG
        [record_id] = [row["record_id"] for row in other.rows("SELECT record_id FROM record")]
        assert set(record_views.read(other, theirs, record_id).files) == {content["front"], content["contract"]}
        for reader, name in ((account(other), "front"), (account(other, Role.MANAGER), "contract")):
            with pytest.raises(NotFound):
                files.get(other, reader, content[name])


def test_a_file_that_is_not_in_the_upload_is_a_reason_whoever_else_has_it(store, head, photographed):
    front, _ = photographed
    rows = b"front\n" + front.encode()
    for name, data in (
        ("photo.csv", rows),
        ("photo.zip", archive(**{"a.xml": submission(front)})),
        ("photo.zip", archive(**{"a.xml": submission("../x.png"), "x.png": PNG})),
        ("photo.zip", archive(**{"a.xml": submission("x.png"), "media/1/x.png": PNG, "media/2/x.png": PNG})),
        ("photo.json", json.dumps([{"front": front}]).encode()),
    ):
        refused = photo_run(store, head, data, name)
        assert (refused.accepted, refused.rejected, len(refused.reasons)) == (0, 1, 1), (name, refused.reasons)
        assert "is not in the upload" in refused.reasons[0]
    assert count(store) == 1 and count(store, "file") == 2


def test_a_file_that_the_question_does_not_take_is_a_reason(store, head):
    publish(store, PHOTO)
    refused = photo_run(store, head, archive(**{"a.xml": submission("x.png"), "media/x.png": b"<script>"}))
    assert refused.rejected == 1 and "not what is asked for here" in refused.reasons[0]
    assert count(store, "file") == 0


def test_folders_of_submissions_keep_their_files_apart(store, head):
    """As ODK Briefcase lays them out: the same name in each folder."""
    publish(store, PHOTO)
    other = PNG + b"\0"
    data = archive(**{
        "instances/1/submission.xml": submission("x.png", 1), "instances/1/x.png": PNG,
        "instances/2/submission.xml": submission("x.png", 2), "instances/2/x.png": other,
        "instances/2/table.csv": b"a,b",
    })  # fmt: skip
    imported = photo_run(store, head, data)
    assert imported.accepted == 2, imported.reasons
    assert [files.get(store, head, one["front"])[1] for one in contents(store)] == [PNG, other]


def test_the_files_of_a_refused_import_are_not_kept(store, head):
    publish(store, PHOTO)
    data = archive(**{"a.xml": submission("x.png"), "b.xml": submission("none.png", 2), "media/x.png": PNG})
    assert photo_run(store, head, data).accepted == 0 and count(store, "file") == 0
    assert photo_run(store, head, data, accept_valid=True).accepted == 1 and count(store, "file") == 1


# On the command line


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")


def command(*arguments, status=0):
    result = CliRunner().invoke(main, ["form", *(str(argument) for argument in arguments)])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result.output


def test_import_and_export_on_the_command_line(store, home, head, tmp_path):
    file = tmp_path / "poll.csv"
    file.write_bytes(table(*WRONG))
    said = command("import", "poll", file, "--home", home, status=1)
    assert "nothing was recorded" in said and "row 4, colour" in said and "poll.errors.xlsx" in said
    assert (tmp_path / "poll.errors.xlsx").exists()
    told = json.loads(command("import", "poll", file, "--home", home, "--accept-valid", "--json", status=1))
    assert (told["accepted"], told["rejected"]) == (1, 3)
    out = tmp_path / "out.csv"
    command("export", "poll", "--home", home, "--as", head.login_name, "--format", "csv_exact", "--out", out)
    assert out.exists() or (tmp_path / "poll.zip").exists()
    actors = [
        row["actor"] for row in store.rows("SELECT actor FROM audit WHERE action IN ('record.import', 'record.export')")
    ]
    assert actors == ["service", head.person_id]
    assert "no account" in command("export", "poll", "--home", home, "--as", "nobody", status=1)


def test_the_life_of_a_form_on_the_command_line(store, home, head, tmp_path):
    from tests.questionnaires import table as xlsform

    lin = account(store)
    record(store, lin, {NAME: "甲", AGE: "20"}, key="a")
    file = tmp_path / "poll.md"
    file.write_bytes(xlsform("2", {"age": "| | integer | age | 年龄 | Age | | | . >= 30 | | | | |"}))
    said = command("impact", file, "--home", home)
    assert "1 of 1 answers do not meet it" in said and "1 of them would not pass" in said
    digest = said.strip().rsplit(" ", 1)[1]
    assert digest in command("publish", file, "--home", home, status=1)
    proposed = command("propose", file, "--home", home, "--as", lin.login_name)
    name = proposed.split("F-")[1][:16]
    command("review", f"F-{name}", "--accept", "--home", home, "--as", lin.login_name, status=1)
    command("review", f"F-{name}", "--accept", "--home", home, "--as", head.login_name)
    assert "published, version 2" in command("publish", f"F-{name}", "--home", home, "--confirm", digest)
    assert "published already" in command("publish", file, "--home", home)
    command("close", "poll", "--reason", "done", "--home", home)
    assert "closed" in command("list", "--home", home)
    listed = json.loads(command("list", "--home", home, "--json"))
    assert listed["forms"][0]["closed_because"] == "done" and listed["proposals"][0]["state"] == "published"
    command("reopen", "poll", "--home", home)
    assert "neither a file nor a proposal" in command("impact", tmp_path / "none.md", "--home", home, status=1)
