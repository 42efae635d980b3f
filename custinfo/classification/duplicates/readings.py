"""Chinese text as it is compared: one script, one width, and how it sounds.

For keys alone, never for what people read. Traditional characters become simplified (OpenCC, character by character),
full width becomes half width, letters small. A sound is Hanyu Pinyin without tones and spaces, each character in its
most usual reading, so that the same characters always sound the same; surnames have readings of their own.
"""

import sys
import unicodedata
from collections.abc import Mapping
from functools import cache

SURNAME_READINGS: Mapping[str, str] = {
    "单": "shan", "仇": "qiu", "曾": "zeng", "查": "zha", "区": "ou", "解": "xie", "任": "ren", "华": "hua",
    "朴": "piao",
    "盖": "ge", "乐": "yue", "翟": "zhai", "缪": "miao", "宁": "ning", "尉": "wei", "种": "chong", "秘": "bi",
    "冼": "xian",
    "逄": "pang", "乜": "nie", "员": "yun", "黑": "he", "折": "she", "召": "shao", "繁": "po", "覃": "qin",
    "应": "ying",
    "万": "wan", "俞": "yu", "洗": "xian", "过": "guo", "哈": "ha", "阚": "kan", "粘": "nian", "隗": "wei", "訾": "zi",
    "幺": "yao", "牟": "mu", "令": "ling", "燕": "yan", "於": "yu", "贾": "jia", "柏": "bai", "盛": "sheng",
    "石": "shi",
}  # fmt: skip
"""How characters are read as a surname, where another reading is the usual one or programs take another."""

COMPOUND_SURNAMES: Mapping[str, str] = {
    "欧阳": "ouyang", "司马": "sima", "上官": "shangguan", "诸葛": "zhuge", "尉迟": "yuchi", "司徒": "situ",
    "东方": "dongfang",
    "皇甫": "huangfu", "公孙": "gongsun", "慕容": "murong", "令狐": "linghu", "长孙": "zhangsun", "宇文": "yuwen",
    "司空": "sikong",
    "夏侯": "xiahou", "端木": "duanmu", "独孤": "dugu", "南宫": "nangong", "西门": "ximen", "轩辕": "xuanyuan",
    "澹台": "tantai",
    "公冶": "gongye", "宗政": "zongzheng", "濮阳": "puyang", "淳于": "chunyu", "单于": "chanyu", "太史": "taishi",
    "申屠": "shentu",
    "仲孙": "zhongsun", "钟离": "zhongli", "鲜于": "xianyu", "闾丘": "lvqiu", "东郭": "dongguo", "呼延": "huyan",
    "万俟": "moqi",
    "赫连": "helian", "拓跋": "tuoba", "百里": "baili", "第五": "diwu", "完颜": "wanyan", "纳兰": "nalan",
    "爱新觉罗": "aixinjueluo",
}  # fmt: skip

_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0304\u030c"))
_HAN = range(0x4E00, 0xA000)
_NEAR_SOUNDS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


def plain(text: str) -> str:
    """`text` in one width, simplified, in small letters; spaces and punctuation stay."""
    return unicodedata.normalize("NFKC", text).translate(_simplified()).lower()


def sound(text: str) -> str:
    """How plain `text` sounds: small ASCII letters and digits, nothing between them. A character without a reading is
    its code point, so that two that nobody can read are the same only when they are.
    """
    return text.translate(_readings())


def alike(sounds: str) -> str:
    """A sound with the differences taken out that speakers of southern dialects do not hear: zh and z, ang and an …"""
    for heard, written in _NEAR_SOUNDS:
        sounds = sounds.replace(heard, written)
    return sounds


def is_han(character: str) -> bool:
    """Whether it is a Chinese character of the basic block."""
    return ord(character) in _HAN


class Same(dict[int, int | str]):
    """A table for str.translate that learns what stays as it is: a missing character costs an exception each time."""

    def __missing__(self, code: int) -> int:
        self[code] = code
        return code


def syllables(text: str) -> list[str]:
    """The sound of each character of plain `text`."""
    readings = _readings()
    return [readings[ord(character)] for character in text]


@cache
def _simplified() -> Same:
    from opencc import OpenCC  # a library with a dictionary: when the first name is looked at, not when a page starts

    every = [chr(code) for code in _HAN]
    # Each on a line of its own: keys must not depend on the neighbours of a character
    turned = OpenCC("t2s").convert("\n".join(every)).split("\n")
    return Same({ord(one): other for one, other in zip(every, turned, strict=True)})


class _Readings(dict[int, str]):
    """Fills itself: of the forty thousand characters that have a reading few thousand are ever met."""

    def __init__(self) -> None:
        from pypinyin.pinyin_dict import pinyin_dict  # loads its dictionaries: the same

        super().__init__({code: chr(code) for code in range(ord("0"), ord("9") + 1)})
        self.update({code: chr(code) for code in range(ord("a"), ord("z") + 1)})
        self._marked = pinyin_dict

    def __missing__(self, code: int) -> str:
        self[code] = reading = self._reading(code)
        return reading

    def _reading(self, code: int) -> str:
        marked = self._marked.get(code)
        if marked is not None:
            bare = unicodedata.normalize("NFD", marked.split(",")[0]).translate(_TONES)
            return sys.intern(bare.replace("u\u0308", "v").replace("e\u0302", "e"))
        letters = unicodedata.normalize("NFD", chr(code)).encode("ascii", "ignore").decode().lower()
        if letters.isalnum():
            return letters
        return "" if unicodedata.category(chr(code))[0] in "PZSCM" else f"{code:x}"


@cache
def _readings() -> Mapping[int, str]:
    return _Readings()
