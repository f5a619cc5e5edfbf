"""What the healer's files tell for metrics: read beside the engine, and never written."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.utils import (
    bridge_report,
    heal_audit,
    heal_clock,
    heal_file,
    heal_notify_channel,
    heal_status,
    heal_store,
)
from saltext.eos.utils.heal_state import DEEDS
from saltext.eos.utils.inbox_read import Reader

OUTCOMES = (
    "decided", "would", "claimed", "done", "failed", "not_needed", "not_begun", "expired",
)  # fmt: skip
RULES = ("freeze", "suspend", "hold", "suspect", "contended")
CHECKS = (
    "debounce", "own", "complete", "layer_below", "still_wrong", "required", "frozen", "suspended",
    "mass_failure", "contended", "breaker", "cool_down", "attempts", "blast", "bucket",
)  # fmt: skip


class Followed:
    """
    Counts of what the audit says, from the start of this process on, each line checked.

    :param path: the healer's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number: int | None = None
        self._actions: dict[str, str] = {}
        self.is_verified = False
        self.decisions: Counter[tuple[str, str]] = Counter()
        self.kinds: Counter[str] = Counter()
        self.lines = 0

    def turn(self) -> None:
        """Follow; what is not what was written is said by ``is_verified``, until it is."""
        try:
            with contextlib.closing(opened(self._path)) as db:
                db.execute("BEGIN")
                if self._number is None:
                    for line in heal_audit.verified(db):
                        self._learn(line)
                    self._number = heal_audit.end(db)[0]
                else:
                    for line in heal_audit.verified(db, self._number):
                        self._learn(line)
                        self._count(line)
                        self._number = line.n
                self.lines = self._number or 0
            self.is_verified = True
        except (heal_audit.Broken, sqlite3.Error, OSError, ValueError, KeyError):
            self.is_verified = False

    def _learn(self, line: heal_audit.Line) -> None:
        """Remember what an open decision is for: its result does not say it again."""
        if line.kind in ("decided", "would"):
            self._actions[line.body["decision"]] = line.body["action"]
        if line.kind in ("result", "expired", "would") and len(self._actions) > 1_000:
            del self._actions[next(iter(self._actions))]

    def _count(self, line: heal_audit.Line) -> None:
        self.kinds[line.kind] += 1
        outcome = line.kind
        if outcome == "result":
            is_begun = line.body.get("begun") is not False
            found = ("failed", "done") if is_begun else ("not_begun", "not_needed")
            outcome = found[bool(line.body.get("ok"))]
        if outcome in OUTCOMES:
            action = line.body.get("action") or self._actions.get(line.body["decision"], "")
            if action in DEEDS:
                self.decisions[action, outcome] += 1


def opened(path: Path) -> sqlite3.Connection:
    """
    Open the healer's file to read it.

    :raises OSError: it is not there.
    """
    path.stat()
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=5)


def standing(path: Path) -> dict[str, Any]:
    """
    Tell how healing stands; empty where the file does not tell.

    :return: ``waiting`` by check, ``incidents`` open, ``unclaimed`` decisions, ``rules`` by kind,
        ``breakers`` open.
    """
    try:
        with contextlib.closing(opened(path)) as db:
            db.execute("BEGIN")
            last = heal_clock.unpacked(heal_file.meta(db, heal_store.CLOCK))
            now = heal_clock.after(last, heal_clock.read()).now
            whys = [
                str(why).partition(":")[0]
                for (why,) in db.execute("SELECT why FROM incidents WHERE state <> 'closed'")
            ]
            rules = db.execute(
                "SELECT kind, count(*) FROM rules WHERE until IS NULL OR until > ? GROUP BY kind",
                (now,),
            ).fetchall()
            # What modes observe and warn only said opens breakers of its own.
            bodies = db.execute("SELECT body FROM keys WHERE key GLOB 'act:*'").fetchall()
            keys = [json.loads(body) for (body,) in bodies]
            unclaimed = db.execute(
                "SELECT count(*) FROM decisions WHERE state = 'decided' AND fired > 1"
            ).fetchone()[0]
    except (sqlite3.Error, OSError, ValueError, KeyError, TypeError):
        return {}
    return {
        "incidents": len(whys), "waiting": Counter(one for one in whys if one in CHECKS),
        "rules": dict(rules), "unclaimed": int(unclaimed),
        "breakers": sum(
            one.get("breaker") == "open" and one.get("breaker_until", 0.0) > now for one in keys
        ),
    }  # fmt: skip


def status(home: Path) -> heal_status.Status | None:
    """Give what the engine last said of itself; None where it says nothing that can be read."""
    try:
        return heal_status.read(home / heal_status.NAME)
    except (OSError, ValueError, TypeError):
        return None


def notified(home: Path) -> dict[str, Any]:
    """Tell how each channel of notification is."""
    return heal_notify_channel.standing(home)


def bridge(inbox: Path) -> dict[str, Any]:
    """
    Tell how the bridge is, without which the healer knows nothing; empty where that is not known.

    :return: ``problems``, ``silent`` sources, and the number of the newest fact as ``row``.
    """
    try:
        reader = Reader(inbox)
    except SaltRunnerError:
        return {}
    try:
        problems = bridge_report.report(reader, time.time())["problems"]
        return {
            "problems": len(problems), "silent": len(reader.silences()), "row": reader.last_row()
        }  # fmt: skip
    except (sqlite3.Error, SaltRunnerError, ValueError, KeyError):
        return {}
    finally:
        reader.close()
