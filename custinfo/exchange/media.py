"""The files beside the submissions of a zip: the photographs, recordings and papers that answers name."""

from pathlib import PurePosixPath

from custinfo.exchange import sheets

FOLDER = "media"
"""Where ODK Central, and our own exports, put them."""
_ZIP = b"PK\x03\x04"


def is_media(path: str) -> bool:
    """Whether a file of a zip lies among the media: no table and no submission, whatever its suffix."""
    return FOLDER in PurePosixPath(path.replace("\\", "/")).parts[:-1]


class Media:
    """The files of an upload by the names that answers have for them. Anything but a zip of records has none."""

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        self._zip = sheets.archive(data, name) if data.startswith(_ZIP) else None
        entries = [one for one in self._zip.infolist() if not one.is_dir()] if self._zip else []
        self._entries = {one.filename.replace("\\", "/"): one for one in entries}
        workbook = "[Content_Types].xml" in self._entries  # whose pictures answer nothing
        self._shared = [] if workbook else [path for path in self._entries if is_media(path)]

    def find(self, place: str, name: str) -> str | None:
        """The path of the file that an answer of the record at `place` names: beside its submission, or among the media
        of all. None when there is none, or more than one.
        """
        if PurePosixPath(name).name != name:
            return None
        beside = str(PurePosixPath(place.replace("\\", "/")).parent / name)
        if place in self._entries and beside in self._entries:
            return beside
        found = [path for path in self._shared if PurePosixPath(path).name == name]
        return found[0] if len(found) == 1 else None

    def read(self, path: str) -> bytes:
        """The bytes of a file that `find` found. Raises BadInput when the zip is damaged there."""
        assert self._zip is not None
        return sheets.contents(self._zip, self._entries[path], self._name)
