"""Privacy and security (隐私与安全报告; R213, R218, R222, R225): what happened on the registers, what is overdue."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from fractions import Fraction
from functools import partial
from itertools import takewhile

from custinfo import lake
from custinfo.actions import registers_published
from custinfo.classification import disclosure_rules
from custinfo.domain import consent, incidents
from custinfo.domain.consent import TIERS
from custinfo.domain.periods import Period
from custinfo.reports import parameters, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import NAMED, Cell, Column, Figures, Label, Row, Table
from custinfo.reports.figures import Kind as CellKind
from custinfo.reports.kind import Kind
from custinfo.reports.parts import coverage, members, registers
from custinfo.reports.parts.coverage import Coverage
from custinfo.reports.parts.making import TOTAL, one_decimal, row_id
from custinfo.reports.parts.registers import Case, Counts, Event, Span
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import rounding

AREA = "report_privacy_security"
HAPPENED: Mapping[str, tuple[str, str, bool]] = {
    "requests": ("request", "received", False), "answered": ("request", "answered", False),
    "refused": ("request", "refused", False), "disclosures": ("disclosure", "delivered", False),
    "exports": ("export", "exported", False), "exported_rows": ("export", "exported", True),
    "reveals": ("reveal", "revealed", False), "incidents": ("incident", "report", False),
    "notices": ("incident_notice", "sent", False), "corrections": ("correction", "ordered", False),
    "accepted": ("correction", "accepted", False), "destroyed": ("destruction", "erased", True),
    "holds": ("hold", "set", True), "reviews": ("access_review", "reviewed", False),
    "granted": ("clearance", "granted", False), "revoked": ("clearance", "revoked", False),
    "logins_refused": ("login", "refused", False), "access_refused": ("access", "refused", False),
    "looked": ("reading", "looked", False), "unusual": ("reading", "looked", True),
    "verified": ("audit_log", "verified", False), "log_faults": ("audit_log", "verified", True),
    "backups": ("backup", "made", False), "backups_failed": ("backup", "failed", False),
    "drills": ("backup", "drilled", False), "drills_failed": ("backup", "drill_failed", False),
    "voided": ("signature", "voided", True),
}  # fmt: skip
"""The rows of the first table: register, event, and whether the amounts are added up instead of the events."""
DUTIES = ("requests", "authority", "people", "summary", "disclosures", "corrections", "reviews")
REQUESTS = ("see", "copy", "move", "correct", "delete", "restrict", "object", "withdraw", "explain")
CONSENTS = ("given", "withdrawn", "told", "restricted", "released")
GRADES = ("particularly_major", "major", "larger", "general")
FORMS = tuple(name for name in registers_published.REGISTERS if name != registers_published.TRAINED)
INSPECTIONS, ACCEPTED = "security_inspections", "accepted"
PARTS = ("reveals", "exports", "exported_rows", "access_refused")


def _columns(*counts: str, **kinds: CellKind) -> tuple[Column, ...]:
    every: dict[str, CellKind] = {**{name: "count" for name in counts}, **kinds}  # noqa: C420  # of one kind, not of str
    return tuple(Column(name, f"{AREA}.column.{name}", kind) for name, kind in every.items())


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """Raises BadInput for a period that had not begun, and before the first rule of disclosure."""
    day = parameters.check_begun(period, found.as_of, zone)
    least, version = disclosure_rules.release_class("inside", period.last)
    spans = {name: Span.of(one, zone) for name, one in _periods(period).items()}
    counts = {name: registers.counted(found, one, zone) for name, one in _periods(period).items()}
    rows, forms = registers.events(found, period, zone), registers.forms(found, period, zone)
    covered = {name: coverage.at(rows, forms, span) for name, span in spans.items()}
    now, span, accounts = counts["now"], spans["now"], covered["now"].accounts
    consents = {name: registers.consents(found, one, zone) for name, one in _periods(period).items()}
    cases = {**_cases(rows), "reviews": coverage.reviews(rows, accounts, span, zone)}
    parts = (
        _happened(counts, consents), _deadlines(cases, span), _requests(now, cases["requests"], span),
        _consents(consents["now"]), _left(now), _incidents(rows, span),
        _findings(cases["corrections"], now, forms, span), _forms(forms, span), _coverage(covered),
        _departments(found, period, zone, accounts, least.threshold),
    )  # fmt: skip
    rules = {"disclosure": version, "incidents": incidents.rule_on(period.last).version}
    days = consent.clock_on(period.last)
    head = {"days": days.answer_days, "more_days": days.extension_days, "least": least.threshold}
    return Figures(period, found.as_of, found.version, day > period.last, parts, rules, head)


def _periods(period: Period) -> Mapping[str, Period]:
    return {"now": period, "before": period.plus(-1), "ago": period.year_before()}


def _cases(rows: Sequence[Event]) -> Mapping[str, Sequence[Case]]:
    return {
        "requests": registers.requests(rows), "disclosures": registers.disclosures(rows),
        "corrections": registers.corrections(rows),
        **{kind: registers.notices(rows, kind) for kind in incidents.NOTICES},
    }  # fmt: skip


def _label(name: str) -> Label:
    return Label("message", f"{AREA}.row.{name}")


def _happened(counts: Mapping[str, Counts], consents: Mapping[str, Mapping[tuple[str, str], int]]) -> Table:
    """What happened within the period, the one before and the same of the year before."""
    rows = []
    for name, (register, event, sums) in HAPPENED.items():
        rows.append(_compared(name, {
            which: one.amount(register, event) if sums else one.many(register, event) for which, one in counts.items()
        }))  # fmt: skip
        if name == "refused":
            for one in ("given", "withdrawn"):
                many = {which: sum(n for (event, _), n in of.items() if event == one) for which, of in consents.items()}
                rows.append(_compared(f"consents_{one}", many))
    columns = _columns("now", "before", "change", "ago", "ago_change")
    return members.table("t1", AREA, "happened", columns, rows, "count")


def _compared(name: str, many: Mapping[str, int]) -> Row:
    now, before, ago = many["now"], many["before"], many["ago"]
    return Row(name, _label(name), (now, before, now - before, ago, now - ago))


def _deadlines(cases: Mapping[str, Sequence[Case]], span: Span) -> Table:
    """What came to an end within the period, in time or late, and what is open and overdue at its end."""
    rows = []
    for duty in DUTIES:
        done = [one for one in cases[duty] if one.due_at and one.done_at and span.holds(one.over_at)]
        late, waiting = sum(one.late for one in done), [one for one in cases[duty] if one.over_at is None]
        share = rounding.share(len(done) - late, len(done)) if done else None
        overdue = sum(one.overdue(span.end) for one in waiting)
        rows.append(Row(duty, _label(f"duty_{duty}"), (len(done) - late, late, share, len(waiting), overdue)))
    columns = _columns(
        in_time="count", late="count", in_time_share="percent", open="count", overdue="count"
    )  # fmt: skip
    return members.table("t2", AREA, "deadlines", columns, rows, "count")


def _requests(now: Counts, cases: Sequence[Case], span: Span) -> Table:
    rows = []
    for kind in REQUESTS:
        waiting = [one for one in cases if one.kind == kind and one.over_at is None]
        many = [now.many("request", event, kind=kind) for event in ("received", "answered", "refused", "taken_back")]
        overdue = sum(one.overdue(span.end) for one in waiting)
        rows.append(Row(kind, Label("message", f"privacy.kind.{kind}"), (*many, len(waiting), overdue)))
    columns = _columns("received", "answered", "refused", "taken_back", "open", "overdue")  # fmt: skip
    return members.table("t3", AREA, "requests", columns, _with_total(rows), "count")


def _consents(now: Mapping[tuple[str, str], int]) -> Table:
    """By purpose; a restriction of everything is a row of its own."""
    named = {name: Label(NAMED, name, dict(one.titles)) for name, one in consent.purposes().items()}
    named[consent.EVERYTHING] = _label("everything")
    many = {name: tuple(now.get((event, name), 0) for event in CONSENTS) for name in named}
    rows = [Row(row_id(name), label, many[name]) for name, label in named.items()]
    columns = _columns(*CONSENTS)
    return members.table("t4", AREA, "consents", columns, _with_total(rows), "purpose")


def _left(now: Counts) -> Table:
    """What left the house, by how much of a person it says; disclosures by their basis in law."""
    rows = []
    for tier in TIERS:
        said = {"of_class": tier.value}
        many = now.many("export", "exported", **said), now.amount("export", "exported", **said)
        given = now.many("disclosure", "delivered", **said), now.amount("disclosure", "delivered", **said)
        rows.append(Row(tier.value, Label("message", f"privacy.tier.{tier}"), (*many, *given)))
    columns = _columns("exports", "exported_rows", "disclosures", "disclosed_rows")
    return members.table("t5", AREA, "left", columns, _with_total(rows), "tier")


def _incidents(rows: Sequence[Event], span: Span) -> Table:
    """The incidents reported within the period, by their newest grade: how long until the report and the notices."""
    steps = registers.by_entry(rows, "incident")
    sent = registers.by_entry(rows, "incident_notice")
    known = {entry: registers.grade(one) for entry, one in steps.items()}
    groups: dict[str, set[str]] = {name: {e for e, of in known.items() if of == name} for name in (*GRADES, "")}
    made = [_incident_row(name or "not_graded", steps, sent, group, span) for name, group in groups.items()]
    made.append(_incident_row(TOTAL, steps, sent, set(steps), span))
    columns = _columns(
        reported="count", hours_reported="number", hours_authority="number", hours_people="number", open="count"
    )  # fmt: skip
    return members.table("t6", AREA, "incidents", columns, made, "grade_of")


def _incident_row(
    name: str, steps: Mapping[str, Sequence[Event]], sent: Mapping[str, Sequence[Event]], group: set[str], span: Span
) -> Row:
    reports = [steps[entry][0] for entry in sorted(group)]
    fresh = [one for one in reports if span.holds(one["recorded_at"])]
    notices = [one for entry in sorted(group) for one in sent.get(entry, ()) if span.holds(one["recorded_at"])]
    hours = [_hours([one for one in notices if one["kind"] == kind]) for kind in ("authority", "people")]
    waiting = sum(registers.is_open(steps[entry]) for entry in group)
    label = members.message(TOTAL) if name == TOTAL else _label(name) if name == "not_graded" else _grade(name)
    return Row(name, label, (len(fresh), _hours(fresh), *hours, waiting))


def _grade(name: str) -> Label:
    return Label("message", f"incidents.grade.{name}")


def _hours(steps: Sequence[Event]) -> Cell:
    """The mean hours from the beginning of the clock to the step; None of no steps."""
    if not steps:
        return None
    seconds = sum(int((one["recorded_at"] - one["since_at"]).total_seconds()) for one in steps)
    return one_decimal(Fraction(seconds, 3600 * len(steps)))


def _findings(cases: Sequence[Case], now: Counts, versions: Sequence[Event], span: Span) -> Table:
    """What has to be mended, of incidents and of inspections: found, accepted, open and overdue."""
    waiting = [one for one in cases if one.over_at is None]
    measures = now.many("correction", "ordered"), now.many("correction", "accepted"), len(waiting)
    rows = [
        Row("measures", _label("measures"), (*measures, sum(one.overdue(span.end) for one in waiting))),
        Row("shortcomings", _label("shortcomings"), _shortcomings(versions, span)),
    ]
    columns = _columns("ordered", "accepted", "open", "overdue")
    return members.table("t7", AREA, "findings", columns, _with_total(rows), "source")


def _shortcomings(versions: Sequence[Event], span: Span) -> tuple[int, int, int, int]:
    """Inspections that found something, as they were corrected last: begun and accepted within the period, open and
    overdue at its end. One that has no stage any more found nothing.
    """
    begun = accepted = opened = overdue = 0
    for steps in registers.by_entry(versions, INSPECTIONS).values():
        newest = steps[-1]
        if not newest["state"]:
            continue
        begun += span.holds(next(one for one in steps if one["state"])["recorded_at"])
        if newest["state"] == ACCEPTED:
            # Since when it is: what was called accepted by mistake and corrected is not over yet
            since = [*takewhile(lambda one: one["state"] == ACCEPTED, reversed(steps))][-1]
            accepted += span.holds(since["recorded_at"])
        else:
            opened += 1
            overdue += bool(newest["due_on"]) and newest["due_on"] <= span.last.isoformat()
    return begun, accepted, opened, overdue


def _forms(versions: Sequence[Event], span: Span) -> Table:
    """The registers that are forms: on file, new within the period, and with a day of review that is past."""
    newest = {(one["register"], one["entry"]): one for one in versions}
    fresh = [one["register"] for one in versions if one["version"] == 1 and span.holds(one["recorded_at"])]
    rows = []
    for name in FORMS:
        kept = [one for one in newest.values() if one["register"] == name]
        past = sum(1 for one in kept if one["due_on"] and one["due_on"] <= span.last.isoformat())
        rows.append(Row(name, _label(name), (len(kept), fresh.count(name), past)))
    columns = _columns("kept", "new", "overdue")
    return members.table("t8", AREA, "forms", columns, rows, "count")


def _coverage(covered: Mapping[str, Coverage]) -> Table:
    """Accounts at the end of each period, with what was there for how many of them."""
    values = {name: _covered(one) for name, one in covered.items()}
    rows = []
    for name in values["now"]:
        cells = tuple(one[name] for one in values.values())
        rows.append(Row(name, _label(name), cells, "percent" if name.endswith("share") else "count"))
    return members.table("t9", AREA, "coverage", _columns(now="row", before="row", ago="row"), rows, "count")


def _covered(one: Coverage) -> Mapping[str, Cell]:
    def share(part: int) -> Cell:
        return rounding.share(part, one.people) if one.people else None

    return {
        "accounts": one.people, "factor": one.factor, "factor_share": share(one.factor), "trained": one.trained,
        "trained_share": share(one.trained), "cleared_1": one.cleared.get("1", 0),
        "cleared_2": one.cleared.get("2", 0), "run_out": one.run_out, "holds_stand": one.holds,
    }  # fmt: skip


def _departments(
    found: lake.Lake, period: Period, zone: tzinfo, accounts: Mapping[str, int], least: int
) -> Table:  # fmt: skip
    """What people of each department did; those of few people stand together, and nobody of them can be told."""
    by = registers.by_department(found, period, zone)
    # A department that everybody left has no account, and may have been one person
    groups = {"": "", **coverage.in_groups({name: 0 for name, _ in by if name} | dict(accounts), least)}
    rows = []
    for group in sorted(set(groups.values()), key=lambda name: (not name, name)):
        inside = [name for name, of in groups.items() if of == group]
        many = tuple(sum(by.get((name, part), 0) for name in inside) for part in PARTS)
        people = sum(accounts.get(name, 0) for name in inside)
        label = Label("plain", group) if group else _label("others")
        rows.append(Row(row_id(group or "others"), label, (people, *many)))
    columns = _columns("accounts", *PARTS)
    return members.table("t10", AREA, "departments", columns, _with_total(rows), "department")


def _with_total(rows: Sequence[Row]) -> list[Row]:
    cells = [[cell for cell in row.cells if isinstance(cell, int)] for row in rows]
    return [*rows, Row(TOTAL, members.message(TOTAL), tuple(map(sum, zip(*cells, strict=True))))]


def facts(figures: Figures) -> Iterator[Fact]:
    """What happened, whether the law's days were kept, what is overdue, and what nobody did that is to be done."""
    happened = figures.table("t1")
    said = "opening" if any(row.cells[0] for row in happened.rows) else "none"
    yield Fact(f"{AREA}.text.{said}", {PERIOD: Source(PERIOD)})
    for said, names in (
        ("requests", ("requests", "answered", "refused")), ("consents", ("consents_given", "consents_withdrawn")),
        ("left", ("exports", "exported_rows", "disclosures")), ("incidents", ("incidents", "notices")),
        ("corrections", ("corrections", "accepted")), ("refusals", ("logins_refused", "access_refused")),
    ):  # fmt: skip
        if any(happened.cell(name, "now") for name in names):
            yield Fact(f"{AREA}.text.{said}", {name: Source(f"t1.{name}.now") for name in names})
    yield from _kept(figures)
    yield from _watched(figures)
    if not figures.complete:
        yield Fact(f"{members.WORDS}.text.provisional", {})


def _kept(figures: Figures) -> Iterator[Fact]:
    """How the deadlines were kept, and what is overdue."""
    duties = figures.table("t2")
    for row in duties.rows:
        at = f"t2.{row.id}"
        if duties.cell(row.id, "in_time_share") is not None:
            sources = {name: Source(f"{at}.{name}") for name in ("label", "in_time", "late", "in_time_share")}
            yield Fact(f"{AREA}.text.{'late' if duties.cell(row.id, 'late') else 'in_time'}", sources)
    for table in ("t2", "t8"):
        for row in figures.table(table).rows:
            if figures.table(table).cell(row.id, "overdue"):
                sources = {name: Source(f"{table}.{row.id}.{name}") for name in ("label", "overdue")}
                yield Fact(f"{AREA}.text.overdue", sources)


def _watched(figures: Figures) -> Iterator[Fact]:
    """Who is covered, and what was found or not done at all."""
    happened, covered = figures.table("t1"), figures.table("t9")
    if covered.cell("accounts", "now"):
        names = ("accounts", "factor_share", "trained_share")
        yield Fact(f"{AREA}.text.coverage", {name: Source(f"t9.{name}.now") for name in names})
    for found in ("unusual", "log_faults", "backups_failed", "drills_failed", "voided"):
        if happened.cell(found, "now"):
            yield Fact(f"{AREA}.text.{found}", {found: Source(f"t1.{found}.now")})
    for missing in ("backups", "drills", "verified", "looked"):
        if not happened.cell(missing, "now"):
            yield Fact(f"{AREA}.text.no_{missing}", {})


DRAWINGS = (
    Drawing("c1", "t2", ("open",), "bar", f"{AREA}.chart.deadlines", wide=True, messages=True),
    Drawing("c2", "t3", ("received",), "bar", f"{AREA}.chart.requests", messages=True),
    Drawing("c3", "t5", ("exported_rows",), "bar", f"{AREA}.chart.left", messages=True),
)
KIND = Kind("privacy_security", figures, facts, DRAWINGS)
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
