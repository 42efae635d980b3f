"""Whether the indicators that a report shows are those of an approved version of the indicator system (R164)."""

from collections.abc import Callable, Mapping
from typing import Any

from custinfo.actions import indicator_systems
from custinfo.domain import clock
from custinfo.statistics import indicators
from custinfo.store import Store


def check(store: Store, count: Callable[[], object]) -> None:
    """Raises WrongState, naming the indicators, when `count` (which makes the report's figures) computes one that is
    not approved as it stands. Nothing is counted while all of them are.
    """
    if not indicator_systems.stands(store):
        with indicators.noted() as used:
            count()
        indicator_systems.check_in_force(store, used)


def told(store: Store, used: Mapping[str, int]) -> dict[str, Any] | None:
    """What a manifest says: the version of the system, who approved it when, and the definitions that figures rest on
    (`used`: id and version); None for a report without any. Raises WrongState as `check` does.
    """
    system = indicator_systems.check_in_force(store, used)
    if system is None:
        return None
    approved = [{"by": name, "at": clock.stamp(at)} for name, at in indicator_systems.approvers(store, system)]
    return {
        "system": system.version, "sha256": system.sha256, "state": system.state, "approved": approved,
        "definitions": dict(sorted(used.items())),
    }  # fmt: skip
