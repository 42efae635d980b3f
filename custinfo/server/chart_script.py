"""The script that draws charts, made of what Altair and vl-convert carry: nothing is fetched from a network.

A page may only load scripts from this server. The bundle is made at the first page that wants it, by a process of its
own, and kept in memory: a server without charts never pays for it.
"""

import asyncio
import gzip
import sys
from importlib.metadata import PackageNotFoundError, version

from tornado.web import HTTPError

ADDRESS = "widgets/charts.js"
PROGRAM = """
import sys
import altair
altair.JupyterChart.enable_offline()
sys.stdout.buffer.write(altair.JupyterChart._esm.encode())
"""
LIBRARIES = ("altair", "vl-convert-python")


class ChartScript:
    """The script's bytes, made once."""

    def __init__(self) -> None:
        self._making: asyncio.Task[tuple[bytes, bytes]] | None = None

    def begin(self) -> "asyncio.Task[tuple[bytes, bytes]]":
        """Make it, while the kernel of the page that will ask for it starts; once, unless it failed."""
        if self._making is None or (self._making.done() and self._making.exception()):
            self._making = asyncio.ensure_future(_make())
            # A browser that asks is told; nobody may ask
            self._making.add_done_callback(lambda made: made.cancelled() or made.exception())
        return self._making

    async def content(self) -> tuple[bytes, bytes]:
        """The script, and the same compressed. Raises HTTPError 404 when it cannot be made."""
        return await asyncio.shield(self.begin())


async def _make() -> tuple[bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    made, _ = await process.communicate()
    if process.returncode or not made:
        raise HTTPError(404)
    return made, await asyncio.to_thread(gzip.compress, made, 6, mtime=0)


def edition() -> str:
    """What the script is made of: another version of a library makes another script."""
    return " ".join(f"{name} {_version(name)}" for name in LIBRARIES)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
