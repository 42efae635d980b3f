"""How an answer of level 1 stands on a page until somebody asks to see it: known by who knows it, told to nobody."""

HIDDEN = "****"
"""In place of what was left out; always as long, so that it does not tell how much."""
LONG, MIDDLE = 8, 5
"""From this many characters on three and four, or one and one, are shown; below, the first alone."""


def masked(text: str) -> str:
    """`13800138000` → `138****8000`, `0571-88` → `0****8`, `欧阳海` → `欧****`; a single character is hidden whole."""
    if len(text) >= LONG:
        return f"{text[:3]}{HIDDEN}{text[-4:]}"
    if len(text) >= MIDDLE:
        return f"{text[0]}{HIDDEN}{text[-1]}"
    return f"{text[0]}{HIDDEN}" if len(text) > 1 else HIDDEN if text else ""
