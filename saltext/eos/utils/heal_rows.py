"""The healer's state as rows: what is read back is exactly what was written, or is refused."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from math import isfinite
from typing import Any, TypeVar

from saltext.eos.utils import heal_budget as budget
from saltext.eos.utils import heal_file
from saltext.eos.utils.heal_left import Unjudged
from saltext.eos.utils.heal_state import CLOSED, Decision, Incident, Rule, State, leaves_of, named

T = TypeVar("T")
# What is raised for a value, and not for the file.
VALUES = (
    ValueError, TypeError, OverflowError, sqlite3.IntegrityError, sqlite3.DataError,
    sqlite3.InterfaceError, sqlite3.ProgrammingError,
)  # fmt: skip


def read(db: sqlite3.Connection) -> State:
    """
    Read the whole state.

    :raises ValueError: a row is not what is written; also KeyError and TypeError.
    """
    state = State(
        row=int(heal_file.meta(db, "row") or 0),
        epoch=int(heal_file.meta(db, "epoch") or 0),
        inbox=dict(heal_file.meta(db, "inbox") or {}),
        lease=heal_file.meta(db, "lease"),
        healers=list(heal_file.meta(db, "healers") or []),
        judged=float(heal_file.meta(db, "judged") or 0.0),
    )
    for (text,) in db.execute("SELECT body FROM incidents WHERE state <> ?", (CLOSED,)):
        incident = _made(Incident, text)
        incident.names = tuple(incident.names)
        state.incidents[incident.key] = incident
    since = float(heal_file.meta(db, "forgotten") or 0.0)
    for text, stands, claim in db.execute(
        "SELECT body, state, claim FROM decisions WHERE ended = 0 OR ended >= ?", (since,)
    ):
        decision = _made(Decision, text)
        decision.names = tuple(decision.names)
        if stands != decision.state:
            # The claim is the one thing that another process writes.
            if (decision.state, stands) != ("decided", "claimed"):
                raise ValueError(f"decision {decision.id} is {stands}; expected {decision.state}")
            decision.state, decision.claim = stands, json.loads(claim)
        state.decisions[decision.id] = decision
    for name, text in db.execute("SELECT key, body FROM keys"):
        state.keys[name] = budget.Key(**json.loads(text))
        _finite(name, *(one for one in state.keys[name] if isinstance(one, float)))
    for thing, text in db.execute("SELECT thing, body FROM flips"):
        state.flips[thing] = [(float(at), str(v), str(w)) for at, v, w in json.loads(text)]
    for key, text in db.execute("SELECT key, body FROM counts"):
        state.counts[key] = [(float(at), str(value)) for at, value in json.loads(text)]
    for realm, tokens, at in db.execute("SELECT realm, tokens, at FROM budget"):
        _finite(f"the bucket {realm}", tokens, at)
        state.buckets[realm] = budget.Bucket(tokens, at)
    for realm, job, at in db.execute("SELECT realm, job, at FROM touched"):
        _finite(job, at)
        state.touched.setdefault(realm, {})[job] = at
    for row in db.execute("SELECT kind, what, reason, by, at, until, input FROM rules"):
        rule = Rule(*row)
        state.rules[rule.kind, rule.what, rule.input] = rule
    return state


def write(db: sqlite3.Connection, state: State, forgotten: float) -> None:
    """
    Write what has changed, within the transaction that is open.

    :param forgotten: decisions that ended before are of no more concern.
    """
    dirty = state.dirty
    opened = [state.incidents.get(key) for key in dirty.get("incidents", ())]
    for incident in (*state.closed, *opened):
        if incident is not None:
            with _about(incident.id, incident.policy, incident.subject):
                _incident(db, incident)
    for name in dirty.get("decisions", ()):
        if name in state.decisions:
            one = state.decisions[name]
            policy = named(one.names, "policy:") or ""
            with _about(one.incident, policy, leaves_of(one.subject)):
                _decision(db, one)
    _texts(
        db, "keys", "key", dirty, {k: v._asdict() for k, v in _picked(dirty, "keys", state.keys)}
    )
    _texts(db, "flips", "thing", dirty, dict(_picked(dirty, "flips", state.flips)))
    _texts(db, "counts", "key", dirty, dict(_picked(dirty, "counts", state.counts)))
    for realm in dirty.get("budget", ()):
        held = state.buckets[realm]
        db.execute("INSERT OR REPLACE INTO budget VALUES (?,?,?)", (realm, held.tokens, held.at))
    for realm, job in dirty.get("touched", ()):
        moment = state.touched.get(realm, {}).get(job)
        if moment is None:
            db.execute("DELETE FROM touched WHERE realm = ? AND job = ?", (realm, job))
        else:
            db.execute("INSERT OR REPLACE INTO touched VALUES (?,?,?)", (realm, job, moment))
    for name in dirty.get("rules", ()):
        db.execute("DELETE FROM rules WHERE kind = ? AND what = ? AND input = ?", name)
        if (rule := state.rules.get(name)) is not None:
            db.execute("INSERT INTO rules VALUES (?,?,?,?,?,?,?)", rule)
    heal_file.set_meta(db, "row", state.row)
    heal_file.set_meta(db, "inbox", state.inbox)
    heal_file.set_meta(db, "judged", state.judged)
    heal_file.set_meta(db, "healers", state.healers)
    heal_file.set_meta(db, "forgotten", forgotten)
    state.dirty, state.closed = {}, []


@contextlib.contextmanager
def _about(incident: str, policy: str, subject: Mapping[str, Any]) -> Iterator[None]:
    """Say of which incident a value is that cannot be written; a disk that fails is none's."""
    try:
        yield
    except VALUES as err:
        why = f"it cannot be written: {type(err).__name__}: {err}"
        raise Unjudged(incident, policy, subject, why[:300]) from err


def _incident(db: sqlite3.Connection, one: Incident) -> None:
    db.execute(
        "INSERT OR REPLACE INTO incidents VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (one.id, one.policy, one.key, one.opened, one.last, one.count, one.due, one.state, one.why,
         json.dumps(one.events), _text(asdict(one))),
    )  # fmt: skip


def _decision(db: sqlite3.Connection, one: Decision) -> None:
    claim = None if one.claim is None else _text(one.claim)
    result = None if one.result is None else _text(one.result)
    db.execute(
        "INSERT OR REPLACE INTO decisions VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (one.id, one.incident, one.action, _text(one.subject), one.input_hash, one.created,
         one.expires, one.state, one.epoch, one.fired, one.ended, claim, _text(one.checks), result,
         _text(asdict(one))),
    )  # fmt: skip


def _picked(
    dirty: dict[str, dict[Any, None]], table: str, held: dict[str, T]
) -> list[tuple[str, T]]:
    return [(key, held[key]) for key in dirty.get(table, ()) if key in held]


def _texts(
    db: sqlite3.Connection, table: str, column: str, dirty: dict[str, dict[Any, None]],
    held: dict[str, Any],
) -> None:  # fmt: skip
    gone = [(key,) for key in dirty.get(table, ()) if key not in held]
    db.executemany(f"DELETE FROM {table} WHERE {column} = ?", gone)  # noqa: S608 - own words
    rows = [(key, _text(value)) for key, value in held.items()]
    db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?,?)", rows)  # noqa: S608 - own words


def _made(kind: type[T], text: str) -> T:
    held = json.loads(text)
    wanted = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    # What an older wheel did not write yet has its default; without one it is refused below.
    if not set(held) <= wanted:
        raise ValueError(f"a row has {sorted(held)}; expected {sorted(wanted)}")
    return kind(**held)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _finite(what: str, *numbers: Any) -> None:
    if not all(type(one) in (int, float) and isfinite(one) for one in numbers):
        raise ValueError(f"{what} has {numbers!r}; expected numbers")
