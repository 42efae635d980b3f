"""The form engine: forms in, answers in, valid records out. No files, no database, no screen.

form = from_xlsform(data, "visit.xlsx", {"region.csv": rows})   # or load(xml)
session = Session(form, draft, language="en", formats={"phone": check})
session.answer("/data/contact[1]/phone", "13800138000")         # → what changed
session.layout(), session.state(ref), session.explain(ref)      # what to draw, how it stands, why
record = session.finish()                                       # or Unfinished, with every problem
"""

from collections.abc import Mapping

from custinfo.xforms.explain import Reason
from custinfo.xforms.layout import Drawn
from custinfo.xforms.model import Form, FormError
from custinfo.xforms.problems import Format, Problem, RefusedAnswer, Unfinished
from custinfo.xforms.reader import load
from custinfo.xforms.records import EntityAction, Record
from custinfo.xforms.session import Changes, NodeState, Session
from custinfo.xforms.xlsform import to_xform


def from_xlsform(data: bytes, file_name: str, attachments: Mapping[str, bytes] | None = None) -> Form:
    """The form of an XLSForm file. Raises FormError with everything that is wrong with it."""
    return load(to_xform(data, file_name), attachments)


__all__ = [
    "Changes", "Drawn", "EntityAction", "Form", "FormError", "Format", "NodeState", "Problem", "Reason", "Record",
    "RefusedAnswer", "Session", "Unfinished", "from_xlsform", "load",
]  # fmt: skip
