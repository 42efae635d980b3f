"""The rule file of disclosure control: what is wrong in it is refused in words."""

from pathlib import Path

import pytest

from custinfo.classification.disclosure_rules import FILE, DisclosureRule
from tests.classification.spoiling import refused


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('code = "group"', 'code = "press"'), "disclosure.classes"),
        (("dominance_percent = 85\n", ""), "disclosure.half_dominance"),
        (("threshold = 10\n", "threshold = 4\n"), "disclosure.weaker"),
        (("protection_percent = 20", "protection_percent = 5"), "disclosure.weaker"),
        (("threshold = 3\n", "threshold = 1\n"), "classification.limit"),
    ],
)
def test_a_spoilt_rule_is_refused(tmp_path: Path, change: tuple[str, str], key: str) -> None:
    assert refused(tmp_path, FILE, DisclosureRule, change) == key
