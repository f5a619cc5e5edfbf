"""What a trial would have done beside what was done: differences, totals and their lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from saltext.eos.utils import event_text
from saltext.eos.utils.heal_backtest import SAME, Trial, Untold
from saltext.eos.utils.heal_backtest_past import KINDS, Made, Past
from saltext.eos.utils.moments import moment

MOST_ROWS = 5_000
# A decision that is moved by less is the same: reading the truth takes its time.
SHIFT = 10.0
HEALED = "the facts are of a stack in which the decision before was acted on"
# How the checks say that nobody knows: whether it would be done cannot be told then.
NOT_KNOWN = ("not known", "does not know")
NOTHING = "nothing came of it within a minute of that: its facts count to another incident"
NOTHING_THEN = "nothing was decided about it within a minute of that"
DID = {"decided": "decided", "would": "would have", "note": "noted"}


def compared(trial: Trial, past: Past, policies: Iterable[str]) -> dict[str, Any]:
    """
    Compare, one row per difference.

    :param policies: those to show; budgets are shared, so all of them ran.
    :return: ``rows``, ``same``, ``totals``, ``checks``, ``hidden``.
    """
    chosen = frozenset(policies)
    untold: dict[str, list[Untold]] = {}
    for lost in trial.untold:
        untold.setdefault(lost.prefix, []).append(lost)
    pairs = _paired(past.made, trial.made)
    rows, same, hidden, unsure = [], 0, 0, 0
    acted: dict[str, float] = {}
    for was, now in pairs:
        one = was or now
        if one is None or one.policy not in chosen:
            hidden += was is None or now is None or was.kind != now.kind
            continue
        moved = 0.0 if was is None or now is None else round(now.at - was.at, 1)
        if was and now and was.kind == now.kind and abs(moved) <= SHIFT:
            same += 1
            continue
        row = _row(was, now, moved, trial, past)
        if was is not None and was.kind == "decided" and (now is None or now.kind != "decided"):
            acted.setdefault(one.prefix, was.at)
        elif one.prefix in acted:
            row["rests"].append(HEALED)
        if now is None:
            row["cannot_tell"] = _untold(untold, one)
            if row["cannot_tell"] is None and str(row["why"]).endswith(NOT_KNOWN):
                row["cannot_tell"] = row["why"]
        unsure += row["cannot_tell"] is not None
        rows.append(row)
    for lost in trial.untold:
        if lost.policy in chosen and not past.around(lost.prefix, lost.at, SAME):
            unsure += 1
            rows.append(_unknown(lost))
    rows.sort(key=lambda row: row["at"])
    return {
        "rows": rows[:MOST_ROWS], "left_out": max(0, len(rows) - MOST_ROWS), "same": same,
        "cannot_tell": unsure, "hidden": hidden,
        "totals": {
            "was": _counts(past.made, chosen), "now": _counts(trial.made, chosen),
        },
        "checks": {"was": past.checks, "now": trial.checks},
    }  # fmt: skip


def lines(found: dict[str, Any]) -> list[str]:
    """Say it to people: each difference on a line, then totals."""
    shown = [_line(row) for row in found["rows"]]
    if found["left_out"]:
        shown.append(f"… and {found['left_out']} more differences; narrow policy= or since=")
    return shown


def _paired(was: list[Made], now: list[Made]) -> list[tuple[Made | None, Made | None]]:
    """Put beside each other what is about one thing and nearest in time, each once."""
    waiting: dict[tuple[str, str], list[Made]] = {}
    for one in now:
        waiting.setdefault((one.policy, one.prefix), []).append(one)
    pairs: list[tuple[Made | None, Made | None]] = []
    for one in was:
        held = waiting.get((one.policy, one.prefix), [])
        near = [other for other in held if abs(other.at - one.at) <= SAME]
        best = min(near, key=lambda other: abs(other.at - one.at), default=None)
        if best is not None:
            held.remove(best)
        pairs.append((one, best))
    pairs += [(None, one) for held in waiting.values() for one in held]
    return pairs


def _row(
    was: Made | None, now: Made | None, moved: float, trial: Trial, past: Past
) -> dict[str, Any]:
    one = was or now
    if one is None:
        raise ValueError("a row without a decision")
    other = trial.waits if now is None else past.waits
    why = "" if was and now else _why(other.get(one.prefix, []), one.at)
    if not why and (was is None or now is None):
        why = NOTHING if now is None else NOTHING_THEN
    return {
        "at": one.at, "policy": one.policy, "action": one.action, "place": one.place,
        "was": was.kind if was else None, "now": now.kind if now else None, "moved": moved,
        "why": why, "rests": list(now.rests) if now else [], "cannot_tell": None,
        "decision": was.decision if was else "",
    }  # fmt: skip


def _unknown(one: Untold) -> dict[str, Any]:
    return {
        "at": one.at, "policy": one.policy, "action": "", "place": one.place, "was": None,
        "now": None, "moved": 0.0, "why": "", "rests": [], "cannot_tell": one.why, "decision": "",
    }  # fmt: skip


def _why(held: list[tuple[float, str]], at: float) -> str:
    before = [says for when, says in held if when <= at + SHIFT]
    return before[-1] if before else ""


def _untold(untold: dict[str, list[Untold]], one: Made) -> str | None:
    near = [other for other in untold.get(one.prefix, ()) if other.at <= one.at + SAME]
    return near[-1].why if near else None


def _counts(made: list[Made], chosen: frozenset[str]) -> dict[str, int]:
    return {kind: sum(one.kind == kind and one.policy in chosen for one in made) for kind in KINDS}


def _line(row: dict[str, Any]) -> str:
    place = event_text.shown(row["place"])
    head = f"{moment(row['at'])} {row['policy']} ({place})"
    if row["was"] is None and row["now"] is None:
        return f"{head}: cannot tell: {row['cannot_tell']}"
    what = f"{row['action']}: was {_did(row['was'])}, would be {_did(row['now'])}"
    if row["moved"] and row["was"] == row["now"]:
        what = f"{row['action']}: {DID[row['was']]}, {abs(row['moved']):.0f} s "
        what += "later" if row["moved"] > 0 else "sooner"
    if row["cannot_tell"]:
        what = f"{row['action']}: was {_did(row['was'])}; cannot tell: {row['cannot_tell']}"
    elif row["why"]:
        side = "with the trial" if row["now"] is None else "then"
        what += f"; {side} {event_text.shown(row['why'])}"
    rests = f"  [rests on: {'; '.join(row['rests'])}]" if row["rests"] else ""
    return f"{head}: {what}{rests}"


def _did(kind: str | None) -> str:
    return {"decided": "done", "would": "said only", "note": "noted", None: "nothing"}[kind]
