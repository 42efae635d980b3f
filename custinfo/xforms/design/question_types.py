"""The question types of XLSForm: what stands in the column `type`."""

import re
from dataclasses import dataclass

from custinfo.xforms.findings import nearest

TYPES = (
    "text", "integer", "decimal", "range", "note", "date", "time", "dateTime", "geopoint", "geotrace", "geoshape",
    "image", "audio", "video", "file", "barcode", "calculate", "acknowledge", "hidden", "xml-external", "csv-external",
    "start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit", "start-geopoint",
    "background-audio", "background-geopoint",
)  # fmt: skip
"""The types that are a single word."""
SELECTS = ("select_one", "select_multiple", "rank")
FROM_FILE = ("select_one_from_file", "select_multiple_from_file")
GROUPS = ("begin_group", "end_group", "begin_repeat", "end_repeat")
METADATA = frozenset({
    "start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit", "start-geopoint", "subscriberid",
    "simserial", "background-audio", "background-geopoint", "xml-external", "csv-external",
})  # fmt: skip
"""Filled by the device, or no question at all."""
_ALIASES = {
    "int": "integer", "string": "text", "datetime": "dateTime", "date time": "dateTime", "trigger": "acknowledge",
    "photo": "image", "imei": "deviceid", "location": "geopoint", "gps": "geopoint", "subscriberid": "subscriberid",
    "simserial": "simserial", "percentage": "integer", "phone number": "phonenumber", "osm": "osm",
    "start time": "start",
    "end time": "end", "device id": "deviceid", "number of days in last month": "integer",
    "number of days in last six months": "integer", "number of days in last year": "integer", "sim id": "simserial",
    "subscriber id": "subscriberid", "uri:deviceid": "deviceid", "uri:username": "username", "uri:email": "email",
    "uri:phonenumber": "phonenumber", "uri:subscriberid": "subscriberid", "uri:simserial": "simserial",
}  # fmt: skip
_SELECT_WORDS = {
    "select_one": "select_one", "select one": "select_one", "select1": "select_one", "select one from": "select_one",
    "add select one prompt using": "select_one", "select_multiple": "select_multiple",
    "select all that apply": "select_multiple", "select all that apply from": "select_multiple",
    "add select multiple prompt using": "select_multiple", "rank": "rank", "select_one_external": "select_one_external",
    "select_one_from_file": "select_one_from_file", "select one from file": "select_one_from_file",
    "select_multiple_from_file": "select_multiple_from_file", "select multiple from file": "select_multiple_from_file",
}  # fmt: skip
_SELECT = re.compile(
    rf"(?P<word>{'|'.join(sorted(_SELECT_WORDS, key=len, reverse=True))}) (?P<list>\S+)"
    r"(?P<other> (or specify other|or_other|or other))?\Z"
)
_BEGIN = re.compile(r"begin[ _](?P<kind>group|repeat|loop|lgroup|looped group)( (over )?(?P<list>\S+))?\Z")
_END = re.compile(r"end[ _](?P<kind>group|repeat|loop|lgroup|looped group)\Z")
_PROMPT = re.compile(r"(?:add|q|get) (?P<word>.+?)(?: prompt)?\Z")
_SETTINGS = frozenset({"form_title", "set form title", "set_form_title", "form_id", "set form id", "set_form_id"})
_FOREIGN = {
    "单选": "select_one", "单选题": "select_one", "多选": "select_multiple", "多选题": "select_multiple",
    "文本": "text", "文字": "text", "填空": "text", "整数": "integer", "数字": "decimal", "小数": "decimal",
    "日期": "date",
    "时间": "time", "说明": "note", "计算": "calculate", "图片": "image", "照片": "image", "位置": "geopoint",
    "排序": "rank",
    "string": "text", "number": "decimal", "float": "decimal", "numeric": "decimal", "boolean": "select_one",
    "radio": "select_one", "checkbox": "select_multiple", "dropdown": "select_one", "label": "note", "money": "decimal",
    "single_choice": "select_one", "multiple_choice": "select_multiple", "textarea": "text", "signature": "image",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuestionType:
    """`kind` is the type's first word in its usual form (`begin_group` is `group`); `list_name` names the choices."""

    kind: str
    list_name: str = ""
    or_other: bool = False
    begins: bool = False
    ends: bool = False


def parse(written: str) -> QuestionType | None:  # noqa: PLR0911 - one return for each shape
    """What a cell of the column `type` means; None when it means nothing."""
    text = " ".join(written.split())
    if text in TYPES:
        return QuestionType(text)
    if match := _BEGIN.match(text):
        return QuestionType(_group(match["kind"]), match["list"] or "", begins=True)
    if match := _END.match(text):
        return QuestionType(_group(match["kind"]), ends=True)
    if match := _SELECT.match(text):
        return QuestionType(_SELECT_WORDS[match["word"]], match["list"], or_other=bool(match["other"]))
    if text in _ALIASES:
        return QuestionType(_ALIASES[text])
    if text in _SETTINGS:
        return QuestionType("setting")
    if text.split(" ")[0] == "osm":
        return QuestionType("osm", text[4:].strip())
    if match := _PROMPT.match(text):
        inner = match["word"]
        return QuestionType(inner) if inner in TYPES else QuestionType(_ALIASES[inner]) if inner in _ALIASES else None
    return None


def _group(kind: str) -> str:
    return {"group": "group", "loop": "loop"}.get(kind, "repeat")


def meant(written: str) -> str:
    """The type that a designer probably meant; empty when none is near."""
    text = " ".join(written.split())
    lowered = text.replace("-", "_").casefold()
    first, _, rest = lowered.partition(" ")
    for word in (lowered, first):
        if word in _FOREIGN:
            return _FOREIGN[word]
    selects = (*SELECTS, *FROM_FILE)
    near = nearest(first, selects, 0.75)
    if near and rest:
        return f"{near} {text.split(' ', 1)[1].strip(': ')}"
    return nearest(lowered, (*TYPES, *GROUPS), 0.6) or nearest(first, selects, 0.7)
