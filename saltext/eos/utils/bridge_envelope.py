"""Whether an envelope is one: its own keys here, its payload by the check of its event."""

from __future__ import annotations

import re
from typing import Any

from saltext.eos.events import table
from saltext.eos.utils.misfit import is_flag, is_list_of, is_text, is_whole, keys, one_of, wrong

SCHEMA = 1
SEVERITIES = ("info", "notice", "warning", "critical")
ORIGINS = ("stream", "resync", "audit", "self", "beacon")
CLOCKS = ("client", "server", "sidecar")
LONGEST_ID = 2_000
KEYS = frozenset(
    (
        "schema", "id", "seq", "epoch", "event", "verb", "tag", "severity", "origin", "replay",
        "source", "time", "subject", "verdict", "change", "links", "related", "coalesced",
        "settled", "evidence",
    )
)  # fmt: skip
TIME = frozenset(("occurred", "observed", "clock"))
SOURCE = frozenset(("kind", "name", "epoch", "index"))
SOURCE_TOO = frozenset(("topic", "type", "server"))
TAG = re.compile(r"[A-Za-z0-9_.%@-]+(?:/[A-Za-z0-9_.%@-]*)*")


def problem(envelope: dict[str, Any]) -> str | None:
    """
    Say what keeps an envelope out of the inbox; None when nothing does.

    Epoch and number are the protocol's, not looked at here.
    """
    if envelope.keys() != KEYS:
        return keys("envelope", KEYS, envelope)
    return _head(envelope) or _source(envelope["source"]) or _time(envelope["time"]) or (
        table.problem(envelope) or _rest(envelope)
    )  # fmt: skip


def tail(envelope: dict[str, Any]) -> str:
    """Give what a tag says of the subject."""
    return str(envelope["tag"])[len(envelope["event"]) + len(envelope["verb"]) + 6 :]


def alloc(envelope: dict[str, Any]) -> str | None:
    """Give the Nomad allocation that an envelope is about, if any."""
    return envelope["subject"].get("alloc") or envelope["links"].get("alloc") or None


def _head(envelope: dict[str, Any]) -> str | None:
    if envelope["schema"] != SCHEMA:
        return wrong("schema", str(SCHEMA), envelope["schema"])
    value = envelope["id"]
    if not is_text(value) or not 0 < len(value) <= LONGEST_ID:
        return wrong("id", f"text of 1 to {LONGEST_ID} characters", value)
    if (value := envelope["origin"]) not in ORIGINS:
        return wrong("origin", one_of(ORIGINS), value)
    if envelope["replay"] is not False:
        return wrong("replay", "false", envelope["replay"])
    return None


def _source(source: Any) -> str | None:
    if not isinstance(source, dict) or not SOURCE <= source.keys() <= SOURCE | SOURCE_TOO:
        return keys("source", SOURCE, source)
    for name, value in source.items():
        if name == "index":
            if not is_whole(value) or value < 0:
                return wrong("source.index", "a whole number from 0 on", value)
        elif not is_text(value):
            return wrong(f"source.{name}", "text", value)
    return None


def _time(time: Any) -> str | None:
    if not isinstance(time, dict) or time.keys() != TIME:
        return keys("time", TIME, time)
    if (value := time["occurred"]) is not None and not is_text(value):
        return wrong("time.occurred", "text or null", value)
    if not is_text(value := time["observed"]):
        return wrong("time.observed", "text", value)
    if (value := time["clock"]) not in CLOCKS:
        return wrong("time.clock", one_of(CLOCKS), value)
    return None


def _rest(envelope: dict[str, Any]) -> str | None:
    event, verb = envelope["event"], envelope["verb"]
    # Not held to the declaration: a fact may have waited in a journal since the build before.
    if (value := envelope["severity"]) not in SEVERITIES:
        return wrong("severity", one_of(SEVERITIES), value)
    tag = envelope["tag"]
    if type(tag) is not str or not tag.startswith(f"eos/{event}/{verb}/") or not TAG.fullmatch(tag):
        return wrong("tag", f"eos/{event}/{verb}/… of letters, digits and _.%@-", tag)
    if envelope["related"] != []:
        return wrong("related", "an empty list, which the engine fills", envelope["related"])
    if not is_whole(value := envelope["coalesced"]) or value < 0:
        return wrong("coalesced", "a whole number from 0 on", value)
    if not is_flag(value := envelope["settled"]):
        return wrong("settled", "true or false", value)
    if not is_list_of(is_text, value := envelope["evidence"]):
        return wrong("evidence", "a list of text", value)
    return None
