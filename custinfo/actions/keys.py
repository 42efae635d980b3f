"""Keys, as an administrator handles them: replaced, and the master key given to holders in shares.

The master key is split by SLIP-39 (Shamir's secret sharing): two of three shares give it back, one says nothing of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from custinfo.access import permissions
from custinfo.domain.clock import show, utc_now
from custinfo.domain.errors import BadInput, SiteFault
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.store import Site, Store, private_files, rotation
from custinfo.store.keyring import Entry
from custinfo.store.master_key import KeyFault, id_of
from custinfo.store.rotation import Replaced

HOLDERS, NEEDED = 3, 2
WORDS_A_LINE = 3
LONGEST_SHARE = 2000


@dataclass(frozen=True)
class Listed:
    """The keys of a site without their secrets; `fault` is what keeps it locked, None when every key opens."""

    master_id: str
    entries: tuple[Entry, ...]
    fault: KeyFault | None


def listed(site: Site, actor: Person) -> Listed:
    """The keys of the ring; works on a locked site, too. Raises KeyFault without a ring."""
    permissions.check(actor, "keys.manage")
    ring, fault = site.keyring, None
    try:
        ring.check()
    except KeyFault as found:
        fault = found
    return Listed(ring.master_id, ring.entries, fault)


def rotate(site: Site, actor: Person, which: str) -> Replaced:
    """Replace the key of level 1, of the store's file (with nobody at work), or the master key.

    Raises BadInput for any other, WrongState while the store is in use, KeyFault on a locked site.
    """
    permissions.check(actor, "keys.manage")
    if which == "store":
        return rotation.store_key(site, actor.person_id)
    replaced = {"level1": rotation.level1, "master": rotation.master}.get(which)
    if replaced is None:
        raise BadInput("keys.not_rotated", purpose=which[:40])
    with Store.open(site) as store:
        return replaced(store, actor.person_id)


def escrow(store: Store, actor: Person, folder: Path) -> list[Path]:
    """Write the master key as shares, one file for each holder, into a new folder; that it was done is audited.

    Raises SiteFault when the folder has something in it.
    """
    from shamir_mnemonic import generate_mnemonics  # only this ceremony needs it

    permissions.check(actor, "keys.manage")
    if folder.exists() and any(folder.iterdir()):
        raise SiteFault("keys.folder_in_use", folder=folder)
    ring = store.site.keyring
    [shares] = generate_mnemonics(1, [(NEEDED, HOLDERS)], ring.place.find(ring.master_id))
    written: list[Path] = []
    with store.act(actor.person_id, "key.escrow", "key", ring.master_id, shares=HOLDERS, needed=NEEDED):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number, share in enumerate(shares, 1):
            path = folder / f"share-{number}-of-{HOLDERS}.txt"
            private_files.write(path, _sheet(store.site, ring.master_id, number, share.split()))
            written.append(path)
    return written


def _sheet(site: Site, master_id: str, number: int, words: Sequence[str]) -> str:
    """What a holder keeps: in both languages what it is, and the words, numbered."""
    facts = {
        "site": site.name, "id": master_id, "number": number, "holders": HOLDERS, "needed": NEEDED,
        "date": show(utc_now(), site.zone),
    }  # fmt: skip
    lines = [text("keys.sheet", language, **facts).strip() + "\n" for language in LANGUAGES]
    numbered = [f"{place:2d} {word:<12}" for place, word in enumerate(words, 1)]
    rows = ["  ".join(numbered[i : i + WORDS_A_LINE]).rstrip() for i in range(0, len(numbered), WORDS_A_LINE)]
    return "\n".join([*lines, *rows]) + "\n"


def recover(site: Site, shares: Sequence[str]) -> str:
    """Make the master key of a locked site from two shares and put it where it belongs; gives its id.

    A share is its words, or the whole text of a holder's sheet. What lay in the key's place is kept beside it. Nobody's
    rights are asked, since nothing opens before this: who has two shares may. Raises BadInput for a share that cannot
    be read, shares of different ceremonies or too few, SiteFault for those of another key.
    """
    ring = site.keyring
    key = from_shares(shares)
    if not ring.opens_with(key):
        raise SiteFault("keys.shares_of_another", id=id_of(key), wanted=ring.master_id)
    ring.place.restore(key)
    with Store.open(site) as store, store.act("service", "key.recover", "key", ring.master_id, shares=len(shares)):
        pass
    return ring.master_id


def from_shares(shares: Sequence[str]) -> bytes:
    """The master key from two shares, each its words or a holder's whole sheet. Raises as `recover` does."""
    return _combined([_words(share) for share in shares])


def _words(share: str) -> str:
    """The words of a share, typed as they are or with their numbers; of a sheet, what stands below its last heading."""
    body = share[-LONGEST_SHARE:].rpartition("---")[2]
    return " ".join(word for word in body.lower().split() if word.isascii() and word.isalpha())


def _combined(shares: Sequence[str]) -> bytes:
    from shamir_mnemonic import MnemonicError, combine_mnemonics
    from shamir_mnemonic.share import Share

    read = []
    for number, words in enumerate(shares, 1):
        try:
            read.append(Share.from_mnemonic(words))
        except MnemonicError:
            raise BadInput("keys.share_unreadable", number=number) from None
    if len({(one.identifier, one.iteration_exponent, one.group_index) for one in read}) > 1:
        raise BadInput("keys.shares_mixed")
    if len({one.index for one in read}) < NEEDED:
        raise BadInput("keys.shares_few", needed=NEEDED)
    try:
        return bytes(combine_mnemonics(list(shares)[:NEEDED]))
    except MnemonicError:
        raise BadInput("keys.shares_mixed") from None
