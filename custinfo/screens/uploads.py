"""Files on their way from a browser and to it: put together in order and within limits, stored, shown again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from custinfo.actions import files, forms
from custinfo.actions.drafts import Draft
from custinfo.domain import file_types
from custinfo.domain.errors import BadInput, CustinfoError, NotFound
from custinfo.domain.people import Person
from custinfo.screens.context import Page
from custinfo.screens.questionnaire import Questionnaire

CHUNK = 256 * 1024
LARGEST = 10 * 1024 * 1024
MOST_AT_ONCE = 3
"""Files that one page may have on their way: what is begun and not finished must not fill the memory."""
MEDIA = frozenset({"image", "audio", "video"})
LONGEST_NAME = 500
"""Characters of a name that are looked at at all; `file_types.file_name` keeps fewer."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A whole file."""

    ref: str
    name: str
    data: bytes


@dataclass(slots=True)
class _Arriving:
    ref: str
    name: str
    size: int
    pieces: list[bytes] = field(default_factory=list)

    @property
    def received(self) -> int:
        return sum(map(len, self.pieces))


class Uploads:
    """The files that one page is sending. A browser is not believed: neither order, nor size, nor name, nor type."""

    def __init__(self) -> None:
        self._arriving: dict[int, _Arriving] = {}

    def take(self, message: Mapping[str, Any]) -> Arrived | int:
        """One piece: `{id, ref, name, size, chunk, last}` and its bytes as the only buffer.

        Gives the whole file with its last piece, else how many bytes are here. Raises BadInput for a piece that is out
        of order or of another size than was said; then what came before it is forgotten.
        """
        number = message.get("id")
        if not isinstance(number, int):
            raise BadInput("fields.upload_broken")
        try:
            return self._take(number, message)
        except BadInput:
            self._arriving.pop(number, None)
            raise

    def _take(self, number: int, message: Mapping[str, Any]) -> Arrived | int:
        file, piece = self._begun(number, message), _bytes_of(message)
        if message.get("chunk") != len(file.pieces) or message.get("ref") != file.ref or not 0 < len(piece) <= CHUNK:
            raise BadInput("fields.upload_broken")
        file.pieces.append(piece)
        received, last = file.received, message.get("last") is True
        if received > file.size or last != (received == file.size) or (not last and len(piece) != CHUNK):
            raise BadInput("fields.upload_broken")
        if not last:
            return received
        del self._arriving[number]
        return Arrived(file.ref, file.name, b"".join(file.pieces))

    def _begun(self, number: int, message: Mapping[str, Any]) -> _Arriving:
        if message.get("chunk") != 0 and number in self._arriving:
            return self._arriving[number]
        ref, name, size = message.get("ref"), message.get("name"), message.get("size")
        if message.get("chunk") != 0 or not isinstance(ref, str) or not isinstance(name, str):
            raise BadInput("fields.upload_broken")
        if not isinstance(size, int) or size < 1:
            raise BadInput("fields.upload_empty")
        if size > LARGEST:
            raise BadInput("fields.upload_large", size=_megabytes(size), limit=_megabytes(LARGEST))
        while len(self._arriving) >= MOST_AT_ONCE:  # the oldest was given up: a browser sends one after the other
            del self._arriving[next(iter(self._arriving))]
        self._arriving[number] = _Arriving(ref, file_types.file_name(name[-LONGEST_NAME:]), size)
        return self._arriving[number]


def _bytes_of(message: Mapping[str, Any]) -> bytes:
    buffers = message.get("buffers")
    if not isinstance(buffers, list) or len(buffers) != 1 or not isinstance(buffers[0], bytes | bytearray | memoryview):
        raise BadInput("fields.upload_broken")
    if len(buffers[0]) > CHUNK:
        raise BadInput("fields.upload_broken")
    return bytes(buffers[0])


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f}"


class FormFiles:
    """What a form's page does with files: takes those of answers, and shows them and the form's own.

    `draft()` is the page's draft as it stands, `questions()` its questionnaire; `start()` stores a draft that has no id
    yet.
    """

    def __init__(
        self,
        page: Page,
        draft: Callable[[], Draft],
        questions: Callable[[], Questionnaire],
        start: Callable[[Person], None],
    ) -> None:
        self._page, self._draft, self._questions, self._start = page, draft, questions, start
        self._uploads = Uploads()

    def take(self, actor: Person, message: Mapping[str, Any]) -> dict[str, Any]:
        """A piece of a file. The reply to the last one has the `value` that answers the question, or a `problem`."""
        reply = {"kind": "file", "id": message.get("id")}
        try:
            arrived = self._uploads.take(message)
            if isinstance(arrived, int):
                return reply | {"received": arrived}
            self._questions().check_takes_file(arrived.ref)
            name = self._keep(actor, arrived)
        except CustinfoError as error:
            return reply | {"problem": error.text(self._page.language)}
        return reply | {"value": name}

    def _keep(self, actor: Person, arrived: Arrived) -> str:
        """Store a file that a question takes; gives the name that is its answer. Raises BadInput."""
        if not self._draft().draft_id:
            self._start(actor)
        draft_id = self._draft().draft_id
        return files.put(self._page.store, actor, draft_id, arrived.ref, arrived.name, arrived.data).name

    def _kept(self, actor: Person, name: str) -> bytes:
        """The file that an answer names. Raises NotFound."""
        return files.get(self._page.store, actor, name)[1]

    def _own(self) -> Mapping[str, bytes]:
        """The files that belong to the form."""
        draft = self._draft()
        return dict(forms.files_of(self._page.store, draft.form_id, draft.form_version))

    def fetch(self, actor: Person, message: Mapping[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """The file of an answer (`ref`), or one that belongs to the form (`name`); no bytes when there is none."""
        reply = {"kind": "media", "id": message.get("id")}
        ref, name = message.get("ref"), message.get("name")
        try:
            if isinstance(ref, str):
                answer = self._questions().value(ref)
                data = self._kept(actor, answer) if answer else b""
            else:
                data = self._own().get(name, b"") if isinstance(name, str) else b""
        except (NotFound, BadInput):
            data = b""
        kind = file_types.media_type(data) if data else None
        # What is no picture, sound, film or document would be shown by nobody, and may be a list of the form
        return (
            (reply | {"type": kind}, [data])
            if kind and (isinstance(ref, str) or kind.partition("/")[0] in MEDIA)
            else (reply, [])
        )
