"""
What a note asks of a person: it is over as soon as it is told, but what it tells of is not.

It is asked for a day, or until the last fact about it says that it is over, whichever comes first;
a hold and a suspicion last as a rule of their own.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.policies import table
from saltext.eos.utils import event_line, heal_match, heal_over, inbox_read
from saltext.eos.utils.heal_reader import Reader
from saltext.eos.utils.heal_state import CLOSED
from saltext.eos.utils.inbox_read import Reader as Inbox

DAY = 86_400.0
NOTED = "noted"
ASKING = ("propose", "report", "alarm", "suspect")
QUIET = ("info", "notice")
# Things that are told, of so many incidents; after a storm it is the newest that matter.
MOST, MOST_NOTED = 20, 200
# Facts that are looked at for one incident, by so many at once.
MOST_FACTS, PAGE = 5_000, 500
# What ends whatever a note says of a job: somebody changed it and it is well, or it is no more.
JOB_ENDS = ("nomad/deployment/succeeded", "nomad/job/stopped", "nomad/job/purged")


def is_noted(held: Mapping[str, Any]) -> bool:
    """Tell an incident that was closed because people were told of it."""
    return held["state"] == CLOSED and str(held["why"]).startswith(NOTED)


def asked(opts: Mapping[str, Any], reader: Reader) -> list[dict[str, Any]]:
    """
    List what notes of the last day ask of a person, the newest of each thing, the oldest first.

    :return: ``incident``, ``policy``, ``says``, ``line`` each.
    """
    policies = [name for name, one in table.TABLE.items() if one["act"]["do"] in ASKING]
    newest: dict[str, dict[str, Any]] = {}
    for held in reader.noted(policies, reader.now - DAY, MOST_NOTED):
        newest.setdefault(held["key"], held)
    if not newest:
        return []
    told = [*newest.values()][MOST - 1 :: -1]
    try:
        with contextlib.closing(Inbox(inbox_read.path_of(dict(opts)))) as inbox:
            left = [one for one in told if not _is_quiet(inbox, one) and not _is_over(inbox, one)]
    except (SaltRunnerError, sqlite3.Error, ValueError):
        # Without the facts nobody can say that it is over.
        left = told
    return [
        {
            "incident": one["id"], "policy": one["policy"], "says": one["says"],
            "line": f"{event_line.plain(one['says'])}; `salt-run eos.explain {one['id']}` says "
            "what is asked",
        }
        for one in left
    ]  # fmt: skip


def _is_quiet(inbox: Inbox, held: Mapping[str, Any]) -> bool:
    """Tell a note of what is no fault, such as of a drain that has ended."""
    envelope = inbox.named(held["events"][-1]) if held["events"] else None
    return envelope is not None and envelope.get("severity") in QUIET


def _is_over(inbox: Inbox, held: Mapping[str, Any]) -> bool:
    """Tell whether the last fact about the same thing says that it is over."""
    policy = table.TABLE[held["policy"]]
    first = int(str(held["id"]).rpartition("-")[2])
    there = _last(inbox, policy["on"], first, lambda one: _is_of(one, held, policy))
    over = _last(inbox, _ends(policy), first, lambda one: _is_of(one, held, policy))
    if "job" in _leaves(held):
        over = max(over, _last(inbox, JOB_ENDS, first, lambda one: _is_of_job(one, held)))
    return over > max(there, first)


def _ends(policy: Mapping[str, Any]) -> list[str]:
    """Name the facts that say that what a policy is for is over."""
    families = {one.rpartition("/")[0] for one in policy["on"]}
    if "subject.alloc" not in policy["key"]:
        # One allocation that starts says nothing of the others of its group, or of its node.
        families.discard("nomad/alloc")
    return [
        f"{family}/{verb}"
        for family in sorted(families)
        for verb in sorted(heal_over.VERBS.get(family, (set(), set()))[1])
    ]


def _is_of(envelope: Mapping[str, Any], held: Mapping[str, Any], policy: Mapping[str, Any]) -> bool:
    """Tell a fact about the very thing of an incident."""
    return {at: heal_match.leaf(envelope, at) for at in policy["key"]} == held["subject"]


def _is_of_job(envelope: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Tell a fact about the job of an incident's thing."""
    leaves, subject = _leaves(held), envelope.get("subject") or {}
    return all(leaves.get(one) == subject.get(one) for one in ("namespace", "job"))


def _leaves(held: Mapping[str, Any]) -> dict[str, Any]:
    return {at.rpartition(".")[2]: value for at, value in held["subject"].items()}


def _last(
    inbox: Inbox, events: Iterable[str], after: int, is_meant: Callable[[dict[str, Any]], bool]
) -> int:
    """Give the row of the last fact of these events that is meant; 0 without one."""
    found = 0
    for one in events:
        family, _, verb = one.rpartition("/")
        for row, envelope in _facts(inbox, family, verb, after):
            if envelope["verb"] == verb and is_meant(envelope):
                found = max(found, row)
    return found


def _facts(inbox: Inbox, event: str, verb: str, row: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give the facts of a verb after a row with their rows, page by page."""
    wanted = {"event": event, "tag": f"eos/{event}/{verb}*"}
    for _ in range(MOST_FACTS // PAGE):
        page = inbox.events(wanted, limit=PAGE, after=row)
        yield from page
        if len(page) < PAGE:
            return
        row = page[-1][0]
