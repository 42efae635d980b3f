"""The screen of segments as a page of the workbench: nothing of the lake for who may read it no longer."""

import pytest

from custinfo import lake
from custinfo.domain.errors import NotAllowed
from custinfo.screens.segments import Segments
from tests.reports import sites


@pytest.fixture
def place(tmp_path):
    made = sites.site(tmp_path / "site")
    sites.publish(made, [{"customer_type": "enterprise", "ownership": "state"}], [])
    return made


def test_a_choice_after_the_permission_is_gone_puts_nothing_into_any_widget(place):
    refused = []

    def may_read():
        if refused:
            raise NotAllowed("pages.relogin")

    screen = Segments(place, lake.open(place), "zh-CN", may_read)
    *_, chart, listed = screen.widget.children
    filters = screen.widget.children[1].children
    before = chart.spec, listed.value
    refused.append(True)
    put = []
    chart.observe(lambda change: put.append(change["name"]))
    chooser = next(one for one in filters if one.options)
    chooser.value = (chooser.options[0][1],)
    assert put == []
    assert (chart.spec, listed.value) == before
    assert "role='alert'" in screen.widget.children[0].value
