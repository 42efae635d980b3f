"""Starts a page's kernel from the nursery; where there is none, as a process of its own, slower and as good."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Instance

from custinfo.server.handlers import log

NURSERY_SCRIPT = Path(__file__).parent / "nursery.py"
ANSWER_SECONDS = 20
FAILURES_ALLOWED = 5
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class NurseryGone(Exception):  # a state, answered by another way to start
    """The nursery does not run, or does not answer."""


class KernelProcess:
    """A forked kernel, as much like a Popen as jupyter_client asks for."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, nursery: "NurseryClient") -> None:
        self.pid = pid
        self._nursery = nursery
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status once it has ended."""
        if self.returncode is None and self._nursery.process is None:
            self.returncode = -signal.SIGKILL  # it ended with the nursery
        return self.returncode

    def wait(self) -> int | None:
        """Asked for only after `poll` has answered."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """By way of the nursery, which knows whether the process number is still this kernel's."""
        self._nursery.tell({"signal": number, "pid": self.pid})

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)


class NurseryClient:
    """The server's end of the socket to the nursery."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._starting: dict[str, asyncio.Future[KernelProcess]] = {}
        self._running: dict[int, KernelProcess] = {}
        self._failures = 0

    async def start(self) -> None:
        """Start the nursery. Returns before it has loaded everything; what is asked of it waits until then."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603  # our own script, our own interpreter
                [sys.executable, "-I", str(NURSERY_SCRIPT), str(theirs.fileno()), str(self._home)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=os.environ | ONE_THREAD,
                start_new_session=True,
            )
        reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        self._reading = asyncio.create_task(self._read(reader))

    async def launch(self, arguments: list[str], environment: dict[str, str], folder: str) -> KernelProcess:
        """A new kernel. Raises NurseryGone when it cannot be had here."""
        if self.process is None and self._failures < FAILURES_ALLOWED:
            await self.start()
        key = os.urandom(8).hex()
        self._starting[key] = asyncio.get_running_loop().create_future()
        try:
            self.tell({"start": key, "arguments": arguments, "environment": environment, "folder": folder})
            return await asyncio.wait_for(self._starting[key], ANSWER_SECONDS)
        except TimeoutError:
            raise NurseryGone from None
        finally:
            self._starting.pop(key, None)

    def tell(self, order: dict[str, Any]) -> None:
        """Send an order. Raises NurseryGone for a start that nobody would hear."""
        if self._writer is not None and self.process is not None:
            self._writer.write(json.dumps(order).encode() + b"\n")
        elif "start" in order:
            raise NurseryGone

    def stop(self) -> None:
        """End the nursery; the kernels end with it."""
        if self._reading is not None:
            self._reading.cancel()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        if self._writer is not None:
            self._writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._hear(json.loads(line))
        except OSError:
            pass  # ended with something of ours unread
        self._gone()

    def _hear(self, news: dict[str, Any]) -> None:
        if "started" in news:
            self._running[news["pid"]] = process = KernelProcess(news["pid"], self)
            waiting = self._starting.get(news["started"])
            if waiting is None or waiting.done():
                process.kill()  # whoever asked has given up
            else:
                waiting.set_result(process)
        elif (ended := self._running.pop(news["ended"], None)) is not None:
            ended.returncode = news["status"]

    def _gone(self) -> None:
        log.error("the nursery of kernels ended; it is started anew for the next page")
        self._failures += 1
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._running.clear()
        for waiting in self._starting.values():
            if not waiting.done():
                waiting.set_exception(NurseryGone())


class PageProvisioner(LocalProvisioner):
    """Forks where it can, else does what jupyter_client always does."""

    process: Any
    nursery = Instance(NurseryClient)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel; `cmd` would start it without a nursery: interpreter, -I, script, then its arguments."""
        try:
            self.process = await self.nursery.launch(cmd[3:], kwargs["env"], str(kwargs["cwd"]))
        except NurseryGone:
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.process.pid
        self.cwd = kwargs["cwd"]
        return self.connection_info
