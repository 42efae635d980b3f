"""The four kinds of information about a customer: who they are, how to reach them, what was dealt, what they like.

A form says of each question which kind its answer is, in the column `bind::custinfo:information`; a group says it for
all that is inside.
"""

COLUMN = "information"
NONE = "none"
"""What is no information about a customer, such as who filled in the card."""
KINDS = ("identity", "contact", "transaction", "preference")
"""个人身份信息, 联系信息, 交易信息, 偏好信息."""
SAID = (*KINDS, NONE)
"""What the column may say."""
