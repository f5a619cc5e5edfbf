"""What the kernel writes when it kills for memory, taken apart: pure, line by line."""

from __future__ import annotations

import os
import re
from typing import Any

from saltext.eos.utils.oom_kmsg import Line

INVOKED = re.compile(r".{0,64} invoked oom-killer: gfp_mask=")
USAGE = re.compile(r"memory: usage (\d+)kB, limit (\d+)kB, failcnt \d+")
COLUMNS = re.compile(r"\[\s*pid\s*\]\s+(.*)")
ROW = re.compile(r"\[\s*(\d+)\]\s+(.*)")
GROUP = re.compile(r"Tasks in (.*) are going to be killed due to memory\.oom\.group set")
KILLED = re.compile(
    r"(Memory cgroup out of memory|Out of memory)(?: \([a-z_]+\))?: Killed process (\d+) "
    r"\((.*)\),? total-vm:(\d+)kB, anon-rss:(\d+)kB, file-rss:(\d+)kB(?:, shmem-rss:(\d+)kB)?"
    r"(?:, UID:\d+ pgtables:\d+(?:kB)? oom_score_adj:-?\d+)?"
)
SUMMARY = "oom-kill:constraint="
PAGE = os.sysconf("SC_PAGE_SIZE")
LARGEST_SHOWN = 5
UNLIMITED = 1 << 60

Carry = dict[str, Any]
Kill = dict[str, Any]


def fresh() -> Carry:
    """Give what is known before the first line."""
    return {
        "usage": None,
        "limit": None,
        "columns": None,
        "tasks": [],
        "summary": None,
        "group": None,
    }


def feed(carry: Carry, line: Line) -> Kill | None:
    """
    Take one line; give a kill when the line tells one.

    A kill's own line is always printed; the lines before it are not when many die at once, and
    are then missing, never borrowed from another kill.

    :param carry: what the lines before said; changed in place, plain JSON.
    """
    text = line.text
    if found := KILLED.fullmatch(text):
        kill = _kill(carry, line, found)
        carry.update({**fresh(), "group": carry["group"]})
        return kill
    if text.startswith(SUMMARY):
        carry["summary"] = text
    elif INVOKED.match(text):
        carry.update(fresh())
    elif found := USAGE.fullmatch(text):
        carry["usage"], carry["limit"] = int(found[1]) * 1024, int(found[2]) * 1024
    elif found := COLUMNS.fullmatch(text):
        carry["columns"] = found[1].split()
    elif carry["columns"] and (found := ROW.fullmatch(text)):
        _task(carry, int(found[1]), found[2])
    elif found := GROUP.fullmatch(text):
        carry["group"] = found[1]
    return None


def _kill(carry: Carry, line: Line, found: re.Match[str]) -> Kill:
    pid, process = int(found[2]), found[3]
    whole = found[1] == "Out of memory"
    summary, missing = _summary(carry["summary"], process, pid)
    cause = summary.get("cause") or ("host_pressure" if whole else "unknown")
    limited = cause not in ("host_pressure", "policy") and carry["limit"] is not None and summary
    limit = carry["limit"] if limited and carry["limit"] < UNLIMITED else None
    return {
        "number": line.number,
        "microseconds": line.microseconds,
        "process": process,
        "pid": pid,
        "anon": str(int(found[5]) * 1024),
        "peak": str(carry["usage"]) if limited else None,
        "limit": str(limit) if limit is not None else None,
        "cause": cause,
        "cgroup": summary.get("cgroup") or (None if summary else carry["group"]),
        "grouped": not summary and carry["group"] is not None,
        "missing": "complete" if not summary and carry["group"] is not None else missing,
        "consumers": _consumers(carry) if cause == "host_pressure" else [],
    }


def _summary(text: str | None, process: str, pid: int) -> tuple[dict[str, str], str]:
    """
    Read the summary of this very process.

    Names of cgroups and processes may hold commas and equals signs. The end is known from the
    kill's own line, and a text in which a key stands twice is not believed.
    """
    if text is None:
        return {}, "no_summary"
    head, cut, _ = text.rpartition(f",task={process},pid={pid},uid=")
    if not cut:
        return {}, "no_summary"
    if head.count(",task_memcg=") != 1 or head.count(",oom_memcg=") > 1:
        return {}, "ambiguous"
    before, _, victim = head.partition(",task_memcg=")
    constraint = text[len(SUMMARY) :].split(",", 1)[0]
    if constraint == "CONSTRAINT_MEMCG":
        limited = before.partition(",oom_memcg=")[2]
        return {
            "cgroup": victim,
            "cause": "own_limit" if limited == victim else "parent_limit",
        }, "complete"
    if constraint == "CONSTRAINT_NONE":
        return {"cgroup": victim, "cause": "host_pressure"}, "complete"
    return {"cgroup": victim, "cause": "policy"}, "complete"


def _task(carry: Carry, pid: int, rest: str) -> None:
    """Keep the largest rows of the kernel's table of tasks; the name is the last column."""
    columns = carry["columns"]
    values = rest.split(None, len(columns) - 1)
    if len(values) < len(columns) or "rss" not in columns:
        return
    size = values[columns.index("rss")]
    if size.isdecimal():
        tasks = [*carry["tasks"], [int(size) * PAGE, pid, values[-1]]]
        carry["tasks"] = sorted(tasks, key=lambda task: (-task[0], task[1]))[:LARGEST_SHOWN]


def _consumers(carry: Carry) -> list[str]:
    return [f"{name} {pid} {size}" for size, pid, name in carry["tasks"]]
