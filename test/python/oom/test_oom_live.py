"""Kills between a real minion and a real master, across restarts of both."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess

import pytest
import yaml
from cage import turn_at_the_kernel, wait_for
from live import Live
from wheel import FIXTURES

PATIENCE = 60


def _pillar():
    pillar = json.loads((FIXTURES / "pillar.json").read_text("utf-8"))
    del pillar["topology"]["n2"]
    pillar["topology"]["n1"]["address"] = "127.0.0.1"
    return pillar


class Daemons(Live):
    """Master and minion that can be killed and started again, one at a time, and the inbox."""

    ignored = ()

    def _configure(self):
        """As users do, but with the socket in this test's own folder."""
        super()._configure()
        drop_in = self.config / "master.d/eos.conf"
        written = yaml.safe_load(drop_in.read_text("utf-8"))
        (self.home / "b").mkdir(mode=0o750)
        settings = {"socket": str(self.home / "b/bridge.sock"), "peers": [os.getuid()]}
        written["engines"] = [{"eos_bridge": settings}]
        drop_in.write_text(yaml.safe_dump(written))

    def query(self, statement, *values):
        """Read the inbox as any reader does; nothing before the engine has made it."""
        path = self.store / "inbox.db"
        if not path.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as inbox:
            return inbox.execute(statement, values).fetchall()

    def rows(self, pid):
        """Give the bodies of all rows about a process."""
        statement = "SELECT body FROM events WHERE json_extract(body, '$.subject.pid') = ?"
        return [body for (body,) in self.query(statement, pid)]

    def pending(self):
        """Give what the minion still wants to tell; None while it cannot be asked."""
        try:
            return self.salt("n1", "eos_oom.pending")
        except (AssertionError, ValueError, subprocess.TimeoutExpired):
            return None

    def kill(self, name):
        """Kill a daemon with everything it started."""
        daemon = self._daemons.pop(("salt-master", "salt-minion").index(name))
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait(15)

    def again(self, name):
        """Start a daemon that was killed; nobody here reaps what it left, so its number is gone."""
        for left in self.home.glob(f"[mn]/**/*{name}.pid"):
            left.unlink()
        self._start(name)
        index = ("salt-master", "salt-minion").index(name)
        self._daemons.insert(index, self._daemons.pop())


@pytest.fixture(scope="module")
def live(live_home):
    """A running master and minion, the beacon as ``configure-minion`` turns it on."""
    live = Daemons(live_home, _pillar())
    with turn_at_the_kernel():
        try:
            live.start()
            yield live
        finally:
            live.stop()


def test_each_kill_is_one_row_of_the_inbox_across_restarts_of_minion_and_master(live, make_cage):
    """Killed while all run, while the minion is down, while the master is, and while both are."""
    wait_for(lambda: live.salt("n1", "eos_oom.status")["running"], "the first pass", PATIENCE)
    pids = [make_cage().overeat()]
    wait_for(lambda: live.rows(pids[0]), "the first row", PATIENCE)

    live.kill("salt-minion")
    pids.append(make_cage().overeat())
    live.again("salt-minion")
    wait_for(lambda: live.rows(pids[1]), "the row of a minion that was down", PATIENCE)

    live.kill("salt-master")
    pids.append(make_cage().overeat())
    live.again("salt-master")
    wait_for(lambda: live.rows(pids[2]), "the row of a master that was down", 2 * PATIENCE)

    live.kill("salt-minion")
    live.kill("salt-master")
    pids.append(make_cage().overeat())
    live.again("salt-master")
    live.again("salt-minion")
    wait_for(lambda: live.rows(pids[3]), "the row of both that were down", 2 * PATIENCE)

    wait_for(lambda: live.pending() == [], "the last acknowledgement", 2 * PATIENCE)
    assert [len(live.rows(pid)) for pid in pids] == [1, 1, 1, 1]
    envelopes = [json.loads(body) for pid in pids for body in live.rows(pid)]
    assert [one["verdict"]["cause"] for one in envelopes] == ["own_limit"] * 4
    assert {one["origin"] for one in envelopes} == {"beacon"}
    assert all(one["tag"].startswith("eos/kernel/oom/killed/") for one in envelopes)
    assert live.query("SELECT gaps, refused FROM minions WHERE minion = 'n1'") == [(0, 0)]
    assert live.query("SELECT * FROM dead") == []
