"""Several people enter surveys at once, lose replies, press twice, leave half way: nothing is lost or counted twice."""

import pytest

from tests.soak import sweep_load


@pytest.mark.guarantee("load-nothing-lost")
def test_what_was_acknowledged_to_a_crowd_is_stored_once(tmp_path):
    seen = sweep_load.entered(tmp_path, people=4, seconds=300, rounds=2)
    assert sweep_load.faults(tmp_path / "site", seen) == []
    assert sum(len(one.submitted) + len(one.left) for one in seen) == 8
