"""The audit of healing for people: one sentence per line, and whether its chain is whole."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from saltext.eos.utils import (
    asked,
    event_line,
    event_text,
    heal_audit,
    heal_file,
    heal_reader,
    heal_retain,
)
from saltext.eos.utils.asked import Unclear
from saltext.eos.utils.heal_report_text import indented
from saltext.eos.utils.moments import moment
from saltext.eos.utils.validate import nearest

# What each kind of line says; a {reference} is a leaf of its body, what is not there is `-`.
SAYS = {
    "opened": "incident {incident}, {policy}: {says}",
    "closed": "incident {incident}, {policy}: {why}",
    "waits": "incident {incident}, {policy}: {check}",
    "refused": "incident {incident}, {policy}: {check}",
    "decided": "decision {decision}: {action} of {place}, because of {policy}",
    "would": "{action} of {place}, because of {policy}; not done in mode {mode} ({decision})",
    "fired": "decision {decision}: {action} is asked for, time {times}",
    "claimed": "decision {decision}: {action} claimed by {by}",
    "claim_refused": "a claim of {decision} for {action} by {by}: {why}",
    "claim_late": "a claim of {decision} for {action} by {by} came too late: {why}",
    "acting": "decision {decision}: {action} begins",
    "touched": "decision {decision} touched {jobs} besides",
    "acted": "decision {decision}: {says}; effects {effects}",
    "result": "decision {decision}: {verdict}, {says}",
    "expired": "decision {decision}: {says}",
    "note": "{do} {what}: {says}",
    "alarm": "{cause}: {says}",
    "rule": "{rule} of {what} by {by}: {reason}",
    "rule_ended": "{rule} of {what} ended by {by}",
    "command_refused": "a command of {by}: {why}",
    "own": "fact {event} is an echo of decision {decision}",
    "rested": "{what} has been well for long, what was done about it is forgotten ({realm})",
    "breaker_closed": "{by} closed the breaker of {what} ({realm})",
    "unjudged": "incident {incident}, {policy}, is left to people: {why}",
    "crowded": "{open} incidents are open, no new one is opened",
    "missed": "{count} facts after {after} were forgotten before they were read",
    "unreadable": "fact {row} cannot be read: {why}",
    "rotated": "lines up to {last} were moved into {file}",
    "lease": "this master heals from now on (epoch {epoch}, index {index})",
    "given_back": "decision {decision} was no attempt on {thing}: it did not come to its act",
    "inbox": "another inbox: after fact {was} comes fact {row}",
}
MOST = 200
# A reader that says nothing for longer is taken for one that hangs.
SAY_EVERY = 2.0


def audit(
    opts: Mapping[str, Any], since: Any, verify: Any, kind: Any, limit: Any,
    others: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """
    Give lines of the audit, the newest last, each checked against the one before.

    :param verify: look over the whole chain, and give only what came of it.
    :raises Unclear: a filter is none.
    :raises Unusable: the file cannot be read at all.
    """
    asked.nothing_else(others, ["since", "verify", "kind", "limit"])
    verify = asked.flag("verify", verify)
    if kind is not None and kind not in SAYS:
        raise Unclear(f"kind is {kind!r}{nearest(kind, SAYS)}; expected one of {', '.join(SAYS)}")
    if type(limit) is not int or limit < 1:
        raise Unclear(f"limit is {limit!r}; expected a whole number from 1 on")
    least = None if since is None else time.time() - asked.span("since", since)
    path = heal_file.path_of(opts)
    if verify:
        return _whole(path, _read(path, None, None, 0, is_whole=True))
    found = _read(path, least, kind, limit, is_whole=False)
    count, lines = found.total, [*found.lines]
    shown = [] if count <= limit else [f"the newest {limit} of {count} lines"]
    for one in lines:
        shown += text(one)
    shown += _broken_text(path, found.broken) if found.broken else []
    return {
        "lines": [row(one) for one in lines], "count": count, "broken": found.broken,
        "retcode": 1 if found.broken else 0,
        "text": "\n".join(shown) or "the audit has no such line",
    }  # fmt: skip


def row(line: heal_audit.Line) -> dict[str, Any]:
    """Give a line for programs: ``at`` in seconds since 1970, ``moment`` as everywhere else."""
    return {**line._asdict(), "moment": moment(line.at)}


def text(line: heal_audit.Line) -> list[str]:
    """Write a line of the audit in lines of 80 columns, with ids as short as Nomad takes them."""
    says = event_line.plain(said(line))
    return indented(says, 0, f"{line.n:6} {moment(line.at)} {line.kind:9} ", hang=7)


def said(line: heal_audit.Line) -> str:
    """Say in one sentence what a line of the audit records."""
    body = dict(line.body)
    by, checks = body.get("by"), body.get("checks") or []
    if isinstance(by, dict):
        body["by"] = ", ".join(
            f"{name} {by[name]}" for name in ("user", "told_by", "jid", "pid") if by.get(name)
        )
    if checks:
        body["check"] = f"{checks[-1]['name']}: {checks[-1]['says']}"
    is_begun = body.get("begun") is not False
    found = ("it is not well", "it is well") if is_begun else ("it was not done", "not needed")
    body["verdict"] = found[bool(body.get("ok"))]
    words = SAYS.get(line.kind, " ".join(f"{name} {{{name}}}" for name in body))
    parts = {name: event_text.shown(value) for name, value in body.items()}
    return words.format_map(_Parts(parts))


class _Parts(dict):
    def __missing__(self, key: str) -> str:
        return "-"


class _Found(NamedTuple):
    """
    What was read.

    :param total: lines that were asked for and are as they were written.
    :param lines: the newest of them.
    :param broken: what is wrong with the line that follows; empty when nothing is.
    :param end: number and hash of the last line.
    """

    total: int
    lines: deque[heal_audit.Line]
    broken: str
    end: tuple[int, str]


def _read(
    path: Path, since: float | None, kind: str | None, limit: int, *, is_whole: bool
) -> _Found:
    """Read line by line, so that a long audit never lies in memory."""
    lines: deque[heal_audit.Line] = deque(maxlen=limit)
    count, broken = 0, ""
    with contextlib.closing(heal_reader.opened(path)) as db:
        with heal_reader.distrusting(path):
            db.execute("BEGIN")
            heal_reader.looked_over(db, path)
            end = heal_audit.end(db)
            after = heal_reader.before(db, since)
        every = heal_retain.verified(db, path) if is_whole else heal_audit.verified(db, after)
        try:
            for line in _told(every, end[0]):
                if kind in (None, line.kind):
                    count += 1
                    lines.append(line)
        except (heal_audit.Broken, *heal_reader.WRONG) as err:
            broken = str(err)
    return _Found(count, lines, broken, end)


def _told(lines: Iterable[heal_audit.Line], last: int) -> Iterator[heal_audit.Line]:
    """
    Say how far the chain is looked over, where that takes its time.

    :param last: number of the last line.
    """
    said = time.monotonic()
    for line in lines:
        if time.monotonic() - said >= SAY_EVERY:
            said = time.monotonic()
            sys.stderr.write(f"verified up to line {line.n} of {last}\n")
            sys.stderr.flush()
        yield line


def _whole(path: Path, read: _Found) -> dict[str, Any]:
    last, hash_ = read.end
    found = {"count": read.total, "last": last, "hash": hash_, "broken": read.broken}
    if read.broken:
        text = _broken_text(path, read.broken)
        return {**found, "retcode": 1, "text": "\n".join(text)}
    text = indented(
        f"The audit is whole: {read.total} lines, each as it was written. Who can write the file "
        "can write a new chain: compare the last line with one that was noted elsewhere.", 0,
    )  # fmt: skip
    return {**found, "retcode": 0, "text": "\n".join([*text, f"line {last}  {hash_}"])}


def _broken_text(path: Path, broken: str) -> list[str]:
    return [
        "BROKEN",
        *indented(
            f"{broken}. All lines before it are as they were written, nothing from it on can be "
            f"believed. The healer freezes when it next opens {path}. Keep the file as evidence, "
            "find out who wrote it, and put the newest whole backup in its place.", 2,
        ),
    ]  # fmt: skip
