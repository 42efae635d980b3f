"""Parties that are prepared many at once are as if each were alone."""

import pytest

from custinfo.classification.duplicates import linkage
from custinfo.classification.duplicates.party import Party
from custinfo.classification.duplicates.prepared import Prepared, prepare
from tests.classification.duplicates.corrupted_companies import Maker
from tests.classification.duplicates.febrl import persons
from tests.classification.duplicates.other_companies import OtherMaker

ODD = [
    "", "　", "恒达\n科技有限公司", "ΑΣ\n", "（原）恒达", "İstanbul Ltd", "①号楼", "科技路\n12号", "Main St\n12", "12 Main St 5",
    "南山区\n路", "\u2028a路1号", "恒达（深圳", "深圳市恒达科技有限公司（原大恒）", "(0755)82345678", "0755-82345678-801",
]  # fmt: skip
SETS = {
    "companies": lambda: [party for party, _ in Maker(7).records(400)],
    "others": lambda: [party for party, _ in OtherMaker(7).records(400)],
    "persons": lambda: [party for party, _ in persons("1")][:200],
    "odd": lambda: [Party(f"{n}", "enterprise", one, (), one, (one,), one, one[:6]) for n, one in enumerate(ODD)],
}


@pytest.mark.parametrize("which", SETS)
def test_many_at_once_are_as_each_alone(which):
    # A list stands one to a line: what is itself of two lines is two things there
    parties = [
        Party(**{**vars(one), "phones": tuple("\n".join(one.phones).split("\n")) if one.phones else ()})
        for one in SETS[which]()
    ]
    columns = Prepared._fields[2:]
    batches = linkage.prepared(linkage.table(parties).to_pyarrow(), columns)
    found = [row for batch in batches for row in batch.to_pylist()]
    for place, (party, row) in enumerate(zip(parties, found, strict=True)):
        alone = prepare(party)._asdict()
        told = {name: tuple(row[name] or ()) if isinstance(alone[name], tuple) else row[name] or "" for name in columns}
        assert told == {name: alone[name] for name in columns} and row["unique_id"] == place
