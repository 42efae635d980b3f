"""Importing batches: lawful origin, the same file twice, wrong rows, corrections, and how it reaches the lake."""

import json
import sqlite3
from datetime import datetime
from functools import partial

import pytest
from click.testing import CliRunner

from custinfo import lake
from custinfo.actions import batch_checks, batches
from custinfo.actions import lake as lake_actions
from custinfo.classification import rules
from custinfo.cli import main
from custinfo.domain.errors import BadInput, Conflict, NotAllowed
from custinfo.domain.people import SERVICE, Role
from custinfo.lake import superseding
from tests.factories import CARD, CREDIT_CODE, account, card, code_for, site_with_forms

HEADER = "customer,line_no,kind,date,product,quantity,amount\n"
GOOD = HEADER + "C000001,0001,sale,2026-10-05,螺栓,10,1234.50\nC000001,0002,return,2026-10-06,螺栓,1,123.45\n"


@pytest.fixture
def store(tmp_path):
    with site_with_forms(tmp_path / "site") as opened:
        card(opened, account(opened))
        yield opened


def imported(
    store, tmp_path, content, *, actor=SERVICE, source="ERP", basis="contract", name="sales.csv", language="zh-CN"
):
    file = tmp_path / name
    file.write_text(content, "utf-8")
    return batches.import_sales(
        store, actor, file, source=source, lawful_basis=basis, errors=tmp_path, language=language
    )


def nothing_of_it(store):
    assert store.rows("SELECT * FROM batch") == []
    assert list((store.site.lake / "sales").glob("*")) == []


def test_a_batch_is_registered_with_its_origin_and_published(store, tmp_path):
    batch = imported(store, tmp_path, GOOD)
    assert (batch.rows, batch.sum_fen, batch.already) == (2, 135795, False)
    row = store.row("SELECT * FROM batch")
    assert (row["source"], row["lawful_basis"], row["line_count"], len(row["sha256"])) == ("ERP", "contract", 2, 64)
    manifest = lake_actions.publish(store, SERVICE)
    opened = lake.open(store.site)
    assert manifest.version == 1
    assert sorted(opened.sales.execute()["amount_fen"]) == [12345, 123450]
    assert lake_actions.publish(store, SERVICE) is None


def test_a_customer_may_be_named_by_credit_code(store, tmp_path):
    assert imported(store, tmp_path, GOOD.replace("C000001", CARD[CREDIT_CODE])).rows == 2


def test_the_same_file_twice_is_one_batch(store, tmp_path):
    first = imported(store, tmp_path, GOOD)
    again = imported(store, tmp_path, GOOD, name="renamed.csv")
    assert (again.batch_id, again.already) == (first.batch_id, True)
    assert len(store.rows("SELECT * FROM batch")) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("C999999,0003,sale,2026-10-05,螺栓,1,1.00", "C999999"),
        ("C000001,0003,sale,2026-10-05,螺栓,-1,1.00", "quantity"),
        ("C000001,0003,sale,2026-10-05,螺栓,1,1.005", "1.005"),
        ("C000001,0003,gift,2026-10-05,螺栓,1,1.00", "gift"),
        ("C000001,0003,sale,2999-10-05,螺栓,1,1.00", "2999"),
        ("C000001,0001,sale,2026-10-05,螺栓,1,1.00", "0001"),
    ],
)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_one_wrong_row_stops_the_batch_and_is_listed_with_its_remedy(store, tmp_path, row, said, language):
    with pytest.raises(BadInput) as refused:
        imported(store, tmp_path, GOOD + row + "\n", language=language)
    listed = (tmp_path / "sales.errors.csv").read_text("utf-8-sig")
    assert "sales.errors.csv" in refused.value.text(language)
    assert said in listed and "4" in listed
    nothing_of_it(store)


@pytest.mark.parametrize(("source", "basis"), [("", "contract"), ("ERP", " ")])
def test_an_import_states_where_it_comes_from_and_why(store, tmp_path, source, basis):
    with pytest.raises(BadInput) as refused:
        imported(store, tmp_path, GOOD, source=source, basis=basis)
    assert refused.value.key == "batches.origin_missing"
    nothing_of_it(store)


@pytest.mark.parametrize("source", ["购买的名单", "a Leaked list", "与同行交换"])
def test_unlawful_sources_are_refused_and_the_attempt_is_on_the_audit_log(store, tmp_path, source):
    with pytest.raises(BadInput) as refused:
        imported(store, tmp_path, GOOD, source=source)
    assert refused.value.key == "batches.unlawful_source"
    assert store.row("SELECT * FROM audit WHERE action = 'batch.refuse'")
    nothing_of_it(store)


@pytest.mark.parametrize("source", ["ERP 数据交换接口，依购买合同", "ERP, under the purchase contract"])
def test_lawful_origins_that_sound_alike_are_taken(store, tmp_path, source):
    assert imported(store, tmp_path, GOOD, source=source).rows == 2


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.MANAGER, Role.ANALYST, Role.AUDITOR])
def test_only_information_administrators_import_and_publish(store, tmp_path, role):
    actor = account(store, role)
    with pytest.raises(NotAllowed):
        imported(store, tmp_path, GOOD, actor=actor)
    with pytest.raises(NotAllowed):
        lake_actions.publish(store, actor)
    nothing_of_it(store)


def test_the_lake_holds_no_name_code_or_number(store, tmp_path):
    imported(store, tmp_path, GOOD)
    lake_actions.publish(store, SERVICE)
    published = b"".join(path.read_bytes() for path in store.site.lake.rglob("*") if path.is_file())
    shown = str(lake.open(store.site).customers.execute().to_dict()) + str(
        lake.open(store.site).sales.execute().to_dict()
    )
    for secret in ("宏远", CARD[CREDIT_CODE], "C000001", "单秀英", "0755-0888"):
        assert secret.encode() not in published
        assert secret not in shown


def test_the_same_sales_under_other_bytes_replace_and_do_not_count_twice(store, tmp_path):
    imported(store, tmp_path, GOOD)
    first = lake_actions.publish(store, SERVICE)
    again = imported(store, tmp_path, GOOD.replace("1234.50", "1234.5"), name="again.csv")
    corrected = imported(store, tmp_path, GOOD.replace("1234.50", "1000.00"), name="corrected.csv")
    other = imported(store, tmp_path, GOOD.replace("123.45", "99.00"), name="other.csv", source="收银系统")
    assert [batch.superseded for batch in (again, corrected, other)] == [2, 2, 0]
    lake_actions.publish(store, SERVICE)
    assert amounts(store) == [9900, 12345, 100000, 123450]
    assert amounts(store, as_of=first.published_at) == [12345, 123450]
    assert amounts(store, version=1) == [12345, 123450]


def test_a_cancelled_row_goes_and_what_matches_nothing_is_said(store, tmp_path):
    imported(store, tmp_path, GOOD)
    gone = "line_no,customer,kind,date,product,quantity,amount,状态\n0001,,,,,,,作废\n0009,,,,,,,作废\n"
    batch = imported(store, tmp_path, gone, name="gone.csv")
    assert (batch.rows, batch.cancelled, batch.superseded) == (2, 2, 1)
    assert [remark.key for remark in batch.remarks] == ["batches.cancelled_nothing"]
    assert store.row("SELECT * FROM batch WHERE batch_id = ?", [batch.batch_id])["cancelled_count"] == 2
    again = imported(store, tmp_path, gone, name="renamed.csv")
    assert (again.already, again.rows) == (True, 2)
    lake_actions.publish(store, SERVICE)
    assert amounts(store) == [12345]


def amounts(store, **when):
    return sorted(lake.open(store.site, **when).sales.to_pyarrow()["amount_fen"].to_pylist())


def of_kind(store, tmp_path, kind, content, *, name="batch.csv", source="ERP", stated=None):
    file = tmp_path / name
    file.write_text(content, "utf-8")
    origin = batches.Origin(source, "contract")
    return batches.import_file(store, SERVICE, kind, file, origin, errors=tmp_path, stated=stated)


def test_every_kind_of_batch_reaches_its_table(store, tmp_path):
    of_kind(store, tmp_path, "payments", "customer,line_no,date,amount\nC000001,0001,2026-10-05,5.00\n", name="p.csv")
    returns = "customer,line_no,date,product,quantity,amount\nC000001,0001,2026-10-05,螺栓,1,3.00\n"
    of_kind(store, tmp_path, "returns", returns, name="r.csv")
    events = "customer,event_id,kind,time\nC000001,E1,{},2026-10-05 08:30\n"
    of_kind(store, tmp_path, "service_events", events.format("维修"), name="s.csv")
    of_kind(store, tmp_path, "web_events", events.format("view"), name="w.csv")
    lake_actions.publish(store, SERVICE)
    opened = lake.open(store.site)
    kinds = dict(opened.sales.to_pyarrow().select(["kind", "amount_fen"]).to_pandas().itertuples(index=False))
    assert kinds == {"payment": 500, "return": 300}, "payment 0001 and return 0001 are two rows"
    assert opened.service_events.to_pyarrow()["kind"].to_pylist() == ["repair"]
    assert opened.web_events.to_pyarrow()["occurred_at"].to_pylist() == [datetime(2026, 10, 5, 0, 30)]  # noqa: DTZ001
    changed = of_kind(store, tmp_path, "web_events", events.format("click"), name="w2.csv")
    lake_actions.publish(store, SERVICE)
    assert changed.superseded == 1
    assert lake.open(store.site).web_events.to_pyarrow()["kind"].to_pylist() == ["click"]
    assert lake.open(store.site, version=1).web_events.to_pyarrow()["kind"].to_pylist() == ["view"]
    assert lake.verify(store.site)


def test_half_a_batch_is_refused_by_its_control_file(store, tmp_path):
    (tmp_path / "sales.control.json").write_text('{"rows": 4, "sum_fen": 271590}', "utf-8")
    with pytest.raises(BadInput) as refused:
        imported(store, tmp_path, GOOD)
    assert (refused.value.key, refused.value.facts["found"], refused.value.facts["expected"]) == (
        "lake.control_rows", 2, 4
    )  # fmt: skip
    nothing_of_it(store)
    (tmp_path / "sales.control.json").write_text('{"rows": 2, "sum_fen": 135795}', "utf-8")
    imported(store, tmp_path, GOOD)
    row = store.row("SELECT * FROM batch")
    assert row["control"] == "sales.control.json"
    assert json.loads(row["totals"]) == {
        "rows": 2, "sum_fen": 135795, "kinds": {"sale": [1, 123450], "return": [1, 12345]}
    }  # fmt: skip


def test_returns_above_sales_are_said_by_the_customers_number(store, tmp_path):
    imported(store, tmp_path, GOOD)
    back = HEADER + "C000001,0003,return,2026-10-07,螺栓,9,2000.00\n"
    batch = imported(store, tmp_path, back, name="back.csv")
    (remark,) = batch.remarks
    assert remark.facts == {"number": "C000001", "returns": "¥2,123.45", "sales": "¥1,234.50"}
    assert "C000001" in remark.text("zh-CN") and "¥1,234.50" in remark.text("en")
    lake_actions.publish(store, SERVICE)
    mended = imported(store, tmp_path, back.replace("2000.00", "1000.00"), name="mended.csv")
    assert mended.remarks == (), "what this batch replaces does not count any more"
    enough = imported(store, tmp_path, HEADER + "C000001,0004,sale,2026-10-08,螺栓,9,9.00\n", name="more.csv")
    assert enough.remarks == (), "nobody in it gave anything back"


def test_returns_above_sales_are_refused_where_the_rule_says_so(store, tmp_path, monkeypatch):
    rule = (rules.FOLDER / batch_checks.FILE).read_text("utf-8").replace('"say"', '"refuse"')
    (tmp_path / batch_checks.FILE).write_text(rule, "utf-8")
    strict = partial(batch_checks.remarks, folder=tmp_path)
    monkeypatch.setattr(batch_checks, "remarks", strict)
    with pytest.raises(BadInput) as refused:
        imported(store, tmp_path, GOOD.replace("1234.50", "1.00"))
    assert refused.value.key == "batches.returns_refused"
    assert all("C000001" in refused.value.text(language) for language in ("zh-CN", "en"))
    nothing_of_it(store)
    assert imported(store, tmp_path, GOOD).rows == 2


@pytest.mark.parametrize("content", ["", HEADER, "\n\n"])
def test_an_empty_file_is_no_batch(store, tmp_path, content):
    with pytest.raises(BadInput) as refused:
        imported(store, tmp_path, content)
    assert refused.value.key == "lake.batch_empty"
    nothing_of_it(store)


@pytest.mark.parametrize("rows", [1, 2000])
def test_amounts_that_could_not_be_added_up_are_refused(store, tmp_path, rows):
    """10^15 fen in one row, or in all together more than sums can hold."""
    amount = "10000000000000.00" if rows == 1 else "9999999999999.99"
    lines = "".join(f"C000001,{n},sale,2026-10-05,螺栓,1,{amount}\n" for n in range(rows))
    with pytest.raises(BadInput) as refused:
        imported(store, tmp_path, HEADER + lines)
    assert refused.value.key == ("lake.batch_errors" if rows == 1 else "lake.sum_large")
    nothing_of_it(store)


def erp(tmp_path, *values):
    with sqlite3.connect(tmp_path / "erp.db") as database:
        database.execute(f"CREATE TABLE IF NOT EXISTS lines ({HEADER.strip()})")
        database.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    database.close()
    return f"sqlite:///{tmp_path / 'erp.db'}"


def test_a_query_is_a_batch_and_stands_on_the_register(store, tmp_path):
    connection = erp(tmp_path, ("C000001", "0001", "sale", "2026-10-05", "螺栓", 10, 1234.5))
    asked = partial(
        batches.import_query, store, SERVICE, "sales", connection=connection,
        origin=batches.Origin("ERP", "contract"), errors=tmp_path,
    )  # fmt: skip
    batch = asked(sql="SELECT * FROM lines")
    assert (batch.rows, batch.sum_fen, batch.already) == (1, 123450, False)
    row = store.row("SELECT * FROM batch")
    assert (row["query"], row["connection"], row["file_name"]) == ("SELECT * FROM lines", connection, "erp.db")
    assert asked(sql="SELECT * FROM lines WHERE true").already, "the same rows are the same batch"
    erp(tmp_path, ("C000001", "0001", "sale", "2026-10-05", "螺栓", "x", 1234.5))
    with pytest.raises(BadInput) as refused:
        asked(sql="SELECT * FROM lines")
    assert refused.value.facts["file"] == str(tmp_path / "sales.errors.csv")
    assert len(store.rows("SELECT * FROM batch")) == 1
    with pytest.raises(BadInput) as refused:
        batches.import_query(
            store, SERVICE, "sales", "SELECT 1", f"sqlite:///{store.site.home / 'store.db'}",
            batches.Origin("ERP", "contract"), errors=tmp_path,
        )  # fmt: skip
    assert refused.value.key == "lake.own_database"


def test_a_batch_that_came_in_between_from_the_same_source_is_not_overlooked(store, tmp_path, monkeypatch):
    wait = superseding.superseded

    def meanwhile(*arguments):
        found = wait(*arguments)
        monkeypatch.setattr(superseding, "superseded", wait)
        imported(store, tmp_path, GOOD.replace("1234.50", "7.00"), name="quick.csv")
        return found

    monkeypatch.setattr(superseding, "superseded", meanwhile)
    with pytest.raises(Conflict) as refused:
        imported(store, tmp_path, GOOD)
    assert refused.value.key == "batches.another_meanwhile"
    assert imported(store, tmp_path, GOOD).superseded == 2
    lake_actions.publish(store, SERVICE)
    assert amounts(store) == [12345, 123450]


def test_what_was_corrected_comes_back_when_it_is_imported_again_and_is_said(store, tmp_path):
    changed = GOOD.replace("1234.50", "7.00")
    first = imported(store, tmp_path, GOOD)
    imported(store, tmp_path, changed, name="corrected.csv")
    with pytest.raises(Conflict) as refused:
        imported(store, tmp_path, GOOD, source="another")
    assert (refused.value.key, refused.value.facts["source"]) == ("batches.taken_back", "ERP")
    back = imported(store, tmp_path, GOOD)
    assert (back.already, back.superseded, back.batch_id == first.batch_id) == (False, 2, False)
    assert [remark.key for remark in back.remarks] == ["batches.came_back"]
    assert imported(store, tmp_path, GOOD).batch_id == back.batch_id, "in force again, it is imported once"
    assert imported(store, tmp_path, changed, name="corrected.csv").superseded == 2
    lake_actions.publish(store, SERVICE)
    assert amounts(store) == [700, 12345]


def test_a_cancellation_that_was_undone_can_be_imported_again(store, tmp_path):
    gone = "customer,line_no,kind,date,product,quantity,amount,state\nC000001,0001,,,,,,void\n"
    imported(store, tmp_path, GOOD)
    assert not imported(store, tmp_path, gone, name="void.csv").already
    assert imported(store, tmp_path, gone, name="void.csv").already
    imported(store, tmp_path, GOOD)
    assert imported(store, tmp_path, gone, name="void.csv").superseded == 1
    lake_actions.publish(store, SERVICE)
    assert amounts(store) == [12345]


def test_numbers_that_begin_anew_each_month_do_not_take_the_month_before_out_of_force(store, tmp_path):
    card(store, account(store), CARD | {CREDIT_CODE: code_for(90002)}, key="card-2")
    october = HEADER + "C000001,1,sale,2026-10-05,螺栓,1,10.00\nC000002,2,sale,2026-10-06,螺栓,1,20.00\n"
    november = HEADER + "C000002,1,sale,2026-11-05,螺栓,1,30.00\nC000002,2,sale,2026-11-06,螺栓,1,40.00\n"
    imported(store, tmp_path, october, name="october.csv")
    with pytest.raises(Conflict) as refused:
        imported(store, tmp_path, november, name="november.csv")
    assert (refused.value.key, refused.value.facts["count"]) == ("batches.moved", 1)
    lake_actions.publish(store, SERVICE)
    assert amounts(store) == [1000, 2000]
    said = command(store.site.home, "sales", tmp_path / "november.csv", "--moves-rows")
    assert "2" in said
    lake_actions.publish(store, SERVICE)
    assert amounts(store) == [3000, 4000]


def test_the_register_keeps_no_constant_of_a_query(store, tmp_path):
    connection = erp(tmp_path, ("C000001", "0001", "sale", "2026-10-05", "螺栓", 10, 1234.5))
    sql = "SELECT * FROM lines WHERE product <> '张三' AND 0 < 13900001111 -- 李四"
    batches.import_query(store, SERVICE, "sales", sql, connection, batches.Origin("ERP", "contract"), errors=tmp_path)
    assert store.row("SELECT query FROM batch")["query"] == "SELECT * FROM lines WHERE product <> ? AND ? < ?"


def test_while_somebody_is_still_to_be_taken_out_of_the_lake_nothing_of_it_is_replaced(store, tmp_path):
    imported(store, tmp_path, GOOD)
    with store.act("test", "test.erase", "test", "") as tx:
        tx.insert("lake_erasing", {"customer_key": "k", "keep": 1, "plan_id": ""})
    with pytest.raises(Conflict) as refused:
        imported(store, tmp_path, GOOD.replace("1234.50", "7.00"), name="late.csv")
    assert refused.value.key == "batches.erasure_pending"
    new = HEADER + "C000001,0003,sale,2026-10-07,螺栓,9,20.00\n"
    assert imported(store, tmp_path, new, name="new.csv").rows == 1, "what replaces nothing may come in"


def command(home, *arguments, status=0):
    kind, *rest = map(str, arguments)
    origin = ["--home", str(home), "--source", "ERP", "--lawful-basis", "contract"]
    result = CliRunner().invoke(main, ["import", kind, *origin, *rest])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result.output


def test_the_command_imports_every_kind_checks_totals_and_says_what_is_remarkable(store, tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")
    home = store.site.home
    file = tmp_path / "batch.csv"
    file.write_text("customer,line_no,date,amount\nC000001,1,2026-10-05,5.00\n", "utf-8")
    assert "¥6.00" in command(home, "payments", file, "--sum", "6", status=1)
    assert "1 rows" in command(home, "payments", file, "--rows", 1, "--sum", "5.00")
    file.write_text("customer,line_no,date,product,quantity,amount\nC000001,1,2026-10-05,x,1,9\n", "utf-8")
    assert "returns of ¥9.00" in command(home, "returns", file)
    connection = erp(tmp_path, ("C000001", "0001", "sale", "2026-10-05", "螺栓", 10, 20))
    found = json.loads(command(home, "sales", "--sql", "SELECT * FROM lines", "--connect", connection, "--json"))
    assert (found["rows"], found["sum_fen"], found["superseded"], found["remarks"]) == (1, 2000, 0, [])
    for arguments in (["sales"], ["sales", file, "--sql", "SELECT 1"], ["sales", "--sql", "SELECT 1"]):
        assert "--sql and --connect" in command(home, *arguments, status=1)
    assert "E1" not in command(home, "service-events", file, status=1)
