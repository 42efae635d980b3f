"""Which control a question gets, what the browser learns of it, and files on their way."""

import re

import pytest

from custinfo.domain import file_types
from custinfo.domain.errors import BadInput
from custinfo.domain.markup import plain
from custinfo.screens.questionnaire import Questionnaire
from custinfo.screens.uploads import CHUNK, LARGEST, MOST_AT_ONCE, Arrived, Uploads
from custinfo.xforms import RefusedAnswer, Session, appearances, from_xlsform
from tests.xforms import every_type

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
KINDS = {
    "welcome": "note", "name": "text", "story": "multiline", "phone": "text", "secret": "text", "homepage": "text",
    "people": "integer", "income": "integer", "visits": "integer", "weight": "decimal", "heading": "decimal",
    "said": "note", "mood": "range", "warmth": "range", "stars": "rating", "floor": "picker", "member": "radio",
    "again": "radio", "colour": "radio", "shade": "select", "tint": "combobox", "frame": "radio", "fair": "radio",
    "likes": "checks", "hates": "multiselect", "wears": "checks", "paints": "tags", "province": "combobox",
    "order": "rank", "place": "radio", "quality": "radio", "day": "date", "month": "month", "year": "year",
    "typed_day": "date", "hour": "time", "moment": "datetime", "shop": "geopoint", "way": "geotrace",
    "field": "geoshape", "code": "barcode", "photo": "image", "sketch": "image", "signed": "image", "sound": "audio",
    "film": "video", "paper": "file", "read": "acknowledge", "sure": "acknowledge",
}  # fmt: skip


def questionnaire(session):
    return Questionnaire(session, session.language, lambda level: True)


def everything(page):
    """The tree and the questions of all pages of a form."""
    tree, questions = [], {}
    for key in [section.key for section in page.outline.sections]:
        page.outline.turn(key)
        more_tree, more = page.describe(tried=False)
        tree += [item for item in more_tree if item not in tree]
        questions |= more
    return tree, {ref.rpartition("/")[2]: question for ref, question in questions.items()}


def of(*rows, choices="", columns="type | name | label | appearance | parameters"):
    table = ["| survey |", f"| | {columns} |", *(f"| | {row} |" for row in rows)]
    if choices:
        table += ["| choices |", "| | list_name | name | label | media::image |", *(f"| | {row} |" for row in choices)]
    table += ["| settings |", "| | form_id | version |", "| | small | 1 |"]
    return Session(from_xlsform("\n".join(table).encode(), "small.md"))


@pytest.fixture(scope="module")
def drawn():
    return everything(questionnaire(every_type.session()))


class TestKinds:
    def test_every_type_has_a_control_of_its_own(self, drawn):
        assert {name: drawn[1][name]["kind"] for name in KINDS} == KINDS

    def test_no_question_falls_back_to_text(self, drawn):
        assert not [name for name, question in drawn[1].items() if question["kind"] == "unsupported"]

    def test_a_look_is_told_and_an_unknown_one_left_out(self, drawn):
        questions = drawn[1]
        assert questions["frame"]["look"] == ["columns-3", "no-buttons"]
        assert questions["warmth"]["look"] == ["vertical", "no-ticks"]
        assert "look" not in questions["place"]  # a map of choices falls back to the list

    def test_guidance_span_and_units(self, drawn):
        tree, questions = drawn
        assert questions["name"]["guidance"].startswith("证件上")
        assert (questions["day"]["span"], questions["month"]["span"]) == (2, 1)
        assert next(group["units"] for group in tree if group["ref"] == "/data/days") == 4

    def test_a_table_list_is_one_table_under_its_own_heading(self, drawn):
        group = next(group for group in drawn[0] if group["ref"] == "/data/ratings")
        [table] = group["items"]
        assert group["label"] == "逐项评价"
        assert [choice["label"] for choice in table["grid"]] == ["很不同意", "不同意", "一般", "同意", "很同意"]
        assert [ref.rpartition("/")[2] for ref in table["items"]] == ["quality", "delivery", "service"]

    def test_in_english(self):
        questions = everything(questionnaire(every_type.session("en")))[1]
        assert questions["fair"]["choices"][0] == {"value": "1", "label": "Strongly disagree"}


class TestChoices:
    def test_a_layout_keeps_a_long_list_open(self):
        choices = [f"c | {n} | Choice {n} | " for n in range(15)]
        page = questionnaire(of("select_one c | a | A | columns |", "select_one c | b | B | |", choices=choices))
        assert [q["kind"] for q in page.describe(tried=False)[1].values()] == ["radio", "select"]

    def test_a_list_too_long_for_it_is_searched(self):
        choices = [f"c | {n} | Choice {n} | " for n in range(70)]
        page = questionnaire(of("select_multiple c | a | A | columns |", choices=choices))
        [question] = page.describe(tried=False)[1].values()
        assert (question["kind"], question["choices"]) == ("tags", None)

    def test_the_labels_of_what_is_chosen_travel_without_the_list(self):
        page = questionnaire(
            of("select_multiple c | a | A | autocomplete |", choices=["c | 1 | One |", "c | 2 | Two |"])
        )
        page.change("answer", "/data/a", "1 2")
        assert page.describe(tried=False)[1]["/data/a"]["chosen"] == ["One", "Two"]

    def test_media_of_questions_and_choices_go_as_file_names(self):
        page = questionnaire(
            of(
                "select_one c | a | A | a.png",
                choices=["c | 1 | One | one.png", "c | 2 | Two |"],
                columns="type | name | label | media::image",
            )
        )
        question = page.describe(tried=False)[1]["/data/a"]
        assert question["media"] == {"image": "a.png"}
        assert question["choices"] == [
            {"value": "1", "label": "One", "media": {"image": "one.png"}},
            {"value": "2", "label": "Two"},
        ]

    def test_a_rating_with_too_many_stars_is_a_slider(self):
        page = questionnaire(of("range | a | A | rating | start=0 end=100 step=1"))
        assert page.describe(tried=False)[1]["/data/a"]["kind"] == "range"


class TestFilesOfAnswers:
    def test_only_an_upload_question_takes_one(self):
        page = questionnaire(of("image | photo | P | |", "text | name | N | |"))
        page.check_takes_file("/data/photo")
        for ref in ("/data/name", "/data/nowhere"):
            with pytest.raises(RefusedAnswer):
                page.check_takes_file(ref)


def message(data, *, number=1, chunk=0, last=True, **other):
    usual = {"id": number, "ref": "/data/photo", "name": "a.png", "size": len(data), "chunk": chunk, "last": last}
    return usual | {"buffers": [memoryview(data)]} | other


class TestUploads:
    def test_a_small_file_comes_in_one_piece(self):
        assert Uploads().take(message(PNG)) == Arrived("/data/photo", "a.png", PNG)

    def test_a_large_one_comes_in_order(self):
        data = PNG + bytes(CHUNK)
        uploads = Uploads()
        assert uploads.take(message(data[:CHUNK], last=False, size=len(data))) == CHUNK
        assert uploads.take(message(data[CHUNK:], chunk=1, size=len(data))).data == data

    @pytest.mark.parametrize(
        "wrong",
        [
            {"chunk": 1}, {"chunk": "0"}, {"chunk": -1}, {"id": "x"}, {"id": None}, {"ref": 7}, {"name": None},
            {"size": 0}, {"size": -5}, {"size": "48"}, {"size": LARGEST + 1}, {"size": 7}, {"size": 49},
            {"last": False}, {"buffers": []}, {"buffers": [b""]}, {"buffers": ["text"]}, {"buffers": [PNG, PNG]},
            {"buffers": None}, {"buffers": [bytes(CHUNK + 1)], "size": CHUNK + 1},
        ],
    )  # fmt: skip
    def test_a_piece_that_does_not_fit_is_refused(self, wrong):
        with pytest.raises(BadInput):
            Uploads().take(message(PNG) | wrong)

    def test_after_a_wrong_piece_the_file_is_forgotten(self):
        uploads, data = Uploads(), bytes(2 * CHUNK + 5)
        uploads.take(message(data[:CHUNK], last=False, size=len(data)))
        with pytest.raises(BadInput):
            uploads.take(message(data[:CHUNK], chunk=2, last=False, size=len(data)))
        with pytest.raises(BadInput):
            uploads.take(message(data[:CHUNK], chunk=1, last=False, size=len(data)))

    def test_another_question_cannot_take_over_a_file(self):
        uploads, data = Uploads(), bytes(CHUNK + 5)
        uploads.take(message(data[:CHUNK], last=False, size=len(data)))
        with pytest.raises(BadInput):
            uploads.take(message(data[CHUNK:], chunk=1, size=len(data), ref="/data/other"))

    def test_what_is_begun_and_never_ended_does_not_pile_up(self):
        uploads, data = Uploads(), bytes(CHUNK + 5)
        for number in range(50):
            uploads.take(message(data[:CHUNK], number=number, last=False, size=len(data)))
        assert len(uploads._arriving) == MOST_AT_ONCE

    def test_the_name_loses_folders_and_what_deceives(self):
        arrived = Uploads().take(message(PNG, name="..\\..\\etc/pass\u202ewd\x00 .png"))
        assert re.fullmatch(r"pass_wd_ \.png", arrived.name)


class TestFileTypes:
    @pytest.mark.parametrize(
        ("data", "found"),
        [
            (PNG, "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"RIFF\0\0\0\0WAVE", "audio/wav"),
            (b"RIFF\0\0\0\0WEBP", "image/webp"), (b"\0\0\0\x18ftypmp42", "video/mp4"), (b"ID3\4", "audio/mpeg"),
            (b"\0\0\0\x18ftypheic", "image/heic"), (b"%PDF-1.7", "application/pdf"), ("名单,1".encode("gb18030"), "text/plain"),
            (b"MZ\x90\0\3\0\0\0", None), (b"\x7fELF\2\1\1\0", None), (b"#!/bin/sh\n", None), (b"", None),
            (b"  <!DOCTYPE html><p>", None), (b"<svg onload=alert(1)>", None), (b"<?xml version='1.0'?><svg/>", None),
            (b"plain \x07 bell", None),
        ],
    )  # fmt: skip
    def test_by_content(self, data, found):
        assert file_types.media_type(data) == found

    @pytest.mark.parametrize(
        ("found", "wanted", "accept", "fits"),
        [
            ("image/png", "image/*", "", True), ("application/pdf", "image/*", "", False),
            ("application/pdf", "application/*", "", True), ("image/png", "application/*", ".pdf, .docx", False),
            ("application/pdf", "application/*", ".PDF", True), ("video/webm", "audio/*", "", True),
            ("text/plain", "video/*", "", False), ("image/png", "application/*", "image/*", True),
        ],
    )  # fmt: skip
    def test_against_what_the_question_takes(self, found, wanted, accept, fits):
        assert file_types.fits(found, wanted, accept) is fits


class TestAppearances:
    def test_known_by_type_and_under_its_other_names(self):
        assert "columns-3" in appearances.known("select_one")
        assert appearances.known("select_one_from_file") == appearances.known("select_one")
        assert {"w3", "month-year"} <= appearances.known("date")
        assert "columns-11" not in appearances.known("select_multiple")
        assert "rating" not in appearances.known("integer")

    def test_a_call_is_no_word(self):
        assert appearances.words("minimal search('towns.csv', 'a b') w2") == ("minimal", "w2")


class TestPlainWords:
    @pytest.mark.parametrize(
        ("marked", "words"),
        [
            ("# 欢迎<br>请**逐题**填写，*不要*跳过", "欢迎 请逐题填写，不要跳过"), ("[Help](https://a.example/x_y_z)", "Help"),
            ("a_b_c and 2*3*4", "a_b_c and 2*3*4"), (r"\*literal\*", "*literal*"), ("plain", "plain"),
            ('<span style="color:red">red</span>', "red"), ("__bold__ _soft_", "bold soft"),
        ],
    )  # fmt: skip
    def test_marks_are_taken_off(self, marked, words):
        assert plain(marked) == words
