"""What is due, category by category: a query for each, and how what it found is destroyed. One class for each."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from custinfo.actions import drafts, erasing, merge_links, pseudonyms, report_archive_places
from custinfo.domain.clock import parse, stamp
from custinfo.domain.retention import Rule
from custinfo.store import Store, Tx
from custinfo.store.database import Row


@dataclass(frozen=True)
class Item:
    """One thing that is due: by which rule, since which day. `mark` changes when something happens to it."""

    rule_id: str
    category: str
    object_id: str
    action: str
    since: str
    mark: str


class Source:
    """One category. `rows` gives `object_id`, `moment` (the event) and `mark` of what happened before a moment."""

    query: str
    there: str
    """Asks whether the object of an id is still there."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def due(self, rule: Rule, today: date) -> Iterator[Item]:
        """What the rule says is due on `today`, in the site's calendar."""
        bound = self.bound(rule.newest_due(today) + timedelta(days=1))
        for row in self.rows(rule, bound):
            since = parse(row["moment"]).astimezone(self.store.site.zone).date()
            if rule.due_on(since) <= today:
                yield Item(rule.rule_id, rule.category, row["object_id"], rule.action, str(since), str(row["mark"]))

    def rows(self, rule: Rule, before: str) -> Sequence[Row]:  # noqa: ARG002 - some look at the rule
        """Candidates: those whose event was before the moment."""
        return self.store.rows(f"{self.query} ORDER BY object_id", [before])

    def is_there(self, object_id: str) -> bool:
        """Whether it was not destroyed yet, by this job or otherwise."""
        return self.store.row(self.there, [object_id]) is not None

    def customers(self, objects: Collection[str]) -> Mapping[str, str]:  # noqa: ARG002
        """Whose the objects are: a hold on a customer holds them too."""
        return {}

    def destroy(self, tx: Tx, items: Sequence[Item], plan_id: str) -> None:
        """Destroy these, within the open transaction."""
        raise NotImplementedError

    def bound(self, day: date) -> str:
        """The first moment of a day of the site's calendar, as stored."""
        return stamp(datetime.combine(day, time.min, self.store.site.zone))

    def remove(self, tx: Tx, table: str, column: str, items: Sequence[Item]) -> None:
        """Delete rows by the objects' ids."""
        ids = json.dumps([one.object_id for one in items])
        tx.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))", [ids])


class Customers(Source):
    """Customers, by their last dealing: what was recorded of or about them, or a sale, return or payment."""

    there = "SELECT 1 FROM entity_current WHERE entity_id = ?"
    query = (
        # What was recorded of whoever was merged into a customer is that customer's
        "SELECT entity.entity_id AS object_id, max(recorded_at) AS moment, sum(mark) AS mark FROM entity JOIN ("
        "SELECT coalesce((SELECT survivor_id FROM merged_now WHERE loser_id = entity_id), entity_id) AS entity_id, "
        "recorded_at, mark FROM ("
        "SELECT entity_id, max(recorded_at) AS recorded_at, max(seq) AS mark FROM entity_version "
        "GROUP BY entity_id UNION ALL SELECT entity_id, max(recorded_at), max(seq) FROM record "
        "JOIN record_version USING (record_id) WHERE entity_id IS NOT NULL GROUP BY entity_id "
        # Visits and the like say by number whom they were paid to
        "UNION ALL SELECT whom.entity_id, max(recorded_at), max(seq) FROM entity_version AS said "
        "JOIN entity AS whom ON whom.dataset = 'customers' AND number = json_extract(properties, '$.customer_number') "
        "GROUP BY whom.entity_id)) USING (entity_id) WHERE dataset = 'customers' AND erased_at IS NULL "
        "GROUP BY entity.entity_id HAVING max(recorded_at) < ?"
    )

    def rows(self, rule: Rule, before: str) -> Sequence[Row]:
        """With the newest movement that the lake has of each."""
        found = super().rows(rule, before)
        if not found:
            return []
        from custinfo.lake import balances  # the lake's engine: not in the process that pages are forked from

        days, keys = balances.last_dealings(self.store.site), pseudonyms.keys(self.store)
        dealt: dict[str, date] = {}
        for one, leads in merge_links.group(self.store, [row["object_id"] for row in found]).items():
            if (last := days.get(keys.get(one, ""))) is not None:
                dealt[leads] = max(last, dealt.get(leads, last))
        kept = []
        for row in found:
            day = dealt.get(row["object_id"])
            if day is not None:
                noon = datetime.combine(day, time(12), self.store.site.zone)
                row |= {"moment": max(row["moment"], stamp(noon)), "mark": f"{row['mark']} {day}"}
            if row["moment"] < before:
                kept.append(row)
        return kept

    def customers(self, objects: Collection[str]) -> Mapping[str, str]:
        """Each is its own."""
        return {one: one for one in objects}

    def destroy(self, tx: Tx, items: Sequence[Item], plan_id: str) -> None:
        """Erase them, and remember it for whoever restores a backup."""
        for action in ("anonymise", "delete"):
            ids = [one.object_id for one in items if one.action == action]
            if ids:
                erasing.customers(self.store, tx, ids, keep=action == "anonymise", plan_id=plan_id)
            for customer_id in erasing.with_merged(self.store, ids):
                tx.remember("person.erased", customer_id, action=action)


class Records(Source):
    """Records of one form that are nobody's card; where the event is `closed`, only those whose matter is closed."""

    there = "SELECT 1 FROM record_current WHERE record_id = ?"
    query = (
        "SELECT record_id AS object_id, recorded_at AS moment, (SELECT max(seq) FROM record_version AS each "
        "WHERE each.record_id = record_current.record_id) AS mark FROM record_current WHERE recorded_at < ?1 "
        "AND form_id = ?2 AND NOT EXISTS (SELECT 1 FROM entity_version JOIN entity USING (entity_id) "
        "WHERE entity_version.record_id = record_current.record_id AND dataset = 'customers') "
        "AND (?3 != 'closed' OR EXISTS (SELECT 1 FROM entity_current AS made "
        "WHERE made.record_id = record_current.record_id AND json_extract(properties, '$.stage') = 'closed'))"
    )

    def rows(self, rule: Rule, before: str) -> Sequence[Row]:
        """Those of the rule's form."""
        return self.store.rows(f"{self.query} ORDER BY object_id", [before, rule.purpose, rule.event])

    def customers(self, objects: Collection[str]) -> Mapping[str, str]:
        """Whom the record is about."""
        return _owners(self.store, "SELECT record_id AS id, entity_id AS owner FROM record", objects)

    def destroy(self, tx: Tx, items: Sequence[Item], plan_id: str) -> None:
        """Leave an empty place in their history."""
        erasing.records(self.store, tx, [one.object_id for one in items], plan_id=plan_id)


class Drafts(Source):
    """Open drafts that nobody touched."""

    there = "SELECT 1 FROM draft WHERE outcome IS NULL AND draft_id = ?"
    query = (
        "SELECT draft_id AS object_id, updated_at AS moment, saves AS mark FROM draft "
        "WHERE outcome IS NULL AND updated_at < ?"
    )

    def customers(self, objects: Collection[str]) -> Mapping[str, str]:
        """Whom the draft is about."""
        return _owners(self.store, "SELECT draft_id AS id, entity_id AS owner FROM draft", objects)

    def destroy(self, tx: Tx, items: Sequence[Item], plan_id: str) -> None:  # noqa: ARG002 - one shape for all
        """As if they had been discarded: that they were there stays."""
        for one in items:
            tx.update("draft", one.object_id, {**drafts.WIPED, "outcome": "discarded", "updated_at": tx.at})
        self.remove(tx, "answer_event", "draft_id", items)
        self.remove(tx, "file", "draft_id", items)


class AnswerEvents(Source):
    """The log of answering, of forms that were submitted or given up."""

    there = "SELECT 1 FROM answer_event WHERE draft_id = ?"
    query = (
        "SELECT draft_id AS object_id, updated_at AS moment, count(*) AS mark FROM answer_event "
        "JOIN draft USING (draft_id) WHERE outcome IS NOT NULL AND updated_at < ? GROUP BY draft_id"
    )

    def customers(self, objects: Collection[str]) -> Mapping[str, str]:
        """Whom the record of it is about."""
        query = "SELECT draft_id AS id, record.entity_id AS owner FROM draft JOIN record USING (record_id)"
        return _owners(self.store, query, objects)

    def destroy(self, tx: Tx, items: Sequence[Item], plan_id: str) -> None:  # noqa: ARG002
        """Remove the log."""
        self.remove(tx, "answer_event", "draft_id", items)


class Files(Source):
    """Files that answers consist of; the answer keeps the name."""

    there = "SELECT 1 FROM file WHERE file_id = ?"
    query = "SELECT file_id AS object_id, stored_at AS moment, size AS mark FROM file WHERE stored_at < ?"

    def customers(self, objects: Collection[str]) -> Mapping[str, str]:
        """Whom the record is about."""
        query = "SELECT file_id AS id, record.entity_id AS owner FROM file_place JOIN record USING (record_id)"
        return _owners(self.store, query, objects)

    def destroy(self, tx: Tx, items: Sequence[Item], plan_id: str) -> None:  # noqa: ARG002
        """Remove the files."""
        self.remove(tx, "file", "file_id", items)


class LoginSessions(Source):
    """Logins that have ended, or were not used any more."""

    there = "SELECT 1 FROM login_session WHERE session_id = ?"
    query = (
        "SELECT session_id AS object_id, coalesce(ended_at, used_at) AS moment, coalesce(ended_at, used_at) AS mark "
        "FROM login_session WHERE coalesce(ended_at, used_at) < ?"
    )

    def destroy(self, tx: Tx, items: Sequence[Item], plan_id: str) -> None:  # noqa: ARG002
        """Remove them with their tickets."""
        self.remove(tx, "lab_ticket", "session_id", items)
        self.remove(tx, "login_session", "session_id", items)


class Mail(Source):
    """Messages that were sent, or given up."""

    there = "SELECT 1 FROM mail WHERE mail_id = ?"
    query = (
        "SELECT mail_id AS object_id, coalesce(sent_at, queued_at) AS moment, attempts AS mark FROM mail "
        "WHERE state != 'queued' AND coalesce(sent_at, queued_at) < ?"
    )

    def destroy(self, tx: Tx, items: Sequence[Item], plan_id: str) -> None:  # noqa: ARG002
        """Remove them."""
        self.remove(tx, "mail", "mail_id", items)


class FailedReports(Source):
    """What reports that failed have left in the site's folder."""

    def rows(self, rule: Rule, before: str) -> Sequence[Row]:  # noqa: ARG002
        """The files, by their names."""
        files = sorted((self.store.site.reports / "failed").glob("*.ipynb"))
        made = [(path, stamp(datetime.fromtimestamp(path.stat().st_mtime, UTC))) for path in files]
        return [{"object_id": path.name, "moment": at, "mark": at} for path, at in made if at < before]

    def is_there(self, object_id: str) -> bool:
        """Whether the file is."""
        return (self.store.site.reports / "failed" / object_id).exists()

    def destroy(self, tx: Tx, items: Sequence[Item], plan_id: str) -> None:  # noqa: ARG002
        """Remove the files; one that is gone already is right."""
        for one in items:
            (self.store.site.reports / "failed" / one.object_id).unlink(missing_ok=True)


class Reports(Source):
    """Issues of reports that were filed in the archive, by the kind of their period; what is not filed is not due."""

    there = "SELECT 1 FROM report_archive_file WHERE issue_id = ? AND destroyed_at IS NULL"
    query = (
        "SELECT issue_id AS object_id, released_inside_at AS moment, report_archive_file.sha256 AS mark "
        "FROM report_archive_file JOIN report_issue USING (issue_id) "
        "WHERE destroyed_at IS NULL AND released_inside_at < ?1 AND (?2 = '*' OR kind = ?2)"
    )

    def rows(self, rule: Rule, before: str) -> Sequence[Row]:
        """Those of the rule's kind of period."""
        return self.store.rows(f"{self.query} ORDER BY object_id", [before, rule.purpose])

    def destroy(self, tx: Tx, items: Sequence[Item], plan_id: str) -> None:
        """The bundle, the commentary and the cards; the lines of the registers stay."""
        report_archive_places.destroy(self.store, tx, [one.object_id for one in items], plan_id)


SOURCES: Mapping[str, type[Source]] = {
    "customer": Customers,
    "record": Records,
    "draft": Drafts,
    "answer_event": AnswerEvents,
    "file": Files,
    "login_session": LoginSessions,
    "mail": Mail,
    "failed_report": FailedReports,
    "report": Reports,
}
"""Categories whose rules may destroy. The others are kept, or pruned by who makes them, whatever a rule says."""


def _owners(store: Store, query: str, objects: Collection[str]) -> Mapping[str, str]:
    rows = store.rows(
        f"SELECT id, owner FROM ({query}) WHERE owner IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
        [json.dumps(sorted(objects))],
    )
    return {row["id"]: row["owner"] for row in rows}
