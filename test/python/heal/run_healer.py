"""A healer that works until it is killed: one JSON line per step on standard output."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from healing import TABLE, WRONG, fact, view

from saltext.eos.utils import (
    heal_claim,
    heal_clock,
    heal_core,
    heal_settings,
    heal_store,
    lock,
)

SETTINGS = heal_settings.read(
    {
        "mode": "enforce", "bucket": {"size": 3, "every": "200ms"},
        "debounce": {"least": "1ms", "most": "2ms"}, "decision": {"valid": "10s"},
        "cool_down": {"first": "20ms", "most": "100ms"},
        "healer_wait": "300ms", "breaker": {"open": "150ms", "most": "1s"},
    }
)._replace(own_window=0.01, look=0.01)  # fmt: skip


def main(path: Path) -> None:
    """Take facts from the cursor on, act on what is decided, and say so before and after."""
    store = heal_store.Store(path)
    core = heal_core.Core(TABLE, SETTINGS, store.state)
    # As an orchestration's: what is claimed by one that was killed is known to be nobody's.
    who = {"jid": "1", "pid": os.getpid(), "started": lock.started(os.getpid())}
    while True:
        with store.step(SETTINGS) as moment:
            for _ in range(5):
                row = store.state.row + 1
                core.arrive(row, fact(row, "nomad/alloc/failed", f"j{row % 4}"), moment.now)
            views = {one.id: view(moment.now, WRONG) for one in core.wanted(moment.now)}
            fired = core.due(moment.now, moment.reading.wall, views)
        for one in fired:
            try:
                heal_claim.claim(path, one.id, one.action, who)
            except heal_claim.Refused:
                continue
            print(json.dumps({"act": one.id, "at": heal_clock.read().monotonic}), flush=True)
            result = {"verb": "result", "decision": one.id, "ok": False, "says": "not well"}
            heal_claim.tell(path, result, "run")
        time.sleep(0.002)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
