"""What the engine says about itself and about those it listens to, as events of the bridge."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from saltext.eos.events import table
from saltext.eos.utils.bridge_tag import tag_of
from saltext.eos.utils.moments import moment


class Said(NamedTuple):
    """
    One thing to say.

    :param mark: what makes this occurrence unlike every other of its verb and source.
    """

    verb: str
    source: str
    cause: str
    detail: str
    mark: str
    first: int | None = None
    last: int | None = None
    amount: int = 0


def alarm(cause: str, mark: str, detail: str) -> Said:
    """Say what happened to the engine itself."""
    return Said("alarm", "bridge", cause, detail, mark)


def envelope(said: Said, epoch: str, seq: int) -> dict[str, Any]:
    """
    Make the event.

    :param epoch: the engine's own epoch, within which ``seq`` counts.
    """
    subject = {"source": said.source}
    now = moment(time.time())
    return {
        "schema": 1, "id": f"b:{said.source}:{said.verb}:{said.mark}", "seq": seq, "epoch": epoch,
        "event": "bridge", "verb": said.verb, "tag": tag_of("bridge", said.verb, subject),
        "severity": table.TABLE["bridge"]["verbs"][said.verb]["severity"], "origin": "self",
        "replay": False, "source": {"kind": "bridge", "name": "bridge", "epoch": epoch, "index": 0},
        "time": {"occurred": now, "observed": now, "clock": "sidecar"},
        "subject": subject, "verdict": {"cause": said.cause, "detail": said.detail},
        "change": {"from": said.first, "to": said.last, "count": said.amount},
        "links": {"ids": []}, "related": [], "coalesced": 0, "settled": True, "evidence": [],
    }  # fmt: skip
