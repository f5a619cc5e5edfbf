"""A secret that one user of this host holds in a file of its own."""

from __future__ import annotations

import pwd
import stat
from pathlib import Path

from saltext.eos.utils import atomic

MODE = 0o400


def read(path: Path) -> str:
    """Give the secret; empty where there is no file."""
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def access(path: Path) -> dict[str, str | None]:
    """Tell who owns the file and its mode; ``None`` where there is no file."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return {"user": None, "mode": None}
    try:
        owner = pwd.getpwuid(facts.st_uid).pw_name
    except KeyError:
        owner = str(facts.st_uid)
    return {"user": owner, "mode": f"{stat.S_IMODE(facts.st_mode):04o}"}


def write(path: Path, secret: str, user: str) -> None:
    """
    Put the secret into its place, for this user alone.

    :raises CommandExecutionError: the user does not exist, or the folder cannot be written.
    """
    uid, gid = atomic.owner(user, user)
    atomic.write(path, f"{secret}\n".encode(), mode=MODE, uid=uid, gid=gid)
