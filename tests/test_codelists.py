"""The code tables are whole, vouched for, and refused when changed."""

import csv
import hashlib
import io
import re
import shutil
import tomllib
import unicodedata
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from custinfo.domain import codelists
from custinfo.domain.errors import NotFound, SiteFault
from custinfo.domain.messages import LANGUAGES

REGISTER = tomllib.loads((codelists.FOLDER / "codelists.toml").read_text("utf-8"))
ALL = tuple(REGISTER)
CHAINS = {
    "region": ("province", "prefecture", "county"),
    "industry": ("section", "division", "group", "class"),
}
FIVE = {"state", "collective", "individual", "joint_stock", "joint_venture"}


def test_the_register_lists_exactly_the_files() -> None:
    assert set(codelists.names()) == {file.stem for file in codelists.FOLDER.glob("*.csv")}


@pytest.mark.parametrize("name", ALL)
def test_bytes_and_rows_agree_with_the_register(name: str) -> None:
    content = (codelists.FOLDER / f"{name}.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == REGISTER[name]["sha256"]
    assert len(codelists.load(name).rows) == REGISTER[name]["rows"]


@pytest.mark.parametrize("name", ALL)
def test_every_table_says_where_it_came_from(name: str) -> None:
    table = codelists.load(name)
    assert table.standard
    assert table.edition
    assert table.source
    assert REGISTER[name]["licence"]
    assert date(2026, 11, 21) <= table.checked <= date(2026, 11, 23)
    assert all(table.title[language] for language in LANGUAGES)


@pytest.mark.parametrize("name", ALL)
def test_files_are_plain_utf8_with_unix_lines(name: str) -> None:
    content = (codelists.FOLDER / f"{name}.csv").read_bytes()
    text = content.decode()
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert text.endswith("\n")
    assert unicodedata.normalize("NFC", text) == text


@pytest.mark.parametrize("name", ALL)
def test_codes_are_unique_and_cells_clean(name: str) -> None:
    rows = codelists.load(name).rows
    assert max(Counter(row.code for row in rows).values()) == 1
    assert all(row.code and row.name and row.name == row.name.strip() for row in rows)
    assert all(row.name_en == row.name_en.strip() for row in rows)


@pytest.mark.parametrize("name", ALL)
def test_every_parent_exists(name: str) -> None:
    table = codelists.load(name)
    assert [row.code for row in table.rows if row.parent and row.parent not in table] == []


@pytest.mark.parametrize("name", CHAINS)
def test_chains_are_unbroken(name: str) -> None:
    table, levels = codelists.load(name), CHAINS[name]
    above = dict(zip(levels[1:], levels, strict=False))
    for row in table.rows:
        # Hainan's counties of before 2001 were directly under the province, without a row of GB/T 2260 between
        expected = "province" if re.fullmatch(r"4600(?!00)\d\d", row.code) else above.get(row.level)
        assert (table.get(row.parent).level if row.parent else None) == expected, row


def test_region_counts_and_forms() -> None:
    table = codelists.load("region")
    gone = [row for row in table.rows if row.is_abolished]
    assert Counter(row.level for row in table.offered) == {"province": 34, "prefecture": 342, "county": 2847}
    assert Counter(row.level for row in gone) == {"prefecture": 211, "county": 3048}
    assert all(re.fullmatch(r"[1-8]\d{5}", row.code) and row.name_en for row in table.rows)


@pytest.mark.parametrize(
    ("code", "name", "valid_from", "valid_to", "successor"),
    [
        ("110103", "崇文区", "", "2009-12-31", "110101"),  # part of 东城区 since 2010
        ("110228", "密云县", "", "2014-12-31", "110118"),  # became 密云区
        ("341400", "巢湖市", "1999-01-01", "2010-12-31", ""),  # divided among three prefectures
        ("371200", "莱芜市", "1992-01-01", "2017-12-31", "370100"),  # a part of 济南市 since 2018
        ("420621", "襄阳县", "1983-01-01", "2000-12-31", ""),  # parts had gone to the city before
        ("431121", "祁阳县", "1995-01-01", "2021-02-19", "431181"),  # became 祁阳市 on 2021-02-20
        ("500105", "江北区", "1997-01-01", "2024-12-31", "500157"),
        ("500112", "渝北区", "1997-01-01", "2024-12-31", ""),  # five of its towns went to 北碚区
        ("510200", "重庆市", "", "1996-12-31", ""),
        ("512322", "垫江县", "", "1994-12-31", ""),  # then 511421, which is another county today
    ],
)
def test_known_abolished_regions(code: str, name: str, valid_from: str, valid_to: str, successor: str) -> None:
    row = codelists.load("region").get(code)
    assert row.is_abolished
    assert (row.name, *row.extra.values()) == (name, valid_from, valid_to, successor)


def test_abolished_regions_say_when_and_what_followed() -> None:
    table = codelists.load("region")
    for row in table.rows:
        first, last = (row.extra[column] for column in ("valid_from", "valid_to"))
        assert all(date.fromisoformat(day) for day in (first, last) if day)
        assert not (first and last) or first < last, row
        assert last or not row.extra["successor"], row
        if successor := row.extra["successor"]:
            after, next_day = table.get(successor).extra, str(date.fromisoformat(last) + timedelta(days=1))
            assert after["valid_from"] <= next_day <= (after["valid_to"] or "9999"), row


def test_abolished_regions_are_not_offered() -> None:
    table = codelists.load("region")
    assert "110103" in table
    assert table.label("110103", "en") == "Chongwen"
    assert "110103" not in {row.code for row in table.children("110100")}
    assert b"110103" not in table.choices_csv()


def test_a_county_carries_its_prefectures_digits() -> None:
    rows = codelists.load("region").rows
    counties = [row for row in rows if row.level == "county"]
    # Chongqing's counties (5002xx) belong to 500200, its districts to 500100: the digits agree there too.
    assert all(row.parent[:4] == row.code[:4] for row in counties)


def test_only_the_documented_divisions_end_early() -> None:
    table = codelists.load("region")
    ends = {row.code for row in table.offered if row.level != "county" and not table.children(row.code)}
    assert ends == {"441900", "442000", "460400", "620200", "710000", "810000", "820000"}
    assert all(code in REGISTER["region"]["notes"] for code in ends)


def test_siblings_read_differently() -> None:
    for language in LANGUAGES:
        rows = codelists.load("region").offered
        assert max(Counter((row.parent, row.label(language)) for row in rows).values()) == 1


@pytest.mark.parametrize(
    ("code", "name", "english", "parent"),
    [
        ("110101", "东城区", "Dongcheng", "110100"),
        ("440304", "福田区", "Futian", "440300"),
        ("419001", "济源市", "Jiyuan", "419000"),
        ("610000", "陕西省", "Shaanxi", ""),
        ("140000", "山西省", "Shanxi", ""),
        ("150000", "内蒙古自治区", "Inner Mongolia", ""),
        ("350200", "厦门市", "Xiamen", "350000"),
        ("500157", "两江新区", "Liangjiang", "500100"),
        ("330382", "乐清市", "Yueqing", "330300"),
        ("140109", "万柏林区", "Wanbailin", "140100"),
    ],
)
def test_known_regions(code: str, name: str, english: str, parent: str) -> None:
    row = codelists.load("region").get(code)
    assert (row.name, row.name_en, row.parent) == (name, english, parent)


def test_industry_counts_and_forms() -> None:
    rows = codelists.load("industry").rows
    assert Counter(row.level for row in rows) == {"section": 20, "division": 97, "group": 473, "class": 1382}
    forms = {"section": r"[A-T]", "division": r"\d{2}", "group": r"\d{3}", "class": r"\d{4}"}
    assert all(re.fullmatch(forms[row.level], row.code) for row in rows)
    assert all(row.name_en for row in rows if row.level in ("section", "division"))
    assert all(row.code.startswith(row.parent) for row in rows if row.level in ("group", "class"))


@pytest.mark.parametrize(
    ("code", "name", "section"),
    [
        ("0111", "稻谷种植", "A"),
        ("2928", "人造草坪制造", "C"),
        ("6110", "旅游饭店", "H"),
        ("6210", "正餐服务", "H"),
        ("651", "软件开发", "I"),
        ("6513", "应用软件开发", "I"),
        ("9231", "监察委员会", "S"),
        ("9700", "国际组织", "T"),
    ],
)
def test_known_industries(code: str, name: str, section: str) -> None:
    table = codelists.load("industry")
    top = table.ancestor(code, "section")
    assert table.label(code) == name
    assert top is not None
    assert top.code == section


@pytest.mark.parametrize(
    ("name", "residual"), [("enterprise_type", {"190", "900"}), ("economic_type", {"179", "190", "900"})]
)
def test_every_type_has_one_of_the_five_ownerships_or_the_reason_why_not(name: str, residual: set[str]) -> None:
    assert {row.code for row in codelists.load("ownership").rows} == FIVE
    table = codelists.load(name)
    for row in table.rows:
        reason = "heading" if table.children(row.code) else "residual" if row.code in residual else ""
        assert row.extra["reason"] == reason, row
        assert row.extra["ownership"] in ({""} if reason else FIVE), row


def test_flat_lists_are_numbered_and_bilingual() -> None:
    flat = [name for name in ALL if "order" in codelists.load(name).rows[0].extra]
    assert {"bank", "ownership", "payment_method", "payment_terms", "kind_of_customer", "location_type"} <= set(flat)
    for name in flat:
        rows = codelists.load(name).rows
        assert [row.extra["order"] for row in rows] == [str(place) for place in range(1, len(rows) + 1)]
        assert all(row.name_en and re.fullmatch(r"[a-z][a-z0-9_]*", row.code) for row in rows)


def test_label_takes_the_language_and_falls_back_to_chinese() -> None:
    table = codelists.load("industry")
    assert table.label("65", "zh-CN") == "软件和信息技术服务业"
    assert table.label("65", "en") == "Software and information technology services"
    assert table.label("6513", "en") == "应用软件开发"


def test_children_and_ancestors() -> None:
    table = codelists.load("region")
    assert len(table.children()) == 34
    assert {row.code for row in table.children("500000")} == {"500100", "500200"}
    province = table.ancestor("440304", "province")
    assert province is not None
    assert province.name_en == "Guangdong"
    assert table.ancestor("440304", "county") == table.get("440304")
    assert table.ancestor("440000", "county") is None
    assert table.children("441900") == ()


def test_choices_csv_fits_a_survey_form() -> None:
    table = codelists.load("region")
    rows = list(csv.DictReader(io.StringIO(table.choices_csv().decode())))
    assert list(rows[0]) == ["name", "label", "label_en", "parent", "level", "province", "prefecture", "county"]
    assert [row["name"] for row in rows] == [row.code for row in table.offered]
    futian = next(row for row in rows if row["name"] == "440304")
    assert list(futian.values()) == ["440304", "福田区", "Futian", "440300", "county", "440000", "440300", "440304"]


def test_unknown_names_are_reported() -> None:
    with pytest.raises(NotFound) as no_list:
        codelists.load("nothing")
    with pytest.raises(NotFound) as no_code:
        codelists.load("bank").label("nothing", "en")
    for language in LANGUAGES:
        assert "nothing" in no_list.value.text(language)
        assert "nothing" in no_code.value.text(language)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The code tables in a folder that a test may spoil."""
    folder = tmp_path / "codelists"
    shutil.copytree(codelists.FOLDER, folder)
    monkeypatch.setattr(codelists, "FOLDER", folder)
    return folder


def test_a_tampered_copy_is_refused(copied: Path) -> None:
    file = copied / "bank.csv"
    file.write_bytes(file.read_bytes().replace(b"icbc", b"evil"))
    with pytest.raises(SiteFault) as fault:
        codelists.load("bank")
    assert fault.value.key == "codelists.changed"
    assert all(str(file) in fault.value.text(language) for language in LANGUAGES)
    assert codelists.load("ownership").rows


def test_a_missing_file_is_named(copied: Path) -> None:
    (copied / "bank.csv").unlink()
    with pytest.raises(SiteFault) as fault:
        codelists.load("bank")
    assert all("bank.csv" in fault.value.text(language) for language in LANGUAGES)


def test_a_list_is_read_once() -> None:
    assert codelists.load("bank") is codelists.load("bank")
