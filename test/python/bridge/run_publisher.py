"""Run Salt's own event publisher, with no master around it: ``run_publisher.py <opts>``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import salt.config
import salt.utils.event

if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    opts = salt.config.apply_master_config(given["opts"])
    if hasattr(salt.utils.event, "EventPublisher"):  # 3006
        salt.utils.event.EventPublisher(opts).run()
    else:
        from salt.channel.server import MasterPubServerChannel

        MasterPubServerChannel.factory(opts)._publish_daemon()
