"""A customer of level 1 is left out of analysis: raised before or after the lake knew them, with all that is of them."""

import pytest

from custinfo import lake
from custinfo.actions import batches, pseudonyms, record_levels
from custinfo.actions import lake as publishing
from custinfo.domain import clock
from custinfo.domain.errors import SiteFault
from custinfo.domain.people import SERVICE
from custinfo.domain.sensitivity import Level
from custinfo.store import withheld

HEADER = "customer,line_no,kind,date,product,quantity,amount\n"


def sell(office, tmp_path, name, *bought):
    file = tmp_path / f"{name}.csv"
    rows = [f"{one.customer_number},{name}-{one.customer_number},sale,2026-10-05,螺栓,1,10.00\n" for one in bought]
    file.write_text(HEADER + "".join(rows), "utf-8")
    batches.import_sales(office.store, SERVICE, file, source="ERP", lawful_basis="contract", errors=tmp_path)
    publishing.publish(office.store, SERVICE)


def raised(office, one, level=Level.SECRET):
    record_levels.set(office.store, office.head, one.record_id, level, "并购对象")


def known(office, **how):
    """The customers of whom analysts read a card or a sale."""
    opened = lake.open(office.store.site, **how)
    keys = {key: one for one in office.all if (key := pseudonyms.key_of(office.store, one.customer_id))}
    tables = (opened.customers, opened.sales)
    return [{keys[key].customer_number for key in one.customer_key.to_pyarrow().to_pylist()} for one in tables]


@pytest.fixture
def sold(office, tmp_path):
    """Two customers who bought and were published, and one who was of level 1 from the start."""
    office.all = [office.company(), office.company()]
    sell(office, tmp_path, "one", *office.all)
    office.all.append(office.company())
    raised(office, office.all[2])
    sell(office, tmp_path, "two", *office.all)
    return office.all


@pytest.mark.guarantee("level-1-left-out-of-analysis")
def test_whoever_is_raised_is_left_out_with_all_that_the_lake_has_of_them(office, sold):
    store, (one, two, _) = office.store, sold
    both = {one.customer_number, two.customer_number}
    assert known(office) == [both, both], "the third never was in it"
    before = clock.utc_now()
    raised(office, one)
    assert known(office) == [{two.customer_number}] * 2
    assert known(office, version=1) == [{two.customer_number}] * 2, "in earlier versions too"
    assert known(office, withheld_by=before) == [both, both], "a report that is built again shows what it showed"
    assert known(office, purpose="service")[1] == {each.customer_number for each in sold}, "what they owe is still told"
    raised(office, one, Level.INTERNAL)
    assert known(office) == [both, both]
    assert {row.customer_key for row in withheld.read(store.site.lake)} == {
        pseudonyms.key_of(store, sold[2].customer_id)
    }


@pytest.mark.guarantee("level-1-left-out-of-analysis")
def test_a_list_that_is_older_or_damaged_is_written_anew_by_the_next_publication(office, sold):
    store, (one, two, _) = office.store, sold
    raised(office, one)
    for said in ("[]\n", "no list"):
        (store.site.lake / withheld.FILE).write_text(said, "utf-8")
        publishing.publish(store, SERVICE)
        assert known(office) == [{two.customer_number}] * 2


def test_what_cannot_be_put_on_the_list_is_not_raised(office, sold, monkeypatch):
    def full(*_):
        raise SiteFault("privacy.list_not_written", file=withheld.FILE, fault="disk full")

    monkeypatch.setattr(withheld, "write", full)
    with pytest.raises(SiteFault):
        raised(office, sold[0])
    assert record_levels.level_of(office.store, sold[0].record_id) == Level.INTERNAL
