"""A passage of TCP in front of a server, that can be shut, or made to answer 500 or with TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path

BROKEN = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n"
    b"Connection: close\r\n\r\nNo cluster leader"
)
OPEN, SHUT, FAILING = "open", "shut", "failing"


class Passage:
    """
    Passes connections on to an address, as long as ``way`` is ``open``.

    :param target: such as ``http://127.0.0.1:8500``.
    :param shown: folder of the certificate that it shows; it speaks no TLS when left out.
    """

    def __init__(self, target: str, shown: Path | None = None) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target = (host, int(port))
        self._way = OPEN
        self._links: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._server.getsockname()[1]
        if shown is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(shown / "own.pem", shown / "own.key")
            self._server = context.wrap_socket(self._server, server_side=True)
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def way(self) -> str:
        """How it is: ``open``, ``shut`` or ``failing``."""
        return self._way

    @way.setter
    def way(self, way: str) -> None:
        self._way = way
        if way != OPEN:
            for link in [*self._links]:
                with contextlib.suppress(OSError):
                    link.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it."""
        self.way = SHUT
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(link,), daemon=True).start()

    def _pass(self, link: socket.socket) -> None:
        with link, contextlib.suppress(OSError):
            if self._way == FAILING:
                link.recv(1 << 16)
                link.sendall(BROKEN)
                return
            if self._way == SHUT:
                return
            with socket.create_connection(self._target) as far:
                self._links |= {link, far}
                try:
                    back = threading.Thread(target=_copy, args=(far, link), daemon=True)
                    back.start()
                    _copy(link, far)
                    back.join()
                finally:
                    self._links -= {link, far}


def _copy(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
