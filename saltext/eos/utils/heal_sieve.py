"""
What the reactor lets through: decisions that can be claimed at this moment, and nothing else.

An orchestration costs a second of the master's processor, and anybody who is heard on the bus can
fire its event: without this, two hundred invented ones held a true decision back for 90 s
(measured). The claim proves everything again; this only keeps the road free.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saltext.eos.utils import heal_claim, heal_clock, heal_file

log = logging.getLogger(__name__)

DECISION = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
SENDER = re.compile(r"[A-Za-z0-9_.@-]{1,128}")


def passed(opts: Mapping[str, Any], tag: str, data: Any) -> str | None:
    """
    Give the decision that an event is about; None for what has nothing to start.

    What is refused gets a line in the audit, up to a number in an hour. The line names who sent the
    event so far as the event says so itself: Salt proves it for no event.

    :param opts: options of the master.
    :param data: of the event, as a reactor is given it.
    """
    sent = data.get("data") or data if isinstance(data, Mapping) else None
    decision = sent.get("decision") if isinstance(sent, Mapping) else None
    action = tag.rpartition("/")[2]
    path = heal_file.path_of(opts)
    by = {"event": tag, "told_by": _sender(data)}
    if not isinstance(decision, str) or not DECISION.fullmatch(decision):
        log.warning("event %s of %s names no decision; nothing is started", tag, by["told_by"])
        _note(path, "-", action, by, "its event names no decision")
        return None
    try:
        heal_claim.foretold(path, decision, action)
    except heal_claim.Refused as err:
        log.warning("%s (event of %s)", err, by["told_by"])
        _note(path, decision, action, by, err.why)
        return None
    except (heal_file.Unusable, sqlite3.Error) as err:
        log.critical("EOS713 decision %s is not started: %s", decision, err)
        return None
    return decision


def _note(path: Path, decision: str, action: str, by: Mapping[str, Any], why: str) -> None:
    with contextlib.suppress(heal_file.Unusable, sqlite3.Error):
        heal_claim.refuse(path, decision, action, by, why, heal_clock.read)


def _sender(data: Any) -> str:
    sender = data.get("id") if isinstance(data, Mapping) else None
    if isinstance(sender, str) and SENDER.fullmatch(sender):
        return sender
    return "nobody it names"
