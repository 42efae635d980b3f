"""A few points of the sweeps over the store; `make soak` tries many more."""

import pytest

from tests.soak import sweep_store


@pytest.mark.guarantee("store-kill")
def test_a_submission_that_is_killed_is_whole_or_not_there(tmp_path):
    assert sweep_store.kill_submit(tmp_path, 3) == (3, 0)


@pytest.mark.guarantee("store-full")
def test_a_full_disk_is_said_in_words_and_leaves_nothing_half_way(tmp_path):
    tried, lost = sweep_store.disk_full(tmp_path, 6)
    assert tried >= 1 and lost == 0


@pytest.mark.guarantee("store-flips")
def test_a_flipped_bit_in_database_or_wal_loses_no_row_without_a_word(tmp_path):
    assert sweep_store.bit_flips(tmp_path, 8) == (8, 0)
