"""Files of the lake: written beside, synced to the disk, then renamed, so that a file is whole or is not there."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custinfo.domain.errors import SiteFault
from custinfo.store import group_read


@contextmanager
def written(final: Path) -> Iterator[Path]:
    """A path to write to; it becomes `final` when the block ends well, and is removed when it does not.

    Raises SiteFault when the disk is full or cannot be written to.
    """
    group_read.make_folder(final.parent)
    beside = final.with_name(f".{final.name}.part")
    try:
        yield beside
        group_read.share(beside)
        sync(beside)
        beside.replace(final)
        sync(final.parent)
    except OSError as fault:
        raise SiteFault("lake.not_written", file=final.name, fault=fault.strerror or fault) from None
    finally:
        beside.unlink(missing_ok=True)


def sha256(file: Path) -> str:
    """The hash of a file's bytes, in hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have a file or a folder on the disk before anything goes on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
