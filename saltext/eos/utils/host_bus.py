"""
Asks systemd over its own socket: the part of D-Bus's wire protocol that questions need.

A subprocess would fork the whole minion at each pass, and Salt brings no library for D-Bus. Many
questions go out together, and their answers are read together.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from typing import Any, NamedTuple

# Systemd's own, for root alone; else the bus of the system, where everybody may ask.
PRIVATE = "/run/systemd/private"
SYSTEM = "/run/dbus/system_bus_socket"
SYSTEMD = "org.freedesktop.systemd1"
PATIENCE = 0.5
LARGEST = 1 << 24
_METHOD, _RETURN, _ERROR = 1, 2, 3
_PATH, _INTERFACE, _MEMBER, _REPLY, _DESTINATION, _SIGNATURE = 1, 2, 3, 5, 6, 8
_FIXED = {
    "y": "<B", "b": "<I", "n": "<h", "q": "<H", "i": "<i", "u": "<I", "x": "<q", "t": "<Q",
    "d": "<d", "h": "<I",
}  # fmt: skip
_ALIGNED = {"g": 1, "v": 1, "s": 4, "o": 4, "a": 4, "(": 8, "{": 8}


class NoAnswer(OSError):
    """The other end did not answer, or not as the protocol says."""


class Call(NamedTuple):
    """
    One question.

    :param signature: of the arguments: texts (``s``) and lists of texts (``as``).
    """

    path: str
    interface: str
    member: str
    signature: str
    arguments: tuple[Any, ...]
    destination: str = SYSTEMD


HELLO = Call(
    "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", "", (), "org.freedesktop.DBus"
)


def opened() -> Bus:
    """
    Connect to systemd.

    :raises NoAnswer: neither way.
    """
    try:
        return Bus(PRIVATE)
    except NoAnswer:
        bus = Bus(SYSTEM)
        bus.ask([HELLO])
        return bus


class Bus:
    """
    A connection that questions go over.

    :param path: socket of the other end.
    :raises NoAnswer: it cannot be made.
    """

    def __init__(self, path: str) -> None:
        self._serial = 0
        self._left = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            self._socket.settimeout(PATIENCE)
            self._socket.connect(path)
            user = str(os.getuid()).encode().hex()
            self._socket.sendall(f"\0AUTH EXTERNAL {user}\r\n".encode())
            if not self._line().startswith(b"OK "):
                raise NoAnswer(f"{path} refuses this user")
            self._socket.sendall(b"BEGIN\r\n")
        except OSError as err:
            self._socket.close()
            raise NoAnswer(f"{path}: {err}") from err

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def ask(self, calls: list[Call]) -> list[tuple[Any, ...] | None]:
        """
        Ask all questions and give the answers in their order; None for one that was refused.

        :raises NoAnswer: an answer is missing; the connection is of no use any more.
        """
        first = self._serial + 1
        try:
            self._socket.sendall(b"".join(self._packed(call) for call in calls))
            found: dict[int, tuple[Any, ...] | None] = {}
            until = time.monotonic() + PATIENCE
            while len(found) < len(calls):
                reply, body = self._message(until)
                if reply >= first:
                    found[reply] = body
            return [found[first + at] for at in range(len(calls))]
        except (OSError, struct.error, IndexError, KeyError, UnicodeDecodeError) as err:
            self.close()
            raise NoAnswer(f"systemd: {err!r}") from err

    def _packed(self, call: Call) -> bytes:
        self._serial += 1
        body = bytearray()
        for kind, value in zip(_kinds(call.signature), call.arguments, strict=True):
            _write(body, kind, value)
        fields = [
            (_PATH, "o", call.path), (_INTERFACE, "s", call.interface), (_MEMBER, "s", call.member),
            (_DESTINATION, "s", call.destination), (_SIGNATURE, "g", call.signature),
        ]  # fmt: skip
        head = bytearray(struct.pack("<BBBBII", ord("l"), _METHOD, 0, 1, len(body), self._serial))
        head += b"\0\0\0\0"
        for code, kind, text in fields:
            _pad(head, 8)
            head.append(code)
            _write(head, "g", kind)
            _write(head, kind, text)
        head[12:16] = struct.pack("<I", len(head) - 16)
        _pad(head, 8)
        return bytes(head + body)

    def _message(self, until: float) -> tuple[int, tuple[Any, ...] | None]:
        """Read one message, and give what it answers and its content."""
        start = self._exactly(16, until)
        if start[0] != ord("l"):
            raise NoAnswer("systemd speaks in another byte order")
        length, _, fields = struct.unpack_from("<III", start, 4)
        size = -(-fields // 8) * 8
        if size + length > LARGEST:
            raise NoAnswer(f"an answer of {size + length} bytes")
        rest = self._exactly(size + length, until)
        reader = _Reader(start + rest[:size])
        reader.at = 12
        known = dict(reader.read("a(yv)"))
        if start[1] not in (_RETURN, _ERROR):
            return 0, None
        reply = int(known[_REPLY])
        if start[1] == _ERROR:
            return reply, None
        body = _Reader(rest[size:])
        return reply, tuple(body.read(kind) for kind in _kinds(known.get(_SIGNATURE, "")))

    def _line(self) -> bytes:
        until = time.monotonic() + PATIENCE
        while b"\r\n" not in self._left:
            self._more(until)
        line, _, self._left = self._left.partition(b"\r\n")
        return line

    def _exactly(self, size: int, until: float) -> bytes:
        while len(self._left) < size:
            self._more(until)
        found, self._left = self._left[:size], self._left[size:]
        return found

    def _more(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise NoAnswer("no answer in time")
        self._socket.settimeout(left)
        found = self._socket.recv(65_536)
        if not found:
            raise NoAnswer("the connection was closed")
        self._left += found


class _Reader:
    """Takes values out of a message, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def read(self, kind: str) -> Any:
        first = kind[0]
        if first in _FIXED:
            return self._fixed(_FIXED[first])
        self._align(_ALIGNED[first])
        if first in "so":
            return self._text(self._fixed("<I"))
        if first == "g":
            return self._text(self._fixed("<B"))
        if first == "v":
            return self.read(self._text(self._fixed("<B")))
        if first == "a":
            return self._list(kind[1:])
        return tuple(self.read(one) for one in _kinds(kind[1:-1]))

    def _list(self, kind: str) -> Any:
        length = self._fixed("<I")
        self._align(struct.calcsize(_FIXED[kind]) if kind in _FIXED else _ALIGNED[kind[0]])
        end = self.at + length
        if kind == "y":
            found, self.at = self.data[self.at : end], end
            return found
        items = []
        while self.at < end:
            items.append(self.read(kind))
        return items

    def _fixed(self, form: str) -> Any:
        self._align(struct.calcsize(form))
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def _text(self, length: int) -> str:
        found = self.data[self.at : self.at + length].decode()
        self.at += length + 1
        return found

    def _align(self, size: int) -> None:
        self.at = -(-self.at // size) * size


def _kinds(signature: str) -> list[str]:
    """Take a signature apart into whole types."""
    found, at = [], 0
    while at < len(signature):
        end = at
        while signature[end] == "a":
            end += 1
        depth = 0
        while True:
            depth += (signature[end] in "({") - (signature[end] in ")}")
            end += 1
            if depth == 0:
                break
        found.append(signature[at:end])
        at = end
    return found


def _pad(data: bytearray, size: int) -> None:
    data += bytes(-len(data) % size)


def _write(data: bytearray, kind: str, value: Any) -> None:
    if kind == "as":
        items = bytearray()
        for text in value:
            _write(items, "s", text)
        _pad(data, 4)
        data += struct.pack("<I", len(items)) + items
        return
    text = str(value).encode()
    if kind == "g":
        data += bytes([len(text)]) + text + b"\0"
        return
    _pad(data, 4)
    data += struct.pack("<I", len(text)) + text + b"\0"
