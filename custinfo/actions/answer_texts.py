"""An answer as a reader sees it: choices by their labels."""

from custinfo.xforms import RefusedAnswer, Session


def answer_text(session: Session, ref: str, language: str) -> str:
    """The answer at `ref` in words; blank where there is none, or no such place."""
    try:
        state = session.state(ref)
    except RefusedAnswer:
        return ""
    labels = dict(state.choices)
    chosen = [labels.get(value, value) for value in state.value.split()] if labels else [state.value]
    return ("、" if language == "zh-CN" else ", ").join(chosen)
