"""What belongs together: the events about one allocation name each other in ``related``."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, NamedTuple

from saltext.eos.utils import bridge_envelope

LINKED = ("kernel/oom", "kernel/oomd", "nomad/task", "nomad/alloc", "consul/service")
# What is looked for when one of these arrives; starts and stops alone are too many.
LINKING = ("kernel/oom", "kernel/oomd", "nomad/task", "consul/service")
SECONDS = 600
MOST = 10
# Of one kind from one source: a minion that tells of foreign allocations must not crowd out others.
OF_ONE = 3

FOUND = f"""SELECT row, id, event, source, body FROM (
  SELECT *, row_number() OVER (PARTITION BY event, source ORDER BY row DESC) AS place
  FROM events WHERE alloc = ? AND received > ? AND event IN ({",".join("?" * len(LINKED))}))
  WHERE place <= {OF_ONE} ORDER BY row DESC LIMIT 60"""  # noqa: S608 - constants


class _One(NamedTuple):
    row: int
    id: str
    event: str
    source: str
    envelope: dict[str, Any]


def link(db: sqlite3.Connection, envelopes: list[dict[str, Any]], now: float) -> None:
    """
    Write the ids of what happened to one allocation within ten minutes into each of them.

    What the minion of the allocation's own node says comes before what another one says of it.
    """
    told = {bridge_envelope.alloc(one) for one in envelopes if one["event"] in LINKING}
    for alloc in {alloc for alloc in told if alloc is not None}:
        rows = db.execute(FOUND, (alloc, now - SECONDS, *LINKED)).fetchall()
        found = [
            _One(row, name, event, source, json.loads(body))
            for row, name, event, source, body in rows
        ]
        nodes = {one.envelope["subject"].get("node") for one in found}
        found.sort(key=lambda one: _is_elsewhere(one, nodes))
        for one in found:
            others = [other.id for other in found if other.event != one.event][:MOST]
            if one.envelope["related"] != others:
                text = {**one.envelope, "related": others}
                body = json.dumps(text, separators=(",", ":"), ensure_ascii=False)
                db.execute("UPDATE events SET body = ? WHERE row = ?", (body, one.row))


def _is_elsewhere(one: _One, nodes: set[Any]) -> bool:
    return one.source.startswith("kernel:") and one.source.removeprefix("kernel:") not in nodes
