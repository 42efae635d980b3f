"""Files for statisticians: .sav and Parquet with their labels, codebooks that a person can check."""

import io
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pyreadstat
import pytest
from lxml import etree

from custinfo.exchange import EXPORTS, StoredRecord
from custinfo.exchange.variables import legal_name
from custinfo.xforms import Form
from tests.exchange.forms import ANSWERS, everyone, form, stored, visit
from tests.xforms.forms import survey

GOLDEN = Path(__file__).parent / "golden"


def files(name: str, of: Form, records: list[StoredRecord], language: str = "en") -> dict[str, bytes]:
    content = EXPORTS[name].write(of, records, language, labels=True, sees=everyone)
    if not content.startswith(b"PK"):
        return {"": content}
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        return {entry: found.read(entry) for entry in found.namelist()}


def sav(data: bytes, folder: Path, **options: Any) -> Any:
    path = folder / "x.sav"
    path.write_bytes(data)
    return pyreadstat.read_sav(str(path), **options)


HAVEN = """
options(encoding = "UTF-8")
d <- haven::read_sav(commandArgs(TRUE)[1], user_na = TRUE)
cat(attr(d$pleased, "label"), paste(names(attr(d$pleased, "labels")), collapse = "|"), sum(is.na(d$pleased)), sep = "\\n")
"""


def has_haven() -> bool:
    rscript = shutil.which("Rscript")
    if rscript is None:
        return False
    return subprocess.run([rscript, "-e", "library(haven)"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_haven(), reason="R with haven is not on this machine; pyreadstat reads by the same library")
def test_haven_reads_the_labels_and_missing_values(tmp_path: Path) -> None:
    (tmp_path / "read.R").write_text(HAVEN, "utf-8")
    path = tmp_path / "x.sav"
    path.write_bytes(
        files("sav", visit(), stored(visit(), ANSWERS, {"title": "B", "talk": {"pleased": "2"}}), "zh-CN")["visit.sav"]
    )
    done = subprocess.run(
        ["Rscript", tmp_path / "read.R", path],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    assert done.stdout.split() == ["满意", "不满意|满意|拒答|不知道", "1"]


def test_a_sav_has_variable_labels_value_labels_and_missing_values(tmp_path: Path) -> None:
    found = files("sav", visit(), stored(visit(), ANSWERS, {"title": "B", "talk": {"pleased": "2"}}), "zh-CN")
    assert list(found) == ["visit.sav", "visit-contact.sav", "visit-contact-call.sav"]
    data, meta = sav(found["visit.sav"], tmp_path, user_missing=True)
    assert meta.column_names_to_labels["title"] == "名称"
    assert meta.variable_value_labels["pleased"] == {1: "不满意", 2: "满意", -98: "拒答", -99: "不知道"}
    assert meta.variable_value_labels["channel"] == {"visit": "走访", "phone": "电话；传真"}
    assert meta.missing_ranges == {"pleased": [{"lo": -98, "hi": -98}, {"lo": -99, "hi": -99}]}
    assert list(data["pleased"]) == [-99, 2]
    assert meta.column_names_to_labels["wishes_price"] == "希望: 价格"
    assert meta.variable_value_labels["wishes_price"] == {0: "未选", 1: "选中"}
    first = data.iloc[0]
    assert (first["wishes_price"], first["wishes_speed"], first["order_speed"], first["order_other"]) == (0, 1, 1, 3)
    assert (first["staff"], first["sales"], first["double"], first["place_latitude"]) == (12, 1234.5, 2469, 22.5)
    assert str(first["day"]) == "2026-11-20"
    assert str(first["at"]) == "09:30:00"
    assert str(first["moment"]) == "2026-11-20 09:30:00"
    second = data.iloc[1]
    assert all(second.isna()[name] for name in ("staff", "wishes_price", "order_speed", "day"))
    assert second["channel"] == ""
    assert {meta.variable_measure[n] for n in ("pleased", "channel")} == {"nominal"}
    assert (meta.variable_measure["sales"], meta.variable_measure["order_speed"]) == ("scale", "ordinal")
    plain, _ = sav(found["visit.sav"], tmp_path)
    assert plain["pleased"].isna()[0]  # declared missing: no analysis counts it


def test_repeats_are_files_of_their_own_with_the_key_of_their_parent(tmp_path: Path) -> None:
    found = files("sav", visit(), stored(visit(), ANSWERS))
    contacts, _ = sav(found["visit-contact.sav"], tmp_path)
    calls, _ = sav(found["visit-contact-call.sav"], tmp_path)
    assert list(contacts["record_key"]) == ["R-1/contact[1]", "R-1/contact[2]"]
    assert set(contacts["parent_key"]) == {"R-1"}
    assert list(calls["parent_key"]) == ["R-1/contact[1]"] * 2
    assert list(calls["number"]) == ["075512345678", "+86 755 1"]


def test_a_file_without_records_keeps_its_variables(tmp_path: Path) -> None:
    _, meta = sav(files("sav", visit(), [])["visit.sav"], tmp_path)
    assert "wishes_price" in meta.column_names


def test_what_a_type_cannot_hold_makes_the_variable_a_text_and_long_texts_go_on_in_another(tmp_path: Path) -> None:
    made = form(survey("integer | big | Big", "text | long | Long", "date | old | Old"))
    long = "中" * 9_999
    about: dict[str, Any] = {"long": long * 2, "big": "123456789012345678", "old": "not a day"}
    record = StoredRecord("R-1", 1, "data", "1", "s", "x", "p", None, about)
    data, meta = sav(files("sav", made, [record])[""], tmp_path)
    assert data["big"][0] == "123456789012345678"
    assert data["old"][0] == "not a day"
    assert data["long"][0] + data["long_2"][0] == long * 2
    assert meta.column_names_to_labels["long_2"] == "Long"


@pytest.mark.parametrize(
    ("name", "legal"), [("a-b.c", "a_b_c"), ("_x", "x"), ("1st", "v_1st"), ("WITH", "v_WITH"), ("客户", "客户"), ("é" * 40, "é" * 32), ("", "v")]
)  # fmt: skip
def test_names_of_variables_are_legal(name: str, legal: str) -> None:
    assert legal_name(name, set()) == legal


def test_names_of_variables_differ_whatever_the_case() -> None:
    taken: set[str] = set()
    made = [legal_name(name, taken) for name in ("Age", "age", "AGE", "x" * 70, "x" * 70)]
    assert made == ["Age", "age_2", "AGE_3", "x" * 64, "x" * 62 + "_2"]


def test_parquet_has_types_and_labels() -> None:
    found = files("parquet", visit(), stored(visit(), ANSWERS))
    table = pq.read_table(io.BytesIO(found["visit.parquet"]))
    types = {field.name: str(field.type) for field in table.schema}
    wanted = {"staff": "int64", "sales": "double", "day": "date32[day]", "at": "time64[us]", "moment": "timestamp[us]", "title": "string",
              "wishes_price": "int64", "pleased": "int64"}  # fmt: skip
    assert {name: types[name] for name in wanted} == wanted
    said = json.loads(table.schema.field("pleased").metadata[b"custinfo"])
    assert said["label"] == "Pleased"
    assert said["categories"]["-99"] == "Does not know"
    assert said["missing"] == ["-98", "-99"]
    assert json.loads(table.schema.metadata[b"custinfo"])["form_id"] == "visit"
    assert pq.read_table(io.BytesIO(found["visit-contact.parquet"])).column("title").to_pylist() == ["张三", "李四"]


def golden(name: str, content: bytes) -> None:
    """What is written equals the file that a person has checked; on a change, look at the difference, then replace it."""
    assert content.decode() == (GOLDEN / name).read_text("utf-8")


def test_the_ddi_codebook_is_the_one_that_was_checked() -> None:
    golden("visit.ddi.xml", files("ddi", visit(), stored(visit(), ANSWERS), "zh-CN")[""])


def test_the_codebook_describes_the_variables_of_the_sav_files(tmp_path: Path) -> None:
    records = stored(visit(), ANSWERS)
    root = etree.fromstring(files("ddi", visit(), records)[""])
    space = {"d": "ddi:codebook:2_5"}
    for number, (name, data) in enumerate(files("sav", visit(), records).items(), 1):
        _, meta = sav(data, tmp_path)
        said = root.xpath(f"//d:var[@files='F{number}']/@name", namespaces=space)
        assert said == meta.column_names, name
        assert root.xpath(f"//d:fileDscr[@ID='F{number}']//d:fileName/text()", namespaces=space) == [name]
    assert root.xpath("//d:var[@name='pleased']/d:catgry[@missing='Y']/d:catValu/text()", namespaces=space) == [
        "-98",
        "-99",
    ]


@pytest.mark.parametrize("name", ["visit.sss", "visit.csv", "visit-contact.sss", "visit-contact.csv"])
def test_triple_s_is_the_one_that_was_checked(name: str) -> None:
    golden(
        name,
        files("triple_s", visit(), stored(visit(), ANSWERS, {"talk": {"staff": "3"}}))[name].replace(b"\r\n", b"\n"),
    )


def test_triple_s_data_are_what_the_description_says() -> None:
    found = files("triple_s", visit(), stored(visit(), ANSWERS))
    root = etree.fromstring(found["visit.sss"])
    names = root.xpath("//variable/name/text()")
    line = dict(zip(names, found["visit.csv"].decode().split("\r\n")[1].replace('"', "").split(","), strict=False))
    assert root.xpath("//variable[name='wishes']/values/value/@code") == ["1", "2", "3"]
    assert line["wishes"] == "011"
    assert root.xpath("//variable[name='pleased']/@format") == ["literal"]  # -99 is no whole number from 0 on
    assert line["pleased"] == "-99"
    assert (line["day"], line["at"]) == ("20261120", "093000")
    assert root.xpath("//variable[name='sales']/values/range/@from") == ["1234.50"]


def test_more_than_three_missing_codes_are_a_range_below_zero(tmp_path: Path) -> None:
    codes = "\n".join(f"x | {code} | L{code} | " for code in (0, 1, -96, -97, -98, -99))
    made = form(survey("select_one x | q | Q", choices=codes))
    _, meta = sav(files("sav", made, stored(made, {"q": "-97"}))[""], tmp_path, user_missing=True)
    assert meta.missing_ranges == {"q": [{"lo": -99, "hi": -96}]}
