"""`custinfo form print`: a blank form and a record as PDF files."""

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from custinfo.cli import main
from custinfo.domain.people import Role
from custinfo.reports import papers
from custinfo.xforms.model import Control
from tests import questionnaires
from tests.factories import account, empty_site
from tests.questionnaires import AGE, COLOUR, NAME, PHONE


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("printed") / "site"


@pytest.fixture(scope="module")
def record_id(home):
    with empty_site(home) as store:
        questionnaires.published(store)
        questionnaires.published(store, "2", {"age": "| | integer | age | 岁数 | Years of age | | | | | | | | |"})
        account(store, Role.MANAGER, login_name="boss")
        lin = account(store, login_name="lin")
        answers = {NAME: "欧阳海", AGE: "41", COLOUR: "red", PHONE: "13800138000"}
        return questionnaires.record(store, lin, answers, key="1", children=["宝", "贝"])


@pytest.fixture
def printed(home, record_id, tmp_path):
    def run(*arguments, status=0):
        result = CliRunner().invoke(
            main, ["form", "print", "--home", str(home), "--out", str(tmp_path / "out.pdf"), *arguments]
        )
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        return words(tmp_path / "out.pdf") if status == 0 else result.output

    return run


def words(file):
    return " ".join("".join(page.extract_text() for page in PdfReader(file).pages).split())


def test_a_blank_form_in_both_languages(printed):
    assert "Years of age" in printed("poll", "--language", "en")
    assert "岁数" in printed("poll", "--language", "zh-CN")


def test_a_blank_form_holds_one_round_of_each_repeat_with_its_heading(printed):
    said = printed("poll", "--language", "en")
    assert "Child" in said
    assert "Pet name" in said


@pytest.mark.parametrize(
    ("parameters", "offered"),
    [
        ({"start": "1", "end": "5", "step": "1"}, ["1", "2", "3", "4", "5"]),
        ({}, [str(number) for number in range(11)]),
        ({"start": "0", "end": "100", "step": "20"}, ["0", "20", "40", "60", "80", "100"]),
        ({"start": "0", "end": "1000", "step": "1"}, []),
        ({"start": "0", "end": "1", "step": "0.1"}, []),
        ({"start": "5", "end": "1", "step": "1"}, []),
        ({"start": "1", "end": "5", "step": "0"}, []),
    ],
)
def test_a_short_scale_is_ticked_on_paper_and_a_long_one_is_written(parameters, offered):
    scale = papers._scale(Control("range", "/data/a", parameters=parameters))
    assert [value for value, _ in scale] == offered


def test_an_older_version(printed):
    assert "Years of age" not in printed("poll", "--language", "en", "--version", "1")
    assert "9" in printed("poll", "--version", "9", status=1)


def test_a_record_with_its_answers_and_rounds(printed, record_id):
    said = printed("poll", "--record", record_id, "--language", "zh-CN")
    assert all(one in said for one in ("欧阳海", "41", "红", "宝", "贝", record_id))


def test_the_same_record_gives_the_same_bytes(printed, record_id, tmp_path):
    printed("poll", "--record", record_id)
    first = (tmp_path / "out.pdf").read_bytes()
    printed("poll", "--record", record_id)
    assert (tmp_path / "out.pdf").read_bytes() == first


def test_levels_are_kept(printed, record_id):
    assert "138****8000" in printed("poll", "--record", record_id, "--as", "lin")  # paper cannot hide it again
    assert "8000" not in printed("poll", "--record", record_id, "--as", "boss")


@pytest.mark.parametrize("arguments", [
    ["nothing"], ["poll", "--record", "R-nothing"], ["poll", "--record", "{record}", "--version", "x"],
    ["poll", "--record", "{record}", "--version", "7"], ["other", "--record", "{record}"], ["poll", "--as", "nobody"],
])  # fmt: skip
def test_what_cannot_be_printed_is_said_and_nothing_is_written(printed, record_id, tmp_path, arguments):
    assert printed(*(one.replace("{record}", record_id) for one in arguments), status=1).strip()
    assert not (tmp_path / "out.pdf").exists()


def test_a_folder_gets_a_file_of_the_forms_name(home, record_id, tmp_path):
    result = CliRunner().invoke(main, ["form", "print", "--home", str(home), "--out", str(tmp_path), "poll"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "poll.pdf").read_bytes().startswith(b"%PDF")
