"""Importing sales: lawful origin, the same file twice, wrong rows, and how it reaches the lake."""

import pytest

from custinfo import lake
from custinfo.actions import batches
from custinfo.actions import lake as lake_actions
from custinfo.domain.errors import BadInput, NotAllowed
from custinfo.domain.people import SERVICE, Role
from tests.factories import CARD, CREDIT_CODE, account, card, site_with_forms

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
