"""What analysts' screens compute from all customers, kept ready beside the lake: after publishing, and every day.

The day's run also takes away what was made before somebody withdrew, or before a batch was replaced.
"""

from collections.abc import Sequence
from datetime import date

from custinfo.lake import prepared
from custinfo.lake.prepared import Recipe
from custinfo.store import Store
from custinfo.store.site import Site


def refresh(site: Site) -> tuple[str, ...]:
    """Keep what is missing for the newest version; gives the names of what is there. Raises as `prepared.refresh`."""
    if not prepared.worth_it(site):
        prepared.drop(site.lake)
        return ()
    return prepared.refresh(site, recipes())


def daily(store: Store, _today: date) -> dict[str, int]:
    """The daily job."""
    return {"prepared": len(refresh(store.site))}


def recipes() -> Sequence[Recipe]:
    """Every recipe of a screen."""
    # They load the engine and the models, which the job of a small site need not wait for
    from custinfo.actions import checked_cards, graded_quarters, segment_customers, value_models

    return (segment_customers.RECIPE, value_models.RECIPE, graded_quarters.RECIPE, checked_cards.RECIPE)
