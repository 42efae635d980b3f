"""Territories and sales across regions: truth tables, worked by hand, rule files that are out of order."""

from datetime import date

import ibis
import pytest

from custinfo.classification import cross_region, sales_checkpoints, territories, territory_rule
from custinfo.classification.rules import FOLDER
from custinfo.domain import codelists
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES

ON = date(2026, 10, 31)
RULE = territory_rule.rule(ON)
CROSSING = cross_region.rule(ON)
PLACES = [
    # code of GB/T 2260, branch
    ("310000", "east"), ("310115", "east"), ("320500", "east"), ("330109", "east"),
    ("110105", "north"), ("370202", "north"), ("150000", "north"), ("210100", "north_east"), ("340100", "central"),
    ("420106", "central"), ("350102", "south"), ("440106", "south"), ("810000", "south"), ("710000", "south"),
    ("500103", "south_west"), ("540102", "south_west"), ("610113", "north_west"), ("659001", "north_west"),
    ("999999", "none"), ("000000", "none"), ("3", "none"), ("abc", "none"), ("", None), (None, None),
]  # fmt: skip
DECLARED = {"customer_key": "string", "sale_number": "string", "state": "string", "delivered_on": "date",
            "amount_fen": "int64", "use_branch": "string", "delivery_branch": "string"}  # fmt: skip
SALES = {"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64", "area": "string"}


def test_a_place_belongs_to_the_branch_of_its_province():
    rows = ibis.memtable({"code": [code for code, _ in PLACES]}, schema={"code": "string"})
    found = territories.assign(rows, "code", RULE).to_pyarrow().to_pylist()
    assert [(row["code"], row["branch"]) for row in found] == PLACES
    assert {row["rule_version"] for row in found} == {1}
    for code, branch in PLACES:
        one = RULE.branch_of(code or "")
        assert (one.name if one else "none") == (branch or "none"), "a form and a table say the same"


def test_the_shipped_territories_have_every_place_once():
    assert RULE.holes() == ()
    for row in codelists.load("region").rows:
        assert sum(row.code.startswith(one.prefixes) for one in RULE.branch) == 1, row.code


def changed(**regions):
    """The shipped rule with other regions for some branches."""
    kept = RULE.model_dump()
    for branch in kept["branch"]:
        branch["regions"] = regions.get(branch["name"], branch["regions"])
    return territory_rule.TerritoriesRule.model_validate(kept)


def test_places_that_no_branch_has_are_named_as_a_whole_or_in_part():
    rule = changed(south=("350000", "440300", "450000", "460000", "710000", "820000"))
    holes = rule.holes()
    assert holes[-1] == "810000", "nothing of it is held: it is named as a whole"
    assert "440100" in holes and "440000" not in holes and "440300" not in holes, "the rest of Guangdong, by its cities"
    assert rule.branch_of("440305").name == "south" and rule.branch_of("440106") is None


def spoilt(tmp_path, before, after, file=territory_rule.FILE):
    content = (FOLDER / file).read_text("utf-8")
    assert before in content
    (tmp_path / file).write_text(content.replace(before, after, 1), "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('"310000", "320000"', '"310000", "440000"', "sales_control.rule.overlap"),  # a province twice
        ('"310000", "320000"', '"310000", "440300"', "sales_control.rule.overlap"),  # a city within another's province
        ('"310000", "320000"', '"310000", "310000"', "sales_control.rule.overlap"),  # twice with one branch
        ('"310000", "320000"', '"310000", "999999"', "sales_control.rule.region"),
        ('areas = ["华北"]', 'areas = ["华东"]', "sales_control.rule.area"),
        ('name = "north"', 'name = "east"', "sales_control.rule.names"),
        ('name = "north"', 'name = "none"', "sales_control.rule.names"),
        ('name = "north"', 'name = "No rth"', "classification.wrong_entry"),
        ('department = "华东业务部"\n', "", "classification.missing_entry"),
        ('regions = ["310000", "320000", "330000"]', "regions = []", "classification.wrong_entry"),
    ],
)
def test_a_rule_of_territories_out_of_order_is_refused_in_words(tmp_path, before, after, key):
    with pytest.raises(BadInput) as wrong:
        territory_rule.rule(ON, spoilt(tmp_path, before, after))
    assert wrong.value.key == key
    assert all(territory_rule.FILE in wrong.value.text(language) for language in LANGUAGES)


def test_before_its_first_day_there_is_no_rule():
    with pytest.raises(BadInput) as wrong:
        territory_rule.rule(date(2019, 12, 31))
    assert wrong.value.key == "classification.no_rule"


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("day = 10", "day = 5", "sales_control.rule.rising"),
        ("percent = 50", "percent = 30", "sales_control.rule.rising"),
        ("day = 31", "day = 30", "sales_control.rule.whole"),
        ("percent = 15", "percent = 0", "classification.limit"),
        ("day = 31", "day = 32", "classification.limit"),
    ],
)
def test_checkpoints_out_of_order_are_refused(tmp_path, before, after, key):
    with pytest.raises(BadInput) as wrong:
        sales_checkpoints.rule(ON, spoilt(tmp_path, before, after, sales_checkpoints.FILE))
    assert wrong.value.key == key


def test_commission_entries_out_of_order_are_refused(tmp_path):
    for before, after in (
        ("use_percent = 50", "use_percent = 101"),
        ('["delivery"]', '["both"]'),
        ('["delivery"]', "[]"),
    ):
        with pytest.raises(BadInput):
            cross_region.rule(ON, spoilt(tmp_path, before, after, cross_region.FILE))


def commissions(declared, sales=(), rule=CROSSING, on=ON):
    rows = ibis.memtable([(*one, "south", "east") for one in declared], schema=DECLARED)
    sold = ibis.memtable(list(sales), schema=SALES)
    found = cross_region.commission(rows, sold, on, rule).to_pyarrow().to_pylist()
    return {
        row["sale_number"]: (row["dead"], row["commission_fen"], row["use_fen"], row["delivery_fen"]) for row in found
    }


def test_commission_by_hand():
    """5 % in equal halves, an odd fen is the deliverer's; half a fen is rounded up: 5 % of 130 fen is 6.5, so 7."""
    day = date(2026, 10, 1)
    found = commissions([
        ("k", "S1", "agreed", day, 100_000), ("k", "S2", "found", day, 100_000), ("k", "S3", "waiting", day, 100_000),
        ("k", "S4", "refused", day, 100_000), (None, "S5", "agreed", day, 130), ("k", "S6", "agreed", day, 0),
    ])  # fmt: skip
    assert found == {
        "S1": (False, 5_000, 2_500, 2_500), "S2": (False, 5_000, 5_000, 0), "S3": (False, 0, 0, 0),
        "S4": (False, 0, 0, 0), "S5": (False, 7, 3, 4), "S6": (False, 0, 0, 0),
    }  # fmt: skip


DELIVERED = date(2026, 5, 3)  # 181 days before the last of October
RECEIVABLES = [
    # sales and payments of one customer, whether the goods delivered on that day for 1,000 fen are dead
    ([("sale", DELIVERED, 1_000)], True),
    ([("sale", DELIVERED, 1_000), ("payment", ON, 1_000)], False),
    ([("sale", DELIVERED, 1_000), ("payment", ON, 999)], True),
    # An older delivery is open and these goods are not paid either: what is paid settles the oldest first
    ([("sale", date(2026, 1, 1), 500), ("sale", DELIVERED, 1_000), ("payment", ON, 1_000)], True),
    ([("sale", DELIVERED, 1_000), ("sale", ON, 500), ("payment", ON, 1_000)], False),  # only newer ones are open
    ([], False),
]


def test_a_receivable_is_dead_when_it_is_open_for_longer_than_the_rule_says():
    sales = [(f"k{n}", *line, "华东") for n, (lines, _) in enumerate(RECEIVABLES) for line in lines]
    declared = [(f"k{n}", f"S{n}", "agreed", DELIVERED, 1_000) for n in range(len(RECEIVABLES))]
    found = commissions([*declared, ("k0", "found", "found", DELIVERED, 1_000)], sales)
    assert found.pop("found") == (True, 50, 50, 0), "found out: the branch of use's, whatever becomes of the money"
    wanted = {f"S{n}": (dead, 50, 25, 0 if dead else 25) for n, (_, dead) in enumerate(RECEIVABLES)}
    assert found == wanted, "as the source is written, the deliverer loses its part"
    both = CROSSING.model_copy(update={"dead_forfeits": ("use", "delivery")})
    assert commissions(declared[:1], sales, both) == {"S0": (True, 50, 0, 0)}
    assert commissions(declared[:1], sales, on=date(2026, 10, 30))["S0"][0] is False, "180 days are not more than 180"


WHERE = {"c1": "440106", "c2": "310115", "c3": None, "c4": "999999"}


def inferred(sales, declared=(), where=WHERE):
    customers = ibis.memtable(
        [*where.items()],
        schema={"customer_key": "string", "region": "string"},
    )
    told = ibis.memtable(list(declared), schema=DECLARED)
    rows = cross_region.undeclared(
        ibis.memtable(list(sales), schema=SALES), customers, told, date(2026, 10, 1), ON, RULE, CROSSING
    )
    return sorted(
        (row["customer_key"], row["delivery_branch"], row["use_branch"], row["sales"], row["amount_fen"])
        for row in rows.to_pyarrow().to_pylist()
    )


IN = date(2026, 10, 12)


def test_what_sales_show_and_no_form_tells():
    sales = [
        ("c1", "sale", IN, 700, "华东"), ("c1", "sale", IN, 300, "华东"), ("c1", "sale", ON, 50, "华东"),
        ("c1", "sale", IN, 900, "华南"),  # its own branch
        ("c1", "return", IN, 10, "华东"), ("c1", "sale", IN, 0, "华东"), ("c1", "sale", IN, 5, None),
        ("c1", "sale", IN, 5, "海外"), ("c1", "sale", date(2026, 9, 30), 8, "华东"),
        ("c2", "sale", IN, 20, "华北"), ("c3", "sale", IN, 20, "华北"), ("c4", "sale", IN, 20, "华北"),
    ]  # fmt: skip
    assert inferred(sales) == [("c1", "east", "south", 2, 1_050), ("c2", "north", "east", 1, 20)]


COVERS = [
    # state of the form, branch that delivers, day of delivery, whether it covers a sale of the 12th of October
    ("agreed", "east", IN, True), ("found", "east", IN, True), ("waiting", "east", IN, False),
    ("refused", "east", IN, False), ("agreed", "north", IN, False), ("agreed", "east", date(2026, 9, 11), True),
    ("agreed", "east", date(2026, 9, 10), False), ("agreed", "east", date(2026, 11, 12), True),
    ("agreed", "east", date(2026, 11, 13), False),
]  # fmt: skip


def test_an_agreed_form_covers_the_sales_around_its_delivery():
    sales = [(f"k{n}", "sale", IN, 700, "华东") for n in range(len(COVERS))]
    declared = [(f"k{n}", f"S{n}", state, on, 1, "south", branch) for n, (state, branch, on, _) in enumerate(COVERS)]
    found = [row[0] for row in inferred(sales, declared, {f"k{n}": "440106" for n in range(len(COVERS))})]
    assert found == [f"k{n}" for n, (*_, covered) in enumerate(COVERS) if not covered]
