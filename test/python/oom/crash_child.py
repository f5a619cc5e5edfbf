"""Run the beacon without pause until killed: what a minion is to a test that kills it anywhere."""

import json
import sys
from pathlib import Path

from saltext.eos.beacon_config.eos_oom import DEFAULTS
from saltext.eos.utils.oom_watch import Watch

folder, told = Path(sys.argv[1]), Path(sys.argv[2])
watch = Watch(folder, "n1", {**DEFAULTS, "docker": "", "burst": 1000})
with told.open("a", encoding="utf-8") as out:
    out.write("ready\n")
    out.flush()
    while True:
        watch.step()
        for record in watch.records:
            out.write(json.dumps(record) + "\n")
        out.flush()
