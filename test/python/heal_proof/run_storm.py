"""
The loop of the healer with every default, until it is ended; its world is always wrong.

``run_storm.py <home> <inbox>``: each second it prints what it has done, as JSON. What is decided is
claimed at once, and said to be done.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "heal_engine"))

from run_loop import Reactor
from stage import WRONG, World, policy

from saltext.eos.policies import table
from saltext.eos.utils import heal_file, heal_loop, heal_state

# Beside what the wheel declares, one that acts on every job.
TABLE = {
    **table.TABLE,
    "storm": policy(["nomad/alloc/failed"], {"do": "evaluate"}, layer_below="settled"),
}


class Stack(World):
    """Six hundred jobs, few of them unwell; nothing that is done helps."""

    def __init__(self) -> None:
        super().__init__()
        self.heal = {"mode": "enforce"}

    def view(self, incident, policy, snapshot, form):
        return heal_state.View(snapshot[0], "", 600, 1, "", WRONG._replace(kind="leaf"))


def main(home: Path, inbox: Path) -> None:
    """Turn until killed."""
    outlet = Reactor(home / heal_file.NAME, home / "acts")
    loop = heal_loop.Loop(home, inbox, TABLE, Stack(), outlet)
    told = 0.0
    while True:
        is_busy = loop.turn()
        if time.monotonic() - told > 1.0:
            told = time.monotonic()
            status = loop.status()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            said = {"row": status.row, "memory": memory}
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
        if not is_busy:
            time.sleep(0.02)


if __name__ == "__main__":
    main(*(Path(one) for one in sys.argv[1:]))
