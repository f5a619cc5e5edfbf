"""
When what followed a fault was told, decided, claimed, acted on and verified.

``times.py <moment> <name>``: the first event after the moment that names the thing, and what the
healer made of it; seconds since 1970 on standard output, as JSON. Run on the master's node.
"""

import json
import sqlite3
import sys

INBOX, HEALER = "/var/lib/eos/inbox.db", "/var/lib/eos/healer.db"


def _rows(path, query, *values):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as db:
        return db.execute(query, values).fetchall()


def main(moment, name):
    """Follow the thread from the fault to its end."""
    events = _rows(
        INBOX,
        "SELECT id, received, settled FROM events WHERE received >= ? AND instr(body, ?) "
        "ORDER BY row",
        moment,
        name,
    )
    found = {"event": events[0][1] if events else None}
    found["settled"] = next((at for _, at, settled in events if settled), None)
    told = {id_ for id_, _, _ in events}
    lines = [
        (at, kind, json.loads(body)["body"])
        for at, kind, body in _rows(
            HEALER, "SELECT at, kind, body FROM audit WHERE at >= ? ORDER BY n", moment
        )
    ]
    incidents = {body["incident"] for _, kind, body in lines if body.get("event") in told}
    mine = [one for one in lines if one[2].get("incident") in incidents]
    acts = {body["decision"] for _, kind, body in mine if kind == "decided"}
    for kind in ("decided", "note", "would"):
        found[kind] = next((at for at, is_, _ in mine if is_ == kind), None)
    for kind in ("claimed", "acted", "result"):
        found[kind] = next(
            (at for at, is_, body in lines if is_ == kind and body.get("decision") in acts), None
        )
    found["well"] = next(
        (body["ok"] for _, is_, body in lines if is_ == "result" and body["decision"] in acts), None
    )
    return found


sys.stdout.write(json.dumps(main(float(sys.argv[1]), sys.argv[2])))
