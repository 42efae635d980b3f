"""The kernels behind pages: how they start, what they are told, and what may pass between them and a browser."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.web import HTTPError
from traitlets import Instance, default

from custinfo.server.handlers import SiteHandler, log
from custinfo.server.identity import SiteUser
from custinfo.server.ownership import Owners, check_owner
from custinfo.server.provisioner import NurseryClient, PageProvisioner

KERNEL_NAME = "python3"
KERNEL_SCRIPT = Path(__file__).parent / "kernel.py"

FROM_BROWSER = ["comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"]
"""What a browser may send: never code, never a shutdown; what a comm message asks for is authorised in Python."""

TO_BROWSER = {
    "status",
    "comm_open",
    "comm_close",
    "comm_msg",
    "comm_info_reply",
    "kernel_info_reply",
    "display_data",
    "update_display_data",
    "clear_output",
}
"""What a kernel may send: neither the source of cells, nor what they print, nor tracebacks."""

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
"""All that a kernel gets of the server's own environment."""

CLOSE_SESSION_OVER = 4401
CLOSE_KERNEL_ENDED = 4404
SESSION_CHECK_SECONDS = 60
MOST_SOCKETS = 4096
"""ZeroMQ's, in all: as it comes it has 1023; a page takes five, and twice as many while it is made."""
LARGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes in one message from a browser; `alive.js` tells the person before it is reached."""


class Specs(KernelSpecManager):
    """One kernel: this interpreter. What is installed on the machine does not matter."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The one specification."""
        if kernel_name != KERNEL_NAME:
            raise NoSuchKernel(kernel_name)
        # -I: neither the working folder nor the environment can put a module before the installed ones
        argv = [sys.executable, "-I", str(KERNEL_SCRIPT), "-f", "{connection_file}"]
        folder = str(KERNEL_SCRIPT.parent)
        return KernelSpec(name=KERNEL_NAME, display_name="Python 3", language="python", argv=argv, resource_dir=folder)

    def find_kernel_specs(self) -> dict[str, str]:
        """Name → folder."""
        return {KERNEL_NAME: str(KERNEL_SCRIPT.parent)}


class PageKernelManager(ServerKernelManager):
    """One page's kernel, from the nursery."""

    async def _async_pre_start_kernel(self, **kwargs: Any) -> Any:
        if self.provisioner is None and isinstance(self.parent, Kernels):
            self.kernel_id = self.kernel_id or kwargs["kernel_id"]
            self.provisioner = PageProvisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self, nursery=self.parent.nursery
            )
        return await super()._async_pre_start_kernel(**kwargs)


class Kernels(AsyncMappingKernelManager):
    """The running kernels, each known to its owner alone."""

    owners = Instance(Owners)
    nursery = Instance(NurseryClient)
    kernel_manager_class = f"{__name__}.PageKernelManager"

    @default("context")
    def _roomy_context(self) -> zmq.asyncio.Context:
        """A context with sockets for every page that may be open."""
        context = super()._context_default()
        context.set(zmq.MAX_SOCKETS, MOST_SOCKETS)
        return context

    def remove_kernel(self, kernel_id: str) -> Any:
        """Also forget whose it was, and what was kept for its page to come back.

        The end of a kernel closes the line of its page, which then begins to keep what comes, after the end of keeping.
        """
        self.owners.forget(kernel_id)
        self.stop_buffering(kernel_id)  # type: ignore[no-untyped-call]
        return super().remove_kernel(kernel_id)

    async def end(self, kernel_id: str, *, code: int = CLOSE_KERNEL_ENDED) -> None:
        """End a kernel at once: every answer is in a draft already. Quiet when it is gone.

        A page that is still there learns why from the code with which its socket is closed.
        """
        self.owners.forget(kernel_id)
        for connection in list(PageConnection.open_to(kernel_id)):
            connection.websocket_handler.close(code)
        if kernel_id in self:
            try:
                await self.shutdown_kernel(kernel_id, now=True)  # type: ignore[no-untyped-call]
            except (KeyError, HTTPError, RuntimeError):
                log.info("kernel %s was gone already", kernel_id)


def kernel_environment(home: Path, session_id: str, path: str, query: str) -> dict[str, str]:
    """What a page's kernel is told of who and where it is. Nothing of it comes from a header."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        **inherited,
        "IPYTHONDIR": str(home / "run" / "ipython"),
        "CUSTINFO_HOME": str(home),
        "CUSTINFO_SESSION": session_id,
        "CUSTINFO_PAGE_PATH": path,
        "QUERY_STRING": query,
    }


class PageConnection(ZMQChannelsWebsocketConnection):
    """Lets through what a page needs from its kernel, and nothing else."""

    @classmethod
    def open_to(cls, kernel_id: str) -> list["PageConnection"]:
        """The connections of the pages that show this kernel: one, or none."""
        return [c for c in cls._open_sockets if isinstance(c, cls) and c.kernel_id == kernel_id]

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Drop what is not in `TO_BROWSER`, in either protocol of the socket."""
        _, parts = self.session.feed_identities(outgoing_msg)
        header: Mapping[str, Any] = self.session.unpack(parts[1])
        if header.get("msg_type") in TO_BROWSER:
            super().handle_outgoing_message(stream, outgoing_msg)


class SocketHandler(KernelWebsocketHandler, SiteHandler):
    """The kernel's websocket."""

    _checked = 0.0

    @property
    def ping_timeout(self) -> float | None:
        """After how many ms without an answer the line is given up: three pings.

        None while tornado asks, before the line is open: it wants no more than one interval, at which jupyter_server
        would give up every line at its first ping.
        """
        return None if self.ws_connection is None else float(super().ping_timeout)

    def set_default_headers(self) -> None:
        """A socket's answer has none of a page's headers."""

    async def pre_get(self) -> None:
        """404 for another's kernel as for none, before anything is told about it."""
        if not isinstance(self.user, SiteUser):
            raise HTTPError(403)
        check_owner(self, self.kernel_id)
        await super().pre_get()  # type: ignore[no-untyped-call]

    async def open(self, kernel_id: str) -> None:
        """Without Nagle's delay: it would cost every click 40 ms."""
        self.set_nodelay(True)
        await super().open(kernel_id)  # type: ignore[no-untyped-call]

    async def on_message(self, message: str | bytes) -> None:
        """Pass a message on while the session lives; it is looked up once a minute."""
        now = time.monotonic()
        if now - self._checked > SESSION_CHECK_SECONDS:
            owners: Owners = self.settings["custinfo_owners"]
            if not owners.session_lives(self.kernel_id, self.store):
                await self.settings["kernel_manager"].end(self.kernel_id, code=CLOSE_SESSION_OVER)
                return
            self._checked = now
        try:
            super().on_message(message)  # type: ignore[no-untyped-call]
        except (ValueError, KeyError, TypeError, IndexError, AssertionError):
            log.info("kernel %s: a malformed message was dropped", self.kernel_id)

    def on_close(self) -> None:
        """Nothing to take down when the socket never opened."""
        if getattr(self, "connection", None) is not None:
            super().on_close()  # type: ignore[no-untyped-call]
