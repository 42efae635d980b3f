"""On a customer's page: what the customer asked for, how far each demand is, and what was done about it so far."""

from custinfo.actions import demand_steps, forms
from custinfo.actions.demand_steps import Demand
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page

SHOWN = 6
LOOK = {"answered": "ok", "declined": "", "evaluated": "accent"}


def card(page: Page, actor: Person, customer_id: str) -> Block:
    """The newest demands with their stages, each with its steps, the newest step first."""
    found = demand_steps.of_customer(page.store, actor, customer_id)
    title = page.text("demand_steps.title")
    if not found:
        return blocks.card(title, [blocks.empty(page.text("demand_steps.nothing"))], id="demands")
    fills = demand_steps.FORM in {form.form_id for form in forms.fillable(page.store, actor)}
    parts = [part for one in found[:SHOWN] for part in _demand(page, one, fills)]
    more = len(found) - SHOWN
    if more > 0:
        parts.append(blocks.empty(page.text("demand_steps.more", n=more)))
    return blocks.card(title, parts, id="demands")


def _demand(page: Page, demand: Demand, fills: bool) -> list[Block]:
    badges = [blocks.badge(page.text(f"demand_steps.stage.{demand.stage}"), LOOK.get(demand.stage, "info"))]
    if demand.due_on is not None:
        over = demand.due_on < page.today()
        key = "demand_steps.over" if over else "demand_steps.until"
        badges.append(blocks.badge(page.text(key, day=demand.due_on), "danger" if over else ""))
    unknown = page.text("demand_steps.unknown")
    rated = page.text(
        "demand_steps.ratings", **{name: demand.ratings.get(name, unknown) for name in demand_steps.RATINGS}
    )
    name = page.text("demand_steps.next")
    go_on = [blocks.link(name, demand.link, "small", name=f"{name}: {demand.number}")] if fills else []
    line = blocks.item(f"{demand.number} {demand.label}", meta=rated, badges=badges, actions=go_on)
    return [blocks.listing([line]), blocks.timeline([_moment(page, one) for one in demand.steps])]


def _moment(page: Page, step: demand_steps.Step) -> Block:
    when = page.text("demand_steps.by", name=step.by, time=page.time(step.at))
    return blocks.moment(when, page.text(f"demand_steps.step.{step.step}"))
