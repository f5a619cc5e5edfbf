"""A server that gives the answers of a script: right until the point that a test is about."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

from law_states import Elsewhere

ECHO = object()
"""A body that repeats what was sent."""


class Script:
    """
    What a server answers: a list of status and body for each method and path, the last for ever.

    A path without a query answers for every query. What no line is about is answered with 404.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.lines: dict[str, list[tuple[int, Any]]] = {}
        self.bodies: list[Any] = []

    def connection(self) -> dict[str, str]:
        """Give the minion's option ``eos:connections:<service>``."""
        return {"address": self.address}

    def says(self, call: str, *answers: tuple[int, Any]) -> Script:
        """Add what is answered to ``GET /v1/…``."""
        self.lines[call] = list(answers)
        return self

    def answer(self, call: str, sent: bytes) -> tuple[int, bytes]:
        """Give status and body, and keep what was sent."""
        if sent:
            self.bodies.append(json.loads(sent))
        lines = self.lines.get(call) or self.lines.get(call.partition("?")[0])
        if not lines:
            return 404, b'{"errors": []}'
        status, body = lines.pop(0) if len(lines) > 1 else lines[0]
        if body is ECHO:
            return status, json.dumps({"errors": [sent.decode()]}).encode()
        return status, json.dumps(body).encode()


class _Handler(http.server.BaseHTTPRequestHandler):
    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, body = self.server.script.answer(f"{self.command} {self.path}", sent)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_LIST = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        return


@contextlib.contextmanager
def scripted() -> Iterator[Script]:
    """Run a server without a script until the block ends."""
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made.script = Script(f"http://127.0.0.1:{made.server_address[1]}")
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made.script
    finally:
        made.shutdown()
        made.server_close()


def asked(script: Script, *services: str) -> Elsewhere:
    """Give states and modules for which these services are all that server."""
    home = Elsewhere(services[0], script)
    home.opts["eos"]["connections"] |= {one: script.connection() for one in services}
    return home


def wrapped(data: Any, **more: Any) -> tuple[int, Any]:
    """Give what Vault answers, in its envelope."""
    return 200, {"request_id": "r", "data": data, **more}
