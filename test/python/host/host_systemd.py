"""A real systemd in a container of its own, for tests that start and break units."""

from __future__ import annotations

import contextlib
import subprocess
import time
import uuid
from pathlib import Path

from saltext.eos.utils import host_bus

SECONDS = 60.0


class Systemd:
    """A container whose first process is systemd, without anything of a stack."""

    def __init__(self, image: str) -> None:
        self.name = f"eos-test-host-{uuid.uuid4().hex[:8]}"
        self._docker(
            "run", "--detach", "--rm", "--name", self.name, "--network", "none", "--memory", "256m",
            "--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined",
            "--security-opt", "apparmor=unconfined", "--cgroupns", "host",
            "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--tmpfs", "/run:exec",
            "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec", image, "/lib/systemd/systemd",
        )  # fmt: skip
        process = self._docker("inspect", "--format", "{{.State.Pid}}", self.name)
        self.root = Path(f"/proc/{process}/root")
        # Systemd itself talks to nobody from outside its container; the bus does.
        self.socket = str(self.root / "run/dbus/system_bus_socket")
        wait_for(self._answers, "systemd's answer")

    def _answers(self) -> bool:
        with contextlib.suppress(host_bus.NoAnswer):
            host_bus.Bus(self.socket).close()
            return self.run("systemctl", "is-system-running", "--wait") != ""
        return False

    def close(self) -> None:
        """End the container."""
        self._docker("kill", self.name)

    def run(self, *command: str) -> str:
        """Run a command in it, whatever becomes of it."""
        return subprocess.run(
            ["docker", "exec", self.name, *command], check=False, capture_output=True, text=True,
            timeout=SECONDS,
        ).stdout.strip()  # fmt: skip

    def unit(self, name: str, **service: str) -> None:
        """Write a unit and start it, whatever becomes of that."""
        lines = [f"{key}={value}" for key, value in service.items() if key != "Start"]
        limit = service.get("Start", "StartLimitIntervalSec=0")
        text = "\n".join(["[Unit]", limit, "[Service]", *lines, ""])
        (self.root / "etc/systemd/system" / name).write_text(text, "ascii")
        self.run("systemctl", "daemon-reload")
        self.run("systemctl", "start", "--no-block", name)

    @staticmethod
    def _docker(*arguments: str) -> str:
        found = subprocess.run(
            ["docker", *arguments], check=True, capture_output=True, text=True, timeout=SECONDS
        )
        return found.stdout.strip()


def wait_for(is_so, what, seconds=SECONDS):
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"{what} did not come within {seconds} s"
        time.sleep(0.05)
