"""What the analysts' screens read from prepared tables is what they compute without them; and who keeps it ready."""

import json

import pytest
from click.testing import CliRunner

from custinfo import lake
from custinfo.actions import prepared_tables, value_models
from custinfo.classification.lifetime import BuyingModel, Calibration
from custinfo.classification.spending import SpendingModel
from custinfo.cli import main
from custinfo.domain.errors import BadInput
from custinfo.lake import prepared
from custinfo.screens import abc, clusters, quality, segments, value
from custinfo.screens.explorer import _opened
from custinfo.screens.explorer_view import View
from tests.factories import empty_site
from tests.reports import sites
from tests.screens import analysts


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return analysts.place(tmp_path_factory.mktemp("prepared") / "site")


def rows(table):
    found = table.to_pyarrow()
    return found.schema.names, sorted(map(repr, found.to_pylist()))


@pytest.fixture(scope="module")
def computed(place):
    """By recipe, what was computed when everything was made ready: the rows of its tables, and what is said."""
    found, keep = {}, prepared._keep

    def watched(opened, recipe, made, file, made_of):
        tables = {name: rows(table) for name, table in made.tables.items()}
        found[recipe.name] = tables, json.loads(json.dumps(made.said))
        return keep(opened, recipe, made, file, made_of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepared, "WORTH_IT", 1)
        patch.setattr(prepared, "_keep", watched)
        assert prepared_tables.refresh(place) == tuple(one.name for one in prepared_tables.recipes())
    return found


def there(place):
    return sorted(path.name for path in (place.lake / prepared.FOLDER).iterdir())


def refused(*_):
    raise AssertionError("it is there")


@pytest.mark.parametrize("recipe", prepared_tables.recipes(), ids=lambda recipe: recipe.name)
def test_what_is_read_is_what_was_computed(place, computed, recipe, monkeypatch):
    monkeypatch.setattr(prepared, "_keep", refused)
    opened = lake.open(place)
    found = prepared.prepared(opened, recipe, opened.as_of.astimezone(place.zone).date())
    assert ({name: rows(table) for name, table in found.tables.items()}, found.said) == computed[recipe.name]
    assert found.tables


def test_what_is_kept_ready_is_what_the_screens_ask_for(place, computed, monkeypatch):
    monkeypatch.setattr(prepared, "_keep", refused)
    assert len(there(place)) == 2 * len(computed)
    view = View(*_opened(place.home, None), "en", "")
    for screen in (abc.SCREEN, clusters.SCREEN, quality.SCREEN, segments.SCREEN, value.SCREEN):
        screen.prepare(view)


def test_models_and_refusals_come_back_as_they_were(place, computed):
    opened = lake.open(place)
    read = value_models.made(opened, opened.as_of.astimezone(place.zone).date())
    kinds = {"buying": BuyingModel, "spending": SpendingModel, "calibration": Calibration}
    for name, kind in kinds.items():
        found = getattr(read, name)
        assert isinstance(found, kind)
        assert json.loads(json.dumps(value_models._told(found))) == computed["value"][1][name]
    few = BadInput("customer_value.few_customers", found=1, least=50)
    again = value_models._read(json.loads(json.dumps(value_models._told(few))), refused)
    assert isinstance(again, BadInput) and again.text("en") == few.text("en")


def test_publishing_and_the_daily_job_look_after_them(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(prepared_tables, "refresh", lambda site: asked.append(site.home) or ("x",))
    with empty_site(tmp_path / "site") as store:
        home = store.site.home
        assert prepared_tables.daily(store, analysts.LAST) == {"prepared": 1}
    done = CliRunner().invoke(main, ["publish", "--home", str(home)])
    assert done.exit_code == 0, done.output
    assert asked == [home, home]


def test_of_a_small_lake_nothing_is_kept(tmp_path):
    small = sites.site(tmp_path / "site")
    sites.publish(small, [{"customer_type": "enterprise"}], [])
    (small.lake / prepared.FOLDER).mkdir()
    assert prepared_tables.refresh(small) == ()
    assert not (small.lake / prepared.FOLDER).exists()
