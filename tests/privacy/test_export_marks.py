"""What leaves says who took it out: in the file where its format has a place for that, and by its hash in any case."""

import csv
import io
import json
import zipfile

import pyarrow.parquet as pq
import pyreadstat
import pytest

from custinfo import exchange
from custinfo.actions import export_register, form_exports, forms
from custinfo.domain.errors import NotAllowed
from custinfo.exchange import exports

guarantee = pytest.mark.guarantee
FORM = "enterprise_card"


def notes_of_pages(data):
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return b"".join(book.read(name) for name in book.namelist() if "/worksheets/" in name).decode()


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def metadata(data):
    return json.loads(pq.read_schema(io.BytesIO(data)).metadata[b"custinfo"])["export"]


def notes(data, folder):
    (folder / "made.sav").write_bytes(data)
    return "".join(pyreadstat.read_sav(folder / "made.sav", metadataonly=True)[1].notes)


@guarantee("exports-marked")
def test_a_file_says_who_took_it_out_and_under_which_number(office, tmp_path):
    office.company()
    office.company()
    said_by = {
        "xlsx": notes_of_pages, "xlsx_exact": notes_of_pages, "parquet": metadata,
        "sav": lambda data: notes(data, tmp_path),
        "csv": lambda data: " ".join(sorted({row["_export"] for row in rows_of(data)})),
    }  # fmt: skip
    numbers = set()
    for name, said in said_by.items():
        made = form_exports.export(office.store, office.head, FORM, name, language="zh-CN")
        newest = export_register.listed(office.store, office.admin, limit=1).rows[0]
        mark = f"{office.head.display_name} · {newest.export_id}"
        assert mark in said(made.data), name
        numbers.add(newest.export_id)
        if name == "csv":
            assert all(row["_export"].endswith(mark) for row in rows_of(made.data))
    assert len(numbers) == len(said_by)
    assert set(form_exports.MARKED) == set(said_by)


def test_formats_for_programs_hold_nothing_but_the_answers(office):
    office.company()
    for name in set(exchange.EXPORTS) - set(form_exports.MARKED):
        made = form_exports.export(office.store, office.head, FORM, name, language="en")
        newest = export_register.listed(office.store, office.admin, limit=1).rows[0]
        assert newest.export_id.encode() not in made.data, name


def test_a_marked_file_is_imported_without_a_word_about_its_mark(office):
    office.company()
    made = form_exports.export(office.store, office.head, FORM, "csv", language="en", labels=False)
    assert "_export" in rows_of(made.data)[0]
    parsed = exchange.rows.read(forms.load(office.store, FORM), made.data, "cards.csv")
    assert (parsed.unknown, parsed.problems) == ((), ())


@guarantee("exports-traced")
def test_a_file_that_turned_up_is_traced_by_its_bytes_or_its_number(office):
    office.company()
    taken = {}
    for name in exports.EXPORTS:
        made = form_exports.export(office.store, office.head, FORM, name, language="en")
        taken[name] = (made.data, export_register.listed(office.store, office.admin, limit=1).rows[0])
    for data, entry in taken.values():
        assert entry in export_register.trace(office.store, office.admin, data=data)
        assert export_register.trace(office.store, office.admin, number=f" {entry.export_id} ") == [entry]
    assert export_register.trace(office.store, office.admin, data=data + b"x", number="X-0") == []
    assert export_register.trace(office.store, office.admin) == []
    asked = office.store.rows("SELECT object_id FROM audit WHERE action = 'export.trace' ORDER BY seq")
    assert [row["object_id"] for row in asked[-2:]] == ["-", "-"]
    assert entry.export_id in {row["object_id"] for row in asked}
    with pytest.raises(NotAllowed):
        export_register.trace(office.store, office.head, number=entry.export_id)
