"""Judges what a run has left: the chain, the bounds, the claims; and that the judge can say no."""

import contextlib
import json
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bounds import broken

from saltext.eos.utils import heal_audit


def _lines(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [(one.kind, one.body) for one in heal_audit.verified(db)]


def _is_refused(path, change):
    """Tell whether a copy with a change is refused: triggers off, as whoever holds the file can."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "healer.db"
        shutil.copy(path, copy)
        with contextlib.closing(sqlite3.connect(copy)) as db:
            db.executescript("DROP TRIGGER audit_stays; DROP TRIGGER audit_keeps;")
            db.execute(change)
            db.commit()
        try:
            _lines(copy)
        except heal_audit.Broken:
            return True
    return False


def main(source, forged):
    """Copy the healer's file as it is and judge the copy."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "healer.db"
        with (
            contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as db,
            contextlib.closing(sqlite3.connect(path)) as copy,
        ):
            db.backup(copy)
        lines = _lines(path)
        kinds = Counter(kind for kind, _ in lines)
        decided = [body for kind, body in lines if kind == "decided"]
        claimed = Counter(body["decision"] for kind, body in lines if kind == "claimed")
        known = {body["decision"] for body in decided}
        results = Counter(
            "well" if body.get("ok") else "not well" for kind, body in lines if kind == "result"
        )
        twice = [*lines, *[one for one in lines if one[0] == "decided"][:1]]
        changes = ["UPDATE audit SET body = replace(body, 'a', 'b') WHERE n = 2"]
        changes.append("DELETE FROM audit WHERE n = (SELECT max(n) FROM audit)")
        changes.append("DELETE FROM audit WHERE n = 3")
        return {
            "lines": len(lines),
            "kinds": dict(sorted(kinds.items())),
            "breaches": broken(lines),
            "would_breaches": broken(lines, kind="would"),
            "acts": [
                {"t": one["t"], "policy": one.get("policy"), "action": one.get("action")}
                for one in decided
            ],
            "results": dict(results),
            "claimed_twice": [one for one, count in claimed.items() if count > 1],
            "claimed_unknown": [one for one in claimed if one not in known],
            "forged_claimed": sorted(one for one in forged if one in claimed and one not in known),
            "altered_refused": all(_is_refused(path, change) for change in changes),
            "repeated_refused": not decided or broken(twice) != [],
            "size": path.stat().st_size,
        }


sys.stdout.write(json.dumps(main(sys.argv[1], json.loads(sys.argv[2]))))
