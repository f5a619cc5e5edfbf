"""Frames of the bridge's socket: four bytes of length, big-endian, then one JSON object."""

from __future__ import annotations

import json
from typing import Any

LARGEST = 4 * 1024 * 1024
HEAD = 4


class TooLarge(ValueError):
    """A frame announces more than a frame may have."""


class Frames:
    """What has arrived of a stream of frames; a torn frame is kept until its rest comes."""

    def __init__(self) -> None:
        self._held = bytearray()

    def push(self, data: bytes) -> list[bytes]:
        """
        Take bytes as they came and give the frames that are now whole.

        :raises TooLarge: the next frame would be empty or have more than 4 MiB.
        """
        self._held += data
        frames = []
        at = 0
        while len(self._held) - at >= HEAD:
            length = int.from_bytes(self._held[at : at + HEAD], "big")
            if not 0 < length <= LARGEST:
                raise TooLarge(
                    f"a frame of {length} bytes; expected 1 to {LARGEST}; split the batch"
                )
            if len(self._held) - at - HEAD < length:
                break
            frames.append(bytes(self._held[at + HEAD : at + HEAD + length]))
            at += HEAD + length
        del self._held[:at]
        return frames


def framed(message: dict[str, Any]) -> bytes:
    """Give a message as it goes over the socket."""
    body = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
    return len(body).to_bytes(HEAD, "big") + body
