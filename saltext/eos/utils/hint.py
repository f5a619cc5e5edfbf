"""
What a minion says in its own name, and nobody else's.

Any minion can fire any tag, and an event that came in a list bears no sender
(``salt.daemons.masterapi.RemoteFuncs._minion_event``). So a record counts only when its batch is
signed with the key that the master has accepted for the minion of the tag.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from saltext.eos.events import table
from saltext.eos.utils import bridge_envelope, bridge_json
from saltext.eos.utils.bridge_tag import tag_of
from saltext.eos.utils.misfit import is_text, is_whole

TAG = re.compile(r"salt/beacon/([^/]{1,255})/(eos_[a-z]+)/[a-z_]+")
# Twice what a beacon sends at most: record_batch.
LARGEST = 1 << 18
# A sign of life holds nothing but its names and a number.
LARGEST_SIGN = 2_048
# What each beacon may tell. Of the first one older batches do not say whose they are.
OOM = "eos_oom"
EVENTS = {
    OOM: ("kernel/oom", "kernel/oomd"),
    "eos_host": ("host/unit", "host/disk", "host/certificate", "host/token", "vault/seal"),
}
RECORD = frozenset(
    (
        "n", "boot", "kind", "event", "verb", "subject", "verdict", "change", "links", "mark",
        "occurred", "evidence",
    )
)  # fmt: skip


class Doubt(Exception):
    """Why an event is not believed; ``minion`` is whom it spoke of, if the master knows it."""

    def __init__(self, minion: str | None, reason: str) -> None:
        super().__init__(reason)
        self.minion = minion


class Signed(NamedTuple):
    """Text that a minion has signed, not yet looked into."""

    minion: str
    text: str
    beacon: str = OOM


class Batch(NamedTuple):
    """
    What a minion has signed.

    :param beat: of a sign of life: when it was signed, in milliseconds since 1970 of its minion's
        clock; None for any other batch.
    """

    minion: str
    boot: str
    records: list[dict[str, Any]]
    beacon: str = OOM
    beat: int | None = None

    def source(self) -> str:
        """Name whom its silence would be about, as the source of its events is named."""
        return f"{'kernel' if self.beacon == OOM else 'host'}:{self.minion}"

    def book(self) -> str:
        """Name the numbers that its records go by: each beacon counts its own."""
        return self.minion if self.beacon == OOM else f"{self.minion}/{self.beacon}"


def signed(tag: str, data: Any, keys: Path) -> Signed | None:
    """
    Find out whose a beacon's event is.

    :param keys: folder with the public keys of accepted minions.
    :return: None when the tag is not the beacon's.
    :raises Doubt: it is not believed.
    """
    found = TAG.fullmatch(tag)
    if not found or found[2] not in EVENTS:
        _refuse_ours(tag, data, keys)
        return None
    minion = found[1]
    if not _is_accepted(minion, keys):
        raise Doubt(None, "the tag names a minion that the master has not accepted")
    if not isinstance(data, dict) or data.get("minion") != minion:
        raise Doubt(minion, "the event names another minion than its tag")
    text, signature = data.get("batch"), data.get("signature")
    if not isinstance(text, str) or not isinstance(signature, str) or len(text) > LARGEST:
        raise Doubt(minion, "the event is not signed")
    try:
        _verify(minion, (keys / minion).read_bytes(), text, signature)
    except OSError as err:
        raise Doubt(minion, f"the minion's key cannot be read: {err}") from err
    return Signed(minion, text, found[2])


def batch(one: Signed) -> Batch:
    """
    Read what a minion has signed.

    :raises Doubt: it holds no records of that minion.
    """
    minion = one.minion
    try:
        said = bridge_json.message(one.text.encode())
    except bridge_json.NoJson as err:
        raise Doubt(minion, f"the signed batch cannot be read: {err}") from err
    records = said.get("records")
    if said.get("minion") != minion or not is_text(said.get("boot")):
        raise Doubt(minion, "the signed batch is of another minion, or names no boot")
    if said.get("beacon", OOM) != one.beacon:
        raise Doubt(minion, "the signed batch is of another beacon than its tag")
    if not isinstance(records, list) or not all(_is_record(one) for one in records):
        raise Doubt(minion, "the signed batch holds what is no record")
    beat = said.get("beat")
    if beat is not None and not is_whole(beat):
        raise Doubt(minion, "the signed batch has a sign of life without a number")
    if beat is not None and records:
        raise Doubt(minion, "the signed batch has records and is a sign of life at once")
    return Batch(minion, said["boot"], sorted(records, key=lambda one: one["n"]), one.beacon, beat)


def beat_of(one: Signed) -> int | None:
    """Give when a sign of life was signed, whatever its tag says; None for any other batch."""
    if len(one.text) > LARGEST_SIGN:
        return None
    try:
        return batch(one).beat
    except Doubt:
        # Whoever takes it says so.
        return None


def _refuse_ours(tag: str, data: Any, keys: Path) -> None:
    """
    Only the engine fires ``eos/…``; what a minion fires under it counts against the minion.

    Gates announce themselves under ``eos/run/``, for observers; nothing is concluded from that.
    """
    claimed = data.get("id") if isinstance(data, dict) else None
    if not tag.startswith("eos/") or tag.startswith("eos/run/") or not isinstance(claimed, str):
        return
    raise Doubt(claimed if _is_accepted(claimed, keys) else None, "it fires eos/… itself")


def accepted(keys: Path) -> Callable[[str], bool]:
    """Give what tells whether the master accepts a minion now."""
    return lambda minion: _is_accepted(minion, keys)


def _is_accepted(minion: str, keys: Path) -> bool:
    if "/" in minion or minion.startswith("."):
        return False
    try:
        return (keys / minion).is_file()
    except (OSError, ValueError):
        # A name that no file can have.
        return False


def id_of(minion: str, record: dict[str, Any]) -> str:
    """Give the id of a record's event: equal however often it is told."""
    event = record["event"]
    if event in EVENTS[OOM]:
        return f"k:{minion}:{record['boot']}:{record['mark']}"
    return f"h:{minion}:{event.rpartition('/')[2]}:{record['verb']}:{record['mark']}"


def envelope(minion: str, record: dict[str, Any], epoch: str, seq: int) -> dict[str, Any]:
    """
    Make the event of a record.

    :param epoch: the engine's own epoch, within which ``seq`` counts.
    """
    event, verb = record["event"], record["verb"]
    boot = record["boot"]
    kind = "kernel" if event in EVENTS[OOM] else "host"
    moment = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
    return {
        "schema": 1, "id": id_of(minion, record), "seq": seq, "epoch": epoch,
        "event": event, "verb": verb, "tag": tag_of(event, verb, record["subject"]),
        "severity": table.TABLE[event]["verbs"][verb]["severity"], "origin": "beacon",
        "replay": False,
        "source": {
            "kind": kind, "name": f"{kind}:{minion}", "epoch": boot, "index": record["n"],
        },
        "time": {
            "occurred": record["occurred"], "observed": f"{stamp}.{int(moment % 1 * 1000):03d}Z",
            "clock": "client",
        },
        "subject": record["subject"], "verdict": record["verdict"], "change": record["change"],
        "links": record["links"], "related": [], "coalesced": 0, "settled": True,
        "evidence": record["evidence"],
    }  # fmt: skip


def problem(
    minion: str, record: dict[str, Any], made: dict[str, Any] | None, beacon: str = OOM
) -> str | None:
    """Say what in a record does not fit; None when everything does."""
    if record["event"] not in EVENTS[beacon]:
        return f"event: expected one of {', '.join(EVENTS[beacon])}; found {record['event']!r}"
    if record["event"] not in table.TABLE:
        return f"event: expected one that this wheel declares; found {record['event']!r}"
    if record["verb"] not in table.TABLE[record["event"]]["verbs"]:
        return f"verb: expected a verb of {record['event']}; found {record['verb']!r}"
    if not isinstance(record["subject"], dict) or record["subject"].get("minion") != minion:
        return "subject.minion: expected the minion that signed"
    return None if made is None else bridge_envelope.problem(made)


def _is_record(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and one.keys() == RECORD
        and is_whole(one["n"])
        and one["n"] > 0
        and all(is_text(one[name]) for name in ("boot", "mark", "event", "verb"))
    )


def _verify(minion: str, pem: bytes, text: str, signature: str) -> None:
    try:
        key = serialization.load_pem_public_key(pem)
        if not isinstance(key, rsa.RSAPublicKey):
            raise Doubt(minion, "the master's key of that minion is no RSA key")
        raw = base64.b64decode(signature, validate=True)
        # Half a surrogate pair has no bytes to sign; that is a ValueError too.
        key.verify(raw, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, binascii.Error) as err:
        raise Doubt(minion, "the signature is not by that minion's accepted key") from err
