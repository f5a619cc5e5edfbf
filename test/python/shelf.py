"""A small server with one kind of object behind an HTTP API, and the kernel's table for it."""

from __future__ import annotations

import http.server
import json
import threading
from typing import Any

import pytest

SPEC: dict[str, Any] = {
    "service": "nomad",
    "object": "shelf",
    "title": "Nomad shelf",
    "envelope": None,
    "find": {"list": "GET /v1/shelves", "read": "GET /v1/shelf/{name}"},
    "create": "PUT /v1/shelf/{name}?cas=0",
    "update": "PUT /v1/shelf/{name}?cas={Index}",
    "delete": "DELETE /v1/shelf/{name}?cas={Index}",
    "lost": "answers-false",
    "exclusive": [["carving", "paint"]],
    "fields": {
        "name": {"wire": "Name", "diff": "exact", "schema": {"type": "string"}, "key": True},
        "room": {"wire": "Room", "diff": "exact", "schema": {"type": "string"}, "immutable": True},
        "label": {"wire": "Rules.Label", "diff": "exact", "schema": {"type": "string"}},
        "readers": {
            "wire": "Readers[].Name",
            "diff": "as-set",
            "shape": "list",
            "texts": True,
            "schema": {"type": "array", "items": {"type": "string"}},
        },
        "lent": {
            "wire": "Lent",
            "diff": "exact",
            "form": "span:ns",
            "since": "1.11",
            "schema": {"anyOf": [{"type": "string"}, {"type": "number"}], "x-form": "span:ns"},
        },
        "carving": {
            "wire": "Carving",
            "diff": "exact",
            "form": "base64",
            "schema": {"type": "string", "x-form": "base64"},
        },
        "paint": {"wire": "Paint", "diff": "exact", "schema": {"type": "string"}},
        "lock": {
            "wire": "Lock",
            "diff": "exact",
            "form": "place:text",
            "schema": {"type": "object", "x-form": "place:text"},
        },
        "pin": {
            "wire": "Pin",
            "diff": "write-only",
            "form": "place:text",
            "schema": {"type": "object", "x-form": "place:text"},
        },
        "things": {
            "wire": "Things",
            "diff": {"by": "title"},
            "shape": "list",
            "item": {
                "shape": "object",
                "fields": {
                    "title": {"wire": "Title", "diff": "exact"},
                    "count": {"wire": "Count", "diff": "exact", "default": 1},
                    "code": {"wire": "Code", "diff": "exact", "form": "place:base64"},
                },
            },
            "schema": {"type": "array", "items": {"type": "object"}},
        },
    },
}


class Shelves:
    """
    The server: its objects by name, what it was asked, and what happens before a write.

    :param version: what it says of itself.
    """

    def __init__(self, version: str = "1.11.3") -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.meanwhile: list[Any] = []
        self.version = version
        self.says: tuple[int, Any] | None = None
        self.garbage: bytes | None = None
        self.keeps: dict[str, Any] = {}
        self._index = 0
        shelves = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _do(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                status, answer = shelves.answer(self.command, self.path, raw)
                text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_PUT = do_DELETE = _do  # noqa: N815

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def opts(self) -> dict[str, Any]:
        """Options of a minion that knows this server."""
        address = f"http://127.0.0.1:{self.server.server_address[1]}"
        return {"eos": {"connections": {"nomad": {"address": address}}}, "test": False}

    @property
    def wrote(self) -> list[str]:
        """Methods that change something, in their order."""
        return [method for method, _ in self.asked if method != "GET"]

    def put(self, name: str, **fields: Any) -> None:
        """Write an object as somebody else would."""
        self._index += 1
        known = self.objects.get(name, {"Name": name})
        self.objects[name] = {**known, **fields, "Index": self._index}

    def answer(self, method: str, path: str, raw: bytes) -> tuple[int, Any]:
        """Answer one request."""
        self.asked.append((method, path))
        if method == "GET" and self.garbage is not None:
            return 200, self.garbage
        if path == "/v1/agent/self":
            return 200, {"config": {"Version": {"Version": self.version}}}
        if path == "/v1/shelves":
            return 200, list(self.objects.values())
        if method != "GET" and self.says is not None:
            return self.says
        if method != "GET" and self.meanwhile:
            self.meanwhile.pop(0)()
        name, _, cas = path.removeprefix("/v1/shelf/").partition("?cas=")
        found = self.objects.get(name)
        if method == "GET":
            return (404, "no such shelf") if found is None else (200, self._said(found))
        if method == "DELETE" and "Undeletable" in self.keeps:
            return 200, True
        if int(cas) != (found or {"Index": 0})["Index"]:
            return 200, False
        if method == "DELETE":
            del self.objects[name]
            return 200, True
        body = json.loads(raw)
        self.bodies.append(body)
        self.objects[name] = {}
        kept = {**body, **self.keeps}
        self.put(name, **{key: value for key, value in kept.items() if key != "Index"})
        return 200, True

    def _said(self, found: dict[str, Any]) -> dict[str, Any]:
        return {**found, "Pin": "redacted"} if "Pin" in found else found

    def close(self) -> None:
        """End the server."""
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def shelves(monkeypatch):
    """A server with shelves; versions are not remembered between tests."""
    from saltext.eos.utils import versions

    monkeypatch.setattr(versions, "_known", {})
    server = Shelves()
    yield server
    server.close()


@pytest.fixture
def present(shelves):
    """The state, with all that it needs."""
    from saltext.eos.utils import converge

    def run(test=False, **desired):
        shelves.asked.clear()
        return converge.present(SPEC, desired, {}, {**shelves.opts, "test": test})

    return run


@pytest.fixture
def place(tmp_path):
    """Write a secret and give its place."""

    def write(text, name="secret"):
        path = tmp_path / name
        path.touch(0o600)
        path.write_text(text)
        return {"file": str(path)}

    return write
