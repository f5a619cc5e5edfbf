"""The engine as a process of its own, and what is in its inbox."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from feeder import Feeder

PROGRAM = Path(__file__).parents[1] / "run_engine.py"


class Engine:
    """
    An engine in a folder: socket, inbox and log are there.

    :param home: the folder; its path is short, because sockets have short names.
    :param wrapper: words before the command, such as a mount of its own.
    """

    def __init__(self, home: Path, wrapper: tuple[str, ...] = (), **settings) -> None:
        self.home = home
        self.socket = home / "bridge.sock"
        self.inbox = home / "data" / "inbox.db"
        self.log = home / "log"
        self._wrapper = wrapper
        self._process: subprocess.Popen | None = None
        (home / "data").mkdir(exist_ok=True)
        told = {"socket": str(self.socket), "inbox": str(self.inbox), "peers": [os.getuid()]}
        opts = {
            "__role": "master",
            "id": "m_master",
            "root_dir": str(home),
            "sock_dir": str(home / "s"),
            "pki_dir": str(home / "pki"),
            "cachedir": str(home / "cache"),
            "conf_file": str(home / "master"),
            "log_file": str(home / "master.log"),
        }
        given = {"engine": "eos_bridge", "opts": opts, "settings": told | settings}
        (home / "engine.json").write_text(json.dumps(given))

    @property
    def pid(self) -> int:
        """Number of the engine's own process."""
        assert self._process is not None
        return self._process.pid

    def start(self):
        """Start the engine; it may not listen yet."""
        command = [*self._wrapper, sys.executable, str(PROGRAM), str(self.home / "engine.json")]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def feeder(self, epoch: str = "test-00000001") -> Feeder:
        """Connect to it."""
        return Feeder(self.socket, epoch)

    def stop(self, within: float = 10) -> int:
        """Ask it to end, and give its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(within)

    def kill(self) -> None:
        """End it as a crash would: the process alone, not what it started."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def end(self) -> None:
        """End all of it, whatever state it is in."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)

    def said(self) -> str:
        """Give its log."""
        return self.log.read_text("utf-8", "replace")

    def ask(self, query: str, *values) -> list[tuple]:
        """Ask its inbox, as any reader does."""
        database = sqlite3.connect(f"file:{self.inbox}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def ids(self) -> list[str]:
        """Give the ids of its events in the order of their rows."""
        return [one for (one,) in self.ask("SELECT id FROM events ORDER BY row")]
