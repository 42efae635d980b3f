"""Message catalogues: every label and message, in every language, by key.

A catalogue is a folder `locale/<language>/` of TOML files. The file's name is the first part of the key, so
`text("pages.save", "en")` is `save` in `locale/en/pages.toml`. Placeholders are `{name}`, filled from keyword facts.
`tests/test_messages.py` keeps the languages in step.
"""

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("zh-CN", "en")
DEFAULT_LANGUAGE = "zh-CN"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every message of one language, key → text. Raises KeyError for a language without a catalogue."""
    if language not in LANGUAGES:
        raise KeyError(language)
    messages: dict[str, str] = {}
    for file in sorted((LOCALE / language).glob("*.toml")):
        messages.update(_flat(tomllib.loads(file.read_text("utf-8")), file.stem))
    return messages


def _flat(table: Mapping[str, object], prefix: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in table.items():
        key = f"{prefix}.{name}"
        if isinstance(value, Mapping):
            flat.update(_flat(value, key))
        else:
            flat[key] = str(value)
    return flat


def text(key: str, language: str, /, **facts: object) -> str:
    """The message `key` in `language`, with its `{placeholders}` filled from `facts`.

    Raises KeyError when the key, or a fact that the message names, is missing: a test finds these before a reader does.
    """
    return string.Formatter().vformat(catalogue(language)[key], (), facts)


def section(prefix: str, language: str) -> dict[str, str]:
    """All messages whose key starts with `prefix.`, by the rest of their key: what a page hands to its script."""
    start = prefix + "."
    return {k.removeprefix(start): v for k, v in catalogue(language).items() if k.startswith(start)}


def spoken(texts: Mapping[str, str], language: str) -> str:
    """Of texts by language: the one in the language, in one near to it (`en-GB` for `en`), or the first there is."""
    if language in texts:
        return texts[language]
    base = language.partition("-")[0]
    near = next((one for code, one in texts.items() if code.partition("-")[0] == base), None)
    return near if near is not None else next(iter(texts.values()), "")


def ours(language: str) -> str:
    """Which of our own languages goes with a form's language."""
    return "zh-CN" if language.lower().startswith("zh") or language in ("", "default") else "en"
