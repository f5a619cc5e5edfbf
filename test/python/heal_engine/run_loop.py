"""
A loop that works until it is killed, in a world where what was acted upon is well again.

``run_loop.py <home> <inbox> <acts> [cut]``: to the last file it appends a line for each act; one
that is cut ends itself between its first claim and the act.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from pathlib import Path

from stage import TABLE, WRONG, World

from saltext.eos.utils import heal_claim, heal_file, heal_loop, lock

HEAL = {
    "mode": "enforce", "bucket": {"size": 3, "every": "100ms"},
    "debounce": {"least": "1ms", "most": "2ms"}, "decision": {"valid": "10s"},
    "cool_down": {"first": "20ms", "most": "100ms"}, "healer_wait": "300ms",
    "breaker": {"open": "150ms", "most": "1s"},
}  # fmt: skip


class Stack(World):
    """What was acted upon is well."""

    def __init__(self, acts: Path) -> None:
        super().__init__()
        self.heal, self.changed, self._acts = HEAL, {"managed": 10**6}, acts

    def snapshot(self, form, incidents, clock):
        at = clock()
        self._acts.touch()
        return at, {json.loads(line)["job"] for line in self._acts.read_text().splitlines()}

    def view(self, incident, policy, snapshot, form):
        at, well = snapshot
        is_wrong = incident.subject["subject.job"] not in well
        return super().view(
            incident, policy, (at, WRONG._replace(wrong=is_wrong), self.changed), form
        )


class Reactor:
    """Claims what was decided, acts once, and says so."""

    def __init__(self, path: Path, acts: Path, *, is_cut: bool = False) -> None:
        self._path, self._acts, self._is_cut = path, acts, is_cut
        # As an orchestration says it, so that what ends between its claim and its result is known
        # to be gone: otherwise nothing else is done for the twenty minutes that an act may take.
        self._who = {"jid": "1", "pid": os.getpid(), "started": lock.started(os.getpid())}

    def decided(self, decision):
        try:
            subject = heal_claim.claim(self._path, decision.id, decision.action, self._who)
        except heal_claim.Refused:
            return
        if self._is_cut:
            os.kill(os.getpid(), signal.SIGKILL)
        line = {"job": subject["subject.job"], "decision": decision.id, "at": time.monotonic()}
        handle = os.open(self._acts, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, (json.dumps(line) + "\n").encode())
        os.close(handle)
        result = {"verb": "result", "decision": decision.id, "ok": True, "says": "well"}
        heal_claim.tell(self._path, result, "run")

    def wake(self):
        pass

    def tell(self, kind, **data):
        pass


def main(home: Path, inbox: Path, acts: Path, *cut: Path) -> None:
    """Turn until killed."""
    # Salt's own import replaces the handlers of the root.
    logging.basicConfig(level=logging.WARNING, force=True)
    heal_loop.OPEN_EVERY = 0.2
    outlet = Reactor(home / heal_file.NAME, acts, is_cut=bool(cut))
    loop = heal_loop.Loop(home, inbox, TABLE, Stack(acts), outlet)
    while True:
        if not loop.turn():
            time.sleep(0.005)


if __name__ == "__main__":
    main(*(Path(one) for one in sys.argv[1:]))
