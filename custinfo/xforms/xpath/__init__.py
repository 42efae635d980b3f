"""XPath 1.0 with OpenRosa's functions, compiled to closures over a light tree.

compile_expression("../price * 2").evaluate(Focus(Context(), node))
"""

from custinfo.xforms.xpath import core, moments, openrosa
from custinfo.xforms.xpath.compiler import Compiler, Expression, compile_expression
from custinfo.xforms.xpath.dates import Moment
from custinfo.xforms.xpath.errors import XPathError
from custinfo.xforms.xpath.nodes import Node
from custinfo.xforms.xpath.values import Context, Days, Focus, Surroundings, Value, to_boolean, to_number, to_string

LIBRARIES = (core, openrosa, moments)  # each registers its functions when it is imported

__all__ = ["LIBRARIES", "Compiler", "Context", "Days", "Expression", "Focus", "Moment", "Node", "Surroundings", "Value",
           "XPathError", "compile_expression", "to_boolean", "to_number", "to_string"]  # fmt: skip
