"""The outside edition: what it withholds by hand-worked numbers, and that nobody reckons it back from any file of it."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from custinfo import lake
from custinfo.classification.disclosure_rules import release_class
from custinfo.domain import report_definitions
from custinfo.domain.commentary import Comment
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Month, find
from custinfo.reports import document, kinds, outside, showing, withheld
from custinfo.reports.figures import LABEL, Column, Figures, Label, Row, Table, read
from custinfo.reports.makeup import Makeup, Reckoned, Sum
from custinfo.reports.outside_table import Edition
from custinfo.reports.report import Report
from custinfo.statistics.disclosure import unsafe
from custinfo.statistics.disclosure_audit import Attack, Interval
from custinfo.statistics.disclosure_table import TOTAL, AdditiveTable, Contribution, table
from tests.readable import text_of
from tests.reports import sites

guarantee = pytest.mark.guarantee
MONTHS = [f"2025-{month:02d}" for month in range(10, 13)] + [f"2026-{month:02d}" for month in range(1, 11)]
EACH = 10_000_00
LARGE = 654_321_77
CUSTOMERS = [
    {"customer_type": "enterprise", "ownership": "state" if n < 12 else "joint_stock",
     "region": "110101" if n < 12 else "440106", "industry": "3911"} for n in range(36)
]  # fmt: skip
SALES = [(f"c{n}", "sale", f"{month}-10", EACH) for month in MONTHS for n in range(1, 37)]
SALES += [(f"c{n}", "return", f"{month}-12", 100_00) for month in MONTHS for n in range(1, 13)]
SALES += [("c1", "payment", "2026-10-20", 1_234_56), ("c7", "payment", "2026-08-16", 17_777_00)]
ONE_LARGE = ("c36", "sale", "2026-08-11", 30 * LARGE)
"""36 customers who each buy for 10,000 yuan a month, 12 of whom return for 100; one buys for very much in August."""
OCTOBER = Month(2026, 10)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """With customers of whom none stands out but in one month."""
    place = sites.site(tmp_path_factory.mktemp("outside") / "site")
    sites.publish(place, CUSTOMERS, [*SALES, ONE_LARGE])
    return place


def made(site, name, period, as_of=None):
    """The figures of a report and what they are made of."""
    kind, tables = kinds.named(name), lake.open(site, as_of=as_of)
    figures = kind.figures(tables, find(period), site.zone)
    return figures, kind.makeup(tables, figures, site.zone)


def decided(site, name, period, others=(), **more):
    """The figures, what they are made of, and what the outside edition shows of them."""
    figures, makeup = made(site, name, period, more.pop("as_of", None))
    return figures, makeup, outside.decided(figures, makeup, date(2026, 11, 1), others, **more)


@pytest.fixture(scope="module")
def monthly(site):
    return decided(site, "monthly", "2026-10")


@pytest.fixture(scope="module")
def quarterly(site):
    return made(site, "quarterly", "2026-Q3")


@pytest.fixture(scope="module")
def masked(monthly):
    return withheld.applied(monthly[0], monthly[2])


def test_exactly_what_tells_of_one_customer_is_withheld_and_totals_stay_true(monthly, masked):
    figures, _, found = monthly
    # One paid in October, another in August, and in no other month anybody
    payments = {"t5.payments.this_month", "t5.payments.on_month", "t5.payments.on_month_share", "t5.payments.on_year",
                "t5.payments.on_year_share", "t6.2026-10.payments", "t6.2026-08.payments"}  # fmt: skip
    # c36 holds nearly all of August, and with it 83 % of the twelve months: the one customer of grade A. Who is in C
    # hides how many are in A. Of the net sales nothing stays: with B or C shown, c36 would have all others' from the total
    august = {"t6.2026-08.sales", "t6.2026-08.net"}
    grades = {f"t4.{grade}.{column}" for grade in "AC" for column in ("customers", "share", "net_graded")}
    grades |= {"t4.B.net_graded", "t4.total.net_graded"}
    assert set(found.withheld) == payments | august | grades
    assert masked.table("t5").cell("sales", "this_month") == 36 * EACH
    assert masked.table("t5").cell("net", "this_month") == 36 * EACH - 12 * 100_00
    assert figures.table("t6").cell("2026-08", "sales") == 36 * EACH + 30 * LARGE


def test_counts_are_rounded_with_their_sums_and_shares_are_reckoned_from_what_is_shown(masked):
    shown = {row.id: row.cells for row in masked.table("t1").rows if row.cells[0]}
    # 12 and 24 of 36: at multiples of five the nearest that add up
    assert {name: cells[0] for name, cells in shown.items()} == {"joint_stock": 25, "state": 10, "total": 35}
    assert [str(shown[name][1]) for name in ("joint_stock", "state", "total")] == ["71.4", "28.6", "100.0"]


@pytest.mark.parametrize("language", LANGUAGES)
@guarantee("report-outside")
def test_no_withheld_number_is_in_any_file_of_the_edition(site, monthly, masked, language):
    figures, _, found = monthly
    edition = document.Edition(site.name, site.zone, True, language)
    files = Report(kinds.named("monthly"), masked, edition).files()
    assert {name.rpartition(".")[2] for name in files} == {"html", "pdf", "xlsx", "docx", "json"}
    cells = dict(figures.cells())
    told = {showing.number(cells[one], kind) for one, kind in kinds_of(figures) if one not in found.withheld}
    secret = {showing.number(cells[one], kind) for one, kind in kinds_of(figures) if one in found.withheld} - told
    secret = {one.strip("¥-%") for one in secret if len(one) > 6}
    secret |= {one.replace(",", "") for one in secret} | {one.replace(",", "").replace(".", "") for one in secret}
    secret |= {one.replace(",", "").removesuffix(".00") for one in secret} | {"19,62", "1962", "1965"}
    assert "1234.56" in secret
    for name, content in files.items():
        words = pdf_text(content) if name.endswith(".pdf") else text_of(content)
        assert not [one for one in secret if one in words], name
        assert showing.WITHHELD in words


def kinds_of(figures):
    """Every address with the kind of its cell."""
    for address, _ in figures.cells():
        _, row, column = figures.at(address)
        yield address, row.kind_in(column)


def pdf_text(content):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_an_edition_that_withholds_nothing_says_that_its_counts_are_rounded(site, masked):
    whole = replace(masked, withheld=frozenset())
    for figures, told in ((whole, True), (masked, True), (replace(whole, outside=False), False)):
        edition = document.Edition(site.name, site.zone, True, "en")
        warning = document.compose(kinds.named("monthly"), figures, edition).warning
        assert ("counts are rounded" in warning) == told
        assert (f"marked {showing.WITHHELD}" in warning) == bool(figures.withheld)
        assert read(figures.canonical()).outside == told


def test_sentences_say_what_is_shown_and_none_takes_the_withheld_for_nothing(monthly, masked):
    kind = kinds.named("monthly")
    inside = [one.template.rpartition(".")[2] for one in kind.facts(monthly[0])]
    said = [one.template.rpartition(".")[2] for one in withheld.facts(kind, masked)]
    assert {"grade_top", "payments"} == set(inside) - set(said)
    assert not set(said) - set(inside)
    # Nobody was in November 2025: where everything is withheld, it is not said that nothing changed
    hidden = {address: None for address, _ in masked.cells()}
    nothing = replace(masked.with_cells(hidden), withheld=frozenset(hidden))
    assert [one.template for one in withheld.facts(kind, nothing)] == []


@pytest.mark.parametrize(
    ("words", "stays"),
    [
        ("Net sales {t5.net.this_month} as planned.", True), ("August brought {t6.2026-08.net}.", False),
        ("About 19 million from one customer.", False), ("主要客户约一千九百万元。", False), ("一切正常。", True),
        ("① 大客户", False),
    ],
)  # fmt: skip
def test_commentary_that_names_a_withheld_cell_or_a_number_of_its_own_stays_inside(masked, words, stays):
    said = Comment("cause", dict.fromkeys(LANGUAGES, words), "Wu")
    assert withheld.may_be_said([said], masked) == ([said] if stays else [])


@guarantee("report-outside")
def test_months_that_are_out_are_held_against_the_quarter(site, quarterly):
    months = [decided(site, "monthly", period) for period in ("2026-07", "2026-09")]
    others = [Edition(f"RI-{n}", makeup, frozenset(one.withheld)) for n, (_, makeup, one) in enumerate(months)]
    assert all("t5.net.this_month" not in one.withheld for _, _, one in months)
    alone, together = ((*quarterly, outside.decided(*quarterly, date(2026, 11, 1), beside)) for beside in ((), others))
    for _, makeup, found in (alone, together):
        assert "t12.2026-08.net" in found.withheld
        assert outside.audit(makeup, found.withheld, date(2026, 11, 1), others if found is together[2] else ()) == []
    # July and September are known: with the whole quarter August would be what is left
    assert {"t1.now.net", "t2.net_sales.now", "t2.sales.now", "t9.total.net_now"} <= set(together[2].withheld)
    # And the audit finds it where somebody shows it all the same
    shown = set(together[2].withheld) - {"t2.net_sales.now", "t1.now.net", "t7.total.net_now", "t8.total.net_now",
                                         "t9.total.net_now", "t10.total.net_now"}  # fmt: skip
    assert outside.audit(together[1], shown, date(2026, 11, 1), others)


@guarantee("report-outside")
def test_receivables_tell_what_was_paid_and_who_came_new_what_was_bought_first(quarterly):
    _, makeup = quarterly
    attack = Attack(AdditiveTable(makeup.cells, makeup.relations))
    payments, owed = ("payments", "2026-Q3", ""), ("receivables", "2026-09", "")
    hidden = {key for key in makeup.cells if key[0] == "payments"}
    # What was owed by June, and bought since, less what is owed by September
    assert attack.interval(payments, hidden) == Interval(17_777_00, pytest.approx(17_777_00))
    assert attack.interval(payments, {*hidden, owed}).high > 100 * 17_777_00
    assert makeup.shows["t2.receivables.now"] == Sum(owed), "whether a quarter or a year ends in September"
    buyers, new = (("new_buyers", "2026-Q3", ""), ("traded", "2026-Q3", "since 2025-Q3:new"))
    assert any({buyers, new} <= {total, *parts} for total, parts in makeup.relations)


@guarantee("report-outside")
def test_a_revision_does_not_tell_who_changed_since_the_first_issue(tmp_path):
    place = sites.site(tmp_path / "site")
    sites.publish(place, CUSTOMERS, SALES)
    first = decided(place, "monthly", "2026-10")
    moment = lake.open(place).as_of
    sites.publish(place, CUSTOMERS, [("c5", "sale", "2026-10-30", 777_00)], now=sites.later(1), batch="b2")
    others = [Edition("RI-1", first[1], frozenset(first[2].withheld))]
    found = decided(place, "monthly", "2026-10", others)
    assert first[0].as_of == moment != found[0].as_of
    # By itself the new figure is safe; with the old one it tells what c5 bought
    assert "t5.sales.this_month" not in decided(place, "monthly", "2026-10")[2].withheld
    assert {"t5.sales.this_month", "t5.net.this_month", "t6.2026-10.sales"} <= set(found[2].withheld)
    assert "t6.2026-09.sales" not in found[2].withheld
    # Many changes together tell of nobody
    more = [(f"c{n}", "sale", "2026-10-31", 50_00) for n in range(1, 31)]
    sites.publish(place, CUSTOMERS, more, now=sites.later(2), batch="b3")
    assert "t5.sales.this_month" not in decided(place, "monthly", "2026-10", others)[2].withheld


def test_a_corrected_cell_says_what_the_outside_edition_said_before(site, monthly, masked):
    figures = monthly[0]
    old = replace(masked, tables=masked.with_cells({"t5.sales.this_month": 1, "t6.2026-08.net": None}).tables)
    slip = replace(
        figures, slip="RS-1", revised={"t5.sales.this_month": 5, "t6.2026-08.net": 6, "t1.state.customers": 7}
    )
    found = outside.decided(slip, made(site, "monthly", "2026-10")[1], date(2026, 11, 1), before=old)
    assert (found.slip, found.revised) == ("RS-1", {"t5.sales.this_month": 1})


def test_a_cell_that_nothing_can_protect_stops_the_edition_and_is_named(monthly):
    figures, makeup, _ = monthly
    august = makeup.shows["t6.2026-08.sales"].key
    # As if readers had every other sum of the report
    told = replace(makeup, known=frozenset(makeup.cells) - {august})
    with pytest.raises(outside.Exposed) as refused:
        outside.decided(figures, told, date(2026, 11, 1))
    assert "August 2026" in refused.value.text("en")
    assert "8月" in refused.value.text("zh-CN")


def test_every_report_that_may_leave_the_house_says_what_its_cells_are_made_of():
    outward = {name for name, one in report_definitions.load().items() if one.release != "inside"}
    assert outward == {"monthly", "quarterly", "annual"}
    assert all(kinds.named(name).makeup for name in outward)


@pytest.mark.parametrize("name", ["monthly", "quarterly", "annual"])
def test_every_sum_is_what_its_report_says(site, monthly, quarterly, name):
    figures, makeup = {"monthly": monthly[:2], "quarterly": quarterly}.get(name) or made(site, name, "2026")
    cells = dict(figures.cells())
    told = {address: one for address, one in makeup.shows.items() if isinstance(one, Sum)}
    assert {address: makeup.cells[one.key].value for address, one in told.items()} == {one: cells[one] for one in told}
    AdditiveTable(makeup.cells, makeup.relations)


# ---- small tables -----------------------------------------------------------------------------------------------------

RULE, _ = release_class("outside", date(2026, 11, 1))
SIZES = st.one_of(st.integers(1, 9), st.integers(1000, 100_000))
CELLS = st.lists(SIZES, max_size=14)


def report_of(rows):
    """A table of amounts with its totals as a report of one table, and what it is made of."""
    names = [f"r{n}" for n in range(len(rows))], [f"k{n}" for n in range(len(rows[0]))]
    lines = [
        Contribution(f"c{number}", (r, k), value)
        for r, row in zip(names[0], rows, strict=True) for k, values in zip(names[1], row, strict=True)
        for number, value in enumerate(values)
    ]  # fmt: skip
    of = table(lines, names)
    columns = [Column(LABEL, "", "text"), *(Column(k or "all", "", "fen") for k in (*names[1], TOTAL)),
               Column("part", "", "percent")]  # fmt: skip
    body, shows = [], {}
    for r in (*names[0], TOTAL):
        keys = [(r, k) for k in (*names[1], TOTAL)]
        body.append(Row(r or "all", Label("plain", r), (*(of.cells[key].value for key in keys), None)))
        shows |= {f"t1.{r or 'all'}.{k or 'all'}": Sum((r, k)) for _, k in keys}
        shows[f"t1.{r or 'all'}.part"] = Reckoned(((r, TOTAL), (TOTAL, TOTAL)), lambda one: one[0])
    figures = Figures(
        OCTOBER, datetime(2026, 11, 1, tzinfo=UTC), 1, True, (Table("t1", "", "", tuple(columns), tuple(body)),)
    )
    return figures, Makeup(of.cells, of.relations, shows), of


@guarantee("report-outside")
@settings(max_examples=8, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=2, max_size=2))
def test_from_what_a_reader_sees_no_unsafe_cell_can_be_reckoned(rows):
    figures, makeup, of = report_of(rows)
    seen = withheld.applied(figures, outside.decided(figures, makeup, date(2026, 11, 1)))
    hidden = {one.key for address, one in makeup.shows.items() if isinstance(one, Sum) and address in seen.withheld}
    parts = {address for address, one in makeup.shows.items() if isinstance(one, Reckoned)}
    assert all((f"t1.{r or 'all'}.part" in seen.withheld) == bool({(r, TOTAL), (TOTAL, TOTAL)} & hidden)
               for r in {key[0] for key in of.cells})  # fmt: skip
    assert dict(seen.cells()) == {
        address: None if address in seen.withheld else of.cells[one.key].value
        for address, one in makeup.shows.items() if address not in parts
    } | {address: cell for address, cell in seen.cells() if address in parts}  # fmt: skip
    for key in unsafe(of, RULE):
        assert key in hidden
        low, high = (getattr(Attack(of).interval(key, hidden), end) for end in ("low", "high"))
        least = max(1, of.cells[key].value // 5)
        assert high is None or high >= of.cells[key].value + least - 1
        assert low <= of.cells[key].value - min(least, of.cells[key].value) + 1
