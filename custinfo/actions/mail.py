"""Reminders by e-mail, when `[mail]` in site.toml says how: how much waits, and a link. Nothing about anybody.

A reminder is queued once for each person and day, and sent at most once as far as SMTP allows: it is marked before it
is handed over, and one whose hand-over was cut off is not tried again, for nobody can know whether it arrived.
"""

import re
import secrets
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

from custinfo.actions import approval_waiting, due, people
from custinfo.domain.clock import parse, stamp, utc_now
from custinfo.domain.errors import BadInput, SiteFault
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.store import Site, Store
from custinfo.store.database import Row

ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
"""What we write to. Nothing else gets near a header."""
LONGEST_ADDRESS = 254
MOST_TRIES = 8
FIRST_PAUSE = timedelta(minutes=10)
"""Doubled after each failure: the eighth is tried about 21 hours after the first."""
TIMEOUT = 30
TLS = ("starttls", "tls", "none")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
QUEUED, SENDING, SENT, FAILED = "queued", "sending", "sent", "failed"


@dataclass(frozen=True)
class Settings:
    """How mail leaves: `link` is the address of the page that reminders lead to."""

    host: str
    port: int
    tls: str
    sender: str
    user: str
    password: str
    link: str


def is_on(site: Site) -> bool:
    """Whether the site sends mail."""
    return bool(site.section("mail"))


def settings(site: Site) -> Settings:
    """The section `[mail]`. Raises SiteFault for an entry that is missing, wrong, or would send a password in clear."""
    given = site.section("mail")
    file = site.home / "site.toml"
    host, tls, port = given.get("host"), given.get("tls", "starttls"), given.get("port", 587)
    sender, url, user = given.get("from", ""), str(given.get("url", "")), str(given.get("user", ""))
    wrong = {
        "host": not isinstance(host, str) or not host,
        "port": type(port) is not int or not 0 < port < 65536,
        # Without encryption, mail goes no farther than this machine
        "tls": tls not in TLS or (tls == "none" and host not in LOOPBACK),
        "from": not isinstance(sender, str) or not ADDRESS.fullmatch(sender),
        "url": urlsplit(url).scheme not in ("http", "https") or not url.isprintable() or " " in url,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise SiteFault("mail.settings", file=file, name=name)
    password = _password(site.home / str(given.get("password_file", ""))) if user else ""
    return Settings(str(host), port, str(tls), sender, user, password, url.rstrip("/") + "/waiting")


def set_address(store: Store, actor: Person, address: str) -> None:
    """Where one's own reminders go; blank for nowhere. Raises BadInput for what is no plain address."""
    address = clean(address, max_length=LONGEST_ADDRESS).strip()
    if address and not ADDRESS.fullmatch(address):
        raise BadInput("mail.address", given=address[:80])
    with store.act(actor.person_id, "mail.set_address", "person", actor.person_id) as tx:
        tx.delete("mail_address", (actor.person_id,))
        if address:
            tx.insert("mail_address", {"person_id": actor.person_id, "address": address})


def address_of(store: Store, person_id: str) -> str:
    """Where somebody's reminders go; blank for nowhere."""
    row = store.row("SELECT address FROM mail_address WHERE person_id = ?", [person_id])
    return row["address"] if row else ""


def queue_reminders(store: Store, today: date) -> dict[str, int]:
    """Queue today's reminder for everybody for whom something waits: a job of every day, harmless twice."""
    queued = 0
    if not is_on(store.site):
        return {"queued": 0}
    rows = store.rows("SELECT person.* FROM person JOIN mail_address USING (person_id) ORDER BY person_id")
    for row in rows:
        person = people.from_row(store, row)
        found = due.listed(store, person, today, limit=1)
        waits = [one.what for one in approval_waiting.waiting(store, person)]
        if not found.total or not person.roles:
            continue
        with store.act("service", "mail.queue", "person", person.person_id) as tx:
            new: Row = {"mail_id": f"M-{secrets.token_hex(12)}", "person_id": person.person_id}
            new |= {"day": today.isoformat(), "waiting": found.total, "overdue": found.overdue, "state": QUEUED}
            new |= {"escalated": waits.count(approval_waiting.ESCALATED), "attempts": 0, "next_at": tx.at}
            known = "SELECT 1 FROM mail WHERE person_id = ? AND day = ?"
            if not store.row(known, [person.person_id, today.isoformat()]):
                tx.insert("mail", new | {"queued_at": tx.at})
                queued += 1
    return {"queued": queued}


def send(store: Store, today: date) -> dict[str, int]:  # noqa: ARG001  # as every job; what is queued is sent any day
    """Send what is queued and due. One that cannot be sent is tried again later; nothing is sent twice.

    `unsure` counts those that an earlier run was killed over: they may have arrived.
    """
    unsure = store.rows("SELECT 1 FROM mail WHERE state = ?", [SENDING])
    counts = {SENT: 0, "later": 0, FAILED: 0, "unsure": len(unsure)}
    if not is_on(store.site):
        return counts
    how = settings(store.site)
    now = stamp(utc_now())
    waiting = store.rows(
        "SELECT mail_id FROM mail WHERE state = ? AND next_at <= ? ORDER BY queued_at, mail_id", [QUEUED, now]
    )
    for row in waiting:
        counts[_send_one(store, how, row["mail_id"])] += 1
    return counts


def _send_one(store: Store, how: Settings, mail_id: str) -> str:
    with store.act("service", "mail.send", "mail", mail_id) as tx:
        row = store.row("SELECT * FROM mail WHERE mail_id = ? AND state = ?", [mail_id, QUEUED])
        if row is None:  # another run was faster
            return "later"
        tx.update("mail", mail_id, {"state": SENDING, "attempts": row["attempts"] + 1})
    person = store.row(
        "SELECT * FROM person JOIN mail_address USING (person_id) WHERE person_id = ?", [row["person_id"]]
    )
    outcome = FAILED if person is None else _hand_over(how, _message(store, how, row, person))
    with store.act("service", "mail.sent", "mail", mail_id, outcome=outcome) as tx:
        if outcome == "later" and row["attempts"] + 1 < MOST_TRIES:
            pause = FIRST_PAUSE * 2 ** row["attempts"]
            tx.update("mail", mail_id, {"state": QUEUED, "next_at": stamp(parse(tx.at) + pause)})
            return outcome
        outcome = SENT if outcome == SENT else FAILED
        tx.update("mail", mail_id, {"state": outcome, "sent_at": tx.at if outcome == SENT else None})
    return outcome


def _message(store: Store, how: Settings, row: Row, person: Row) -> EmailMessage:
    """Numbers and a link, in the person's language. The library refuses a line end in any header."""
    language = person["language"]
    facts = {"waiting": row["waiting"], "overdue": row["overdue"], "escalated": row["escalated"], "link": how.link}
    name = " ".join(store.site.name.split())
    lines = [text("mail.text.waiting", language, **facts)]
    if row["escalated"]:
        lines.append(text("mail.text.escalated", language, **facts))
    lines += [text("mail.text.link", language, **facts), "", text("mail.text.end", language)]
    message = EmailMessage()
    message["From"], message["To"] = how.sender, person["address"]
    message["Subject"] = text("mail.text.subject", language, site=name, **facts)
    message["Date"] = format_datetime(utc_now())
    # The same for every try, so that a mail that arrived twice after all is seen as one
    message["Message-ID"] = f"<{row['mail_id']}@{how.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(lines) + "\n")
    return message


def _hand_over(how: Settings, message: EmailMessage) -> str:
    """`sent`, `later` when it certainly was not taken, or `failed` when it never will be or nobody can know."""
    try:
        with _connected(how) as server:
            server.ehlo_or_helo_if_needed()
            for code, _ in (server.mail(how.sender), server.rcpt(message["To"])):
                if code >= 400:
                    return FAILED if code >= 500 else "later"
            try:
                code, _ = server.data(message.as_bytes(policy=message.policy.clone(linesep="\r\n")))
            except smtplib.SMTPDataError as error:
                code = error.smtp_code
            except (smtplib.SMTPException, OSError):
                return FAILED  # cut off while it was being handed over: it may have arrived
            return SENT if code < 400 else FAILED if code >= 500 else "later"
    except (smtplib.SMTPException, OSError):
        return "later"


@contextmanager
def _connected(how: Settings) -> Iterator[smtplib.SMTP]:
    """A connection, encrypted and logged in as the settings say; it ends without complaint."""
    context = ssl.create_default_context()
    if how.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(how.host, how.port, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(how.host, how.port, timeout=TIMEOUT)
    try:
        if how.tls == "starttls":
            server.starttls(context=context)
        if how.user:
            server.login(how.user, how.password)
        yield server
    finally:
        server.close()


def _password(file: Path) -> str:
    """Read before anything is marked as sent: a file that is missing costs no mail."""
    try:
        return file.read_text("utf-8").strip()
    except (OSError, ValueError):
        raise SiteFault("mail.password", file=file) from None
