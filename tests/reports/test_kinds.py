"""Every kind of report: its definition, notebook and words, and what it says of a small site and of an empty one."""

import pytest

from custinfo import lake
from custinfo.domain import messages, report_definitions
from custinfo.domain.messages import LANGUAGES
from custinfo.reports import document, docx, figures, html, kinds, known, showing, text, xlsx
from tests.reports import sites

NAMES = tuple(report_definitions.load())
PERIODS = {
    "day": "2026-10-31", "week": "2026-W44", "month": "2026-10", "quarter": "2026-Q3", "half_year": "2026-H1",
    "year": "2025",
}  # fmt: skip


@pytest.fixture(scope="module")
def empty_site(tmp_path_factory):
    """A site with a lake that holds nothing."""
    place = sites.site(tmp_path_factory.mktemp("empty") / "site")
    sites.publish(place, customers=(), sales=())
    return place


@pytest.fixture(scope="module")
def counted(small_site, empty_site):
    """The figures of each kind, by its name and whether the lake is empty; counted once."""
    found = {}

    def of(name, *, empty=False):
        if (name, empty) not in found:
            place, calendar = empty_site if empty else small_site, report_definitions.named(name).calendar
            period = calendar.kind.parse(PERIODS[calendar.period])
            found[name, empty] = kinds.named(name).figures(lake.open(place), period, place.zone)
        return found[name, empty]

    return of


@pytest.mark.parametrize("name", NAMES)
def test_its_notebook_was_reviewed_and_shows_every_table(name, counted):
    cells = known.check(name).read_text("utf-8")
    for table in counted(name).tables:
        assert f'report.table(\\"{table.id}\\")' in cells


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_no_number_is_in_the_text_but_from_a_cell_and_no_cell_is_no_number(name, empty, counted):
    found, kind = counted(name, empty=empty), kinds.named(name)
    told = {}
    for language in LANGUAGES:
        said = text.sentences(kind.facts(found), found, language)
        assert said, "a report says something of every period"
        told[language] = [sorted(binding.address for binding in sentence.bindings) for sentence in said]
        for sentence in said:
            for binding in sentence.bindings:
                shown = sentence.text[binding.start : binding.end]
                assert shown == text.shown(found, text.Source(binding.address, binding.form), language)
                assert showing.NONE not in shown, f"{sentence.text}: a sentence names what is not there"
            assert "nan" not in sentence.text.lower().split() and "None" not in sentence.text
    assert told["zh-CN"] == told["en"], "both languages say the same"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_back_as_it_was_told(name, counted):
    found = counted(name)
    again = figures.read(found.canonical())
    assert again.sha256 == found.sha256
    assert [
        (table.id, [showing.label(row.label, "en") for row in table.rows]) for table in again.tables
    ] == [(table.id, [showing.label(row.label, "en") for row in table.rows]) for table in found.tables]  # fmt: skip


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_every_word_is_there_in_both_languages_and_every_layout_is_made(name, empty, counted, small_site):
    found, kind = counted(name, empty=empty), kinds.named(name)
    for language in LANGUAGES:
        made = document.compose(kind, found, document.Edition("甲", small_site.zone, True, language))
        assert made.title == report_definitions.named(name).titles[language]
        page = html.render(made)
        assert len(page) < 300_000
        assert b"http://" not in page.replace(b"http://www.w3.org/", b"")
        assert xlsx.render(found, made, kind.drawings)
        assert docx.render(made)
    assert messages.catalogue("en").keys() == messages.catalogue("zh-CN").keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_of_a_column_of_shares_add_up(name, counted):
    for table in counted(name).tables:
        rows = {row.id: row for row in table.rows}
        if "total" not in rows or "share" not in {column.id for column in table.columns}:
            continue
        place = [column.id for column in table.columns[1:]].index("share")
        whole = rows["total"].cells[place]
        assert whole is None or whole == 100
