"""A machine without a minion on the loopback: a real sshd, and Salt's own salt-ssh."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from programs import binary, free_ports, running
from wheel import SITE

SSH = Path(sys.executable).parent / "salt-ssh"
SLS = SITE / "saltext/eos/srv/salt"


class Target:
    """
    Where salt-ssh goes, and the configuration that it is run with.

    :param home: a folder of this test alone; the target's files are below it, too.
    :param port: where its sshd listens.
    """

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.config, self.states = home / "config", home / "states"
        self.pillars = home / "pillars"
        for folder in (self.config, self.states, self.pillars):
            folder.mkdir()
        (self.pillars / "top.sls").write_text("base: {edge: [eos]}\n")
        (self.pillars / "eos.sls").write_text("{}\n")

    def run(self, connections: dict, *command: str, site: Path = SITE, **options: object):
        """Run a function over SSH; gives what it returned."""
        master = {
            "root_dir": str(self.home / f"master-{site.name}"),
            "user": "root",
            "file_roots": {"base": [str(self.states), str(SLS)]},
            "pillar_roots": {"base": [str(self.pillars)]},
            "ext_pillar": [{"eos": {}}],
            "ssh_options": [f"UserKnownHostsFile={self.home / 'known_hosts'}"],
            "ssh_log_file": str(self.home / "ssh.log"),
            **options,
        }
        edge = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "root",
            "priv": str(self.home / "client"),
            "minion_opts": {"eos": {"connections": connections}},
        }
        (self.config / "master").write_text(json.dumps(master))
        (self.config / "roster").write_text(json.dumps({"edge": edge}))
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(SSH), "-c", str(self.config), "--out=json", "edge",
             *command],
            env={**os.environ, "PYTHONPATH": str(site), "HOME": str(self.home / "home")},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert "{" in done.stdout, done.stdout + done.stderr
        return json.loads(done.stdout[done.stdout.index("{") :])["edge"]


@contextlib.contextmanager
def target(home: Path) -> Iterator[Target]:
    """
    Run an sshd that lets one key in, until the block ends.

    It has mounts of its own: its account, its ``/run`` and what salt-ssh leaves in ``/var/tmp``
    are not those of this machine.
    """
    for name in ("host", "client"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(home / name)]
        subprocess.run(key, check=True)
    (port,) = free_ports(1)
    (home / "home").mkdir()
    (home / "authorized").write_text((home / "client.pub").read_text())
    (home / "known_hosts").write_text(f"[127.0.0.1]:{port} {(home / 'host.pub').read_text()}")
    accounts = [
        line for line in Path("/etc/passwd").read_text().splitlines()
        if line.partition(":")[0] not in ("root", "sshd")
    ]  # fmt: skip
    own = [f"root:x:0:0::{home / 'home'}:/bin/sh", "sshd:x:65533:65534::/run/sshd:/bin/false"]
    (home / "passwd").write_text("\n".join([*own, *accounts, ""]))
    settings = {
        "Port": port, "ListenAddress": "127.0.0.1", "HostKey": home / "host", "PidFile": "none",
        "AuthorizedKeysFile": home / "authorized", "StrictModes": "no", "UsePAM": "no",
        "PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password", "Subsystem": "sftp internal-sftp",
    }  # fmt: skip
    (home / "sshd_config").write_text("".join(f"{n} {value}\n" for n, value in settings.items()))
    daemon = Path(binary("sshd"))
    start = (
        "mount -t tmpfs none /var/tmp && mount -t tmpfs none /run && mkdir /run/sshd && mount "
        '--bind "$1/passwd" /etc/passwd && exec "$0" -D -e -f "$1/sshd_config"'
    )
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", start]
    libraries = {"LD_LIBRARY_PATH": str(daemon.parent / "lib")}

    def listens() -> bool:
        with socket.create_connection(("127.0.0.1", port), 1) as found:
            return found.recv(4) == b"SSH-"

    with running([*command, str(daemon), str(home)], home, listens, libraries):
        yield Target(home, port)
