"""A real master with the engine in it, and a listener on its bus."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
from pathlib import Path

import salt.config
import salt.utils.event
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class Master:
    """A salt-master with the engine; sockets, keys and configuration in one folder."""

    def __init__(self, home: Path) -> None:
        from live import BIN, _free_ports

        self.home, self.bin = home, BIN
        self.socket, self.inbox = home / "bridge.sock", home / "inbox.db"
        publish, answer = _free_ports(2)
        told = {"socket": str(self.socket), "inbox": str(self.inbox), "peers": [os.getuid()]}
        config = {
            "id": "m_master",
            "user": "root",
            "interface": "127.0.0.1",
            "publish_port": publish,
            "ret_port": answer,
            "root_dir": str(home),
            "sock_dir": str(home / "s"),
            "pki_dir": str(home / "pki"),
            "cachedir": str(home / "cache"),
            "log_level": "info",
            "log_level_logfile": "quiet",
            "worker_threads": 1,
            "keysize": 2048,
            "engines": [{"eos_bridge": told}],
        }
        (home / "master").write_text(json.dumps(config))
        self.minions = home / "pki" / "minions"
        self._daemon: subprocess.Popen | None = None

    def start(self) -> None:
        with (self.home / "log").open("a") as log:
            command = [str(self.bin / "salt-master"), "-c", str(self.home), "-l", "info"]
            self._daemon = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, cwd=self.home
            )

    def stop(self) -> None:
        if self._daemon and self._daemon.poll() is None:
            os.killpg(self._daemon.pid, signal.SIGTERM)
            try:
                self._daemon.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._daemon.pid, signal.SIGKILL)
                self._daemon.wait(10)

    def said(self) -> str:
        return (self.home / "log").read_text("utf-8", "replace")

    def run(self, *arguments: str, out: str | None = "json"):
        """Run a runner; give its exit status and what it printed."""
        words = [str(self.bin / "salt-run"), "-c", str(self.home), "--log-level=quiet"]
        words += [f"--out={out}"] if out else []
        done = subprocess.run(
            [*words, *arguments], capture_output=True, text=True, check=False, timeout=60,
            cwd=self.home,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout) if out == "json" else done.stdout

    def ask(self, query: str, *values):
        database = sqlite3.connect(f"file:{self.inbox}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def opts(self):
        return salt.config.master_config(str(self.home / "master"))

    def fire(self, data: dict, tag: str) -> None:
        """Fire on the bus as the master does with what a minion sent."""
        opts = self.opts()
        with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=False) as bus:
            assert bus.fire_event(dict(data), tag)

    def accept(self, minion: str) -> rsa.RSAPrivateKey:
        key = rsa.generate_private_key(65537, 2048)
        self.minions.mkdir(parents=True, exist_ok=True)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (self.minions / minion).write_bytes(public)
        return key


class Bus:
    """Everything on the bus below a tag, from now on."""

    def __init__(self, master: Master, prefix: str = "eos/") -> None:
        self.events: list[dict] = []
        self._ended = threading.Event()
        ready = threading.Event()

        def listen() -> None:
            opts = master.opts()
            with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=True) as bus:
                ready.set()
                while not self._ended.is_set():
                    event = bus.get_event(wait=0.5, tag=prefix, full=True, auto_reconnect=True)
                    if event:
                        self.events.append(event)

        self._thread = threading.Thread(target=listen, daemon=True)
        self._thread.start()
        assert ready.wait(10)

    def ids(self) -> list[str]:
        return [one["data"].get("id") for one in self.events]

    def end(self) -> None:
        self._ended.set()
        self._thread.join(5)
