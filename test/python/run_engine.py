"""Run an engine through Salt's own loader, with no master beside it: ``run_engine.py <file>``."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import salt.config
import salt.loader

if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    opts = salt.config.apply_master_config(given["opts"])
    engines = salt.loader.engines(opts, {}, {}, {})
    # Last: Salt's own import replaces the handlers of the root.
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, force=True)
    engines[f"{given['engine']}.start"](**given["settings"])
