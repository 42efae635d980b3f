"""Everything that the store holds about one person, and nobody else: what a subject request is answered with.

The person's records are those that made versions of their entity or are about it. Of each, all versions; what is about
others is left out or masked (`third_persons`). Nothing is left out for its level: they are the person's own data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from custinfo.actions import consents, files, forms, merge_links, sample_frames, samples, third_persons
from custinfo.actions.third_persons import Mask
from custinfo.domain import consent, money
from custinfo.store import Store, sealing
from custinfo.store.database import Row
from custinfo.xforms import Form, Session
from custinfo.xforms.fitting import fitted
from custinfo.xforms.refs import without_positions


@dataclass(frozen=True)
class Gathered:
    """`data` is plain JSON; `files` by the name that it uses."""

    data: dict[str, Any]
    files: Mapping[str, bytes]


def gather(store: Store, entity_id: str, language: str) -> Gathered:
    """All about the person of this entity, and of those that were merged into it; labels in `language`."""
    own = _Gathering(store, entity_id, language).all()
    merged = [_Gathering(store, one, language).all() for one in merge_links.losers(store, entity_id)]
    if not merged:
        return own
    data = own.data | {"merged": [one.data for one in merged]}
    return Gathered(data, {name: file for one in (own, *merged) for name, file in one.files.items()})


class _Gathering:
    def __init__(self, store: Store, entity_id: str, language: str) -> None:
        self._store, self._language = store, language
        row = store.row("SELECT * FROM entity WHERE entity_id = ?", [entity_id])
        assert row is not None
        self._entity = row
        self._id = entity_id
        self._others: list[str] = []
        self._own: list[str] = []
        self._files: dict[str, bytes] = {}

    def all(self) -> Gathered:
        record_ids = self._record_ids()
        versions = self._versions()
        records = [self._record(record_id) for record_id in record_ids]
        data: dict[str, Any] = {
            "person": {"number": self._entity["number"], "kind": self._entity["dataset"],
                       "known_since": self._entity["created_at"]},
            "profile": versions,
            "records": records,
            "drafts": self._drafts(),
            "consents": self._consents(),
            "purposes": self._purposes(),
            "requests": self._requests(),
            "disclosures": self._disclosures(),
            "credit_decisions": self._credit_decisions(),
            "surveys": self._surveys(),
            "uses": self._uses(record_ids),
        }  # fmt: skip
        names = [*third_persons.staff_names(self._store), *self._others]
        names += third_persons.names_beside(self._store, self._id, record_ids)
        return Gathered(Mask(names, self._own).everywhere(data), self._files)

    def _record_ids(self) -> list[str]:
        rows = self._store.rows(
            "SELECT record_id, min(seq) AS first FROM record_version WHERE record_id IN "
            "(SELECT record_id FROM entity_version WHERE entity_id = ?1 "
            "UNION SELECT record_id FROM record WHERE entity_id = ?1) GROUP BY record_id ORDER BY first",
            [self._id],
        )
        return [row["record_id"] for row in rows]

    def _versions(self) -> list[dict[str, Any]]:
        rows = self._store.rows("SELECT * FROM entity_version WHERE entity_id = ? ORDER BY version", [self._id])
        found = []
        for row in rows:
            at = (self._store, "entity_version", self._id)
            label = sealing.open_text(*at, "label", row["version"], row["label"])
            properties = sealing.opened_json(*at, "properties", row["version"], row["properties"])
            self._own.append(label)
            moments = {"version": row["version"], "recorded_at": row["recorded_at"], "form": row["form_id"]}
            found.append({**moments, "name": label, "properties": properties})
        return found

    # ---- records ---------------------------------------------------------------------------------------------------

    def _record(self, record_id: str) -> dict[str, Any]:
        store = self._store
        record = store.row("SELECT * FROM record WHERE record_id = ?", [record_id])
        assert record is not None
        rows = store.rows("SELECT * FROM record_version WHERE record_id = ? ORDER BY version", [record_id])
        versions = [self._version(record, row) for row in rows]
        mine = {answer["ref"] for version in versions for answer in version["answers"]}
        found: dict[str, Any] = {
            "record": record_id, "form": record["form_id"], "title": self._title(record["form_id"], rows[-1]),
            "versions": versions,
        }  # fmt: skip
        if not mine:
            return found  # a record about somebody else, in which the person is only named
        whole = len(mine) > 0 and record["entity_id"] == self._id
        return found | self._beside(record_id, whole=whole) | self._entered(record, mine)

    def _title(self, form_id: str, row: Row) -> str:
        titles = forms.titles(forms.load(self._store, form_id, row["form_version"]))
        return titles.get(self._language) or next(iter(titles.values()))

    def _version(self, record: Row, row: Row) -> dict[str, Any]:
        form = forms.load(self._store, record["form_id"], row["form_version"])
        opened = partial(sealing.opened_json, self._store, "record_version", row["record_id"])
        answers = self._answers(record, form, opened("content", row["version"], row["content"]))
        mine = {answer["ref"] for answer in answers}
        for answer in answers:
            self._take_file(row["record_id"], form, answer)
        said = {
            name: {ref: words for ref, words in opened(name, row["version"], row[name]).items() if ref in mine}
            for name in ("notes", "reasons")
        }
        return {
            "version": row["version"], "recorded_at": row["recorded_at"], "interviewed_at": row["interviewed_at"],
            "source": row["source"], "reason": row["reason"] if mine else "", **said, "answers": answers,
        }  # fmt: skip

    def _answers(self, record: Row, form: Form, content: Mapping[str, Any]) -> list[dict[str, str]]:
        about = record["entity_id"] == self._id
        own, others = third_persons.split(self._store, form, content, self._entity, about)
        self._others += third_persons.naming(form, others)
        session = forms.session(self._store, form, fitted(form, content)[0], language=self._language)
        return [self._answer(form, session, ref, value) for ref, value in own.items() if value]

    def _answer(self, form: Form, session: Session, ref: str, value: str) -> dict[str, str]:
        found = {"ref": ref, "value": value}
        if without_positions(ref) in form.control_of:
            state = session.state(ref)
            labels = dict(state.choices)
            words = "、".join(labels.get(one, one) for one in value.split()) if labels else value
            found |= {"question": state.label or ref, "answer": words}
        return found

    def _take_file(self, record_id: str, form: Form, answer: Mapping[str, str]) -> None:
        control = form.control_of.get(without_positions(answer["ref"]))
        if control is None or control.kind != "upload" or answer["value"] in self._files:
            return
        row = self._store.row(
            "SELECT file_id FROM file_place WHERE record_id = ? AND name = ?", [record_id, answer["value"]]
        )
        if row is not None:
            self._files[answer["value"]] = files.content(self._store, row["file_id"])

    def _beside(self, record_id: str, *, whole: bool) -> dict[str, Any]:
        """What was said about the record: decisions, queries, second entries. Only where the record is about them."""
        if not whole:
            return {}
        store = self._store
        decided = store.rows(
            "SELECT version, state, note, reviewed_at FROM record_review WHERE record_id = ? ORDER BY seq", [record_id]
        )
        asked = store.rows(
            "SELECT query_id, ref, text, said_at FROM query_message JOIN query USING (query_id) "
            "WHERE record_id = ? ORDER BY query_message.seq",
            [record_id],
        )
        for one in asked:
            one["text"] = sealing.open_text(
                store, "query_message", one["query_id"], "text", one["said_at"], one["text"]
            )
        again = store.rows("SELECT * FROM verification WHERE record_id = ? ORDER BY entered_at", [record_id])
        second = [self._second(one) for one in again]
        return {"decisions": decided, "queries": asked, "second_entries": second}

    def _second(self, row: Row) -> dict[str, Any]:
        record = self._store.row("SELECT * FROM record WHERE record_id = ?", [row["record_id"]])
        made = self._store.row(
            "SELECT form_version FROM record_version WHERE record_id = ? AND version = ?",
            [row["record_id"], row["version"]],
        )
        assert record is not None
        assert made is not None
        form = forms.load(self._store, record["form_id"], made["form_version"])
        opened = partial(sealing.opened_json, self._store, "verification", row["verification_id"])
        answers = self._answers(record, form, opened("content", "", row["content"]))
        return {"entered_at": row["entered_at"], "answers": answers}

    def _entered(self, record: Row, mine: set[str]) -> dict[str, Any]:
        """What stood in an answer before it was given as it is: the log of answering."""
        rows = self._store.rows(
            "SELECT draft_id, ref, answer_event.started_at, old_value, new_value "
            "FROM answer_event JOIN draft USING (draft_id) "
            "WHERE draft.record_id = ? ORDER BY seq",
            [record["record_id"]],
        )
        events = []
        for row in rows:
            if row["ref"] not in mine:
                continue
            version = f"{row['ref']} {row['started_at']}"
            values = {
                name: sealing.open_text(
                    self._store, "answer_event", row["draft_id"], name, version, row[name]
                ) for name in ("old_value", "new_value") if row[name]
            }  # fmt: skip
            if values:
                events.append({"ref": row["ref"], "at": row["started_at"], **values})
        return {"while_entering": events}

    def _drafts(self) -> list[dict[str, Any]]:
        rows = self._store.rows(
            "SELECT * FROM draft WHERE entity_id = ? AND outcome IS NULL ORDER BY started_at", [self._id]
        )
        found = []
        for row in rows:
            form = forms.load(self._store, row["form_id"], row["form_version"])
            at = (self._store, "draft", row["draft_id"])
            instance = sealing.opened_json(*at, "instance", row["saves"], row["instance"])
            answers = self._answers({"entity_id": self._id}, form, instance)
            found.append({"form": row["form_id"], "updated_at": row["updated_at"], "answers": answers})
        return found

    # ---- what was agreed to and done --------------------------------------------------------------------------------

    def _consents(self) -> list[dict[str, Any]]:
        names = ("kind", "purpose", "happened_on", "channel", "notice_id", "notice_version", "separate", "expires_on",
                 "record_id", "evidence", "recorded_at")  # fmt: skip
        return [{name: row[name] for name in names} for row in reversed(consents.events_of(self._store, self._id))]

    def _purposes(self) -> list[dict[str, Any]]:
        language = self._language
        return [
            {
                "purpose": name, "title": one.titles[language], "description": one.descriptions[language],
                "bases": [str(basis) for basis in one.bases],
                "state": consents.standing(self._store, self._id, name).state,
            }
            for name, one in consent.purposes().items()
        ]  # fmt: skip

    def _requests(self) -> list[dict[str, Any]]:
        rows = self._store.rows("SELECT * FROM subject_request WHERE entity_id = ? ORDER BY number", [self._id])
        found = []
        for row in rows:
            wish = sealing.open_text(self._store, "subject_request", row["request_id"], "wish", "", row["wish"])
            kept = {name: row[name] for name in ("number", "kind", "purpose", "received_on", "due_on", "state")}
            found.append({**kept, "wish": wish})
        return found

    def _disclosures(self) -> list[dict[str, Any]]:
        rows = self._store.rows(
            "SELECT number, unit, what, purpose, legal_basis, state, recorded_at FROM disclosure "
            "WHERE EXISTS (SELECT 1 FROM json_each(customers) WHERE value = ?) ORDER BY number",
            [self._id],
        )
        return [dict(row) for row in rows]

    def _credit_decisions(self) -> list[dict[str, Any]]:
        """What was decided on their credit, the earliest in front; ratings and overrides are among the records."""
        from custinfo.actions import credit_decisions  # Ibis, a second of import: only where it is asked for

        found = credit_decisions.history(self._store, self._id, alone=True)
        return [
            {
                "version": one.version, "scheme": one.scheme, "decided_on": one.decided_on.isoformat(),
                "points_percent": None if one.points is None else one.points / 100, "grade": one.grade,
                "limit": money.show(one.limit.limit_fen), "terms": list(one.limit.terms),
                "security": one.limit.security, "review_on": one.review_on.isoformat(), "state": one.state,
            }
            for one in reversed(found)
        ]  # fmt: skip

    def _surveys(self) -> list[dict[str, Any]]:
        """The samples in whose frame they stand, the earliest first: by what they were put where, whether and with what
        chance they were drawn, and each time they were asked or answered, with what was remarked.
        """
        kept = self._store.rows("SELECT sample_id FROM sample ORDER BY drawn_at, sample_id")
        found = (self._survey(one["sample_id"]) for one in kept)  # one frame in memory at a time
        return [one for one in found if one is not None]

    def _survey(self, sample_id: str) -> dict[str, Any] | None:
        sample = samples.row(self._store, sample_id)
        unit = next((one for one in samples.frame_of(sample) if one.id == self._id), None)
        if unit is None:
            return None
        (study,) = self._store.rows("SELECT * FROM study WHERE study_id = ?", [sample["study_id"]])
        mine = [sample_id, self._id]
        drawn = self._store.row("SELECT * FROM sample_unit WHERE sample_id = ? AND customer_id = ?", mine)
        said = self._store.rows(
            "SELECT kind, happened_on, channel, disposition, note, record_id, recorded_at FROM fieldwork "
            "WHERE sample_id = ? AND customer_id = ? ORDER BY seq",
            mine,
        )
        named = partial(sample_frames.division_name, language=self._language)
        return {
            "study": study["number"], "title": study["title"], "aim": study["purpose"],
            "sample": sample["number"], "drawn_at": sample["drawn_at"], "drawn": drawn is not None,
            "chance": drawn["chance"] if drawn else None,
            "stratum": named(sample["strata_by"], unit.stratum) if sample["strata_by"] else None,
            "cluster": named(sample["clusters_by"], unit.cluster) if sample["clusters_by"] else None,
            "entries": said,
        }  # fmt: skip

    def _uses(self, record_ids: list[str]) -> list[dict[str, Any]]:
        """How often what was done with the data, without who did it."""
        marks = ", ".join("?" * (1 + len(record_ids)))
        return self._store.rows(
            "SELECT action, count(*) AS times, min(at) AS first_at, max(at) AS last_at FROM audit "
            f"WHERE object_id IN ({marks}) GROUP BY action ORDER BY action",
            [self._id, *record_ids],
        )
