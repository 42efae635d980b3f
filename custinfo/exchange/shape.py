"""The shape that answers from a file are given, whatever the file looked like."""

from collections.abc import Container

from custinfo.exchange.fields import local
from custinfo.exchange.json_lines import put
from custinfo.xforms import Form
from custinfo.xforms.model import ModelNode


def keep_instance_id(form: Form, answers: dict[str, object], instance_id: str) -> None:
    """Puts the id that the source gave a record where the form keeps it, if it does."""
    for child in form.root.children:
        for one in child.children if local(child.name) == "meta" else ():
            if local(one.name) == "instanceID" and instance_id:
                put(answers, (child.name, one.name), instance_id)


def without_default_instances(node: ModelNode, values: object, covered: Container[str] | None) -> None:
    """Where the source covers a repeat and has no instance, there is none, not as many as a new record has.

    `covered` are the refs of the repeats that the source has a place for; None for all.
    """
    if not isinstance(values, dict):
        return
    for child in node.children:
        if child.repeat:
            if covered is None or child.ref in covered:
                values.setdefault(child.name, [])
            for one in values.get(child.name, ()):
                without_default_instances(child, one, covered)
        elif child.is_group and _has_repeat(child, covered):
            without_default_instances(child, values.setdefault(child.name, {}), covered)


def _has_repeat(node: ModelNode, covered: Container[str] | None) -> bool:
    return any(n.repeat and (covered is None or n.ref in covered) for n in node.walk())
