"""
What an orchestration notes about the decision that it has claimed: that it acts, what came of it.

Each is one transaction on the healer's file, and only for the orchestration that made the claim:
the same job in the same process. So a decision is acted on once, whoever asks and however often.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from saltext.eos.utils import heal_audit, heal_claim, heal_clock, heal_file, heal_store
from saltext.eos.utils.heal_claim import Refused

# What tells one orchestration from every other one.
OWN = ("jid", "pid", "started")


class Stopped(Refused):
    """A person stops it, or another master may act: nothing is wrong with the decision itself."""


class Claimed(NamedTuple):
    """
    A decision as its orchestration sees it.

    :param body: the decision as it was decided.
    :param claim: by whom it is claimed, and what was noted since.
    """

    body: dict[str, Any]
    claim: dict[str, Any]

    @property
    def subject(self) -> dict[str, Any]:
        """What is acted on, by leaf; the only place where that stands."""
        return dict(self.body["subject"])

    @property
    def effects(self) -> list[str]:
        """Ids that the act brought about."""
        return [str(one) for one in self.claim.get("effects", ())]


def proved(
    path: Path, decision: str, action: str, who: Mapping[str, Any],
    read: Callable[[], heal_clock.Reading] = heal_clock.read,
) -> Claimed:  # fmt: skip
    """
    Prove that the orchestration that claimed a decision may act on it, and note nothing.

    :param who: see :func:`heal_claim.claim`.
    :raises Refused: it is claimed by nobody or by another, was acted on, is frozen by now, or the
        lease under which it was claimed is not this master's any more.
    """
    with _held(path) as db:
        return _free(db, decision, action, who, read())[0]


def begin(
    path: Path, decision: str, action: str, who: Mapping[str, Any],
    read: Callable[[], heal_clock.Reading] = heal_clock.read,
) -> Claimed:  # fmt: skip
    """
    Begin the act, once, right before it: what is looked at until then is no attempt.

    :raises Refused: see :func:`proved`; all that was looked at took time.
    """
    with _held(path) as db:
        reading = read()
        found, now = _free(db, decision, action, who, reading)
        claim = {**found.claim, "acts": True}
        _note(db, decision, claim)
        line = {"t": now, "decision": decision, "action": action, "thing": found.body["thing"]}
        heal_audit.append(db, reading.wall, [("acting", line)])
        return Claimed(found.body, claim)


def _free(
    db: sqlite3.Connection, decision: str, action: str, who: Mapping[str, Any],
    reading: heal_clock.Reading,
) -> tuple[Claimed, float]:  # fmt: skip
    """Give what was claimed, and the healer's moment at which nothing is against its act."""
    found = _own(db, decision, who)
    if found.body["action"] != action:
        raise Refused(f"decision {decision[:80]} is for {found.body['action']}, not {action}")
    if found.claim.get("acts"):
        raise Refused(f"decision {decision} was acted on already; a decision is for one act")
    return found, _refused_unless_free(db, decision, found, reading)


def refuse_unless_free(
    db: sqlite3.Connection, decision: str, who: Mapping[str, Any], reading: heal_clock.Reading
) -> None:
    """
    Go on only while an act that was begun may be, within a transaction that is open.

    :raises Refused: it has ended, is stopped by now, or another master may act meanwhile.
    """
    _refused_unless_free(db, decision, _own(db, decision, who), reading)


def _refused_unless_free(
    db: sqlite3.Connection, decision: str, found: Claimed, reading: heal_clock.Reading
) -> float:
    """Give the healer's moment at which nothing is against the act."""
    last = heal_clock.unpacked(heal_file.meta(db, heal_store.CLOCK))
    now = heal_clock.after(last, reading).now
    body = found.body
    why = heal_claim.fenced(db, found.claim.get("epoch"), now) or heal_claim.stopped(
        db, heal_claim.names_of(body), body["input_hash"], now
    )
    if why:
        raise Stopped(f"decision {decision} is not acted on: {why}")
    return now


def did(
    path: Path, decision: str, who: Mapping[str, Any], says: str, effects: Sequence[str],
    read: Callable[[], heal_clock.Reading] = heal_clock.read,
) -> None:  # fmt: skip
    """
    Note what an act did, and the ids that it brought about.

    :raises Refused: the decision is not this orchestration's.
    """
    with _held(path) as db:
        found = _own(db, decision, who)
        reading = read()
        last = heal_clock.unpacked(heal_file.meta(db, heal_store.CLOCK))
        _note(db, decision, {**found.claim, "effects": list(effects), "did": says})
        line = {"t": heal_clock.after(last, reading).now, "decision": decision, "says": says,
                "effects": list(effects)}  # fmt: skip
        heal_audit.append(db, reading.wall, [("acted", line)])


def owned(path: Path, decision: str, who: Mapping[str, Any]) -> Claimed:
    """
    Give the decision of this orchestration.

    :raises Refused: it is not this orchestration's, or has ended.
    """
    with _held(path) as db:
        return _own(db, decision, who)


def end(
    path: Path, decision: str, who: Mapping[str, Any], ok: bool, says: str,
    read: Callable[[], heal_clock.Reading] = heal_clock.read, is_back: bool = False,
) -> bool:  # fmt: skip
    """
    Tell how the decision of this orchestration ended, once.

    :param is_back: nothing was tried, if the act was not begun, and nothing is to be held against
        trying: it was stopped, or is not needed any more.
    :return: False when it has ended, was told already, or is not this orchestration's.
    """
    with _held(path) as db:
        try:
            found = _own(db, decision, who)
        except Refused:
            return False
        for (text,) in db.execute("SELECT body FROM commands"):
            command = json.loads(text)
            if command.get("verb") == "result" and command.get("decision") == decision:
                return False
        command = {"verb": "result", "decision": decision, "ok": ok, "says": says,
                   "effects": found.effects, "begun": bool(found.claim.get("acts"))}  # fmt: skip
        if is_back and not command["begun"]:
            command["back"] = True
        text = json.dumps(command, sort_keys=True, allow_nan=False)
        by = f"orchestration {who.get('jid')}"
        db.execute("INSERT INTO commands VALUES (NULL,?,?,?)", (read().wall, by, text))
        return True


def _own(db: sqlite3.Connection, decision: str, who: Mapping[str, Any]) -> Claimed:
    row = db.execute(
        "SELECT state, claim, body FROM decisions WHERE id = ?", (decision,)
    ).fetchone()
    if row is None:
        raise Refused(f"decision {decision[:80]} was never decided")
    state, claim, body = row
    if state != "claimed":
        raise Refused(f"decision {decision[:80]} is {state}; expected it to be claimed first")
    held = json.loads(claim)
    if any(held.get(name) != who.get(name) for name in OWN):
        raise Refused(
            f"decision {decision[:80]} is claimed by orchestration {held.get('jid')}, not by "
            f"{who.get('jid')}"
        )
    return Claimed(json.loads(body), held)


def _note(db: sqlite3.Connection, decision: str, claim: Mapping[str, Any]) -> None:
    text = json.dumps(claim, sort_keys=True, allow_nan=False)
    db.execute("UPDATE decisions SET claim = ? WHERE id = ?", (text, decision))


@contextlib.contextmanager
def _held(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the file for writing, within one transaction."""
    with contextlib.closing(heal_file.opened(path, is_thorough=False)) as db:
        try:
            with heal_store.transaction(db):
                yield db
        except (sqlite3.Error, ValueError, KeyError, TypeError) as err:
            raise heal_file.Unusable(f"{path} cannot be trusted: {err}; nothing is done") from err
