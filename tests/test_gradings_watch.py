"""The list of customers to look after in a month (R104), as a person reads it."""

import json
from pathlib import Path

from click.testing import CliRunner

from custinfo.actions import batches
from custinfo.actions import lake as published
from custinfo.cli import main
from custinfo.domain.people import SERVICE, Role
from tests.factories import CARD, CREDIT_CODE, account, card, code_for, site_with_forms

HEADER = "customer,line_no,kind,date,product,quantity,amount\n"
SALES = (
    "C000001,1,sale,2025-10-20,tea,1,900.00\n"  # within the 12 months up to September, not in those up to October
    "C000001,2,sale,2026-10-20,tea,1,500.00\n"
    "C000002,3,sale,2026-08-01,tea,1,800.00\n"
)


def told(home: Path, *options: str, language: str = "en") -> str:
    ran = CliRunner().invoke(main, ["watch", "--home", str(home), *options], env={"CUSTINFO_LANGUAGE": language})
    return ran.stdout + ran.stderr


def test_the_list_of_a_month_in_words_by_numbers_of_whom_one_may_know(tmp_path):
    home = tmp_path / "site"
    with site_with_forms(home) as store:
        clerk = account(store)
        card(store, clerk)
        card(
            store,
            clerk,
            CARD | {CREDIT_CODE: code_for(90002), "/data/basic/name": "厦门市海风茶业有限公司"},
            key="card-2",
        )
        file = tmp_path / "sales.csv"
        file.write_text(HEADER + SALES, "utf-8")
        batches.import_sales(store, SERVICE, file, source="ERP", lawful_basis="contract", errors=tmp_path)
        published.publish(store, SERVICE)
        account(store, Role.DEPARTMENT_HEAD, login_name="other", department="别的部门")
    assert "2998-12-31" in told(home, "--month", "2999-01")
    shown = told(home, "--month", "2026-11")
    assert shown.splitlines() == [
        "2 customers to look after in 2026-11:",
        "C000001 (A): net sales fell by ¥400.00",
        "C000002 (A): nothing bought for 91 days, last on 2026-08-01",
    ]
    found = json.loads(told(home, "--month", "2026-11", "--json"))
    assert [(row["number"], row["reason"], row["amount_fen"], row["days"]) for row in found] == [
        ("C000001", "falling", 40_000, None), ("C000002", "lapsing", None, 91),
    ]  # fmt: skip
    assert "91 天没有购买" in told(home, "--month", "2026-11", language="zh-CN")
    assert "Nobody" in told(home, "--month", "2026-11", "--as", "other")
