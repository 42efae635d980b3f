"""`${last-saved#name}`: the record of a form that the same person finished last, as a list that expressions read."""

from collections.abc import Mapping, Sequence

from custinfo.xforms.model import Form, ModelNode
from custinfo.xforms.tree import document
from custinfo.xforms.xpath import Node

LAST_SAVED = "__last-saved"


def last_saved_list(form: Form, values: Mapping[str, object] | None) -> dict[str, Node]:
    """The list by its id, for a form that reads it. What this version of the form does not know is left out."""
    if values is None or LAST_SAVED not in form.instances:
        return {}
    return {LAST_SAVED: document(form.root, known(form.root, values))}


def known(spec: ModelNode, values: Mapping[str, object]) -> dict[str, object]:
    """Of the values of a group, those that have a place of that shape in the form."""
    kept: dict[str, object] = {}
    for child in spec.children:
        value = values.get(child.name)
        several = isinstance(value, Sequence) and not isinstance(value, str)
        if child.repeat != several or value is None:
            continue
        rounds = value if isinstance(value, Sequence) and several else [value]
        if child.is_group:
            inside: list[object] = [known(child, one) for one in rounds if isinstance(one, Mapping)]
        else:
            inside = [one for one in rounds if isinstance(one, str)]
        if inside:
            kept[child.name] = inside if child.repeat else inside[0]
    return kept
