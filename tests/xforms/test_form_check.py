"""Forms with mistakes: every one is found at once, with sheet, row and column, and what to write instead."""

import re
from pathlib import Path

import pytest

from custinfo.actions.formats import FORMATS
from custinfo.domain.messages import LANGUAGES, catalogue
from custinfo.xforms import FormError, from_file, load
from custinfo.xforms.design import settings
from custinfo.xforms.form_check import Checked, check, files_named
from tests.xforms.forms import CUSTOMER, REGIONS, survey

PACKAGE = Path(__file__).parents[2] / "custinfo"
SETTINGS = "\n| settings |\n| | form_id | version |\n| | test | 1 |"
CHOICES = "yes_no | yes | Yes | |\nyes_no | no | No | |"


def checked(markdown: str, *, attachments: dict[str, bytes] | None = None) -> Checked:
    return check(markdown.encode(), "form.md", attachments)


def found(*rows: str, **more: str) -> list[tuple[str, int, str, str]]:
    """(sheet, row, column, key) of every error; rows of the survey sheet are counted from 3."""
    return places(checked(survey(*rows, **more) + SETTINGS).errors)


def places(findings):
    return [(f.sheet, f.row, f.column, f.key.removeprefix("form_check.")) for f in findings]


def only(*rows: str, **more: str):
    """The one error of a form."""
    (error,) = checked(survey(*rows, **more) + SETTINGS).errors
    for language in LANGUAGES:
        assert "{" not in error.text(language).replace("${", "")
    return error


def test_a_sound_form_has_no_errors_and_no_warnings() -> None:
    result = checked(CUSTOMER.strip(), attachments={"region.csv": REGIONS})
    assert (result.errors, result.form is not None, result.xform is not None) == ((), True, True)
    assert [f.key for f in result.warnings] == ["form_check.calculation.unused"] * 2


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert found(
        "fish | a | A | | | | |",
        "text | 2nd name | B | ${nmae} > 1 | | | |",
        "integer | age | C | | . > | | |",
        "select_one yesno | d | D | | | | |",
        "begin_group | g | G | | | | |",
        choices=CHOICES,
    ) == [
        ("survey", 3, "type", "type.unknown"),
        ("survey", 4, "name", "name.illegal"),
        ("survey", 4, "relevant", "reference.unknown"),
        ("survey", 5, "constraint", "expression.unfinished"),
        ("survey", 6, "type", "list.near"),
        ("survey", 7, "type", "group.not_ended"),
    ]  # fmt: skip


def test_a_finding_is_one_sentence_with_its_place_in_both_languages() -> None:
    error = only("text | name | Name | | | |", "text | b | B | ${nmae} = '' | | | |")
    assert error.text("en") == "survey, row 4, relevant: There is no question “nmae”. Did you mean ${name}?"
    assert error.text("zh-CN") == "survey 表，第 4 行，relevant 列：没有名为“nmae”的题。您是不是想写 ${name}？"
    assert error.plain()["value"] == "${nmae} = ''"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Text", "text"), ("selectone yes_no", "select_one yes_no"), ("select-one yes_no", "select_one yes_no"), ("number", "decimal"),
     ("单选", "select_one"), ("begin_groop", "begin_group"), ("multiple_choice x", "select_multiple"), ("calculat", "calculate")],
)  # fmt: skip
def test_unknown_types_name_the_one_that_was_meant(written: str, meant: str) -> None:
    assert checked(survey(f"{written} | a | A | | | | |") + SETTINGS).errors[0].facts["near"] == meant


@pytest.mark.parametrize(
    ("rows", "place", "key"),
    [
        (["text | | A | | | | |"], (3, "name"), "name.missing"),
        (["text | a | A | | | | |", "text | a | A | | | | |"], (4, "name"), "name.twice"),
        (["begin_group | g | G | | | | |", "text | a | A | | | | |", "end_group | | | | | | |", "text | a | A | | | | |",
          "text | b | ${a} | | | | |"], (7, "label"), "reference.ambiguous"),
        (["text | meta | A | | | | |"], (3, "name"), "name.reserved"),
        (["text | a/b | A | | | | |"], (3, "name"), "name.illegal"),
        (["text | a | A | | | | |", "end_group | | | | | | |"], (4, "type"), "group.not_begun"),
        (["begin_repeat | r | R | | | | |", "text | a | A | | | | |", "end_group | | | | | | |"], (5, "type"), "group.crossed"),
        (["select_one | a | A | | | | |"], (3, "type"), "type.no_list"),
        (["select_one cities.csv | a | A | | | | |"], (3, "type"), "list.is_file"),
        (["select_one_from_file cities | a | A | | | | |"], (3, "type"), "list.no_file"),
        (["integer | a | | | | | |"], (3, "label"), "label.none"),
        (["calculate | a | | | | | |"], (3, "calculation"), "calculation.missing"),
        (["| a | A | | | | |"], (3, "type"), "type.missing"),
        (["text | a | A | | | | 是 |"], (3, "required"), "required.word"),
        (["text | a | A of ${ a } | | | | |"], (3, "label"), "reference.spaces"),
        (["text | a | A of ＄｛a｝ | | | | |"], (3, "label"), "reference.wide"),
        (["text | a | A of ${a | | | | |"], (3, "label"), "reference.open"),
        (["text | a | A | | string-lenght(.) > 1 | | |"], (3, "constraint"), "expression.function_near"),
        (["text | a | A | | zzz(.) | | |"], (3, "constraint"), "expression.function"),
        (["text | a | A | | substr(.) = 'x' | | |"], (3, "constraint"), "expression.arguments_between"),
        (["text | a | A | | not(., 1) | | |"], (3, "constraint"), "expression.arguments_exact"),
        (["text | a | A | | (. > 1 | | |"], (3, "constraint"), "expression.brackets"),
        (["text | a | A | | . = 'x | | |"], (3, "constraint"), "expression.quotes"),
        (["text | a | A | | . = ) 1 | | |"], (3, "constraint"), "expression.brackets"),
        (["text | a | A | | . = = 1 | | |"], (3, "constraint"), "expression.syntax"),
        (["text | a | A | | $a = 1 | | |"], (3, "constraint"), "expression.variable"),
        (["text | a | A | | | | |", "text | b | B | a = 'x' | | | |"], (4, "relevant"), "expression.bare"),
    ],
)  # fmt: skip
def test_mistakes_of_the_survey_sheet(rows: list[str], place: tuple[int, str], key: str) -> None:
    error = only(*rows, choices=CHOICES)
    assert (error.sheet, error.row, error.column, error.key) == ("survey", *place, f"form_check.{key}")


@pytest.mark.parametrize(
    ("written", "write"),
    [("${a} ＝ 1", "${a} = 1"), ("${a} == 1", "${a} = 1"), ("${a} = 1 && ${a} = 2", "${a} = 1  and  ${a} = 2"),
     ("（${a} > 1）", "(${a} > 1)"), ("selected(${a}， 'x')", "selected(${a}, 'x')"), ("${a} ≥ 18", "${a} >= 18"), ("＄｛a｝ = 1", "${a} = 1"),
     ("${a} = 1 AND ${a} = 2", "${a} = 1 and ${a} = 2"), ("${a} <> ‘x’", "${a} != 'x'"), ("{a} = 1", "${a} = 1"), ("$(a) = 1", "${a} = 1")],
)  # fmt: skip
def test_known_slips_are_answered_with_the_expression_that_was_meant(written: str, write: str) -> None:
    errors = checked(survey("text | a | A | | | | |", f"text | b | B | {written} | | | |") + SETTINGS).errors
    repaired = [f for f in errors if f.key == "form_check.expression.repaired"]
    assert [f.facts["write"] for f in repaired] == [write]
    assert checked(survey("text | a | A | | | | |", f"text | b | B | {write} | | | |") + SETTINGS).errors == ()


def test_curly_quotes_are_read_and_mentioned() -> None:
    result = checked(survey("text | a | A | | | | |", "text | b | B | ${a} = “x” | | | |") + SETTINGS)
    assert (result.errors, places(result.warnings)) == ((), [("survey", 4, "relevant", "expression.curly")])


def test_circles_of_calculations_are_named_with_their_rows() -> None:
    error = only(
        "calculate | a | | | | ${b} + 1 | |", "calculate | b | | | | ${c} + 1 | |", "calculate | c | | | | ${a} + 1 | |"
    )
    assert (error.facts["path"], error.facts["rows"]) == ("a → b → c → a", "3, 4, 5")
    assert only("calculate | a | | | | . + 1 | |").facts["path"] == "a → a"
    by_paths = only("text | x | X | | | | |", "calculate | d | | | | ../e | |", "calculate | e | | | | ../d | |")
    assert (by_paths.sheet, by_paths.row, by_paths.facts["rows"]) == ("survey", 4, "4, 5")
    assert by_paths.facts["path"] == "d → e → d"
    circle_with_relevance = survey("integer | a | A | ${b} > 0 | | | |", "integer | b | B | ${a} > 0 | | | |")
    assert checked(circle_with_relevance + SETTINGS).errors == ()


def test_what_the_engine_finds_stands_at_its_row() -> None:
    error = only("text | x | X | | | | |", "text | a | A | | regex(., '(a') | | |")
    assert (error.sheet, error.row, error.ref, error.key) == ("survey", 4, "/data/a", "xforms.regex_wrong")
    assert "${a}" in error.text("en")


@pytest.mark.parametrize(
    ("choices", "place", "key"),
    [("yes_no | yes | Yes | |\nyes_no | yes | Again | |", (8, "name"), "choice.twice"), ("yes_no | | Yes | |\nyes_no | no | No | |", (7, "name"), "choice.no_name"),
     ("yes_no | yes | Yes | |\n | no | No | |", (8, "list_name"), "choice.no_list"), ("yes_no | y es | Yes | |", (7, "name"), "choice.spaces"),
     ("yes_no | yes | ${nobody} | |", (7, "label"), "reference.unknown")],
)  # fmt: skip
def test_mistakes_of_the_choices_sheet(choices: str, place: tuple[int, str], key: str) -> None:
    error = only("select_one yes_no | a | A | | | | |", "select_multiple yes_no | b | B | | | | |", choices=choices)
    assert (error.sheet, error.row, error.column, error.key) == ("choices", *place, f"form_check.{key}")


def test_a_list_without_choices_and_a_form_without_lists() -> None:
    assert only("select_one yes_no | a | A | | | | |").key == "form_check.list.none"
    assert only("select_one kinds | a | A | | | | |", choices=CHOICES).key == "form_check.list.unknown"


@pytest.mark.parametrize(
    ("heading", "near"),
    [("lable", "label"), ("constrain", "constraint"), ("relevent", "relevant"), ("hint:中文", "hint::中文"), ("hint：：中文", "hint::中文"),
     ("bind::custinfo:levle", "level"), ("requried", "required"), ("calculatoin", "calculation")],
)  # fmt: skip
def test_misspelt_headings(heading: str, near: str) -> None:
    columns = f"type | name | label::中文 | {heading}"
    errors = checked(survey("text | a | 甲 | 1 |", columns=columns) + SETTINGS).errors
    assert [(f.row, f.column, f.facts["near"]) for f in errors if f.key.startswith("form_check.column")] == [
        (2, heading, near)
    ]


def test_aliases_and_remarks_are_no_mistakes() -> None:
    columns = "Type | name | caption | relevance | constraint | calculation | readonly | my own thoughts"
    result = checked(survey("text | a | A | | | | yes | hm |", columns=columns) + SETTINGS)
    assert (result.errors, places(result.warnings)) == ((), [("survey", 2, "my own thoughts", "column.unknown")])
    assert found("text | a | A | | 1 |", columns="type | name | label | relevant | relevance")[0][3] == "column.same"


def test_languages_are_the_same_everywhere() -> None:
    columns = "type | name | label::中文 (zh-CN) | label::English (en) | hint::中文（zh-CN） | hint::english (en)"
    errors = checked(survey("text | a | 甲 | A | 乙 | B |", columns=columns) + SETTINGS).errors
    assert [(f.column, f.facts["other"]) for f in errors] == [
        ("hint::中文（zh-CN）", "中文 (zh-CN)"),
        ("hint::english (en)", "English (en)"),
    ]
    columns = "type | name | label::中文 (zh-CN) | label::English (en) | hint::中文 (zh-CN)"
    warnings = checked(survey("text | a | 甲 | | 乙 |", columns=columns) + SETTINGS).warnings
    assert places(warnings) == [
        ("survey", 2, "", "language.column"),
        ("survey", 3, "label::English (en)", "language.blank"),
    ]


OWN = "type | name | label | bind::custinfo:level | bind::custinfo:format | bind::custinfo:max_length | bind::custinfo:soft_check | bind::custinfo:quota | bind::custinfo:unique | save_to"
OWN_SETTINGS = '\n| settings |\n| | form_id | version | namespaces | attribute::custinfo:double_entry |\n| | test | 1 | custinfo="https://custinfo.org/xforms" | {double} |'


def test_the_columns_of_custinfo() -> None:
    wrong = survey("text | a | A | 4 | phnoe | ten | . >> 1 | m=x | a b | p |", columns=OWN)
    result = checked(
        wrong + OWN_SETTINGS.format(double="twice") + "\n| entities |\n| | list_name | label |\n| | things | ${a} |"
    )
    assert {key for *_, key in places(result.errors)} == {
        "own.level", "own.format", "own.max_length", "expression.syntax", "own.quota", "own.unique", "own.double_entry",
    }  # fmt: skip
    right = survey("text | a | A | 1 | phone | 20 | . != 'x' | m/18-34=50; f/18-34=40 | p | p |", columns=OWN)
    entities = "\n| entities |\n| | list_name | label |\n| | things | ${a} |"
    sound = checked(right + OWN_SETTINGS.format(double="blind") + entities)
    assert (sound.errors, sound.form and dict(sound.form.quotas)) == ((), {"/data/a": {"m/18-34": 50, "f/18-34": 40}})
    assert places(checked(right + SETTINGS + entities).errors) == [("settings", 6, "namespaces", "settings.namespace")]


def test_the_question_that_says_which_department_decides_is_there() -> None:
    settings = OWN_SETTINGS.replace("custinfo:double_entry", "custinfo:decided_in")
    right = survey("text | department | D | | | | | | | |", columns=OWN)
    assert checked(right + settings.format(double="department")).errors == ()
    [wrong] = checked(right + settings.format(double="departement")).errors
    assert (places([wrong])[0][3], wrong.facts["near"]) == ("own.decided_in", "department")


def test_a_quota_inside_a_repeat_is_refused() -> None:
    rows = (
        "begin_repeat | r | R | | | | | | | |",
        "text | a | A | | | | | m=5 | | |",
        "end_repeat | | | | | | | | | |",
    )
    result = checked(survey(*rows, columns=OWN) + OWN_SETTINGS.format(double=""))
    assert places(result.errors) == [("survey", 4, "bind::custinfo:quota", "own.quota_in_repeat")]


def test_the_formats_are_those_that_the_site_checks() -> None:
    assert set(settings.FORMATS) == set(FORMATS)


@pytest.mark.parametrize(
    ("entities", "save_to", "key"),
    [("", "p", "entity.undeclared"), ("| things | |", "p", "entity.no_label"), ("| | ${a} |", "p", "entity.no_list"), ("| th.ings | ${a} |", "p", "entity.list_name"),
     ("| things | ${a} |", "Name", "entity.reserved"), ("| things | ${a} |", "my prop", "entity.property"), ("| things | ${b} |", "p", "reference.unknown"),
     ("| things | ${a} |\n| | other | ${a} |", "p", "entity.which"), ("| things | ${a} |\n| | other | ${a} |", "thigns#p", "entity.unknown")],
)  # fmt: skip
def test_mistakes_of_entities(entities: str, save_to: str, key: str) -> None:
    sheet = f"\n| entities |\n| | list_name | label |\n| {entities}" if entities else ""
    errors = checked(
        survey(f"text | a | A | {save_to} |", columns="type | name | label | save_to") + SETTINGS + sheet
    ).errors
    assert key in {k for *_, k in places(errors)}


def test_columns_of_the_entities_sheet() -> None:
    sheet = "\n| entities |\n| | list_name | label | create_fi |\n| | things | ${a} | true() |"
    errors = checked(survey("text | a | A | p |", columns="type | name | label | save_to") + SETTINGS + sheet).errors
    assert [(f.key, f.facts["near"]) for f in errors] == [("form_check.column.misspelt", "create_if")]


def test_a_form_to_publish_has_an_id_a_version_and_its_lists() -> None:
    form = survey("select_one_from_file citys.csv | a | A | | | | |")
    assert {key for *_, key in places(checked(form).errors)} == {
        "settings.no_form_id",
        "settings.no_version",
        "list.file_missing",
    }
    (error,) = checked(form + SETTINGS, attachments={"city.csv": REGIONS}).errors
    assert (error.key, error.facts["near"]) == ("form_check.list.file_near", "city.csv")
    assert checked(form + SETTINGS, attachments={"citys.csv": REGIONS}).errors == ()
    assert check((form + SETTINGS).encode(), "f.md", {}, live=["citys.csv"]).errors == ()
    assert from_file(form.encode(), "f.md").missing == ("citys.csv",)
    spaced = SETTINGS.replace("test", "my form")
    assert places(checked(survey("text | a | A | | | | |") + spaced).errors) == [
        ("settings", 6, "form_id", "settings.form_id")
    ]


def test_warnings() -> None:
    form = survey(
        "select_one yes_no | a | A | | | | | | | x.png | maybe",
        "integer | n | N | | | | | colums-2 | | |",
        "calculate | unused | | | | 1 + 1 | | | | |",
        "select_one kind | k | K | | | | | | colour = 'red' | |",
        choices="yes_no | yes | Yes | |\nyes_no | no | | |\nkind | a | A | |\nspare | s | S | |",
        columns="type | name | label | relevant | constraint | calculation | required | appearance | choice_filter | image | default",
    )
    result = checked(form + SETTINGS)
    assert result.errors == ()
    assert places(result.warnings) == [
        ("survey", 3, "image", "media.missing"), ("survey", 3, "default", "choice.default"), ("survey", 4, "appearance", "appearance.unknown"),
        ("survey", 5, "calculation", "calculation.unused"), ("survey", 6, "choice_filter", "list.filter"),
        ("choices", 10, "label", "choice.no_label"), ("choices", 12, "list_name", "list.unused"),
    ]  # fmt: skip


def test_sheets_that_are_missing_or_misspelt() -> None:
    assert "survey" in checked(
        "| servey |\n| | type | name |\n| | text | a |\n| choices |\n| | list_name | name |\n| | a | b |"
    ).errors[0].text("en")
    misspelt = survey("text | a | A | | | | |") + "\n| setings |\n| | form_id | version |\n| | test | 1 |"
    assert "form_check.sheet.misspelt" in {f.key for f in checked(misspelt).errors}
    assert places(checked("| survey |\n| | text | a |\n| | text | b |").errors)[0][3] == "column.missing"


def test_an_xform_is_a_form_file_too() -> None:
    xform = checked(CUSTOMER.strip(), attachments={"region.csv": REGIONS}).xform
    assert xform is not None
    for data, name in ((xform.encode(), "form.xml"), (xform.encode("utf-16"), "form.xlsx")):
        again = check(data, name, {"region.csv": REGIONS})
        assert again.form is not None, [f.text("en") for f in again.errors]
        assert again.form.form_id == load(xform).form_id
        assert files_named(data, name) == {"region.csv"}


def test_files_that_a_form_names() -> None:
    columns = "type | name | label | calculation | image"
    rows = (
        "select_one_from_file city.csv | a | A | | shop front.png |",
        "calculate | b | | pulldata('prices', 'p', 'k', ${a}) | |",
    )
    assert files_named(survey(*rows, columns=columns).encode(), "f.md") >= {"city.csv", "prices.csv", "shop front.png"}
    assert files_named(b"%PDF-1.7", "f.md") == set()


def test_a_form_error_carries_the_findings() -> None:
    with pytest.raises(FormError) as caught:
        from_file(survey("fish | a | A | | | | |", "text | a b | A | | | | |").encode(), "f.md")
    assert places(caught.value.findings) == [
        ("survey", 3, "type", "type.unknown"),
        ("survey", 4, "name", "name.illegal"),
    ]
    assert [key for key, _ in caught.value.problems] == ["form_check.type.unknown", "form_check.name.illegal"]
    assert len(caught.value.text("en").splitlines()) == 2


def test_every_message_is_used_and_every_message_that_is_used_exists() -> None:
    sources = "".join(
        file.read_text("utf-8") for folder in ("xforms", "cli") for file in (PACKAGE / folder).rglob("*.py")
    )
    named = set(re.findall(r"""["']form_check\.([a-z_.]+)["']""", sources))
    computed = {"expression.too_long", "expression.too_deep"} | {
        f"kind.{word}" for word in re.findall(r'"([a-z_]+)"', (PACKAGE / "xforms/file_kinds.py").read_text("utf-8"))
    }
    known = {key.removeprefix("form_check.") for key in catalogue("en") if key.startswith("form_check.")}
    assert named - known == set()
    assert known - named - computed == set()
