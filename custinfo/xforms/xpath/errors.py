"""What can be wrong with an expression, as a message key and facts."""


class XPathError(Exception):
    """An expression cannot be read or evaluated. `key` is a message of the catalogue, `facts` fill it."""

    def __init__(self, key: str, **facts: object) -> None:
        self.key = "xforms." + key
        self.facts = facts
        super().__init__(f"{key} {facts}" if facts else key)
