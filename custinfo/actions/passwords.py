"""Passwords: how they are kept, and which ones are too easy to guess."""

from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from custinfo.domain.errors import BadInput

HASHER = PasswordHasher()  # argon2id with the library's (RFC 9106 low-memory) parameters
SHORTEST = 10
LONGEST = 500
FEWEST_DIFFERENT = 4
COMMON = Path(__file__).parents[2] / "data" / "passwords" / "common.txt"


def check_new(password: str, login_name: str) -> None:
    """Raises BadInput for a password that is short, huge, widely used, built of few characters, or the login name."""
    if len(password) < SHORTEST:
        raise BadInput("accounts.password_short", shortest=SHORTEST)
    if len(password) > LONGEST:
        raise BadInput("accounts.password_long", longest=LONGEST)
    plain, name = password.casefold(), login_name.casefold()
    if name and (plain.strip() == name or (len(name) >= FEWEST_DIFFERENT and _mostly(plain, name))):
        raise BadInput("accounts.password_is_name")
    if len(set(plain)) < FEWEST_DIFFERENT or _without_ends(plain) in common() or plain in common():
        raise BadInput("accounts.password_common")


def hashed(password: str) -> str:
    """What is kept of a password. Takes a processor for tens of milliseconds."""
    return HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether this is the password of the hash. As slow as hashing."""
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return HASHER.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def common() -> frozenset[str]:
    """Passwords that everybody tries first, in small letters."""
    lines = COMMON.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _mostly(plain: str, name: str) -> bool:
    return name in plain and len(plain) - len(name) < FEWEST_DIFFERENT


def _without_ends(plain: str) -> str:
    """Without the digits and marks that people add to a word to satisfy a rule."""
    return plain.strip("0123456789!@#$%^&*._-?~ ")
