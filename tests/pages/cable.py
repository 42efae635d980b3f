"""A cable between a browser and a server that can be pulled: bytes stop, and no connection is told."""

import contextlib
import selectors
import socket
import threading

from tests.processes import free_port


class Cable:
    """Forwards a port of its own to `target`. Pulled, it keeps every connection open and carries nothing."""

    def __init__(self, target):
        self._target = target
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._carries = threading.Event()
        self._carries.set()
        self._open = []

    def __enter__(self):
        self._door = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._carries.set()
        for one in (self._door, *self._open):
            with contextlib.suppress(OSError):
                one.close()

    def pull(self):
        self._carries.clear()

    def plug(self):
        self._carries.set()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        self._carries.wait()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as far, near:
            self._open += [near, far]
            with selectors.DefaultSelector() as both:
                both.register(near, selectors.EVENT_READ, far)
                both.register(far, selectors.EVENT_READ, near)
                while True:
                    for key, _ in both.select():
                        self._carries.wait()
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        key.data.sendall(data)
