"""
What one reading of the stack costs, through a real master and minion, with doubles of the servers.

``python test/python/heal_view/measure.py``: median and longest of nine readings for each need, of 1
and of 10,000 allocations, and how many bytes the minion answers.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
TIMES = 9
SIZES = ((1, 1), (1_000, 10))


def serve(jobs: int, copies: int, home: Path) -> None:
    """Be the servers, in a process of their own, until the input ends."""
    from double import Double

    home.mkdir()
    double = Double(jobs, copies)
    print(double.configuration(home), double.allocs[-1]["ID"], flush=True)
    sys.stdin.read()
    double.stop()


def measure() -> None:
    """Print a line for each size and need."""
    import msgpack
    import salt.config
    import wheel  # noqa: F401 - puts the wheel on the path
    from healing_stack import HealingStack

    from saltext.eos.utils import heal_snapshot, master

    home = Path(tempfile.mkdtemp(prefix="em", dir="/tmp"))
    config = home / "config.json"
    stack = HealingStack(home, str(config))
    try:
        stack.start()
        opts = salt.config.master_config(str(stack.config / "master"))
        form = master.form(opts)
        for jobs, copies in SIZES:
            words = [sys.executable, __file__, str(jobs), str(copies), str(home / f"s{jobs}")]
            with subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as child:
                path, allocation = child.stdout.readline().split()
                shutil.copy(path, config)
                for name, needs in _needs(allocation, f"job{jobs - 1}").items():
                    spent = []
                    for _ in range(TIMES):
                        begun = time.monotonic()
                        seen = heal_snapshot.read(opts, form, time.monotonic, needs)
                        spent.append(time.monotonic() - begun)
                        assert not seen.blocked, seen.blocked
                    wanted = heal_snapshot.questions(form, needs)
                    told = master.ask(opts, ["n1"], "eos_heal.look", [wanted])["n1"]["ret"]
                    median, longest = sorted(spent)[TIMES // 2], max(spent)
                    print(
                        f"{jobs * copies:6} allocations, {name}: median {median:.2f} s, "
                        f"longest {longest:.2f} s, {len(msgpack.dumps(told))} bytes"
                    )
                child.stdin.close()
    finally:
        stack.stop()
        shutil.rmtree(home, ignore_errors=True)


def _needs(allocation: str, job: str):
    from saltext.eos.utils.heal_snapshot_shape import Needs

    place, one = frozenset([("dc1", "n1")]), frozenset([("global", "apps", job)])
    unit = frozenset([("consul.service", "n1")])
    return {
        "a registration": Needs(
            True, allocations=frozenset([allocation]), consul=True, registered=place
        ),
        "a job": Needs(True, one, consul=True, red=True),
        "a unit": Needs(gates=frozenset([("consul", "n1")]), units=unit),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
    else:
        measure()
