"""`or_other` in Chinese: pyxform writes the choice and question that it adds in English, whatever the form is in."""

from collections.abc import Iterable, Iterator

from lxml import etree

from custinfo.domain.messages import text
from custinfo.xforms.controls import XFORMS, local
from custinfo.xforms.design import columns
from custinfo.xforms.design.question_types import parse
from custinfo.xforms.model import language_code
from custinfo.xforms.workbook import Workbook

CHOICE, SPECIFY = "Other", "Specify other."
"""What pyxform writes."""


def translated(book: Workbook, xform: str) -> str:
    """The XForm with what `or_other` added said in Chinese, where a language of the form is Chinese.

    Choices that the designer wrote stay as they are, and so does a form without `or_other`, to the byte.
    """
    asked = dict(_asked(book))
    if not asked:
        return xform
    document = etree.fromstring(xform.encode())
    languages = list(document.iter(f"{{{XFORMS}}}translation"))
    chinese = [e for e in languages if _is_chinese(e.get("lang", ""))]
    if not chinese and (languages or not _is_chinese(_default_language(book))):
        return xform
    for item in _added_choices(document, set(asked.values()) - _with_own_choice(book)):
        _say(_labels(item, chinese), CHOICE, "or_other.choice")
    for question in document.iter(f"{{{XFORMS}}}input"):
        if _name(question).removesuffix("_other") in asked and _name(question).endswith("_other"):
            _specify(question, languages)
    return etree.tostring(document, encoding="unicode")


def _asked(book: Workbook) -> Iterator[tuple[str, str]]:
    """The questions with `or_other`, with the list of each."""
    for line in columns.table(book.sheet("survey")).lines:
        type_ = parse(line.get("type"))
        if type_ is not None and type_.or_other:
            yield line.get("name"), type_.list_name


def _with_own_choice(book: Workbook) -> set[str]:
    """The lists in which the designer has written a choice `other`."""
    lines = columns.table(book.sheet("choices")).lines
    return {line.get("list_name") for line in lines if line.get("name") == "other"}


def _default_language(book: Workbook) -> str:
    return next((line.get("default_language") for line in columns.table(book.sheet("settings")).lines), "")


def _is_chinese(name: str) -> bool:
    return language_code(name).lower().startswith("zh")


def _added_choices(document: etree._Element, lists: set[str]) -> Iterator[etree._Element]:
    for instance in document.iter(f"{{{XFORMS}}}instance"):
        if instance.get("id") in lists:
            for item in instance.iter(f"{{{XFORMS}}}item"):
                if any(local(e) == "name" and e.text == "other" for e in item):
                    yield item


def _labels(item: etree._Element, chinese: Iterable[etree._Element]) -> list[etree._Element]:
    """Where the words of a choice stand: in the row itself, or in the Chinese translations."""
    ids = {e.text for e in item if local(e) == "itextId"}
    texts = (entry for translation in chinese for entry in translation if entry.get("id") in ids)
    return [e for e in item if local(e) == "label"] + [value for entry in texts for value in entry]


def _say(labels: Iterable[etree._Element], instead_of: str, key: str) -> None:
    for label in labels:
        if (label.text or "").strip() == instead_of:
            label.text = text(key, "zh-CN")


def _name(question: etree._Element) -> str:
    return (question.get("ref") or "").rpartition("/")[2]


def _specify(question: etree._Element, languages: list[etree._Element]) -> None:
    """The question for the words: pyxform gives it one label, so a form of several languages gets a translated one."""
    labels = [e for e in question if local(e) == "label" and (e.text or "").strip() == SPECIFY]
    if not languages:
        _say(labels, SPECIFY, "or_other.specify")
        return
    for label in labels:
        text_id = f"{question.get('ref')}:label"
        label.set("ref", f"jr:itext('{text_id}')")
        label.text = None
        for translation in languages:
            entry = etree.SubElement(translation, f"{{{XFORMS}}}text", id=text_id)
            value = etree.SubElement(entry, f"{{{XFORMS}}}value")
            value.text = text("or_other.specify", "zh-CN") if _is_chinese(translation.get("lang", "")) else SPECIFY
