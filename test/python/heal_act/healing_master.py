"""A real master and minion that act on decisions; the test is the engine, and shows the views."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import yaml
from live import BIN, Live
from wheel import FIXTURES

from saltext.eos.utils import heal_audit, heal_file, heal_store
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import Decision, Incident

# In place of the servers, which this stack has not: what a view shows is what the test says.
LOOK = '''"""Stand-in: the view that the test wrote down."""

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from types import SimpleNamespace

from saltext.eos.utils.heal_state import Thing, View


def looking(opts, form, path, decision):
    def look():
        told = json.loads((Path(path).parent / "view.json").read_text("utf-8"))
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
            query = "SELECT claim FROM decisions WHERE id = ?"
            (claim,) = db.execute(query, (decision["id"],)).fetchone()
        blocked, wrong = told["after" if "did" in json.loads(claim) else "before"]
        thing = Thing(wrong=wrong, input=decision["input_hash"])
        return View(time.monotonic(), blocked, 10, 1, "", thing)
    return SimpleNamespace(view=look, clock=time.monotonic)
'''
# What an act comes to on the node: `act-takes` and `refuses` say how it goes.
ACT = """#!/bin/sh
home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
echo act >> "$home/acts.log"
sleep "$(cat "$home/act-takes")"
if [ -e "$home/refuses" ]; then echo "no disk" >&2; exit 1; fi
"""
SLS = """done here:
  cmd.run:
    - name: {program}
"""


def stack_pillar() -> dict[str, Any]:
    """One node with Consul and the runner of Terraform."""
    pillar = json.loads((FIXTURES / "pillar.json").read_text("utf-8"))
    del pillar["topology"]["n2"]
    pillar["topology"]["n1"]["address"] = "127.0.0.1"
    pillar["topology"]["n1"]["memory"] = "1GiB"
    return pillar


class HealingMaster(Live):
    """Salt as users run it, with the reactor of decisions and a healer that is the test."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, stack_pillar())
        (self.site / "saltext/eos/utils/heal_look.py").write_text(LOOK)
        self._program = home / "bin" / "act"
        self._program.parent.mkdir()
        self._program.write_text(ACT)
        self._program.chmod(0o755)
        (self.states / "eos").mkdir()
        self.well()
        file = self.config / "master.d" / "eos.conf"
        config = yaml.safe_load(file.read_text("utf-8"))
        # The reactor stays as it was set up; the engine is the test.
        config["engines"] = [one for one in config["engines"] if "eos_healer" not in one]
        file.write_text(yaml.safe_dump({**config, "eos_heal_within": 6}))
        self.path = self.store / heal_file.NAME
        self._number = 0
        self.show("", False)

    def well(self) -> None:
        """Let the next act take no time and succeed."""
        self.sls(SLS.format(program=self._program))
        (self.home / "act-takes").write_text("0")
        (self.home / "refuses").unlink(missing_ok=True)

    def sls(self, text: str) -> None:
        """Put an SLS of the component in front of the wheel's."""
        (self.states / "eos" / "consul.sls").write_text(text)

    def show(self, blocked: str, wrong: bool | None, before: bool | None = True) -> None:
        """
        Say what views show from now on: the source that did not answer, whether it is wrong.

        :param before: whether it is wrong just before the act.
        """
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        shown = {"before": ["", before], "after": [blocked, wrong]}
        (self.store / "view.json").write_text(json.dumps(shown))

    def decide(
        self, action: str = "apply", node: str = "n1", age: float = 0.0, **changed: Any
    ) -> str:
        """
        Put a decision into the healer's file, as the engine does.

        :param age: how long ago it was decided, in seconds.
        """
        self._number += 1
        name = f"d-{self._number}"
        subject = {
            "subject.node": node, "subject.service": "web", "links.alloc": "a-1", "cluster": "dc7",
            "act": {"do": action, "component": "consul"},
        }  # fmt: skip
        names = ("service:web", "component:consul", f"node:{node}", "policy:lost_registration")
        store = heal_store.Store(self.path)
        try:
            with store.step(Settings()) as at:
                now = at.now
                incident = Incident(
                    id=f"i-{name}", policy="lost_registration", key=name, cluster="dc7",
                    subject=subject, names=names, thing=name, opened=now, last=now, due=now + 1e6,
                )  # fmt: skip
                store.state.incidents[name] = incident
                store.state.mark("incidents", name)
                decision = Decision(**{
                    "id": name, "incident": incident.id, "action": action, "thing": name,
                    "subject": subject, "names": names, "input_hash": "x", "created": now - age,
                    "expires": now - age + 120, "state": "decided", "epoch": store.state.epoch,
                    **changed,
                })  # fmt: skip
                store.state.decisions[name] = decision
                store.state.mark("decisions", name)
        finally:
            store.close()
        return name

    def engine(self) -> None:
        """Do one step of the engine: results are obeyed, what is over ends."""
        store = heal_store.Store(self.path)
        try:
            with store.step(Settings()):
                pass
        finally:
            store.close()

    def ask(self, query: str, *values: Any) -> list[tuple]:
        """Read the healer's file."""
        database = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def decision(self, name: str) -> tuple[str, dict[str, Any]]:
        """Give state and result of a decision, after a step of the engine."""
        self.engine()
        ((state, result),) = self.ask("SELECT state, result FROM decisions WHERE id = ?", name)
        return state, json.loads(result or "{}")

    def audit(self, kind: str) -> list[dict[str, Any]]:
        """Give the lines of one kind; the whole chain is verified."""
        database = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)
        try:
            return [one.body for one in heal_audit.verified(database) if one.kind == kind]
        finally:
            database.close()

    def acts(self) -> int:
        """Count how often the node was acted on."""
        log = self.home / "acts.log"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def heal(self, name: Any, action: str = "apply", *more: str):
        """Run the orchestration of a decision by hand."""
        pillar = json.dumps({"eos_decision": name})
        return self.orchestrate(f"eos.heal.{action}", f"pillar={pillar}", *more)

    def starts(self, name: str) -> subprocess.Popen:
        """Start the orchestration of a decision, and go on."""
        command = [str(BIN / "salt-run"), "-c", str(self.config), "state.orchestrate"]
        command += ["eos.heal.apply", f"pillar={json.dumps({'eos_decision': name})}"]
        return subprocess.Popen(
            command, env=self.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def claim(self, name: str) -> dict[str, Any] | None:
        """Give the claim of a decision, as it is at this moment."""
        ((text,),) = self.ask("SELECT claim FROM decisions WHERE id = ?", name)
        return json.loads(text) if text else None

    def log(self) -> str:
        """What the master has logged."""
        return (self.home / "log-salt-master").read_text("utf-8", "replace")
