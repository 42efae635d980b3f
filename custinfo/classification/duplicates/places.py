"""Names of regions as they stand at the head of company names and addresses, from the list of GB/T 2260."""

from collections.abc import Iterable, Mapping
from functools import cache

from custinfo.classification.duplicates.readings import plain
from custinfo.domain import codelists

ENDINGS = (
    "特别行政区",
    "自治州",
    "自治县",
    "自治旗",
    "地区",
    "林区",
    "新区",
    "矿区",
    "省",
    "市",
    "县",
    "区",
    "盟",
    "旗",
)
_NATIONS = (
    "壮族", "回族", "维吾尔", "藏族", "羌族", "彝族", "苗族", "侗族", "土家族", "布依族", "傣族", "白族", "景颇族",
    "傈僳族",
    "哈尼族", "朝鲜族", "蒙古族", "蒙古", "哈萨克", "柯尔克孜", "满族", "瑶族", "黎族", "畲族", "各族", "拉祜族",
    "佤族", "水族",
)  # fmt: skip
SHORTEST = 2


@cache
def places() -> Mapping[str, str]:
    """Every way in which a region is written → its short name: `深圳市`, `深圳` and `shenzhen` → `深圳`.

    Counties and districts only with their ending (`南山区`): without it they are too often words (`朝阳`, `和平`).
    Cities that are counties (`昆山市`) with and without.
    """
    found: dict[str, str] = {"中国": "中国", "全国": "中国", "china": "中国"}
    for row in codelists.load("region").offered:
        name = plain(row.name)
        short = _short(name)
        if len(name) < SHORTEST or name.startswith(("市辖", "省直", "自治区直")):
            continue
        found.setdefault(name, short)
        if row.level != "county" or name.endswith("市"):
            if len(short) >= SHORTEST:
                found.setdefault(short, short)
            if row.level != "county" and len(row.name_en) > SHORTEST:
                found.setdefault(row.name_en.lower().replace(" ", ""), short)
    return found


def short_name(name: str) -> str:
    """A region's name without what kind of region it is: `深圳市` → `深圳`. Anything else stays as it is."""
    return places().get(name, name)


def head(text: str) -> str:
    """The longest name of a region with which `text` begins; empty when it begins with none."""
    for name in _by_beginning().get(text[:SHORTEST], ()):
        if text.startswith(name):
            return name
    return ""


def tail(text: str) -> str:
    """The longest name of a region with which `text` ends; empty when it ends with none."""
    for name in _by_end().get(text[-SHORTEST:], ()):
        if text.endswith(name):
            return name
    return ""


@cache
def _by_beginning() -> Mapping[str, tuple[str, ...]]:
    """The first two characters of regions' names → the names that begin so, the longest first."""
    return _longest_first((name[:SHORTEST], name) for name in places())


@cache
def _by_end() -> Mapping[str, tuple[str, ...]]:
    return _longest_first((name[-SHORTEST:], name) for name in places())


def _longest_first(names: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for key, name in names:
        found.setdefault(key, []).append(name)
    return {key: tuple(sorted(those, key=lambda one: (-len(one), one))) for key, those in found.items()}


def _short(name: str) -> str:
    if name.endswith("自治区"):
        name = name.removesuffix("自治区")
        return _without_nations(name)
    for ending in ENDINGS:
        bare = name.removesuffix(ending)
        if bare != name and len(bare) >= SHORTEST:
            return _without_nations(bare) if ending.startswith("自治") else bare
    return name


def _without_nations(name: str) -> str:
    taken = True
    while taken:
        taken = False
        for nation in _NATIONS:
            bare = name.removesuffix(nation)
            if bare != name and len(bare) >= SHORTEST:
                name, taken = bare, True
    return name
