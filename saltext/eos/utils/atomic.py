"""Put a file in its place at once, with owner and mode already right."""

from __future__ import annotations

import grp
import os
import pwd
import tempfile
from pathlib import Path

from salt.exceptions import CommandExecutionError


def owner(user: str, group: str) -> tuple[int, int]:
    """
    Give the numbers of a user and a group.

    :raises CommandExecutionError: one does not exist on this host.
    """
    try:
        return pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid
    except KeyError as err:
        raise CommandExecutionError(
            f"user {user} or group {group} does not exist here; expected a package or an earlier "
            "state to make it"
        ) from err


def write(path: Path, data: bytes, *, mode: int, uid: int, gid: int) -> None:
    """
    Replace ``path`` by ``data``; a reader sees the old bytes or the new, never a part.

    :raises CommandExecutionError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        handle, staged = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as err:
        raise CommandExecutionError(f"{path} cannot be written: {err.strerror}") from err
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            os.fchmod(stream.fileno(), mode)
            os.fchown(stream.fileno(), uid, gid)
            stream.flush()
            os.fsync(stream.fileno())
        Path(staged).replace(path)
    except OSError as err:
        Path(staged).unlink(missing_ok=True)
        raise CommandExecutionError(f"{path} cannot be written: {err.strerror}") from err
