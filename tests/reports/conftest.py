"""One small site with its lake for all tests of reports, and its monthly report in both languages."""

import pytest

from custinfo import lake
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Month
from custinfo.reports import document
from custinfo.reports.kinds import monthly
from tests.reports import sites
from tests.reports.shelf import shelf  # noqa: F401  # a fixture for several files

PERIOD = Month(2026, 10)


@pytest.fixture(scope="session")
def small_site(tmp_path_factory):
    """Eight customers, eleven lines of sales. Its path has what paths may have."""
    place = sites.site(tmp_path_factory.mktemp("site") / "甲 {x} [y]")
    sites.publish(place)
    return place


@pytest.fixture(scope="session")
def figures(small_site):
    """Of October 2026."""
    return monthly.figures(lake.open(small_site), PERIOD, small_site.zone)


@pytest.fixture(scope="session", params=LANGUAGES)
def shown(request, small_site, figures):
    """The whole report in each language."""
    return document.compose(
        monthly.KIND, figures, document.Edition(small_site.name, small_site.zone, True, request.param)
    )
