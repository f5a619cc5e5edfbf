"""The incidents of the healer, as a list."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.policies import table
from saltext.eos.utils import (
    asked,
    event_line,
    heal_act,
    heal_file,
    heal_known,
    heal_match,
    heal_report,
    master,
)
from saltext.eos.utils.asked import Unclear
from saltext.eos.utils.heal_reader import Reader
from saltext.eos.utils.heal_report_text import indented, span
from saltext.eos.utils.heal_state import CLOSED, FREEZE, HELD, HOLD, SUSPEND, WATCHING
from saltext.eos.utils.moments import moment
from saltext.eos.utils.validate import nearest

MOST = 200
RULED = {"frozen": (FREEZE,), "suspended": (HOLD, SUSPEND)}
WATCHED = 10


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
            and (job is None or f"job:{_job(job)}" in one["names"])
        ]
    # What is well and watched is told of in a line each, and where it is many by its number.
    told = [one for one in rows if one["state"] != WATCHING]
    watched = [one for one in rows if one["state"] == WATCHING]
    left_out = len(told[:-MOST])
    lines = [line for one in told[-MOST:] for line in text(one)]
    if left_out:
        lines.insert(0, f"the newest {MOST}; {left_out} more with --out=json")
    lines += [line for one in watched[-WATCHED:] for line in _watched_text(one)]
    if len(watched) > WATCHED:
        lines += indented(
            f"{len(watched) - WATCHED} more are well, and watched until they have been so for "
            "long; --out=json has them", 0,
        )  # fmt: skip
    if not rows:
        lines = indented(_nothing(opts, is_open=is_open, since=since, policy=policy, job=job), 0)
    return {"incidents": rows, "text": "\n".join(lines)}


def _nothing(
    opts: Mapping[str, Any], *, is_open: bool, since: Any, policy: Any, job: Any
) -> str:  # fmt: skip
    """Say that there is no incident such as was asked for; nothing is refused for being well."""
    given = [
        *([f"of {policy}"] if policy is not None else []),
        *([f"about job:{_job(job)}"] if job is not None else []),
        *([f"with a fact within {since}"] if since is not None else []),
    ]
    says = " ".join(["no incident", *given, "is open" if is_open else "is kept"])
    if job is None:
        return says
    known = {"job:" + one for one in _jobs(opts)}
    name = f"job:{_job(job)}"
    if not known or name.partition("@")[0] in known:
        return says
    return f"{says}; the pillar has no {name}{nearest(name, known)}"


def _jobs(opts: Mapping[str, Any]) -> set[str]:
    """List the jobs of the pillar; none where it cannot be compiled."""
    try:
        return set(heal_known.jobs(master.form(dict(opts))))
    except SaltRunnerError:
        return set()


def _job(given: Any) -> str:
    return str(given).removeprefix("job:")


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
        "why": _why(reader, one),
        "facts": one["count"],
        "opened": moment(reader.moment(one["opened"])),
        "last": moment(reader.moment(one["last"])),
        "looked_at_in": round(max(0.0, waits)) if is_timed else None,
        "cluster": one["cluster"],
        "names": list(one["names"]),
        "events": list(one["events"]),
    }


def _why(reader: Reader, one: Mapping[str, Any]) -> str:
    """Say what it waits for; a rule that was taken back since then is not told as one that is."""
    why = str(one["why"])
    kinds = RULED.get(why.partition(":")[0], ())
    # A window is no rule, and neither is a master that does not know whether it heals.
    if not any(f" is {heal_report.WORDS[kind]} by " in why for kind in kinds):
        return why
    for rule in reader.state.rules.values():
        is_over = rule.until is not None and rule.until <= reader.now
        if rule.kind in kinds and rule.what in one["names"] and not is_over:
            return why
    return f"{why} (this is over, it is judged anew)"


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


def _watched_text(one: Mapping[str, Any]) -> list[str]:
    """Write what is well again in a line: its words would say what was wrong."""
    head = f"{one['opened']} {one['state']:10} {one['id']} {one['policy']}"
    return indented(f"{head}: is well, and watched until it has been so for long", 0, hang=4)
