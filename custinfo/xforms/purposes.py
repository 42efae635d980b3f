"""What an answer is collected for (`bind::custinfo:purpose`), said with the question wherever it is asked."""

from custinfo.domain import consent
from custinfo.domain.messages import text
from custinfo.xforms.model import Form
from custinfo.xforms.refs import without_positions


def hinted(form: Form, ref: str, hint: str, language: str, spoken: str) -> str:
    """The hint of a question, and what its answer is for, on a line of its own.

    A purpose is the id of one of `data/privacy/purposes.toml`, or words in each language of the form, with ` | `
    between, as every text in a column of ours.
    """
    own = form.nodes[without_positions(ref)].bind.extra.get("purpose", "").strip()
    if not own:
        return hint
    if own in consent.purposes():
        return f"{hint}\n{text('purpose.hint', language, purpose=consent.purpose(own).titles[language])}".strip()
    parts = [part.strip() for part in own.split(" | ")]
    place = form.languages.index(spoken) if spoken in form.languages else 0
    words = text("purpose.hint", language, purpose=parts[min(place, len(parts) - 1)])
    return f"{hint}\n{words}".strip()
