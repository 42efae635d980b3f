"""Static files: our own, Voilà's front end and the widgets' extensions, all from this machine.

Every file's address holds the hash of all of them, so browsers keep it for good, and it is compressed once: the front
end is 5 MB in some hundred files, which would otherwise be read and compressed anew for each visitor.
"""

import gzip
import json
import mimetypes
import sys
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tornado.web import HTTPError, RequestHandler

from custinfo.server import chart_script
from custinfo.server.headers import FILE_POLICY, HEADERS, policy_header

OWN = Path(__file__).parent / "static"
WIDGETS = Path(__file__).parents[1] / "screens"
"""The scripts of the pages' widgets; `modules.json` says which files make a widget's module, in order."""
HASHED = {"static", "widgets"}
"""Our own areas: their files may change without a change of size."""
SHARED = Path(sys.prefix) / "share" / "jupyter"
SERVED = {".js", ".css", ".svg", ".png", ".woff", ".woff2", ".ttf", ".json"}
COMPRESSED = {".js", ".css", ".svg", ".json", ".ttf"}
A_YEAR = 365 * 24 * 3600
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")

EXTENSIONS = {
    "@voila-dashboards/widgets-manager8": "voila/labextensions/@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager": "labextensions/@jupyter-widgets/jupyterlab-manager",
    "anywidget": "labextensions/anywidget",
}
"""The only front-end extensions that pages load, whatever else is installed here."""


class Assets:
    """The served folders. `url("static", "custinfo.css")` is an address that may be cached for a year."""

    def __init__(self) -> None:
        roots = {"static": OWN, "frontend": SHARED / "voila" / "templates" / "base" / "static"}
        roots.update({f"extensions/{name}": _extension(name, place) for name, place in EXTENSIONS.items()})
        self._files = {area: _files(root) for area, root in roots.items()}
        self._files["widgets"] = _modules()
        self.charts = chart_script.ChartScript()
        made_of = repr((sorted(self._stamps()), chart_script.edition()))
        self._edition = sha256(made_of.encode()).hexdigest()[:12]

    def _stamps(self) -> list[tuple[str, str, str]]:
        return [
            (area, name, sha256(path.read_bytes()).hexdigest() if area in HASHED else str(path.stat().st_size))
            for area, files in self._files.items()
            for name, paths in files.items()
            for path in paths
        ]

    def url(self, area: str, name: str = "") -> str:
        """The address of a file, or of an area when no name is given."""
        return f"/static/{self._edition}/{area}" + (f"/{name}" if name else "")

    def find(self, address: str) -> tuple[Path, ...]:
        """The files behind `<area>/<name>`, or none when it is not served: no name is ever looked up on the disk."""
        for area, files in self._files.items():
            if address.startswith(area + "/"):
                return files.get(address.removeprefix(area + "/"), ())
        return ()

    def federated_extensions(self) -> list[dict[str, Any]]:
        """What the front end's page settings call by this name."""
        return [
            {"name": name, **json.loads((_extension(name, place) / "package.json").read_text())["jupyterlab"]["_build"]}
            for name, place in EXTENSIONS.items()
        ]

    def to_fetch_early(self) -> list[str]:
        """The scripts that every page asks for once its kernel has started: fetched while it starts.

        `early.json` is what a browser asked for with the locked versions; a name that another version does not have is
        left out, and costs the first visitor a moment.
        """
        early = json.loads((OWN / "early.json").read_text("utf-8"))
        return [
            self.url(area, name)
            for area, names in early.items()
            for name in names
            if name.partition("?")[0] in self._files[area]
        ]

    def warm(self) -> None:
        """Compress what every page needs, before the first visitor asks."""
        for area in self._files:
            for name in self._files[area]:
                content(self._files[area][name])


class AssetHandler(RequestHandler):
    """Serves `Assets`. Needs no login: nothing here is about anybody."""

    def initialize(self, assets: Assets) -> None:
        """`assets` is what may be served."""
        self._assets = assets

    def set_default_headers(self) -> None:
        """As on every answer; how long a file is kept is decided for each."""
        for name, value in HEADERS.items():
            self.set_header(name, value)
        self.set_header("Content-Security-Policy", policy_header(FILE_POLICY))
        self.clear_header("Server")

    async def get(self, edition: str, address: str) -> None:
        """The file, for a year when the edition in the address is today's, else not kept at all."""
        plain, packed = await self._content(address)
        self.set_header("Content-Type", mimetypes.guess_type(address)[0] or "application/octet-stream")
        self.set_header("Vary", "Accept-Encoding")
        current = self._assets.url("").split("/")[2] == edition
        self.set_header("Cache-Control", f"public, max-age={A_YEAR}, immutable" if current else "no-cache")
        if packed is not None and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(packed)
        else:
            self.finish(plain)

    async def _content(self, address: str) -> tuple[bytes, bytes | None]:
        if address == chart_script.ADDRESS:
            return await self._assets.charts.content()
        paths = self._assets.find(address)
        if not paths:
            raise HTTPError(404)
        return content(paths)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Short: only scripts and style sheets ask here."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(str(status_code))


@lru_cache(maxsize=2048)
def content(paths: tuple[Path, ...]) -> tuple[bytes, bytes | None]:
    """The bytes of a file, or of several in a row, and the same compressed where that is worth it."""
    plain = b"\n".join(path.read_bytes() for path in paths)
    packed = gzip.compress(plain, 6, mtime=0) if paths[0].suffix in COMPRESSED and len(plain) > 500 else None
    return plain, packed


def _modules() -> Mapping[str, tuple[Path, ...]]:
    listed: dict[str, list[str]] = json.loads((WIDGETS / "modules.json").read_text("utf-8"))
    return {f"{module}.js": tuple(WIDGETS / name for name in names) for module, names in listed.items()}


def _files(root: Path) -> Mapping[str, tuple[Path, ...]]:
    found = (path for path in sorted(root.rglob("*")) if path.suffix in SERVED and path.is_file())
    return {path.relative_to(root).as_posix(): (path,) for path in found}


def _extension(name: str, place: str) -> Path:
    if (SHARED / place).is_dir():
        return SHARED / place
    voila = find_spec("voila")
    folder = Path(str(voila and voila.origin)).parent / "labextensions" / name.rsplit("/", 1)[-1]
    if folder.is_dir():
        return folder
    raise FileNotFoundError(f"{name}: the front-end extension is not installed in {SHARED}")
