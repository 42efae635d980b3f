"""The body of an XForm: what is drawn, with its texts and choices."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from custinfo.xforms.model import Choice, Control, ControlKind, Itemset, Output, Parts, SetValue, Text

XFORMS = "http://www.w3.org/2002/xforms"
OPENROSA = "http://openrosa.org/xforms"
JAVAROSA = "http://openrosa.org/javarosa"
_KINDS: dict[str, ControlKind] = {
    "group": "group", "repeat": "repeat", "input": "input", "secret": "input", "textarea": "input",
    "select1": "select1",
    "select": "select", "range": "range", "rank": "rank", "trigger": "trigger", "upload": "upload",
}  # fmt: skip
_ITEXT = re.compile(r"\s*jr:itext\(\s*(?:'([^']*)'|\"([^\"]*)\")\s*\)\s*\Z")
_ITEXT_OF = re.compile(r"\s*jr:itext\((.*)\)\s*\Z", re.DOTALL)
_OWN = ("ref", "nodeset", "bind", "appearance")


def local(element: etree._Element) -> str:
    """The name without its namespace."""
    return etree.QName(element).localname


def text_of(element: etree._Element) -> Parts:
    """Text with the expressions of its `<output>` elements."""
    parts: list[str | Output] = [element.text] if element.text else []
    for child in element:
        if local(child) == "output":
            parts.append(Output(child.get("value") or child.get("ref") or "''"))
        else:
            parts.extend(text_of(child))
        if child.tail:
            parts.append(child.tail)
    return tuple(parts)


def label_of(element: etree._Element) -> Text:
    """A label or hint: its own text, a translation, or an expression."""
    ref = element.get("ref")
    if ref is None:
        return Text(text_of(element))
    fixed = _ITEXT.match(ref)
    if fixed:
        return Text(itext_id=fixed[1] or fixed[2] or "")
    return Text(expression=ref)


@dataclass
class ControlReader:
    """Reads the body; relative references are made absolute."""

    data_ref: str
    actions: list[SetValue] = field(default_factory=list)

    def read(self, body: etree._Element) -> tuple[Control, ...]:
        """Everything that is drawn."""
        return self.children(body, self.data_ref)

    def children(self, parent: etree._Element, context: str) -> tuple[Control, ...]:
        """The controls inside an element."""
        for child in parent:
            if local(child) == "setvalue":
                self.actions.append(self.action(child, context))
        return tuple(self.control(e, _KINDS[local(e)], context) for e in parent if local(e) in _KINDS)

    def control(self, element: etree._Element, kind: ControlKind, context: str) -> Control:
        """One control and what is inside it."""
        named = element.get("nodeset") or element.get("ref") if kind == "repeat" else element.get("ref")
        ref = absolute(named, context) if named else ""
        inner = ref or context
        texts = {local(e): label_of(e) for e in element if local(e) in ("label", "hint")}
        actions = tuple(self.action(e, inner) for e in element if local(e) == "setvalue")
        self.actions += [a for a in actions if set(a.events) - {"xforms-value-changed"}]
        count = element.get(f"{{{JAVAROSA}}}count")
        fixed = (element.get(f"{{{JAVAROSA}}}noAddRemove") or "").strip() in ("true()", "true")
        grouped = kind in ("group", "repeat")
        return Control(
            kind, ref, texts.get("label"), texts.get("hint"), _guidance(texts.get("hint")),
            element.get("appearance") or "", _parameters(element),
            tuple(_choice(e) for e in element if local(e) == "item"),
            next((self.itemset(e) for e in element if local(e) == "itemset"), None),
            self.children(element, inner) if grouped else (), actions, count, fixed or count is not None,
        )  # fmt: skip

    def action(self, element: etree._Element, context: str) -> SetValue:
        """An action inside a control."""
        return set_value(element, context, {})

    def itemset(self, element: etree._Element) -> Itemset:
        """Choices that come from a list."""
        value = next((e.get("ref") for e in element if local(e) == "value"), None)
        label = next((e.get("ref") for e in element if local(e) == "label"), None)
        match = _ITEXT_OF.match(label or "")
        text = Text(expression=f"jr:itext({match[1]})") if match else Text(expression=label or value or "name")
        return Itemset(element.get("nodeset") or "", value or "name", text)


def _choice(element: etree._Element) -> Choice:
    value = next((e.text or "" for e in element if local(e) == "value"), "")
    label = next((label_of(e) for e in element if local(e) == "label"), Text((value,)))
    return Choice(value.strip(), label)


def set_value(element: etree._Element, context: str, by_id: Mapping[str, str]) -> SetValue:
    """A `<setvalue>`; its target may be named by the id of a bind, and may pick instances of a repeat."""
    named = by_id.get(element.get("bind") or "", "") or (element.get("ref") or "").strip()
    plain = absolute(re.sub(r"\[[^\]]*\]", "", named), context)
    events = tuple((element.get("event") or "").split())
    return SetValue(plain, events, element.get("value"), element.text or "", named if "[" in named else None)


def _parameters(element: etree._Element) -> dict[str, str]:
    named = ((etree.QName(k).localname, str(v)) for k, v in element.attrib.items())
    return {name: value for name, value in named if name not in _OWN}


def _guidance(hint: Text | None) -> Text | None:
    return Text(itext_id=hint.itext_id) if hint and hint.itext_id else None


def absolute(ref: str, context: str) -> str:
    """A reference of the body, without positions: `name`, `./name`, `../name` or `/data/name`."""
    ref = ref.replace(" ", "")
    if ref.startswith("/"):
        return ref
    parts = context.strip("/").split("/")
    for step in ref.removeprefix("current()/").split("/"):
        if step == "..":
            parts = parts[:-1]
        elif step not in (".", ""):
            parts.append(step)
    return "/" + "/".join(parts)
