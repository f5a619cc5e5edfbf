"""A sidecar's end of the bridge's socket, as small as it can be."""

from __future__ import annotations

import json
import socket
import time

from saltext.eos.utils import bridge_skew

CHECKPOINT = {
    "subject": {"source": "bridge"},
    "verdict": {"cause": "time", "detail": ""},
    "change": {"from": 0, "to": 1, "count": 1},
    "links": {"ids": []},
}


def framed(message) -> bytes:
    """Give a message, or bytes that pretend to be one, as a frame."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return len(body).to_bytes(4, "big") + body


def envelope(number: int, of: str = "test-00000001", /, **changed) -> dict:
    """Give an envelope that the engine accepts: a checkpoint, as far as nothing is changed."""
    event, verb = changed.get("event", "bridge"), changed.get("verb", "checkpoint")
    made = {
        "schema": 1,
        "epoch": of,
        "seq": number,
        "id": f"b:{of}:{number}",
        "event": event,
        "verb": verb,
        "tag": f"eos/{event}/{verb}/bridge",
        "severity": "info",
        "origin": "self",
        "replay": False,
        "source": {"kind": "bridge", "name": "bridge", "epoch": "test", "index": 0},
        "time": {
            "occurred": "2026-11-20T09:10:11.000Z",
            "observed": "2026-11-20T09:10:11.402Z",
            "clock": "sidecar",
        },
        **CHECKPOINT,
        "related": [],
        "coalesced": 0,
        "settled": True,
        "evidence": [],
    }
    return {**made, **changed}


def batch(*envelopes: dict) -> dict:
    """Give a batch of envelopes."""
    return {"kind": "batch", "events": list(envelopes)}


def compact(events: list[dict]) -> bytes:
    """Give a batch as the sidecar writes it: without spaces, kind first."""
    body = json.dumps(batch(*events), separators=(",", ":"), ensure_ascii=False).encode()
    return len(body).to_bytes(4, "big") + body


class Feeder:
    """
    One connection to the engine.

    :param path: its socket.
    :param within: seconds in which the socket has to be there.
    """

    def __init__(self, path, epoch: str = "test-00000001", within: float = 30) -> None:
        self.epoch = epoch
        self._held = b""
        self._socket = _connected(str(path), within)
        self._socket.settimeout(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Say bytes."""
        self._socket.sendall(data)

    def say(self, message) -> None:
        """Say one frame."""
        self.send(framed(message))

    def hear(self):
        """Give the next message; None when the engine has hung up."""
        while True:
            if len(self._held) >= 4:
                length = int.from_bytes(self._held[:4], "big")
                if len(self._held) >= 4 + length:
                    body, self._held = self._held[4 : 4 + length], self._held[4 + length :]
                    return json.loads(body)
            try:
                data = self._socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._held += data

    def greet(self, role: str = "active", **changed):
        """Say hello and give the answer."""
        hello = {
            "kind": "hello",
            "protocol": 1,
            "schema": 1,
            "instance": "test",
            "epoch": self.epoch,
            "version": "0.1.0",
            "role": role,
            "contract": bridge_skew.mine(),
        }
        self.say({**hello, **changed})
        return self.hear()

    def take(self, *envelopes: dict):
        """Send a batch and give the answer."""
        self.say(batch(*envelopes))
        return self.hear()


def _connected(path: str, within: float) -> socket.socket:
    ends = time.monotonic() + within
    while True:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            link.close()
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)
            continue
        return link
