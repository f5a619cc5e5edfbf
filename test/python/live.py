"""A real master with one real minion on the loopback, in a temporary folder."""

from __future__ import annotations

import getpass
import grp
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import yaml
from programs import clear
from wheel import CONTRACT, SITE

BIN = Path(sys.executable).parent


class Live:
    """
    Salt as users run it: daemons, commands and configuration written by ``saltext-eos``.

    :param home: where everything is kept; short, because sockets have short names.
    :param pillar: what stands under ``eos``.
    """

    #: Kills by the kernel that the minion keeps to itself. Others test on this machine too, and a
    #: core service killed in a container of theirs would freeze the healing of this stack.
    ignored: tuple[str, ...] = ("*",)

    def __init__(self, home: Path, pillar: dict) -> None:
        self.home = home
        self.config = home / "salt"
        self.states = home / "states"
        self.pillars = home / "pillar"
        self.store = home / "store"
        self._daemons: list[subprocess.Popen] = []
        for folder in (self.config, self.states, self.pillars):
            folder.mkdir(parents=True)
        self.site = home / "site"
        shutil.copytree(SITE, self.site)
        shutil.rmtree(self.site / "saltext/eos/contract", ignore_errors=True)
        shutil.copytree(CONTRACT, self.site / "saltext/eos/contract")
        self.environment = {**os.environ, "PYTHONPATH": str(self.site), "PYTHONWARNINGS": "ignore"}
        self._configure()
        self.set_pillar(pillar)

    def start(self) -> None:
        """Start both daemons and wait until the minion answers."""
        for name in ("salt-master", "salt-minion"):
            self._start(name)
        for _ in range(60):
            try:
                if self.salt("n1", "test.ping", timeout=20) is True:
                    return
            except (AssertionError, ValueError, subprocess.TimeoutExpired):
                pass
            time.sleep(0.5)
        raise AssertionError((self.home / "log-salt-minion").read_text()[-3000:])

    def stop(self) -> None:
        """Stop the daemons, with everything they started; a minion takes long to end by itself."""
        for daemon in self._daemons:
            if daemon.poll() is None:
                is_minion = daemon.args[0].endswith("salt-minion")
                os.killpg(daemon.pid, signal.SIGKILL if is_minion else signal.SIGTERM)
        for daemon in self._daemons:
            try:
                daemon.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(daemon.pid, signal.SIGKILL)
                daemon.wait(15)
        clear(self.home)
        for left in self.home.glob("n/**/*.pid"):
            left.unlink()

    def stop_minion(self) -> None:
        """Stop the minion only."""
        os.killpg(self._daemons[1].pid, signal.SIGKILL)
        self._daemons[1].wait(15)

    def set_pillar(self, pillar: dict, *, for_master: bool = True) -> None:
        """Write the pillar of the minion and, unless told otherwise, of the orchestrations."""
        (self.pillars / "eos.sls").write_text(yaml.safe_dump({"eos": pillar}))
        top = {"n1": ["eos"], **({"m_master": ["eos"]} if for_master else {})}
        (self.pillars / "top.sls").write_text(yaml.safe_dump({"base": top}))

    def run(self, *arguments: str, timeout: int = 120) -> subprocess.CompletedProcess:
        """Run one of Salt's commands."""
        command = [str(BIN / arguments[0]), "-c", str(self.config), *arguments[1:]]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=timeout,
            check=False,
        )

    def salt(self, node: str, function: str, *arguments: str, timeout: int = 60):
        """Run a function on the minion and give what it returned."""
        done = self.run(
            "salt", "--out=json", "--static", node, function, *arguments, timeout=timeout
        )
        found = json.loads(done.stdout[done.stdout.index("{") :])
        assert node in found, done.stdout + done.stderr
        return found[node]

    def runner(self, *arguments: str):
        """Run a runner and give its exit status and what it returned."""
        done = self.run("salt-run", "--out=json", *arguments)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            return done.returncode, done.stdout + done.stderr

    def orchestrate(self, name: str, *arguments: str):
        """Run an orchestration; give its exit status and its steps by id."""
        done = self.run("salt-run", "--out=json", "state.orchestrate", name, *arguments)
        try:
            found = json.loads(done.stdout)
        except ValueError:
            return done.returncode, done.stdout + done.stderr
        (steps,) = found.get("data", found).values()
        if isinstance(steps, list):
            return done.returncode, "\n".join(steps)
        return done.returncode, {step["__id__"]: step for step in steps.values()}

    def _start(self, name: str) -> None:
        log = (self.home / f"log-{name}").open("w")
        command = [str(BIN / name), "-c", str(self.config), "-l", "info"]
        self._daemons.append(
            subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        )

    def _configure(self) -> None:
        publish, answer = _free_ports(2)
        common = {"user": getpass.getuser(), "sock_dir": str(self.home / "s")}
        master = {
            **common,
            "id": "m_master",
            "interface": "127.0.0.1",
            "publish_port": publish,
            "ret_port": answer,
            "root_dir": str(self.home / "m"),
            "auto_accept": True,
            "file_roots": {"base": [str(self.states)]},
            "pillar_roots": {"base": [str(self.pillars)]},
            "eos_state_dir": str(self.store),
            "eos_custody_key": str(self.home / "custody.key"),
            # The machine itself is left as it is: no account, nothing below /etc and /run.
            "eos_tmpfiles_dir": str(self.home / "tmpfiles.d"),
            "eos_account": grp.getgrgid(os.getgid()).gr_name,
            "engines": [{"eos_bridge": {"socket": str(self.home / "run" / "bridge.sock")}}],
            "log_level": "info",
        }
        minion = {
            **common,
            "sock_dir": str(self.home / "s2"),
            "id": "n1",
            "master": "127.0.0.1",
            "master_port": answer,
            "publish_port": publish,
            "root_dir": str(self.home / "n"),
            "beacons": {"eos_oom": [{"ignore": list(self.ignored)}]},
        }
        (self.config / "master").write_text(yaml.safe_dump(master))
        (self.config / "minion").write_text(yaml.safe_dump(minion))
        for kind in ("master", "minion"):
            code = "from saltext.eos.command.main import main; import sys; sys.exit(main())"
            command = [sys.executable, "-c", code, f"configure-{kind}", "--yes"]
            command += ["--config", str(self.config / kind)]
            # Elsewhere than in the tree: its sources would hide the wheel.
            subprocess.run(
                command, env=self.environment, cwd=self.home, check=True, capture_output=True
            )


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
