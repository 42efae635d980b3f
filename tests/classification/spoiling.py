"""Shipped rule files with something wrong in them."""

from pathlib import Path

import pytest

from custinfo.classification import rules
from custinfo.classification.rules import Rule
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES


def refused(folder: Path, file: str, kind: type[Rule], *changes: tuple[str, str]) -> str:
    """The key of the error with which the shipped file is refused after the changes, each of a text found once."""
    content = (rules.FOLDER / file).read_text("utf-8")
    for old, new in changes:
        assert content.count(old) == 1, old
        content = content.replace(old, new)
    (folder / file).write_text(content, "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(folder / file, kind)
    assert all(file in raised.value.text(language) for language in LANGUAGES)
    return raised.value.key
