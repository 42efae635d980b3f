"""The rule file of disclosure control: what is wrong in it is refused in words."""

from pathlib import Path

import pytest

from custinfo.classification.disclosure_rules import FILE, DisclosureRule
from tests.classification.spoiling import refused


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('code = "group"', 'code = "press"'), "disclosure.classes"),
        (("dominance_n = 2\n", ""), "disclosure.half_dominance"),
        (("dominance_n = 2\ndominance_percent = 75\n", ""), "disclosure.weaker"),
        (
            ("dominance_n = 2\ndominance_percent = 75\n", "dominance_n = 2\ndominance_percent = 85\n"),
            "disclosure.weaker",
        ),
        (("protection_percent = 15\n", "p_percent = 20\nprotection_percent = 15\n"), "disclosure.weaker"),
        (("threshold = 10\n", "threshold = 4\n"), "disclosure.weaker"),
        (("protection_percent = 20", "protection_percent = 5"), "disclosure.weaker"),
        (("threshold = 3\n", "threshold = 1\n"), "classification.limit"),
    ],
)
def test_a_spoilt_rule_is_refused(tmp_path: Path, change: tuple[str, str], key: str) -> None:
    assert refused(tmp_path, FILE, DisclosureRule, change) == key
