"""The pages with a kernel: Voilà's executor and front end in our own template.

Voilà would render each page through nbconvert, whose templates are compiled anew for every visitor, and would send its
scripts after the kernel has run. A page here is one cell, so its template is ours (compiled once), the frame and the
scripts go out first, and the browser fetches and reads them while the kernel starts.
"""

import asyncio
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
from jupyter_server.utils import ApiPath
from nbclient.exceptions import CellExecutionError
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError
from voila.execute import VoilaExecutor

from custinfo.actions import sessions
from custinfo.server.handlers import MENU, SiteHandler, log, new_error_number
from custinfo.server.headers import PAGE_POLICY
from custinfo.server.identity import local_path
from custinfo.server.kernels import KERNEL_NAME, LARGEST_MESSAGE, Kernels, PageConnection, kernel_environment
from custinfo.server.ownership import Owners

NOTEBOOKS = Path(__file__).resolve().parents[2] / "forms"
CHARTED = {name for _, name, permission in MENU if permission == "lake.read"}
"""Pages that draw charts: their script is made while their kernel starts."""
START_SECONDS = 60
"""The longest that a page may take to start, on a machine that starts many; then it says so and gives up."""
BREAK = "<!--page-->"
MOST_PER_SESSION = 20
MOST_IN_ALL = 200
"""Pages at once, of one login and of everybody: each is a process with its memory."""

PLAIN_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?")


class Crowded(Exception):
    """There is no room for another page; `kind` is the message that says so."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class PageHandler(SiteHandler):
    """A page: starts a kernel for it, runs its cell and streams what it shows."""

    content_policy = PAGE_POLICY
    _kernel_id = ""
    _left = False

    def initialize(self, notebook: str) -> None:
        """`notebook` is the file's name without its ending."""
        self._notebook = notebook

    async def get(self, **_: str) -> None:
        """The page."""
        if self.user is None:
            raise HTTPError(403)
        if self.user.session.duty:
            self.redirect(f"/account?next={quote(local_path(self.request.uri or '/'), safe='')}")
            return
        sessions.touch(self.store, self.user.session)
        self._kernel_id = str(uuid.uuid4())
        if self._notebook in CHARTED:
            self.assets.charts.begin()
        facts = {
            "config": self._front_end_config(),
            "charts": self._notebook in CHARTED,
            "early": self.assets.to_fetch_early(),
            "break_here": BREAK,
        }
        # The whole template is filled first: a defect in it must not leave half a page
        head, tail = self.render_page("page.html.j2", screen=self._notebook, **facts).split(BREAK)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write(head)
        try:
            await self.flush()
            drawn = await self._drawn()
            if self._notebook in CHARTED:
                # The front end gives a widget up whose script is not there after two seconds
                await asyncio.wait([self.assets.charts.begin()], timeout=START_SECONDS)
        except StreamClosedError:
            self._left = True
        if self._left:
            await self._end_kernel()
        else:
            self.write(drawn)
            self.finish(tail)

    def on_connection_close(self) -> None:
        """The visitor went away before the page was there: its kernel is ended when it has started."""
        super().on_connection_close()
        self._left = True

    async def _end_kernel(self) -> None:
        kernels: Kernels = self.settings["kernel_manager"]
        await kernels.end(self._kernel_id)

    async def _drawn(self) -> str:
        """What the kernel shows, as HTML; or a message in its place."""
        assert self.user is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                outputs = await self._run()
        except CellExecutionError as error:
            await self._end_kernel()
            number = new_error_number()
            # Only the kind: the text of an error may hold what a person typed
            log.error("number %s: the screen %s failed with %s", number, self._notebook, error.ename)
            log.debug("number %s: %s", number, error.traceback)
            return self._message("failed", number)
        except TimeoutError:
            await self._end_kernel()
            return self._message("slow")
        except Crowded as crowded:
            await self._end_kernel()
            return self._message(crowded.kind)
        except StreamClosedError:
            raise
        except Exception:
            await self._end_kernel()
            number = new_error_number()
            log.exception("number %s: the kernel of the screen %s did not start", number, self._notebook)
            return self._message("failed", number)
        return self.render_page("outputs.html.j2", outputs=outputs)

    def _message(self, kind: str, number: str = "") -> str:
        return self.render_page("notice.html.j2", kind=kind, number=number)

    async def _run(self) -> list[dict[str, Any]]:
        """Start the kernel under the id that the page already names, and run the cell."""
        assert self.user is not None
        kernels: Kernels = self.settings["kernel_manager"]
        owners: Owners = self.settings["custinfo_owners"]
        session = self.user.session
        await self._make_room(owners, session.session_id)
        owners.add(self._kernel_id, session)
        environment = kernel_environment(self.site.home, session.session_id, self.request.path, self.request.query)
        environment["CUSTINFO_SCRIPTS"] = self._widgets_address()
        await kernels.start_kernel(
            kernel_id=self._kernel_id, kernel_name=KERNEL_NAME, path=ApiPath(""), env=environment
        )
        if not owners.may(self._kernel_id, session):
            # A newer page of the session took its place before there was a kernel to end
            raise Crowded("many")
        notebook = nbformat.read(NOTEBOOKS / f"{self._notebook}.ipynb", 4)  # type: ignore[no-untyped-call]
        executor = VoilaExecutor(notebook, km=kernels.get_kernel(self._kernel_id), timeout=START_SECONDS)
        executor.kc = await executor.async_start_new_kernel_client()
        try:
            cell = await executor.async_execute_cell(notebook.cells[0], 0, store_history=False)
        finally:
            executor.kc.stop_channels()
        return [output for output in cell.outputs if output.output_type in {"display_data", "execute_result"}]

    def _widgets_address(self) -> str:
        """Where this browser finds the widgets' modules: anywidget takes whole addresses only.

        A host that somebody made up would keep their own page from loading its scripts, and do nothing else.
        """
        host = self.request.host if PLAIN_HOST.fullmatch(self.request.host) else "localhost"
        return f"{self.request.protocol}://{host}{self.assets.url('widgets')}"

    async def _make_room(self, owners: Owners, session_id: str) -> None:
        """End the session's oldest page that no browser shows, if it has as many as it may. Raises Crowded."""
        kernels: Kernels = self.settings["kernel_manager"]
        own = owners.of_session(session_id)
        if len(own) >= MOST_PER_SESSION:
            unseen = next((kernel_id for kernel_id in own if not PageConnection.open_to(kernel_id)), None)
            if unseen is None:
                raise Crowded("many")
            await kernels.end(unseen)
        if len(owners) >= MOST_IN_ALL:
            raise Crowded("slow")

    def _front_end_config(self) -> dict[str, Any]:
        """What Voilà's front end reads from the page."""
        return {
            "appVersion": "",
            "appUrl": "voila/",
            "baseUrl": "/",
            "wsUrl": "",
            "kernelId": self._kernel_id,
            "fullStaticUrl": self.assets.url("frontend"),
            "fullLabextensionsUrl": self.assets.url("extensions"),
            "federated_extensions": self.assets.federated_extensions(),
            "jupyterLabTheme": "light",  # fetches no theme, sets no colours: the style sheet is ours
            "fullMathjaxUrl": None,  # null, spelled out: left out, the front end would name a CDN
            "mathjaxConfig": None,
            "progressiveRendering": False,
            "terminalsAvailable": False,
            "largestMessage": LARGEST_MESSAGE,
        }
