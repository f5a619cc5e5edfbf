"""What the master is told of a kill: payloads in the form of the declared events."""

from __future__ import annotations

import time
from typing import Any

from saltext.eos.utils.moments import exact
from saltext.eos.utils.oom_lines import Kill
from saltext.eos.utils.oom_place import Place

Record = dict[str, Any]


def killed(kill: Kill, place: Place, *, minion: str, boot: str, total: int, source: str) -> Record:
    """
    Give the record of one kill, or of one group that was killed together.

    :param source: ``kmsg`` or ``journal``: where the line was read.
    """
    known = kill["cgroup"] is not None
    missing = kill["missing"]
    sure = "proved" if missing == "complete" and not kill["grouped"] else "inferred"
    mark = str(kill["number"]) if source == "kmsg" else f"t{kill['number']}"
    return _record(
        kind="group_killed" if kill.get("members") else "killed",
        boot=boot,
        mark=mark,
        occurred=_moment(kill["microseconds"]),
        evidence=[f"{source}:{boot}:{kill['number']}"],
        subject=_subject(place, minion, kill["process"], kill["pid"]),
        verdict={
            "cause": kill["cause"],
            "anon": kill["anon"],
            "peak": kill["peak"],
            "limit": kill["limit"],
            "is_attributed": known,
            "confidence": sure,
            "consumers": kill["consumers"],
            "missing": missing,
        },
        change={"count": kill.get("members") or 1, "total": total},
        links=_links(place, boot),
    )


def unattributed(
    count: int, missing: str, *, minion: str, boot: str, total: int, number: int, is_shared: bool,
    consumers: list[str],
) -> Record:  # fmt: skip
    """
    Give the record of kills that only the counter knows, or that are too many to tell.

    :param number: the record's own. Its mark needs it: at one value of the counter there can be
        several such records, and the master keeps one event of an id.
    """
    place: Place = dict.fromkeys(PLACE)
    return _record(
        kind="unattributed",
        boot=boot,
        mark=f"oom_kill#{total}.{number}",
        occurred=exact(time.time()),
        evidence=[f"oom_kill:{boot}:{total}"],
        subject=_subject({**place, "place": "unknown"}, minion, None, None),
        verdict={
            "cause": "unknown",
            "anon": None,
            "peak": None,
            "limit": None,
            "is_attributed": False,
            "confidence": "suspected" if is_shared else "proved",
            "consumers": consumers,
            "missing": missing,
        },
        change={"count": count, "total": total},
        links=_links(place, boot),
    )


def oomd(
    unit: str, place: Place, *, minion: str, boot: str, count: int | None, mark: str, evidence: str,
    occurred: float,
) -> Record:  # fmt: skip
    """Give the record of a unit that systemd-oomd killed."""
    return _record(
        kind="oomd",
        boot=boot,
        mark=f"oomd:{mark}",
        occurred=exact(occurred),
        evidence=[f"{evidence}:{boot}:{mark}"],
        subject={
            "minion": minion,
            "unit": unit,
            "alloc": place["alloc"],
            "task": place["task"],
            "cgroup": place["cgroup"],
        },
        verdict={"cause": "oomd", "confidence": "proved", "evidence": evidence},
        change={"count": count},
        links={"alloc": place["alloc"], "boot": boot},
    )


PLACE = (
    "place", "alloc", "job", "group", "task", "namespace", "unit", "container", "container_id",
    "cgroup",
)  # fmt: skip


def _record(*, kind: str, **parts: Any) -> Record:
    oomd_kill = kind == "oomd"
    return {
        "boot": parts["boot"],
        "kind": kind,
        "event": "kernel/oomd" if oomd_kill else "kernel/oom",
        "verb": "killed" if oomd_kill else kind,
        "subject": parts["subject"],
        "verdict": parts["verdict"],
        "change": parts["change"],
        "links": parts["links"],
        "mark": parts["mark"],
        "occurred": parts["occurred"],
        "evidence": parts["evidence"],
    }


def _subject(place: Place, minion: str, process: str | None, pid: int | None) -> dict[str, Any]:
    told = ("place", "alloc", "job", "group", "task", "unit", "container", "cgroup")
    return {
        "minion": minion,
        **{name: place[name] for name in told},
        "process": process,
        "pid": pid,
    }


def _links(place: Place, boot: str) -> dict[str, Any]:
    return {
        "alloc": place["alloc"],
        "namespace": place["namespace"],
        "container": place["container_id"],
        "boot": boot,
    }


def _moment(microseconds: int) -> str:
    """The kernel's clock starts at boot; a line is never from the future."""
    age = max(0.0, time.monotonic() - microseconds / 1e6)
    return exact(time.time() - age)
