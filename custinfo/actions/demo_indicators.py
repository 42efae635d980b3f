"""The indicator system of the invented company: discussed by its departments, and approved."""

from collections.abc import Sequence

from custinfo.actions import approvals, indicator_systems
from custinfo.actions.delegations import today
from custinfo.domain.people import Person
from custinfo.store import Store


def approve(store: Store, analyst: Person, heads: Sequence[Person], manager: Person, password: str) -> None:
    """Propose the indicators as they are shipped, agree for every department, and sign."""
    reason = "首版指标体系，按系统所附定义。First version, as shipped."
    version = indicator_systems.propose(store, analyst, reason, today(store))
    for head in heads:
        indicator_systems.answer(store, head, version, indicator_systems.AGREE)
    indicator_systems.put_forward(store, analyst, version)
    case = approvals.of(store, indicator_systems.KIND, str(version))
    assert case is not None
    approvals.decide(store, manager, case.case_id, "approve", case.sha256, password=password)
