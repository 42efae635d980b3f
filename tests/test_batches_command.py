"""Importing batches by command: where wrong rows are listed, how the lawful basis is named; and registers of before."""

import os
import sqlite3

import pytest
from sqlite_utils import Database

from custinfo.actions import leftovers
from custinfo.store.schema import batch_contents, spine
from custinfo.store.schema import batches as schema_batches
from custinfo.store.schema.base import run
from tests.factories import account, card, site_with_forms
from tests.test_batches import GOOD, command


@pytest.fixture
def store(tmp_path):
    with site_with_forms(tmp_path / "site") as opened:
        card(opened, account(opened))
        yield opened


def test_a_register_of_before_keeps_its_rows_and_takes_content_again():
    db = Database(memory=True)
    run(db, spine.STATEMENTS)
    db.execute("ALTER TABLE batch ADD COLUMN source_kind TEXT NOT NULL DEFAULT 'own_records'")
    run(db, schema_batches.STATEMENTS)
    text = ("batch_id", "kind", "file_name", "source", "lawful_basis", "sha256", "lake_path", "lake_sha256",
            "received_at", "received_by", "totals", "control", "superseded_path", "superseded_sha256", "query",
            "connection", "source_kind")  # fmt: skip
    numbers = ("line_count", "sum_fen", "cancelled_count", "superseded_count")
    rows = [{**{name: f"{name} {n}" for name in text}, **dict.fromkeys(numbers, n)} for n in (2, 1)]
    db["batch"].insert_all(rows)
    run(db, batch_contents.STATEMENTS)
    assert list(db["batch"].rows) == [{name: row[name] for name in db["batch"].columns_dict} for row in rows]
    assert set(db["batch"].columns_dict) == set(text + numbers)
    db["batch"].insert({**rows[0], "batch_id": "again"})
    assert {index.name for index in db["batch"].indexes} >= {"batch_source", "batch_content"}


def test_wrong_rows_of_a_query_are_listed_where_told_and_no_file_is_made_without_any(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect(tmp_path / "erp.db") as erp:
        erp.execute("CREATE TABLE lines (customer, line_no, kind, date, product, quantity, amount)")
        erp.execute("INSERT INTO lines VALUES ('C000001', '1', 'sale', '2026-10-05', 'x', 1, '-1')")
    arguments = ("sales", "--sql", "SELECT * FROM lines", "--connect", f"sqlite:///{tmp_path / 'erp.db'}")
    listed = store.site.home / "run" / "import-errors" / "sales.errors.csv"
    assert str(listed) in command(store.site.home, *arguments, status=1)
    assert "-1" in listed.read_text("utf-8-sig")
    assert leftovers.sweep(store.site) == 0
    os.utime(listed.parent, (0, 0))
    assert (leftovers.sweep(store.site), listed.exists()) == (1, False)
    command(store.site.home, *arguments, "--errors", tmp_path / "told", status=1)
    assert (tmp_path / "told" / "sales.errors.csv").is_file()
    (tmp_path / "file").touch()
    assert "--errors" in command(store.site.home, *arguments, "--errors", tmp_path / "file" / "below", status=1)
    with sqlite3.connect(tmp_path / "erp.db") as erp:
        erp.execute("UPDATE lines SET amount = '1'")
    command(store.site.home, *arguments)
    assert not listed.parent.exists()
    assert list(tmp_path.glob("*.errors.csv")) == []


@pytest.mark.parametrize("basis", ["contract", "履行合同", "订立、履行合同所必需", "Performing a contract"])
def test_the_lawful_basis_may_be_named_in_either_language(store, tmp_path, basis):
    (tmp_path / "sales.csv").write_text(GOOD, "utf-8")
    command(store.site.home, "sales", tmp_path / "sales.csv", "--lawful-basis", basis)
    assert store.row("SELECT lawful_basis FROM batch")["lawful_basis"] == "contract"


def test_an_unknown_lawful_basis_is_refused_naming_those_there_are(store, tmp_path):
    (tmp_path / "sales.csv").write_text(GOOD, "utf-8")
    said = command(store.site.home, "sales", tmp_path / "sales.csv", "--lawful-basis", "因为需要", status=2)
    assert "因为需要" in said and "contract" in said and "履行合同" in said
