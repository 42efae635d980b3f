"""Whether an order may go ahead: the exposure with it against the limit, terms, security, the gate, money overdue."""

from custinfo.actions import credit
from custinfo.actions.delegations import today
from custinfo.classification.credit import exposure, grades, limits
from custinfo.classification.credit.exposure import Decision
from custinfo.classification.credit.wording import SpokenBadInput
from custinfo.domain.errors import WrongState
from custinfo.domain.people import Person
from custinfo.store import Store


def check(store: Store, actor: Person, customer_id: str, order_fen: int, terms: str = "") -> Decision:
    """What `exposure.decide` says today of an order of so many fen that is not among the imported ones yet.

    `terms` is a code of `payment_terms`; left out, what was agreed with the customer, and where nothing was, payment
    before delivery. Reading is audited as `credit.standing` does, which also says who may. Raises NotAllowed, NotFound;
    BadInput for terms that there are not and an amount that is not above zero; WrongState while no lake is published.
    """
    found = credit.standing(store, actor, customer_id)
    if found.account is None:
        raise WrongState("credit.order_no_lake", number=found.number)
    on = today(store)
    rule = limits.rule(on, grades.rule(on).order)
    chosen = terms or found.account.terms or exposure.NO_CREDIT
    known = {code for policy in (*rule.grade, rule.ungraded) for code in policy.terms}
    if chosen not in known:
        raise SpokenBadInput("credit.order_terms", terms=chosen[:40], known=", ".join(sorted(known)))
    standing = exposure.Standing(
        exposure_fen=found.account.exposure_fen,
        secured_fen=found.account.secured_fen,
        overdue_days=found.account.overdue_days,
        gate_open=found.gate_open,
    )
    return exposure.decide(order_fen, chosen, standing, found.limit, rule)
