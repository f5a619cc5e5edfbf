"""Write each event of the bus whose tag begins so as one JSON line, with the time of arrival."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import salt.config
import salt.utils.event

config, prefix, output = sys.argv[1:]
opts = salt.config.master_config(config)
with (
    salt.utils.event.get_event("master", opts=opts, listen=True) as bus,
    Path(output).open("a", buffering=1) as lines,
):
    lines.write("{}\n")
    while True:
        event = bus.get_event(wait=5, tag=prefix, match_type="startswith", full=True)
        if event is not None:
            row = {"at": time.time() * 1000, "tag": event["tag"], "data": event["data"]}
            lines.write(json.dumps(row, default=repr) + "\n")
