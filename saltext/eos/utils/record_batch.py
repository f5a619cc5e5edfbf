"""Records on their way to the master: signed once, repeated with growing pauses."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Record = dict[str, Any]

MOST = 50
LARGEST = 120_000
LONGEST_PAUSE = 60.0
# How often a beacon says that it is there, whether it has something to tell or not.
BEAT_EVERY = 60.0
BEAT = "alive"


class Outbox:
    """
    The batch that is being sent.

    :param beacon: its name; a batch is for nothing that another beacon tells.
    :param minion: id of this minion.
    :param key: its private key, ``minion.pem``.
    """

    def __init__(self, beacon: str, minion: str, key: Path) -> None:
        self._beacon = beacon
        self._minion = minion
        self._path = key
        self._key: rsa.RSAPrivateKey | None = None
        self._stamp: tuple[int, int] | None = None
        self._sent: tuple[int, int] | None = None
        self._event: dict[str, Any] = {}
        self._pause = 0.0
        self._due = 0.0
        # At once: Salt opens a beacon anew whenever the pillar is refreshed.
        self._beat_due = -math.inf

    def due(self, records: list[Record], boot: str, now: float) -> dict[str, Any] | None:
        """
        Give the event to send in this pass, if any.

        Always from the first unacknowledged record on, so that a lost message leaves no hole.
        New records go out at once; the same ones again after 1, 2, 4 … 60 seconds, with the bytes
        that were signed the first time.

        :param now: seconds of a clock that does not jump.
        """
        if not records:
            self._sent, self._event = None, {}
            return None
        chosen = _fitting(records)
        span = (chosen[0]["n"], chosen[-1]["n"])
        if span != self._sent:
            self._event = self._signed(chosen, boot)
            self._sent, self._pause = span, 1.0
        elif now < self._due:
            return None
        else:
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._due = now + self._pause
        return dict(self._event)

    def beat(self, boot: str, now: float, wall: float) -> dict[str, Any] | None:
        """
        Give the sign of life that is due in this pass, if any: signed, and never the same twice.

        :param now: seconds of a clock that does not jump within a boot.
        :param wall: seconds since 1970, by which the master tells it from a recorded one.
        """
        if now < self._beat_due:
            return None
        self._beat_due = now + BEAT_EVERY
        return self._signed([], boot, {"beat": int(wall * 1000)})

    def _signed(
        self, records: list[Record], boot: str, more: dict[str, int] | None = None
    ) -> dict[str, Any]:
        content = {
            "beacon": self._beacon,
            "minion": self._minion,
            "boot": boot,
            "records": records,
            "sent": records[-1]["occurred"] if records else "",
            **(more or {}),
        }
        batch = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        signature = self._private().sign(batch.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {
            "schema": 1,
            "minion": self._minion,
            "batch": batch,
            "signature": base64.b64encode(signature).decode("ascii"),
            "tag": records[0]["kind"] if records else BEAT,
        }

    def _private(self) -> rsa.RSAPrivateKey:
        """Read the key again only when its file changed; Salt made it, so it is not proved anew."""
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        if self._key is None or stamp != self._stamp:
            key = serialization.load_pem_private_key(
                self._path.read_bytes(), None, unsafe_skip_rsa_key_validation=True
            )
            if not isinstance(key, rsa.RSAPrivateKey):
                raise ValueError(f"{self._path} is no RSA key; expected the minion's own key")
            self._key, self._stamp = key, stamp
        return self._key


def _fitting(records: list[Record]) -> list[Record]:
    chosen: list[Record] = []
    size = 0
    for record in records[:MOST]:
        size += len(json.dumps(record))
        if chosen and size > LARGEST:
            break
        chosen.append(record)
    return chosen
