"""The little Markdown that labels of an XLSForm may hold, taken off where only plain words fit."""

import re

_TAG = re.compile(r"</?(?:span|p|br|b|i|strong|em)\b[^<>]*>", re.IGNORECASE)
_LINK = re.compile(r"\[([^\[\]]+)\]\([^()\s]+\)")
_HEADING = re.compile(r"^#{1,6}\s+", re.MULTILINE)
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*\\])([*_])(?=[^\s*_])([^*_\n]+?)(?<=\S)\1(?![\w*])", re.ASCII)
_ESCAPED = re.compile(r"\\([\\*_#\[\]()<>])")


def plain(text: str) -> str:
    """The words of a label in one line: no marks for bold, italic, links, headings and line breaks."""
    if not any(mark in text for mark in "*_#[<\\\n"):
        return text
    text = _LINK.sub(r"\1", _HEADING.sub("", _TAG.sub(" ", text)))
    text = _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", text))
    return " ".join(_ESCAPED.sub(r"\1", text).split())
