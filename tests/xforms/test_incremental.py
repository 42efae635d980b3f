"""What is computed after a change is what a fresh session computes: rules across rounds of repeats, and choice filters."""

import json
from random import Random
from typing import Any

import pytest

from custinfo.xforms import RefusedAnswer, Session
from custinfo.xforms.attachments import still
from custinfo.xforms.xpath import Context, Focus, Node, compile_expression
from tests.xforms.forms import form, session, survey

COLUMNS = "type | name | label | relevant | constraint | calculation | required | repeat_count | choice_filter"
NESTED = survey(
    "integer | n | N | | | | | |",
    "integer | limit | Limit | | | | | |",
    "begin_repeat | shop | Shop ${n} | | | | | |",
    "text | title | Title | | | | | |",
    "integer | staff | Staff of ${title} | | . < ${limit} | | | |",
    "calculate | number | | | | position(..) | | |",
    "calculate | before | | | | sum(../preceding-sibling::shop/staff) | | |",
    "calculate | all | | | | sum(${staff}) | | |",
    "note | last | Last of them | position(..) = count(../../shop) | | | | |",
    "begin_repeat | visit | Visit | ${staff} > 2 | | | | ${n} |",
    "text | by | By ${title} | | | | | |",
    "calculate | place | | | | concat(position(../..), '.', position(..)) | | |",
    "select_one kind | kind | Kind | | | | | | parent = ${by} or ${limit} = '9' |",
    "end_repeat | | | | | | | |",
    "calculate | visits | | | | count-non-empty(${by}) | | |",
    "end_repeat | | | | | | | |",
    "calculate | second | | | | indexed-repeat(${title}, ${shop}, 2) | | |",
    "calculate | big | | | | count(${shop}[staff > 2]) | | |",
    "calculate | names | | | | join(',', ${title}) | | |",
    choices="kind | a | A | x |\nkind | b | B | y |\nkind | c | C | x |",
    columns=COLUMNS,
)


def moved(one: Session, random: Random) -> Any:
    """One change at random, of the kinds that shift rounds; None when the form refuses it."""
    shops = len(one.instance["shop"])  # type: ignore[arg-type]
    shop = f"/data/shop[{random.randint(1, max(1, shops))}]"
    visit = f"{shop}/visit[{random.randint(1, 3)}]"
    changes = [
        lambda: one.answer("/data/n", random.choice(["0", "1", "2", "3"])),
        lambda: one.answer("/data/limit", random.choice(["4", "9", ""])),
        lambda: one.answer(f"{shop}/title", random.choice(["", "x", "y", "zed"])),
        lambda: one.answer(f"{shop}/staff", random.choice(["", "1", "3", "5"])),
        lambda: one.answer(f"{visit}/by", random.choice(["", "x", "y"])),
        lambda: one.answer(f"{visit}/kind", random.choice(["a", "b", "c", ""])),
        lambda: one.add_repeat("/data/shop", random.choice([None, 1, 2])),
        lambda: one.add_repeat("/data/shop", random.choice([None, 1, 2])),
        lambda: one.remove_repeat(shop),
    ]
    try:
        return random.choice(changes)()
    except RefusedAnswer:
        return None


@pytest.mark.parametrize("seed", range(4))
def test_moving_rounds_equals_computing_everything(seed: int) -> None:
    one, random = session(NESTED), Random(seed)
    made = 0
    for _ in range(45):
        before = {state.ref: state for state in one.nodes()}
        changes = moved(one, random)
        if changes is None:
            continue
        made += 1
        states = [state for state in one.nodes() if "/meta" not in state.ref]
        again = session(NESTED, json.loads(json.dumps(one.instance)))
        assert states == [state for state in again.nodes() if "/meta" not in state.ref]
        in_order = [state.ref for state in one.nodes()]
        assert list(changes.refs) == sorted(set(changes.refs), key=in_order.index)
        if not changes.structure:
            assert {s.ref for s in states if before[s.ref] != s} <= set(changes.refs)
    assert made > 20


def test_an_answer_in_one_round_leaves_the_others_alone() -> None:
    one = session(NESTED)
    for _ in range(4):
        one.add_repeat("/data/shop")
    changes = one.answer("/data/shop[3]/title", "x")
    touched = [ref for ref in changes if ref.startswith("/data/shop")]
    assert touched
    assert all(ref.startswith("/data/shop[3]/") for ref in touched)


def test_refs_follow_rounds_that_move() -> None:
    one = session(NESTED)
    one.answer("/data/n", "2")
    for place in (None, None, None):
        one.add_repeat("/data/shop", place)
    one.answer("/data/shop[3]/staff", "5")
    one.answer("/data/shop[3]/visit[2]/by", "kept")
    one.add_repeat("/data/shop", 1)
    assert one.state("/data/shop[4]/visit[2]/by").value == "kept"
    assert one.state("/data/shop[4]/visit[2]/place").value == "4.2"
    removed = one.remove_repeat("/data/shop[2]").removed
    assert removed[0] == "/data/shop[2]"
    assert one.state("/data/shop[3]/visit[2]/by").ref == "/data/shop[3]/visit[2]/by"
    assert one.state("/data/shop[3]/visit[2]/place").value == "3.2"


ROWS = (
    {"name": "a", "parent": "44", "level": "1", "tags": "red blue"},
    {"name": "b", "parent": "44.0", "level": "2", "tags": ""},
    {"name": "c", "parent": " 44", "level": "02", "tags": " red "},
    {"name": "d", "parent": "45", "level": "0.30000000000000004", "tags": "green"},
    {"name": "e", "parent": "", "level": ""},
    {"name": "f", "level": "2026-01-05", "tags": "red green"},
    {"name": "g", "parent": "red", "level": "2", "tags": "44"},
)
FILTERS = (
    "parent = '44'", "parent = 44", "44 = parent", "parent = /data/one", "parent = /data/blank", "parent = /data/none",
    "parent = /data/both/x", "level = 2", "level = 0.1 + 0.2", "level = date('2026-01-05')", "parent = 'none'",
    "parent = '44' and level = 1", "parent = '44' or level = '2'", "parent = '44' or name = 'd' or level = 2",
    "parent = /data/one or /data/one = '44'", "parent = '45' or /data/one = 'x'", "/data/one = 'x' and parent = '44'",
    "selected(tags, 'red')", "selected(tags, '')", "selected(tags, /data/one)", "selected(/data/many, parent)",
    "selected(/data/blank, parent)", "selected('red 44', tags)", "selected(tags, 'red') and parent != '44'",
    "parent != '44'", "not(parent = '44')", "parent = concat('4', '4')", "parent = name", "parent = true()",
    "starts-with(name, 'a') or parent = '44'", "(parent = '44' or parent = '45') and (level = 1 or level > 0)",
    "parent = current()", "parent = ../@id", "parent = (/data/one | /data/many)", "position() = 2", "parent = '44' and last() = 7",
    "2", "count(/data/both/x)", "parent = int('x')", "name = 'a' or bad-number(1) = 2",
)  # fmt: skip


def table(*, quick: bool) -> Node:
    """The rows as a list that may use its index, or may not."""
    top, root = Node(kind="root"), Node("root")
    top.append(root)
    for row in ROWS:
        item = Node("item")
        for name, value in row.items():
            item.append(Node(name, value))
        root.append(item)
    return still(top) if quick else top


@pytest.mark.parametrize("condition", FILTERS)
def test_the_index_of_a_choice_filter_finds_what_walking_finds(condition: str) -> None:
    class Lists:
        def __init__(self, found: Node) -> None:
            self.instance, self.itext, self.choice_name = (lambda name: found), str, lambda v, p, n: ""

    document, data = Node(kind="root"), Node("data")
    document.append(data)
    for name, value in {"one": "44", "many": "45 red 44", "blank": ""}.items():
        data.append(Node(name, value))
    both = Node("both")
    data.append(both)
    both.append(Node("x", "44"))
    both.append(Node("x", "45"))
    found = []
    for quick in (True, False):
        context = Context(root=document, surroundings=Lists(table(quick=quick)))  # type: ignore[arg-type]
        try:
            rows = compile_expression(f"instance('t')/root/item[{condition}]/name").evaluate(
                Focus(context, data.children[0])
            )
        except Exception as error:
            rows = type(error).__name__
        found.append([row.string() for row in rows] if isinstance(rows, list) else rows)
    assert found[0] == found[1]


def test_a_long_list_is_looked_up_not_walked() -> None:
    towns = "\n".join(f"town | t{n} | T{n} | p{n % 80} |" for n in range(2_000))
    one = session(survey(
        "text | p | P | | | | | |", "text | q | Q | | | | | |", "begin_repeat | r | R | | | | | |",
        "select_one town | town | Town | | | | | | parent = ${p} or selected(${q}, parent)", "end_repeat | | | | | | | |",
        choices=towns, columns=COLUMNS,
    ))  # fmt: skip
    one.answer("/data/p", "p7")
    context = one._engine.context
    one.answer("/data/q", "p8 p9")
    assert context.steps < 100
    assert len(one.state("/data/r[1]/town").choices) == 75


@pytest.mark.parametrize(("path", "found"), [
    ("/data/shop/staff", "1 2 3 4"), ("/data/shop/staff/../title", "x y z zz"), ("//visit/../..", "1"), ("//shop//by", "a b c d e"),
    ("/data/shop/visit/by", "a b c d e"), ("/data/shop/visit/..", "4"), ("//visit/preceding-sibling::staff", "1 2 3 4"),
    ("(/data/shop[3] | /data/shop[1])/title", "x z"), ("/data/shop/visit[2]/preceding::by", "a"), ("//by/ancestor::shop/title", "x y z zz"),
])  # fmt: skip
def test_nodes_stand_in_document_order_and_once(path: str, found: str) -> None:
    top, data = Node(kind="root"), Node("data")
    top.append(data)
    by = iter("abcde")
    for staff, title, visits in (("1", "x", 2), ("2", "y", 1), ("3", "z", 1), ("4", "zz", 1)):
        shop = Node("shop")
        data.append(shop)
        shop.append(Node("staff", staff))
        shop.append(Node("title", title))
        for _ in range(visits):
            visit = Node("visit")
            shop.append(visit)
            visit.append(Node("by", next(by)))
    focus = Focus(Context(root=top), data)
    if found.isdecimal() and " " not in found:
        assert compile_expression(f"count({path})").evaluate(focus) == float(found)
    else:
        assert compile_expression(f"join(' ', {path})").evaluate(focus) == found


def test_a_text_that_changes_keeps_its_place() -> None:
    top, data = Node(kind="root"), Node("data")
    top.append(data)
    for text in "abc":
        data.append(Node(text, text))
    texts, focus = compile_expression("join('', //text())"), Focus(Context(root=top), data)
    assert texts.evaluate(focus) == "abc"
    data.children[2].text = "z"
    assert texts.evaluate(focus) == "abz"


def test_a_rule_reads_the_rounds_that_it_names() -> None:
    rules = form(NESTED).rules.by_name
    anchors = {read.anchor for read in rules["/data/shop/number", "calculate"].reads}
    assert "/data" in anchors  # a round's position changes with the rounds before it
    assert {read.anchor for read in rules["/data/shop/visit", "relevant"].reads} == {"/data/shop"}
