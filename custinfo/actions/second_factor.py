"""The second factor: a code that an app on the person's telephone shows anew every 30 seconds (TOTP, RFC 6238).

The secret is kept sealed and is shown once, as a picture; ten recovery codes, each good once, stand in for a lost
telephone. A code is taken once: whoever watched it being typed cannot use it again.
"""

import hmac
import secrets
from dataclasses import dataclass

from custinfo.access import permissions
from custinfo.domain import clock
from custinfo.domain.errors import NotAllowed, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row, Tx

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""How far the telephone's clock may be off, either way."""
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another: i l o 0 1
NEVER = -1


@dataclass(frozen=True)
class Enrolment:
    """What the person's app is told: `uri` as a picture, `secret` to type where there is no camera."""

    uri: str
    secret: str


def is_on(store: Store, person_id: str) -> bool:
    """Whether the person logs in with a second factor."""
    row = _row(store, person_id)
    return row is not None and row["confirmed_at"] is not None


def begin(store: Store, person: Person) -> Enrolment:
    """A new secret, of no effect until `confirm`. Raises WrongState while a second factor is on."""
    import pyotp

    secret = pyotp.random_base32()
    with store.act(person.person_id, "second_factor.begin", "person", person.person_id) as tx:
        old = _row(store, person.person_id)
        if old and old["confirmed_at"]:
            raise WrongState("accounts.factor_is_on")
        enrolment = (old["enrolment"] if old else 0) + 1
        tx.delete("second_factor", (person.person_id,))
        tx.insert(
            "second_factor",
            {
                "person_id": person.person_id,
                "enrolment": enrolment,
                "secret": _sealed(store, person.person_id, enrolment, secret),
                "started_at": tx.at,
                "confirmed_at": None,
                "last_step": NEVER,
            },
        )
    return _enrolment(store, person, secret)


def begun(store: Store, person: Person) -> Enrolment | None:
    """The enrolment that waits for its first code, or None."""
    row = _row(store, person.person_id)
    return None if row is None or row["confirmed_at"] else _enrolment(store, person, _secret(store, row))


def confirm(store: Store, person: Person, code: str) -> list[str]:
    """Turn the second factor on by a first code; gives the recovery codes, which are shown this once.

    Raises NotAllowed `accounts.code_wrong`, WrongState when no enrolment waits.
    """
    with store.act(person.person_id, "second_factor.confirm", "person", person.person_id) as tx:
        row = _row(store, person.person_id)
        if row is None or row["confirmed_at"]:
            raise WrongState("accounts.factor_not_begun")
        if not _take_code(store, tx, row, code):
            raise NotAllowed("accounts.code_wrong")
        tx.update("second_factor", person.person_id, {"confirmed_at": tx.at})
        return _new_recovery_codes(store, tx, person.person_id)


def new_recovery_codes(store: Store, person: Person) -> list[str]:
    """Ten new ones; the old ones are good no more. The caller has re-authenticated the person."""
    if not is_on(store, person.person_id):
        raise WrongState("accounts.factor_not_begun")
    with store.act(person.person_id, "second_factor.codes", "person", person.person_id) as tx:
        return _new_recovery_codes(store, tx, person.person_id)


def recovery_codes_left(store: Store, person_id: str) -> int:
    """How many can still be used."""
    found = store.row("SELECT count(*) AS n FROM recovery_code WHERE person_id = ? AND used_at IS NULL", [person_id])
    return int(found["n"]) if found else 0


def remove(store: Store, person: Person) -> None:
    """Turn it off. The caller has re-authenticated the person and knows that they may do without."""
    with store.act(person.person_id, "second_factor.remove", "person", person.person_id) as tx:
        _forget(tx, person.person_id)


def reset(store: Store, actor: Person, person_id: str) -> None:
    """Turn off another's, who has lost telephone and recovery codes; their sessions end.

    Raises NotAllowed without the permission, and for one's own; NotFound.
    """
    from custinfo.actions import sessions

    permissions.check(actor, "person.reset_second_factor")
    if actor.person_id == person_id:
        raise NotAllowed("accounts.not_own_factor")
    if store.row("SELECT 1 FROM person WHERE person_id = ?", [person_id]) is None:
        raise NotFound("accounts.no_person")
    with store.act(actor.person_id, "second_factor.reset", "person", person_id) as tx:
        _forget(tx, person_id)
        sessions.end_all(tx, person_id)


def take(store: Store, tx: Tx, person_id: str, code: str) -> bool:
    """Whether `code`, of the app or a recovery code, is right and was never used; it is used up by this."""
    row = _row(store, person_id)
    if row is None or not row["confirmed_at"]:
        return False
    return _take_code(store, tx, row, code) or _take_recovery_code(store, tx, person_id, code)


def picture(uri: str) -> str:
    """The QR code of an enrolment as the address of an image: `data:image/svg+xml…`."""
    import segno

    # Dark on white whatever the page's colours are: cameras do not read it otherwise
    return str(segno.make(uri, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff"))


def _take_code(store: Store, tx: Tx, row: Row, code: str) -> bool:
    import pyotp

    code = code.replace(" ", "")
    if not (code.isascii() and code.isdecimal()):
        return False
    totp = pyotp.TOTP(_secret(store, row), interval=STEP_SECONDS)
    now = int(clock.utc_now().timestamp()) // STEP_SECONDS
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if step > row["last_step"] and hmac.compare_digest(totp.generate_otp(step), code):
            tx.update("second_factor", row["person_id"], {"last_step": step})
            return True
    return False


def _take_recovery_code(store: Store, tx: Tx, person_id: str, code: str) -> bool:
    plain = code.strip().lower().replace("-", "").replace(" ", "")
    digest = _recovery_digest(store, person_id, plain)
    # An unused one and the same statement: two tries side by side cannot both have it
    used = "UPDATE recovery_code SET used_at = ? WHERE person_id = ? AND digest = ? AND used_at IS NULL"
    if tx.execute(used, [tx.at, person_id, digest]) != 1:
        return False
    tx.note(recovery_code=1)
    return True


def _new_recovery_codes(store: Store, tx: Tx, person_id: str) -> list[str]:
    tx.execute("DELETE FROM recovery_code WHERE person_id = ?", [person_id])
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    digests = (_recovery_digest(store, person_id, code) for code in codes)
    tx.insert_all("recovery_code", ({"person_id": person_id, "digest": one, "used_at": None} for one in digests))
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _recovery_digest(store: Store, person_id: str, plain: str) -> str:
    return store.lookup_digest(f"recovery:{person_id}:{plain}")


def _forget(tx: Tx, person_id: str) -> None:
    tx.delete("second_factor", (person_id,))
    tx.execute("DELETE FROM recovery_code WHERE person_id = ?", [person_id])


def _row(store: Store, person_id: str) -> Row | None:
    return store.row("SELECT * FROM second_factor WHERE person_id = ?", [person_id])


def _sealed(store: Store, person_id: str, enrolment: int, secret: str) -> str:
    from custinfo.actions import sealing

    return sealing.seal_text(store, "second_factor", person_id, "secret", enrolment, secret)


def _secret(store: Store, row: Row) -> str:
    from custinfo.actions import sealing

    return sealing.open_text(store, "second_factor", row["person_id"], "secret", row["enrolment"], row["secret"])


def _enrolment(store: Store, person: Person, secret: str) -> Enrolment:
    import pyotp

    uri = pyotp.TOTP(secret).provisioning_uri(name=person.login_name, issuer_name=store.site.name)
    return Enrolment(uri, secret)
