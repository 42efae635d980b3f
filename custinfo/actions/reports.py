"""Reports as people order them: who may, and the register of what was built."""

from custinfo.access import permissions
from custinfo.actions import export_register
from custinfo.domain.consent import Tier
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


def register_about_customer(store: Store, actor: Person, customer_id: str, content: bytes) -> tuple[str, str]:
    """A report about one customer leaves the system: who has it, and the SHA-256 of its `content`, which is what it
    says as JSON, whatever it is laid out as. Gives the number of the entry in the register of exports, and the hash.

    Raises NotAllowed.
    """
    permissions.check(actor, "report.credit")
    with store.act(actor.person_id, "report.build", "customer", customer_id) as tx:
        export_id = export_register.note(
            tx, store, actor, what="report", object_id=customer_id, format="json", rows=1, columns=["credit_report"],
            tier=Tier.IDENTIFIED, purpose="service", data=content,
        )  # fmt: skip
    return export_id, str(tx.detail["sha256"])
