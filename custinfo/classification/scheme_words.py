"""What schemes and their classes are called, in both languages."""

from collections.abc import Callable, Mapping
from datetime import date

from custinfo.classification import importance, rfm, service
from custinfo.classification.listed import UNCLASSIFIED
from custinfo.domain import codelists
from custinfo.domain.messages import text

_LISTS = {
    "ownership": "ownership",
    "kind": "kind_of_customer",
    "location": "location_type",
    "region": "region",
    "industry": "industry",
}
_CATALOGUE = {
    "value_grade": "classification.value_grade",
    "trade_grade": "trade_grade.class",
    "time_series": "horizontal.relation.time_series",
    "dealings": "horizontal.relation.dealings",
    "lifecycle": "horizontal.relation.lifecycle",
    "market_position": "vertical.position",
    "watch": "gradings.watch",
    "size": "horizontal.size.class",
    "income_band": "horizontal.income.class",
}


def scheme_name(scheme: str, language: str) -> str:
    """The name of a scheme of `schemes.SCHEMES`. Raises KeyError for another."""
    return text(f"gradings.scheme.{scheme}", language)


def class_name(scheme: str, code: str, language: str, on: date) -> str:
    """The name of a class by the rules of the day `on`; the code itself where the rules of that day do not know it."""
    if scheme in _CATALOGUE:
        return text(f"{_CATALOGUE[scheme]}.{code}", language)
    if code in ("unknown", UNCLASSIFIED):
        return text("gradings.not_known", language)
    if scheme in _LISTS:
        codes = codelists.load(_LISTS[scheme])
        return codes.label(code, language) if code in codes else code
    return _BY_RULE[scheme](on, language).get(code, code) if scheme in _BY_RULE else code


def _importance(on: date, language: str) -> Mapping[str, str]:
    return {level.name: level.title.text(language) for level in importance.rule(on).level}


def _rfm(on: date, language: str) -> Mapping[str, str]:
    named = {segment.code: segment.name(language) for segment in rfm.rule(on).segments}
    return named | {rfm.NO_SALES: text("customer_value.rfm.none", language)}


def _service(on: date, language: str) -> Mapping[str, str]:
    return {level.name: level.zh if language == "zh-CN" else level.en for level in service.rule(on).level}


def _credit(on: date, language: str) -> Mapping[str, str]:  # noqa: ARG001  # grades are called by their letters
    return {importance.NOT_ASSESSED: text("gradings.not_assessed", language)}


_BY_RULE: Mapping[str, Callable[[date, str], Mapping[str, str]]] = {
    "importance": _importance,
    "rfm_segment": _rfm,
    "service_level": _service,
    "credit_grade": _credit,
}
