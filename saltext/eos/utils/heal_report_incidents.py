"""The incidents of the healer, as a list."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from saltext.eos.policies import table
from saltext.eos.utils import asked, event_line, heal_act, heal_file, heal_match
from saltext.eos.utils.asked import Unclear
from saltext.eos.utils.heal_reader import Reader
from saltext.eos.utils.heal_report_text import indented, span
from saltext.eos.utils.heal_state import CLOSED, HELD, WATCHING
from saltext.eos.utils.moments import moment
from saltext.eos.utils.validate import nearest

MOST = 200


def incidents(
    opts: Mapping[str, Any], is_open: Any, since: Any, policy: Any, job: Any,
    others: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """
    List incidents, the newest last.

    :param is_open: only those that are not over.
    :raises Unclear: a filter is none.
    :raises Unusable: the healer's file cannot be trusted.
    """
    asked.nothing_else(others, ["open", "since", "policy", "job"])
    is_open = asked.flag("open", is_open)
    least = 0.0 if since is None else time.time() - asked.span("since", since)
    if policy is not None and policy not in table.TABLE:
        names = ", ".join(table.TABLE)
        raise Unclear(
            f"policy is {policy!r}{nearest(policy, table.TABLE)}; expected one of {names}"
        )
    with contextlib.closing(Reader(heal_file.path_of(opts))) as reader:
        rows = [
            shown(reader, one)
            for one in reader.incidents()
            if not (is_open and one["state"] == CLOSED)
            and reader.moment(one["last"]) >= least
            and (policy is None or one["policy"] == policy)
            and (job is None or f"job:{str(job).removeprefix('job:')}" in one["names"])
        ]
    # What is well and watched is told of by its number alone.
    told = [one for one in rows if one["state"] != WATCHING]
    left_out, watched = len(told[:-MOST]), len(rows) - len(told)
    lines = [line for one in told[-MOST:] for line in text(one)]
    if left_out:
        lines.insert(0, f"the newest {MOST}; {left_out} more with --out=json")
    if watched:
        lines += indented(
            f"{watched} more are well, and watched until they have been so for long; --out=json "
            "has them", 0,
        )  # fmt: skip
    if not rows:
        lines = ["no incident is open" if is_open else "there is no such incident"]
    return {"incidents": rows, "text": "\n".join(lines)}


def shown(reader: Reader, one: Mapping[str, Any]) -> dict[str, Any]:
    """Give an incident with moments that people read, and what it waits for."""
    waits = one["due"] - reader.now
    is_timed = one["state"] != CLOSED and one["due"] < heal_act.FOR_EVER
    return {
        "id": one["id"],
        "state": one["state"],
        "policy": one["policy"],
        "action": (table.TABLE.get(one["policy"]) or {"act": {"do": None}})["act"]["do"],
        "place": heal_match.place(one["subject"]),
        "says": one["says"],
        "why": one["why"],
        "facts": one["count"],
        "opened": moment(reader.moment(one["opened"])),
        "last": moment(reader.moment(one["last"])),
        "looked_at_in": round(max(0.0, waits)) if is_timed else None,
        "cluster": one["cluster"],
        "names": list(one["names"]),
        "events": list(one["events"]),
    }


def text(one: Mapping[str, Any]) -> list[str]:
    """Write an incident in a few lines of 80 columns."""
    state = str(one["state"]).upper() if one["state"] == HELD else one["state"]
    facts = "1 fact" if one["facts"] == 1 else f"{one['facts']} facts"
    lines = indented(f"{one['opened']} {state:10} {one['id']} {one['policy']}, {facts}", 0)
    lines += indented(event_line.plain(str(one["says"] or one["place"])), 4)
    why = str(one["why"])
    if one["looked_at_in"] is not None:
        why += f" (looked at again in {span(one['looked_at_in'])})"
    return lines + (indented(why, 4, "> ") if why.strip() else [])
