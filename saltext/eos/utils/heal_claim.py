"""
The claim: what an orchestration does before anything else, and what makes its act rightful.

Each is one transaction on the healer's file. Whatever cannot be proved is refused: an event on the
bus, whoever fired it, is never a reason to act.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from saltext.eos.policies import table
from saltext.eos.utils import heal_audit, heal_clock, heal_command, heal_file, heal_store
from saltext.eos.utils.heal_state import FREEZE, renamed

# Refused claims that the audit takes in an hour: whoever forges more is known by then.
MOST_REFUSED = 200
HOUR = 3600.0
# A refusal that people have to look into, and one of a true decision that only came too late.
REFUSED, LATE = "claim_refused", "claim_late"
# How long after the healer fired again an orchestration may still start.
STARTS_WITHIN = 600.0


class Refused(RuntimeError):
    """
    The decision was not claimed, so nothing may be done.

    :param why: the reason alone.
    """

    def __init__(self, message: str, why: str = "") -> None:
        super().__init__(message)
        self.why = why or message


def claim(
    path: Path, decision: str, action: str, who: Mapping[str, Any],
    read: Callable[[], heal_clock.Reading] = heal_clock.read,
) -> dict[str, Any]:  # fmt: skip
    """
    Claim a decision for one act, once.

    :param decision: its id.
    :param action: what is about to be done.
    :param who: ``jid``, ``pid`` and ``user`` of the orchestration.
    :return: the subject of the decision, the only thing to act upon.
    :raises Refused: it was never decided, is for another action, is over, claimed or frozen.
    :raises Unusable: the state cannot be trusted.
    """
    with contextlib.closing(heal_file.opened(path, is_thorough=False)) as db:
        try:
            return _claimed(db, decision, action, dict(who), read())
        except (sqlite3.Error, ValueError, KeyError, TypeError) as err:
            raise heal_file.Unusable(f"{path} cannot be trusted: {err}; nothing is done") from err


def _claimed(
    db: sqlite3.Connection, decision: str, action: str, who: dict[str, Any],
    reading: heal_clock.Reading,
) -> dict[str, Any]:  # fmt: skip
    with heal_store.transaction(db):
        row, now, epoch = _looked_up(db, decision, reading)
        why = _why_not(db, row, action, now)
        if not why:
            by = {**who, "epoch": epoch}
            db.execute(
                "UPDATE decisions SET state = 'claimed', claim = ? WHERE id = ?",
                (json.dumps(by, sort_keys=True), decision),
            )
            body = {"t": now, "decision": decision, "action": action, "by": by}
            heal_audit.append(db, reading.wall, [("claimed", body)])
        else:
            kind = _kind(db, row, action, now, epoch)
            _note_refused(db, decision, action, who, why, now, reading.wall, kind)
    if why:
        raise Refused(f"decision {decision[:80]} is not claimed: {why}", why)
    return json.loads(row[6])


def refuse(
    path: Path, decision: str, action: str, who: Mapping[str, Any], why: str,
    read: Callable[[], heal_clock.Reading] = heal_clock.read,
) -> None:  # fmt: skip
    """
    Note that something asked for an act and had no right to, so that people see who did.

    :raises Unusable: the state cannot be trusted.
    """
    with contextlib.closing(heal_file.opened(path, is_thorough=False)) as db:
        reading = read()
        try:
            with heal_store.transaction(db):
                row, now, epoch = _looked_up(db, decision, reading)
                kind = _kind(db, row, action, now, epoch)
                _note_refused(db, decision, action, who, why, now, reading.wall, kind)
        except (ValueError, KeyError, TypeError) as err:
            raise heal_file.Unusable(f"{path} cannot be trusted: {err}; nothing is done") from err


def _note_refused(
    db: sqlite3.Connection, decision: str, action: str, who: Mapping[str, Any], why: str,
    now: float, wall: float, kind: str,
) -> None:  # fmt: skip
    if _refusals(db, wall, kind) < MOST_REFUSED:
        body = {"t": now, "decision": decision[:80], "action": action[:80], "by": dict(who),
                "why": why}  # fmt: skip
        heal_audit.append(db, wall, [(kind, body)])


def foretold(
    path: Path, decision: str, action: str,
    read: Callable[[], heal_clock.Reading] = heal_clock.read,
) -> dict[str, Any]:  # fmt: skip
    """
    Say what a claim at this moment would give, and claim nothing.

    :raises Refused: it would be refused.
    :raises Unusable: the state cannot be trusted.
    """
    with contextlib.closing(heal_file.opened(path, is_thorough=False)) as db:
        try:
            reading = read()
            row, now, _ = _looked_up(db, decision, reading)
            why = _why_not(db, row, action, now)
        except (sqlite3.Error, ValueError, KeyError, TypeError) as err:
            raise heal_file.Unusable(f"{path} cannot be trusted: {err}; nothing is done") from err
    if why:
        raise Refused(f"decision {decision[:80]} would not be claimed: {why}", why)
    return json.loads(row[6])


def _looked_up(
    db: sqlite3.Connection, decision: str, reading: heal_clock.Reading
) -> tuple[Any, float, int]:
    now = heal_clock.after(heal_clock.unpacked(heal_file.meta(db, heal_store.CLOCK)), reading).now
    row = db.execute(
        "SELECT action, state, created, expires, epoch, claim, subject, body, input_hash "
        "FROM decisions WHERE id = ?", (decision,),
    ).fetchone()  # fmt: skip
    return row, now, int(heal_file.meta(db, heal_store.EPOCH) or 0)


def _why_not(db: sqlite3.Connection, row: Any, action: str, now: float) -> str:
    if row is None:
        return "it was never decided"
    wanted, state, created, expires, owner, by, _, body, input_ = row
    if wanted != action:
        return f"it is for {wanted}"
    if state != "decided" or by is not None:
        return f"it is {state} already; a decision is for one act"
    if not created <= now < expires:
        return "its time is over"
    return fenced(db, owner, now) or stopped(db, names_of(json.loads(body)), input_, now)


def fenced(db: sqlite3.Connection, owner: Any, now: float) -> str:
    """
    Say why this master may not act any more; empty while it may.

    :param owner: epoch of the lease under which it was decided.
    """
    lease = heal_file.meta(db, heal_store.LEASE)
    if lease is not None and now >= float(lease):
        return "this master may not act: its lease has ended"
    epoch = int(heal_file.meta(db, heal_store.EPOCH) or 0)
    if owner != epoch:
        return f"it is of epoch {owner}; the lease has epoch {epoch}"
    return ""


def names_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the names of a decision: also those that it was given none of when it was decided."""
    return renamed(table.TABLE, body["names"], body["subject"])


def stopped(db: sqlite3.Connection, names: Sequence[str], input_: str | None, now: float) -> str:
    """
    Say what stops healing of what goes by these names; empty when nothing does.

    :param input_: hash of what is acted on; None where that is not known, so that any may be.
    """
    names = [*names, "stack"]
    marks = ",".join("?" * len(names))
    rules = db.execute(
        f"SELECT kind, by, reason FROM rules WHERE what IN ({marks}) "  # noqa: S608 - marks only
        "AND kind IN (?,'suspend','hold') AND (input = '' OR input = coalesce(?, input)) "
        "AND (until IS NULL OR until > ?)",
        (*names, FREEZE, input_, now),
    ).fetchone()
    if rules is not None:
        return f"{rules[0]} by {rules[1]}: {rules[2]}"
    for who, text in db.execute("SELECT by, body FROM commands"):
        command = json.loads(text)
        if command.get("verb") in heal_command.PUTS and command.get("what") in names:
            return f"{command['verb']} by {who}: {command.get('reason')}"
    return ""


def _kind(db: sqlite3.Connection, row: Any, action: str, now: float, epoch: int) -> str:
    """Tell what nobody may ask for from a decision of the healer that a person, or time, stops."""
    if row is None or row[0] != action or row[1] == "would" or row[4] != epoch:
        return REFUSED
    body = json.loads(row[7])
    if body["fired"] > 1 and now < body["fired_at"] + STARTS_WITHIN:
        return LATE
    is_stopped = fenced(db, row[4], now) or stopped(db, names_of(body), row[8], now)
    return LATE if row[1] == "decided" and is_stopped else REFUSED


def _refusals(db: sqlite3.Connection, wall: float, kind: str) -> int:
    return int(
        db.execute(
            "SELECT count(*) FROM audit WHERE kind = ? AND at > ?", (kind, wall - HOUR)
        ).fetchone()[0]
    )


def tell(
    path: Path, body: Mapping[str, Any], by: str,
    read: Callable[[], heal_clock.Reading] = heal_clock.read,
) -> int:  # fmt: skip
    """
    Append a command; a freeze, a suspension and a hold count for claims from this moment.

    :param body: see :func:`heal_command.checked`.
    :param by: who gives it.
    :return: its number.
    :raises heal_command.Refused: it cannot be meant.
    :raises Unusable: the state cannot be trusted; then nothing acts anyway.
    """
    text = json.dumps(heal_command.checked(body), sort_keys=True, allow_nan=False)
    with contextlib.closing(heal_file.opened(path, is_thorough=False)) as db:
        try:
            with heal_store.transaction(db):
                row = db.execute(
                    "INSERT INTO commands VALUES (NULL,?,?,?)", (read().wall, by, text)
                )
                return int(row.lastrowid or 0)
        except sqlite3.Error as err:
            raise heal_file.Unusable(f"{path} cannot be written: {err}") from err
