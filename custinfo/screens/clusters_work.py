"""What the screen of clusters works out beside the page: fits, and figures that say how far to trust them.

It takes seconds to minutes. Where an event loop runs, as in every kernel, a thread works on rows that were drawn before
and touches nothing else, neither engine nor store; the page answers meanwhile and is drawn anew after each step.
Without a loop all is done at once.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from custinfo.classification.clusters import ClusterRule, choosing, fitting, stability
from custinfo.classification.clusters.choosing import Choice
from custinfo.classification.clusters.models import Model
from custinfo.classification.clusters.sampling import Sample
from custinfo.classification.clusters.stability import Stability
from custinfo.domain.errors import CustinfoError

JUDGED = 2_000
"""Customers of the sample by which clusters are judged: each judgement fits dozens of times."""
JUDGING_RESTARTS = 2


@dataclass(frozen=True)
class Asked:
    """What somebody wants to know."""

    method: str
    count: int
    numbers: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How far it is: `model`, then `stability`, then `choice`; None for what is not there yet. `refused` is why it
    cannot be done; `judging_refused` why what is there cannot be judged; `defect` what nobody foresaw.
    """

    model: Model | None = None
    stability: Stability | None = None
    choice: Choice | None = None
    refused: CustinfoError | None = None
    judging_refused: CustinfoError | None = None
    defect: Exception | None = None

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        ends = (self.refused, self.judging_refused, self.choice, self.defect)
        return any(one is not None for one in ends)


class Worker:
    """Works out one thing at a time; what was worked out is kept. `told` is called, on the loop, after each step."""

    def __init__(self, rule: ClusterRule) -> None:
        self.rule = rule
        self.told: Callable[[], None] = lambda: None
        self._known: dict[Asked, Outcome] = {}
        self._wanted: Asked | None = None

    def outcome(self, asked: Asked, draw: Callable[[ClusterRule], Sample]) -> Outcome:
        """What is known by now; begins to work it out when nobody asked before. `draw` gives the sample by a rule with
        the features that were asked for; what was asked for before is given up after its present step. Raises what a
        thread raised that is no refusal.
        """
        known = self._known.get(asked)
        if known is not None and known.defect is not None:
            raise known.defect
        if known is not None and (known.done or self._wanted == asked):
            return known
        self._wanted = asked
        self._known.setdefault(asked, Outcome())
        try:
            sample = draw(self.rule)
        except CustinfoError as refused:
            self._known[asked] = Outcome(refused=refused)
            return self._known[asked]
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            for found in steps(asked, sample, self.rule, self._known[asked]):
                self._known[asked] = found
        else:
            threading.Thread(target=self._work, args=(asked, sample, self._known[asked], loop), daemon=True).start()
        return self._known[asked]

    def _work(self, asked: Asked, sample: Sample, known: Outcome, loop: asyncio.AbstractEventLoop) -> None:
        try:
            for found in steps(asked, sample, self.rule, known):
                loop.call_soon_threadsafe(self._tell, asked, found)
                if self._wanted != asked:
                    return
        except Exception as defect:
            # On the page's own thread it is recorded and told as every defect is
            loop.call_soon_threadsafe(self._tell, asked, Outcome(defect=defect))

    def _tell(self, asked: Asked, found: Outcome) -> None:
        self._known[asked] = found
        if self._wanted == asked:
            self.told()


def steps(asked: Asked, sample: Sample, rule: ClusterRule, known: Outcome) -> Iterator[Outcome]:
    """Each step's outcome, from what is known on."""
    if known.model is None:
        try:
            known = replace(known, model=fitting.fit(sample, asked.method, asked.count, rule))
        except CustinfoError as refused:
            yield replace(known, refused=refused)
            return
        yield known
    assert known.model is not None
    few = sample.only(np.arange(min(len(sample), JUDGED)))
    lighter = rule.model_copy(update={"restarts": min(rule.restarts, JUDGING_RESTARTS)})
    try:
        if known.stability is None:
            known = replace(known, stability=stability.measured(few, known.model, rule))
            yield known
        yield replace(known, choice=choosing.figures(few, asked.method, lighter))
    except CustinfoError as refused:
        yield replace(known, judging_refused=refused)
