"""`${last-saved#name}`: the record of a form that the same person finished last, as a list that expressions read."""

from collections.abc import Mapping

from custinfo.xforms.fitting import fitted
from custinfo.xforms.model import Form
from custinfo.xforms.tree import document
from custinfo.xforms.xpath import Node

LAST_SAVED = "__last-saved"


def last_saved_list(form: Form, values: Mapping[str, object] | None) -> dict[str, Node]:
    """The list by its id, for a form that reads it. What this version of the form does not know is left out."""
    if values is None or LAST_SAVED not in form.instances:
        return {}
    return {LAST_SAVED: document(form.root, fitted(form, values)[0])}
