"""Tables of the lake for governance and for who records: what the store's registers hold, without words or names."""

import pyarrow as pa

from custinfo.lake.published_table import MOMENT, PublishedTable

REGISTER_EVENTS = PublishedTable(
    "register_events",
    pa.schema(
        [
            pa.field("register", pa.string(), nullable=False),
            pa.field("entry", pa.string(), nullable=False),
            pa.field("event", pa.string(), nullable=False),
            pa.field("kind", pa.string()),
            pa.field("class", pa.string()),
            pa.field("department", pa.string()),
            pa.field("amount", pa.int64()),
            pa.field("since_at", MOMENT),
            pa.field("due_at", MOMENT),
            pa.field("also_due_at", MOMENT),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
    keys=(),
)
"""What happened on the registers of privacy and security (`custinfo.actions.register_events_published` has them all):
which register, what, of which kind; no words, no customer, nobody's name.

`entry` tells the entries of a register apart, an account's too, and leads to nothing without the site's key. A clock
runs from `since_at`; what is done at `due_at` is in time, NULL where nothing is due; a clearance counts until then. Its
revocation says the same of the grant that it ends. `also_due_at` is a second clock: of an incident until when the
people concerned are told, of a clearance until when its training holds. Penalties are not among them.
"""

REGISTER_ENTRIES = PublishedTable(
    "register_entries",
    pa.schema(
        [
            pa.field("register", pa.string(), nullable=False),
            pa.field("entry", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("kind", pa.string()),
            pa.field("state", pa.string()),
            pa.field("due_on", pa.string(), nullable=False),
            pa.field("account", pa.string()),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
    keys=(),
)
"""Every version of an entry of the registers that are forms: inspections, trainings, processors, transfers abroad …

`due_on` (2026-11-30) is the day of its next review, of somebody trained the last one of it; blank without one. Of them
`account` is the `entry` of their account in REGISTER_EVENTS, NULL for a login name that nobody has.
"""

CONSENT_EVENTS = PublishedTable(
    "consent_events",
    pa.schema(
        [
            pa.field("event", pa.string(), nullable=False),
            pa.field("purpose", pa.string(), nullable=False),
            pa.field("channel", pa.string(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
    keys=(),
)
"""Consents that were given and withdrawn, people who were told, uses that were restricted and released; not whose."""

CARD_RECORDINGS = PublishedTable(
    "card_recordings",
    pa.schema(
        [
            pa.field("customer_key", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("recorder", pa.string(), nullable=False),
            pa.field("department", pa.string(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""Who recorded each version of a customer's card: the number of a recorder, never a name, and their department."""

SECOND_ENTRIES = PublishedTable(
    "second_entries",
    pa.schema(
        [
            pa.field("form", pa.string(), nullable=False),
            pa.field("recorder", pa.string(), nullable=False),
            pa.field("department", pa.string(), nullable=False),
            pa.field("compared", pa.int64(), nullable=False),
            pa.field("equal", pa.int64(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
    keys=(),
)
"""Second entries: how many answers were compared, and how many are equal. `recorder` made the first entry."""

DECLARED = (REGISTER_EVENTS, REGISTER_ENTRIES, CONSENT_EVENTS, CARD_RECORDINGS, SECOND_ENTRIES)
