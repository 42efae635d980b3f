"""Reports as people order them: who may, and the register of what was built."""

from custinfo.access import permissions
from custinfo.domain.people import Person
from custinfo.store import Store


def check_may_build(actor: Person) -> None:
    """Raises NotAllowed."""
    permissions.check(actor, "report.build")


def record_built(
    store: Store, actor: Person, name: str, period: str, *, lake_version: int, figures_sha256: str
) -> None:
    """A report was built, or found built already: who, which, of which version, with which figures."""
    with store.act(actor.person_id, "report.build", "report", f"{name} {period}") as tx:
        tx.note(lake_version=lake_version, figures=figures_sha256)
