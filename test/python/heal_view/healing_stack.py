"""A master with bridge and healer, a minion whose sidecar reads real servers, and real acts."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import yaml
from live import Live
from wheel import SITE

sys.path.insert(0, str(Path(__file__).parents[1] / "bridge"))

from feeder import Feeder

from saltext.eos.utils import heal_audit, heal_status

PILLAR = {
    "stack": {"name": "lab", "domain": "eos.test"},
    "topology": {
        "n1": {
            "address": "127.0.0.1", "memory": "16GiB", "cpus": 2,
            "roles": {
                "consul": ["server"], "vault": ["server"], "nomad": ["server", "client"],
                "docker": ["engine"], "terraform": ["runner"], "sidecar": ["runner"],
                "healer": ["runner"],
            },
        }
    },
    # A healer begins without a token: nobody waits ten minutes for one here.
    "heal": {
        "mode": "enforce", "debounce": {"least": "1s", "most": "2s"},
        "bucket": {"size": 5, "every": "1s"},
    },
}  # fmt: skip
SYSTEMCTL = """#!/bin/sh
# Stand-in for systemd, whose units are not of this test: notes what it is told.
home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
echo "$*" >> "$home/systemctl.log"
case $1 in show) echo LoadState=loaded; echo ActiveState=active; echo MainPID=4242 ;; esac
"""
# What all jobs stand on is not of this test either: its gates ask a stand-in for whether it is up.
CORE = ("consul", "docker", "nomad")
EPOCH = "heal-00000001"


class HealingStack(Live):
    """
    Salt as users run it, with the contract of the wheel.

    :param config: of the sidecar.
    :param consul: port of the loopback where the node's agent of Consul answers with TLS.
    """

    def __init__(self, home: Path, config: str, consul: int = 8501) -> None:
        super().__init__(home, {**PILLAR, "consul": {"https": consul}})
        shutil.rmtree(self.site / "saltext/eos/contract")
        shutil.copytree(SITE / "saltext/eos/contract", self.site / "saltext/eos/contract")
        self.core = home / "core"
        self.core.write_text('"up"')
        self._stand_in()
        programs = home / "bin"
        programs.mkdir()
        (programs / "systemctl").write_text(SYSTEMCTL)
        (programs / "systemctl").chmod(0o755)
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"
        minion = yaml.safe_load((self.config / "minion").read_text("utf-8"))
        minion |= {"eos_sidecar_config": config, "eos_healer_dir": str(home / "healer")}
        (self.config / "minion").write_text(yaml.safe_dump(minion))
        self._told = 0

    def _stand_in(self) -> None:
        """Let the gates of core services ask for what ``core`` says; there is no Vault here."""
        probe = {"by": "command", "run": ["cat", str(self.core)], "is": "up", "why": "it is down"}
        for path in (self.site / "saltext/eos/contract/components").glob("*.json"):
            held = json.loads(path.read_text("utf-8"))
            spec = held["spec"]
            if held["name"] in CORE:
                spec["gate"]["probes"] = [probe]
            elif spec["class"] == "core" and spec.get("unit"):
                spec["class"] = "platform"
            path.write_text(json.dumps(held))

    def is_running(self) -> bool:
        """Tell whether the engine turns."""
        with contextlib.suppress(ValueError):
            found = heal_status.read(self.store / heal_status.NAME)
            return found is not None and found.state == "running" and time.time() - found.at < 5
        return False

    def tell(self, *facts) -> None:
        """Give facts to the bridge; each is a function of a number and an epoch."""
        with Feeder(self.home / "run" / "bridge.sock", EPOCH) as feeder:
            last = feeder.greet()["last_seq"]
            made = [one(last + 1 + at, EPOCH) for at, one in enumerate(facts)]
            answer = feeder.take(*made)
            assert answer["refused"] == [], answer

    def lines(self, *kinds: str) -> list[dict[str, Any]]:
        """Give the audit's lines of these kinds; the whole chain is verified."""
        with contextlib.closing(self._database()) as db:
            return [one.body for one in heal_audit.verified(db) if one.kind in kinds]

    def ask(self, query: str) -> list[tuple]:
        """Read the healer's file."""
        with contextlib.closing(self._database()) as db:
            return db.execute(query).fetchall()

    def incidents(self) -> list[dict[str, Any]]:
        """Give the open incidents."""
        held = [json.loads(body) for (body,) in self.ask("SELECT body FROM incidents")]
        return [one for one in held if one["state"] != "closed"]

    def said(self) -> str:
        """What the master has logged."""
        return (self.home / "log-salt-master").read_text("utf-8", "replace")

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.store / 'healer.db'}?mode=ro", uri=True, timeout=10)
