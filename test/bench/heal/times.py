"""
When what followed a fault was told, decided, claimed, acted on and verified, and how it ended.

``times.py <moment> <name>``: the first event after the moment that names the thing, and what the
healer made of it; seconds since 1970 on standard output, as JSON. Run on the master's node.
"""

import json
import sqlite3
import sys

INBOX, HEALER = "/var/lib/eos/inbox.db", "/var/lib/eos/healer.db"
# By whether a result is well, and whether the act was begun: only one that was can be verified.
END = {
    (True, True): "verified",
    (True, False): "healed before",
    (False, True): "not verified",
    (False, False): "not begun",
}
BEST = tuple(END.values())
# What a judgement comes to.
JUDGED = ("decided", "note", "would")


def _rows(path, query, *values):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as db:
        return db.execute(query, values).fetchall()


def main(moment, name, inbox=INBOX, healer=HEALER):
    """Follow the thread from the fault to its end."""
    events = _rows(
        inbox,
        "SELECT id, received, settled, (julianday(occurred) - 2440587.5) * 86400 FROM events "
        "WHERE received >= ? AND instr(body, ?) ORDER BY row",
        moment,
        name,
    )
    lines = [
        (at, kind, json.loads(body)["body"])
        for at, kind, body in _rows(
            healer, "SELECT at, kind, body FROM audit WHERE at >= ? ORDER BY n", moment
        )
    ]
    told = {one[0]: one for one in events}
    opened = {
        body["incident"]: told[body["event"]]
        for _, kind, body in lines
        if kind == "opened" and body["event"] in told
    }
    mine = [one for one in lines if one[2].get("incident") in opened]
    found = {kind: next((at for at, is_, _ in mine if is_ == kind), None) for kind in JUDGED}
    found["event"] = events[0][1] if events else None
    # What was judged is timed by the event that it was judged for, which need not be the first.
    first = next((opened[body["incident"]] for _, kind, body in mine if kind in JUDGED), None)
    first = first or next((one for one in events if one[2]), (None, None, None, None))
    found["settled"], found["occurred"] = first[1], first[3]
    acts = {body["decision"] for _, kind, body in mine if kind == "decided"}
    of_acts = [one for one in lines if one[2].get("decision") in acts]
    for kind in ("claimed", "acted"):
        found[kind] = next((at for at, is_, _ in of_acts if is_ == kind), None)
    results = [
        (at, END[body["ok"], body.get("begun", True)])
        for at, kind, body in of_acts
        if kind == "result"
    ]
    found["verified"] = next((at for at, end in results if end == "verified"), None)
    # Several decisions may follow one fault: it ended as the best of them.
    found["end"] = min((end for _, end in results), key=BEST.index, default=None)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(float(sys.argv[1]), sys.argv[2])))
