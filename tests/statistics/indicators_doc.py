"""docs/indicators.md, made from data/rules/indicators.toml: `python -m tests.statistics.indicators_doc`."""

from pathlib import Path

from custinfo.domain.messages import text
from custinfo.statistics import indicators, standards
from custinfo.statistics.indicators import Definition, Indicator

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "indicators.md"
HEAD = """# Indicators · 指标体系

This page is made from `data/rules/indicators.toml` (`python -m tests.statistics.indicators_doc`); a test compares the
two. It is what figures in reports and plans are called, what they mean, what they are counted from and who answers for
them. `id` is what a table of plans names. A definition counts for the periods that end on or after
its day, and before the next one's.

| id | 名称 | name | unit | better | adds up over periods | adds up over groups |
|---|---|---|---|---|---|---|
"""


STANDARDS = """
## Standards · 标准

What is counted, how it is measured and by what it is told apart follow these standards (R74), from
`data/rules/standards.toml`; editions of code lists from `data/codelists/codelists.toml`.

| | 名称 | name | standard |
|---|---|---|---|
"""


def document() -> str:
    """The whole page."""
    found = indicators.load().values()
    return HEAD + "".join(map(_line, found)) + _standards() + "".join(map(_section, found))


def _standards() -> str:
    known = standards.load()
    rows = [
        *((f"unit `{name}`", one, f"{one.code}: {one.standard}") for name, one in known.unit.items()),
        *((f"classification `{name}`", one, one.cited) for name, one in known.classification.items()),
        *((f"format `{name}`", one, one.standard) for name, one in known.format.items()),
    ]
    return STANDARDS + "".join(f"| {what} | {one.zh} | {one.en} | {cited} |\n" for what, one, cited in rows)


def _line(one: Indicator) -> str:
    unit = text(f"statistics.unit.{one.unit}", "en")
    adds = " | ".join("yes" if each else "no" for each in (one.over_periods, one.over_segments))
    return f"| `{one.id}` | {one.zh} | {one.en} | {unit} | {one.better} | {adds} |\n"


def _section(one: Indicator) -> str:
    sources = ", ".join(f"`{source}`" for source in one.sources)
    counted = standards.load().statistical_unit[one.statistical_unit]
    classes = ", ".join(f"`{name}`" for name in one.classified_by) or "none"
    head = (
        f"\n## {one.zh} · {one.en}\n\n`{one.id}`, from {sources}. Owner: {one.owner}\n\n"
        f"Statistical unit: {counted.zh} · {counted.en}. Classified by: {classes}.\n"
    )
    return head + "".join(map(_definition, one.definition))


def _definition(one: Definition) -> str:
    parameters = ", ".join(f"{name} = {_plain(value)}" for name, value in one.parameters.items())
    formula = f"`{one.formula}`" + (f" with {parameters}" if parameters else "")
    return (
        f"\n**Version {one.version}**, from {one.effective_from} on, formula {formula}.\n\n"
        f"- {one.zh}\n- {one.en}\n- {one.reason}\n- {one.approved_by}\n"
    )


def _plain(value: int | str | tuple[str, ...]) -> str:
    return " or ".join(value) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
