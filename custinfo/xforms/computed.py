# ruff: noqa: PLR0911, PLR0124 - one return for each kind of value; `x != x` tells NaN
"""What expressions compute, as the answers that a record keeps."""

import math
import re

from custinfo.xforms.xpath import Days, Moment, Value, to_string

_FRACTION = re.compile(r"-?\d+\.\d*\Z", re.ASCII)


def as_answer(value: Value, type_: str) -> str:
    """The value of a calculation as an answer of the type. What is no number or no date is blank."""
    if isinstance(value, float) and value != value:
        return ""
    if isinstance(value, float) and type_ in ("int", "integer") and math.isfinite(value):
        return to_string(value) if isinstance(value, Days) else str(int(value))
    if isinstance(value, bool) and type_ in ("int", "integer", "decimal"):
        return "1" if value else "0"
    if isinstance(value, Moment):
        if value.at is None:
            return ""
        if type_ == "date":
            return value.at.date().isoformat()
        if type_ == "dateTime":
            return value.at.isoformat(timespec="milliseconds")
        if type_ == "time":
            return value.at.timetz().isoformat(timespec="milliseconds")
    text = to_string(value)
    if type_ in ("int", "integer") and _FRACTION.match(text):
        return text.partition(".")[0]
    return text
