"""The place of the bridge's socket, and the account that may reach it."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from saltext.eos.command.change import Refusal

ACCOUNT = "eos"
SOCKET = "/run/eos/bridge.sock"
TMPFILES = "/etc/tmpfiles.d"
NAME = "eos-bridge.conf"


def name(opts: dict[str, Any]) -> str:
    """Give the account of the sidecar; option ``eos_account``."""
    return str(opts.get("eos_account") or ACCOUNT)


def tmpfiles(opts: dict[str, Any]) -> Path:
    """Give the file that makes the socket's folder at each boot; option ``eos_tmpfiles_dir``."""
    return Path(opts.get("eos_tmpfiles_dir") or TMPFILES) / NAME


def folder(engine: dict[str, Any]) -> Path:
    """Give the folder of the socket that the engine was told, or ``/run/eos``."""
    return Path(str(engine.get("socket") or SOCKET)).parent


def places(
    opts: dict[str, Any], engine: dict[str, Any], user: str
) -> tuple[list[str], list[Callable[[], None]]]:
    """
    List what the socket needs: the account of the sidecar, and a folder that only it may enter.

    The folder belongs to the master's user and the account's group with the set-group-id bit, so
    that the socket takes over the group without the master being a member of it.

    :param engine: settings of ``eos_bridge``.
    :param user: the master's user.
    """
    who = name(opts)
    where = folder(engine)
    line = f"d {where} 2750 {user} {who} -\n"
    target = tmpfiles(opts)
    pending: list[str] = []
    steps: list[Callable[[], None]] = []
    if not _has(who):
        pending.append(f"system account {who}, for the sidecar")
        steps.append(lambda: _add(who))
    if _text(target) != line:
        pending.append(f"{target}: {line.strip()}")

        def write() -> None:
            target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            target.write_text(line, "utf-8")

        steps.append(write)
    if not _fits(where, user, who):
        pending.append(f"folder {where}, for {user} and the group {who}")
        steps.append(lambda: _make(where, user, who))
    return pending, steps


def _has(who: str) -> bool:
    """Tell whether there are a user and a group of that name."""
    try:
        pwd.getpwnam(who)
        grp.getgrnam(who)
    except KeyError:
        return False
    return True


def _add(who: str) -> None:
    command = ["useradd", "--system", "--no-create-home"]
    try:
        grp.getgrnam(who)
        command += ["--gid", who]
    except KeyError:
        command += ["--user-group"]
    command += ["--home-dir", "/var/lib/eos-sidecar", "--shell", "/usr/sbin/nologin", who]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise Refusal([f"account {who} cannot be made: {done.stderr.strip()}; make it yourself"])


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except OSError:
        return None


def _fits(where: Path, user: str, group: str) -> bool:
    try:
        found = where.stat()
        return (where.owner(), where.group(), found.st_mode & 0o7777) == (user, group, 0o2750)
    except (OSError, KeyError):
        return False


def _make(where: Path, user: str, group: str) -> None:
    where.mkdir(mode=0o750, parents=True, exist_ok=True)
    os.chown(where, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
    where.chmod(0o2750)
