"""
A proxy between a client and a real server, over TLS on both sides, that harms one request.

All others pass. What is harmed is not handed on, or is, and its answer is lost: nobody but the
server knows then what was done.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PIECE = 65_536
DRIP = 0.02
PAGE = b"<html><body>This server is in maintenance.</body></html>"
STATUSES = (400, 403, 404, 409, 412, 429, 500, 503)
UNSURE = (500, 503)
FAULTS = [
    *(f"{status}" for status in STATUSES),
    *(f"{status} and done" for status in UNSURE),
    *(
        f"{harm}{done}"
        for harm in ("reset", "end", "headers and end", "drip", "cut", "garbage", "page")
        for done in ("", " and done")
    ),
]
"""What may be done to a request; ``and done``: the server has got it, and its answer is lost."""


@dataclass(frozen=True)
class Request:
    """A request as it came, and whether the server got it."""

    method: str
    path: str
    is_harmed: bool
    is_passed: bool


@dataclass
class Proxy:
    """
    Where the proxy answers, and what it does to whom.

    :param target: the real server.
    :param harms: tells of a request, given by method, path and what came before, if it is harmed.
    """

    address: str
    target: str
    ca_file: str
    fault: str = ""
    harms: Callable[[str, str, list[Request]], bool] | None = None
    seen: list[Request] = field(default_factory=list)
    drips: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, fault: str = "", harms: Any = None) -> None:
        """Forget what was seen, and harm the first request for which ``harms`` is true."""
        with self.lock:
            self.seen.clear()
            self.fault, self.harms = fault, harms

    def took(self, method: str, path: str) -> str:
        """Give what is done to this request, once; nothing lets it pass."""
        with self.lock:
            is_harmed = self.harms is not None and self.harms(method, path, list(self.seen))
            if is_harmed:
                self.harms = None
            is_passed = not is_harmed or self.fault.endswith(" and done")
            self.seen.append(Request(method, path, is_harmed, is_passed))
            return self.fault if is_harmed else ""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def _handled(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.proxy.took(self.command, self.path)
        harm, done = fault.removesuffix(" and done"), fault.endswith(" and done")
        is_read = harm == "cut" and self.command in ("GET", "LIST")
        answer = self._passed(body) if not fault or done or is_read else None
        if not fault:
            status, headers, found = answer
            self._say(status, found, headers)
            return
        self.close_connection = True
        if harm.isdigit():
            again = {"Retry-After": "1"} if harm in ("429", "503") else {}
            # It repeats what it was sent, as some servers do.
            said = json.dumps({"errors": [body.decode("utf-8", "replace")]}).encode()
            self._say(int(harm), said, {"Content-Type": "application/json", **again})
        else:
            getattr(self, f"_{harm.replace(' ', '_')}")(answer[2] if answer else b"")

    do_GET = do_PUT = do_POST = do_DELETE = do_LIST = do_PATCH = _handled  # noqa: N815

    def _passed(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(self.server.proxy.target)
        upstream = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=60, context=self.server.trust
        )
        try:
            skipped = ("host", "connection", "content-length")
            headers = {n: one for n, one in self.headers.items() if n.lower() not in skipped}
            has_body = body or "Content-Length" in self.headers
            upstream.request(self.command, self.path, body if has_body else None, headers)
            answer = upstream.getresponse()
            found = answer.read()
            skipped = ("transfer-encoding", "content-length", "connection", "date")
            kept = {n: one for n, one in answer.getheaders() if n.lower() not in skipped}
            return answer.status, kept, found
        finally:
            upstream.close()

    def _say(
        self, status: int, body: bytes, headers: dict[str, str], more: int = 0, rest: bool = True
    ) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + more))
        self.end_headers()
        if rest:
            self.wfile.write(body)

    def _reset(self, _: bytes) -> None:
        """End with an RST: what is on its way is lost on both sides."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def _end(self, _: bytes) -> None:
        """Half-close before a header is said."""
        self._half_closed()

    def _headers_and_end(self, _: bytes) -> None:
        self._say(200, b"", {"Content-Type": "application/json"}, more=200)
        self._half_closed()

    def _half_closed(self) -> None:
        socket.socket.shutdown(self.connection, socket.SHUT_WR)
        with contextlib.suppress(OSError, ValueError):
            self.connection.settimeout(5)
            while self.connection.recv(PIECE):
                pass

    def _drip(self, _: bytes) -> None:
        """Send a byte now and then, for longer than any client waits."""
        self._say(200, b"", {"Content-Type": "application/json"}, more=100_000)
        with contextlib.suppress(OSError):
            while not self.server.over.wait(DRIP):
                self.wfile.write(b" ")
                self.server.proxy.drips.set()

    def _cut(self, found: bytes) -> None:
        self._say(200, found, {"Content-Type": "application/json"}, more=50)

    def _garbage(self, _: bytes) -> None:
        self._say(200, b'\xff\xfe{"Na\x00me"', {"Content-Type": "application/json"})

    def _page(self, _: bytes) -> None:
        self._say(200, PAGE, {"Content-Type": "text/html"})

    def log_message(self, *_: Any) -> None:
        return


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Clients end connections in the middle here; that is no error of the proxy."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the thread of the connection: a client may never begin to."""
        request.settimeout(10)
        with self.own.wrap_socket(request, server_side=True) as own:
            super().finish_request(own, client_address)


@contextlib.contextmanager
def between(target: str, ca_file: str) -> Iterator[Proxy]:
    """
    Run a proxy before a server until the block ends, with a certificate of the same CA.

    :param ca_file: ``ca.pem`` of a folder that ``certificates.make`` has filled.
    """
    home = Path(ca_file).parent
    made = _Server(("127.0.0.1", 0), _Handler)
    made.own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.own.load_cert_chain(home / "own.pem", home / "own.key")
    made.trust = ssl.create_default_context(cafile=ca_file)
    made.over = threading.Event()
    made.proxy = Proxy(f"https://127.0.0.1:{made.server_address[1]}", target, ca_file)
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made.proxy
    finally:
        made.over.set()
        made.shutdown()
        made.server_close()
