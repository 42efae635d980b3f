"""What one report leaves to the next: read and counted once while it is the same, anew as soon as anything differs."""

from contextlib import suppress
from dataclasses import replace

import pytest

from custinfo import lake
from custinfo.domain.errors import SiteFault
from custinfo.domain.messages import LANGUAGES
from custinfo.reports import kept, places, regional, report
from custinfo.reports.kinds import monthly
from custinfo.store import withheld
from tests.reports import sites

SINCE = "2026-11-01T00:00:00.000000Z"
BEIJING, JIANGSU = "110000", "320000"


@pytest.fixture
def site(tmp_path, monkeypatch):
    place = sites.site(tmp_path / "site")
    sites.publish(place)
    monkeypatch.setenv(places.HOME, str(place.home))
    return place


@pytest.fixture
def read(monkeypatch):
    """The versions that are opened, in order; before, nothing is kept."""
    found = []

    def opening(*given, **named):
        found.append(lake_open(*given, **named))
        return found[-1]

    lake_open = lake.open
    monkeypatch.setattr(kept.lake, "open", opening, raising=False)
    monkeypatch.setattr(kept, "_last", [])
    return found


def total(**of):
    """The customers of the monthly report of October."""
    return report.opened(monthly.KIND, "2026-10", language="en", **of).figures.table("t1").cell("total", "customers")


def test_all_languages_say_the_figures_that_were_counted_once(site, read):
    counted = []
    kind = replace(monthly.KIND, figures=lambda *of: counted.append(of) or monthly.figures(*of))
    reports = [report.opened(kind, "2026-10", language=language) for language in LANGUAGES]
    assert len({one.figures.sha256 for one in reports}) == len(counted) == len(read) == 1
    report.opened(kind, "2026-09", language="en")
    report.opened(kind, "2026-10", region=BEIJING)
    assert (len(counted), len(read)) == (3, 1), "another period and another province are other figures of the same lake"


def test_all_provinces_are_parts_of_one_whole_graded_once(site, read, monkeypatch):
    graded = []
    grade = monthly.value_grade.grade
    monkeypatch.setattr(monthly.value_grade, "grade", lambda *of: graded.append(of) or grade(*of))
    assert (total(region=BEIJING), total(region=JIANGSU), len(graded), len(read)) == (2, 1, 1, 1)


def test_what_a_part_says_is_what_the_rows_of_its_customers_say(site):
    whole = lake.open(site)
    part = regional.of(whole, BEIJING)
    keys = set(part.customers.to_pyarrow()["customer_key"].to_pylist())
    assert part.customers.schema() == whole.customers.schema()
    for name in ("customer_versions", "sales", "service_events"):
        rows = whole.table(name).to_pyarrow().to_pylist()
        left = part.table(name).to_pyarrow().to_pylist()
        assert sorted(map(repr, left)) == sorted(repr(row) for row in rows if row["customer_key"] in keys)
    assert set(part.found) == set(whole.found)


def test_who_is_left_out_meanwhile_is_in_no_later_report(site, read):
    assert total() == 8
    key = lake.pseudonym(site.secret("pseudonym"), "c1")
    withheld.write(site.lake, [withheld.Withheld(key, "analysis", SINCE)])
    assert (total(), len(read)) == (7, 2)


def test_a_new_version_is_opened_and_an_older_moment_too(site, read):
    sites.publish(site, sites.CUSTOMERS, (), now=sites.later(1), batch="b2")
    assert [report.opened(monthly.KIND, "2026-10", as_of).figures.lake_version
            for as_of in ("", sites.PUBLISHED.isoformat(), sites.later(1).isoformat())] == [2, 1, 2]  # fmt: skip
    assert [one.version for one in read] == [2, 1, 2]


def test_a_file_that_is_gone_meanwhile_is_said(site, read):
    total()
    (site.lake / read[0].manifest.files[0].path).unlink()
    for _ in range(2):
        with pytest.raises(SiteFault, match="is missing"):
            total()


def test_what_is_not_kept_is_counted_each_time(site):
    other, counted = lake.open(site), []
    for _ in range(2):
        kept.once(other, "x", lambda: counted.append(1))
    assert len(counted) == 2


def test_a_count_that_failed_is_tried_again(site, read):
    opened, tried = kept.opened(site, as_of=None, withheld_by=None), []
    for _ in range(2):
        with suppress(ZeroDivisionError):
            kept.once(opened, "x", lambda: tried.append(1) or 1 / 0)
    assert len(tried) == 2
