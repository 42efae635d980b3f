"""What happens by itself: values set on opening, on a new repeat, on a changed answer; preloads."""

import uuid
from collections.abc import Mapping

from custinfo.xforms.computed import as_answer
from custinfo.xforms.engine import Engine
from custinfo.xforms.model import SetValue
from custinfo.xforms.tree import Item
from custinfo.xforms.xpath import Moment, XPathError

_CHAIN = 100  # how many actions one change may set off
_CHANGED, _NEW_REPEAT, _LOAD = "xforms-value-changed", "odk-new-repeat", "odk-instance-load"
_FIRST_LOAD = frozenset(["odk-instance-first-load", "xforms-ready"])  # the second is its name of old
EVENTS = _FIRST_LOAD | {_CHANGED, _NEW_REPEAT, _LOAD}
"""What an action may wait for."""


class Actions:
    """Runs the actions of one session."""

    def __init__(self, engine: Engine, properties: Mapping[str, str]) -> None:
        self.engine, self.form, self.properties = engine, engine.form, properties
        self._running = 0
        self._at_end: list[Item] = []
        on_change = (c for c in self.form.control_of.values() if any(_CHANGED in a.events for a in c.actions))
        self._listened = frozenset(c.ref for c in on_change if self.form.nodes[c.ref].bind.calculate is not None)

    def load(self, *, first: bool) -> None:
        """When the form is opened: for a new record, or again."""
        self._preload(first)
        wanted = {_LOAD, *_FIRST_LOAD} if first else {_LOAD}
        for action in self.form.actions:
            if wanted & set(action.events):
                for item in self._chosen(action, self.engine.all_at(action.ref), self.engine.root):
                    # An entity has its id from the start, also where its group or repeat is asked for only later.
                    if item.relevant or item.kind == "attribute":
                        self._run(action, item)
        self.engine.settle()
        self.new_repeats()
        self.engine.listened = self._listened

    def finish(self) -> bool:
        """Notes the end of the interview in a record that has none from before; whether there was anything to do."""
        asked = [item for item in self._at_end if item.relevant and item.root() is self.engine.top]
        for item in asked:
            self._set(item, Moment(self.engine.context.local_now(), whole=True).text())
        return bool(asked)

    def recalculated(self) -> None:
        """After calculations gave other values: runs the actions that wait for them."""
        for _ in range(_CHAIN):
            changed, self.engine.recalculated = self.engine.recalculated, {}
            for item in changed:
                if item.root() is self.engine.top:
                    self.value_changed(item)
            if not self.engine.recalculated:
                return

    def new_repeats(self) -> None:
        """After instances of repeats were added, by hand or by a count."""
        for _ in range(_CHAIN):
            created, self.engine.created = self.engine.created, []
            for instance in created:
                for action in self.form.actions:
                    if _NEW_REPEAT in action.events and instance.parent is not None:
                        for item in [i for i in instance.inside() if i.spec.ref == action.ref]:
                            self._run(action, item)
            self.engine.settle()
            if not self.engine.created:
                return

    def value_changed(self, source: Item) -> None:
        """After an answer changed. Actions may set off others; a circle ends after a while."""
        control = self.form.control_of.get(source.spec.ref)
        for action in control.actions if control else ():
            if _CHANGED in action.events and self._running < _CHAIN:
                for item in self._chosen(action, self._targets(action.ref, source), source):
                    before = item.stored
                    self._run(action, item)
                    self.engine.settle()
                    self.new_repeats()
                    if item.stored != before:
                        self._running += 1
                        self.value_changed(item)
                        self._running -= 1

    def _targets(self, ref: str, source: Item) -> list[Item]:
        """The items at `ref` nearest to the source."""
        near: Item = source
        while near.parent is not None and not (ref == near.spec.ref or ref.startswith(near.spec.ref + "/")):
            near = near.parent
        return self.engine.below(near, ref)

    def _chosen(self, action: SetValue, items: list[Item], source: Item) -> list[Item]:
        """Of the items, those that the action's own expression picks."""
        compiled = self.engine.rules.compiled.get(action.target or "")
        if compiled is None:
            return items
        try:
            found = self.engine.evaluate(compiled, source)
        except XPathError as error:
            self.engine.faults[source, "setvalue"] = error
            return []
        return [i for i in found if isinstance(i, Item)] if isinstance(found, list) else []

    def _run(self, action: SetValue, item: Item) -> None:
        compiled = self.engine.rules.compiled.get(action.value or "")
        if compiled is None:
            self._set(item, action.text)
            return
        try:
            self._set(item, as_answer(self.engine.evaluate(compiled, item), item.spec.bind.type))
        except XPathError as error:
            self.engine.faults[item, "setvalue"] = error

    def _set(self, item: Item, value: str) -> None:
        if value != item.stored:
            self.engine.set_stored(item, value)
            self.engine.settle()

    def _preload(self, first: bool) -> None:
        """Values that the device supplies take the place of the form's defaults; in a record opened again they stay."""
        for item in list(self.engine.root.inside()):
            if not item.spec.bind.preload:
                continue
            kind, parameter = item.spec.bind.preload
            if (kind, parameter) == ("timestamp", "end"):
                self._at_end += [] if item.stored else [item]
            elif first or not item.stored:
                self._set(item, self._preloaded(kind, parameter, first) or item.stored)

    def _preloaded(self, kind: str, parameter: str, first: bool) -> str:
        context = self.engine.context
        match kind, parameter:
            case "uid", _:
                return "uuid:" + str(uuid.UUID(int=context.random.getrandbits(128), version=4))
            case "date", "today":
                return context.local_now().date().isoformat()
            case "timestamp", "start" if first:
                return Moment(context.local_now(), whole=True).text()
            case "property", name:
                return self.properties.get(name, "")
            case _:
                return ""
