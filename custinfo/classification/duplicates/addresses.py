"""Addresses as bags of words, so that parts in another order, with or without the town, still meet.

    广东省深圳市南山区科技路12号创新大厦B座5楼  →  科技路 12号 创新大厦 b座 5楼, each by its sound and without its unit

Regions at the head are left to the region's own code. In Latin letters the words are what spaces separate.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from custinfo.classification.duplicates import places
from custinfo.classification.duplicates.readings import Same, plain, sound

_NUMERALS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_IN_WORDS = re.compile(r"[〇零一二三四五六七八九十百]+(?=[号楼层室栋幢座弄单组期])")
_COUNTED = re.compile("(?:([一二三四五六七八九]?)百)?[零〇]*(?:([一二三四五六七八九]?)十)?([〇零一二三四五六七八九]?)")
_UNITS = "号楼层室栋幢座弄单元组期"
_ENDINGS = "路街道巷村镇乡园苑城厦心场区里庄寓"
_CUT = Same({ord(unit): " " for unit in _UNITS} | {ord(ending): f"{ending} " for ending in _ENDINGS})
_APART = re.compile("(?<=[街园苑城里区庄村]) (?=[路街道巷区] )")
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*|[^\x00-\x7f,。、;()·]+")
_STREET = ("路", "街", "道", "巷", "胡同", "弄", "村")
_LATIN = re.compile(r"[a-z0-9]+")


class Address(NamedTuple):
    """`words`: sounds of its words and its numbers, sorted, each once. `street`: sound of the road and the number,
    as `kejilu12` (`12main` in Latin letters); empty when either is not there.
    """

    words: tuple[str, ...]
    street: str


NOWHERE = Address((), "")


def address(text: str) -> Address:
    """The words of an address as it was written."""
    return addresses([text])[0]


def addresses(written: Sequence[str]) -> list[Address]:
    """The words of each address, as `address` gives them: what is looked for in all is looked for at once."""
    texts = [plain(text.replace("\n", " ")) for text in written]
    # One to a line, as nothing that is looked for reaches beyond the end of one
    lines = "\n".join("" if text.isascii() else text for text in texts)
    lines = _IN_WORDS.sub(lambda found: _number(found[0]), lines).translate(_CUT)
    apart = _APART.sub("", lines).split("\n")
    return [_latin(text) if text.isascii() else _chinese(line) for text, line in zip(texts, apart, strict=True)]


def _latin(text: str) -> Address:
    words = _LATIN.findall(text)
    if not words:
        return NOWHERE
    number = next((place for place, word in enumerate(words[:-1]) if word[0].isdigit()), None)
    return Address(tuple(sorted(set(words))), "" if number is None else words[number] + words[number + 1])


def _chinese(line: str) -> Address:
    sounds, street, road = set(), "", ""
    for heard, next_road, number in map(_word, _WORD.findall(line)):
        if heard is None:
            continue
        if road and number and not street:  # the first road that a number follows at once
            street = road + number
        road = next_road
        sounds.add(heard)
    return Address(tuple(sorted(sounds)), street)


@lru_cache(maxsize=1 << 16)
def _word(word: str) -> tuple[str | None, str, str]:
    """How a word sounds without the regions at its head, None when nothing is left; the same if it is a road; and it
    itself if it ends with a number. Roads, buildings, numbers come again and again.
    """
    rest = _without_regions(word)
    if not rest:
        return None, "", ""
    heard = sound(rest)
    return heard, heard if rest.endswith(_STREET) else "", rest if rest[-1].isdigit() else ""


def _without_regions(word: str) -> str:
    while (region := places.head(word)) and not (len(region) < len(word) <= len(region) + 1):
        word = word[len(region) :]
    return word


def _number(numeral: str) -> str:
    """`十二` → `12`, `二十` → `20`, `一〇三` → `103`; what is no numeral, as `一百十十`, stays as it is."""
    if "十" not in numeral and "百" not in numeral:
        return numeral.translate(_NUMERALS)
    counted = _COUNTED.fullmatch(numeral)
    if not counted:
        return numeral
    hundreds, tens, ones = counted.groups()
    return str(100 * _times(hundreds) + 10 * _times(tens) + int((ones or "〇").translate(_NUMERALS)))


def _times(said: str | None) -> int:
    """How many hundreds or tens: none where there is no word for them, one where no digit stands before it."""
    return 0 if said is None else int((said or "一").translate(_NUMERALS))
