"""The form engine: forms in, answers in, valid records out. No files, no database, no screen.

form = from_xlsform(data, "visit.xlsx", {"region.csv": rows})   # or load(xml)
session = Session(form, draft, language="en", formats={"phone": check})
session.answer("/data/contact[1]/phone", "13800138000")         # → what changed
session.layout(), session.state(ref), session.explain(ref)      # what to draw, how it stands, why
record = session.finish()                                       # or Unfinished, with every problem
"""

from custinfo.xforms.attachments import read_attachment
from custinfo.xforms.explain import Reason
from custinfo.xforms.findings import Finding
from custinfo.xforms.form_check import from_file
from custinfo.xforms.layout import Drawn
from custinfo.xforms.model import Form, FormError
from custinfo.xforms.problems import Format, Problem, RefusedAnswer, Unfinished
from custinfo.xforms.quotas import Counts
from custinfo.xforms.reader import load
from custinfo.xforms.records import EntityAction, Record
from custinfo.xforms.session import Changes, NodeState, Session

from_xlsform = from_file


__all__ = [
    "Changes", "Counts", "Drawn", "EntityAction", "Finding", "Form", "FormError", "Format", "NodeState", "Problem",
    "Reason", "Record", "RefusedAnswer", "Session", "Unfinished", "from_file", "from_xlsform", "load",
    "read_attachment",
]  # fmt: skip
