"""Judge lines of ``[event, payload]`` by generated Python: ``event_problems.py FOLDER``.

FOLDER is a generated ``saltext``; it is laid over the hand-written one as the wheel does.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="eos-events-") as site:
        for source in (ROOT / "saltext", Path(sys.argv[1])):
            target = Path(site) / ("saltext" if source == ROOT / "saltext" else "saltext/eos")
            shutil.copytree(source, target, dirs_exist_ok=True)
        sys.path.insert(0, site)
        from saltext.eos.events import table

        for line in sys.stdin:
            event, payload = json.loads(line)
            print(json.dumps(table.problem({"event": event, **payload})))


main()
