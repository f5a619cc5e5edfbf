"""The ceiling: fire the lines of a file on the master's bus as fast as Salt's own client can."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import salt.config
import salt.utils.event

config, lines, report = sys.argv[1:]
opts = salt.config.master_config(config)
events = [json.loads(line) for line in Path(lines).read_text("utf-8").splitlines()]
with salt.utils.event.SaltEvent("master", opts["sock_dir"], opts=opts, listen=False) as bus:
    began = time.time()
    for event in events:
        bus.fire_event(event["data"], event["tag"])
    ended = time.time()
Path(report).write_text(json.dumps({"began": began * 1000, "ended": ended * 1000}), "utf-8")
