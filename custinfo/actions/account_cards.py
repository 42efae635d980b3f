"""What forms say of sign-account cards and of what was agreed with general affairs, for a customer's standing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from custinfo.classification.credit.account_cards import Held
from custinfo.domain import masking, money

if TYPE_CHECKING:
    from custinfo.actions.credit_records import Filed

IN_USE = "in_use"
STATES = (IN_USE, "lost", "returned", "blocked")


@dataclass(frozen=True)
class CardView:
    """A sign-account card: `state` is one of STATES or `expired`; number, holder and signers are of level 1: masked."""

    record_id: str
    number: str
    holder: str
    signers: tuple[str, ...]
    limit_fen: int
    issued_on: date
    valid_until: date | None
    state: str
    state_on: date | None

    @property
    def held(self) -> Held:
        """The card as the rule reads it."""
        after = self.valid_until + timedelta(days=1) if self.valid_until else None
        ends = [one for one in (after, self.state_on) if one is not None]
        return Held(self.issued_on, min(ends, default=None), self.limit_fen)


@dataclass(frozen=True)
class MeasureView:
    """What was agreed with general affairs about a customer on account: against which `signs`, what, until when."""

    record_id: str
    signs: frozenset[str]
    measures: tuple[str, ...]
    handling: str
    agreed_with: str
    agreed_on: date
    until: date

    def covers(self, sign: str, day: date) -> bool:
        """Whether a sign was talked over, and is not to be reported again on a day."""
        return sign in self.signs and self.agreed_on <= day <= self.until


def cards(records: "Sequence[Filed]", day: date) -> tuple[CardView, ...]:
    """The cards that were issued by `day`, as they stand then, those in use in front."""
    found = [one for one in _cards(records, day) if one.issued_on <= day]
    return tuple(sorted(found, key=lambda one: (one.state != IN_USE, -one.issued_on.toordinal(), one.record_id)))


def _cards(records: "Sequence[Filed]", day: date) -> Iterator[CardView]:
    for one in records:
        said, status = one.values.get("card", {}), one.values.get("status", {})
        issued, until = _day(said.get("issued_on", "")), _day(said.get("valid_until", ""))
        if issued is None:
            continue
        changed_on = _day(status.get("status_on", ""))
        state = status.get("card_status", IN_USE)
        if state == IN_USE or changed_on is None or changed_on > day:
            changed_on = None
            state = "expired" if until is not None and until < day else IN_USE
        signers = one.values.get("signers", {}).get("signer", [])
        yield CardView(
            one.record_id, masking.masked(said.get("card_number", "")), masking.masked(said.get("holder", "")),
            tuple(masking.masked(each["signer_name"]) for each in signers if each.get("signer_name")),
            money.fen(said["card_limit"]), issued, until, state, changed_on,
        )  # fmt: skip


def measures(records: "Sequence[Filed]", day: date) -> tuple[MeasureView, ...]:
    """What was agreed by `day`, the newest in front."""
    found = []
    for one in records:
        noticed, agreed = one.values.get("noticed", {}), one.values.get("agreed", {})
        on, until = _day(agreed.get("agreed_on", "")), _day(agreed.get("until", ""))
        if on is not None and until is not None and on <= day:
            found.append(
                MeasureView(
                    one.record_id, frozenset(noticed.get("signs", "").split()),
                    tuple(agreed.get("measures", "").split()), agreed.get("handling", ""),
                    agreed.get("agreed_with", ""), on, until,
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.agreed_on, one.record_id), reverse=True))


def _day(given: str) -> date | None:
    return date.fromisoformat(given[:10]) if given else None
