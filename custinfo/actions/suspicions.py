"""What a browser sent that no page would have sent: on the audit log, without what it held."""

from custinfo.domain.people import Person
from custinfo.store import Store


def note(store: Store, actor: Person, kind: str, draft_id: str = "", ref: str = "") -> None:
    """Put it on the audit log. `kind` is one of our own words, `ref` a place of the form or blank: never a value."""
    with store.act(actor.person_id, "form.suspicion", "draft", draft_id, kind=kind, ref=ref):
        pass
