"""Who is at the other end of a unix socket, and whether that user may be."""

from __future__ import annotations

import pwd
import socket
import struct
from collections.abc import Iterable
from typing import NamedTuple

_CREDENTIALS = struct.Struct("iII")


class Peer(NamedTuple):
    """Process and user that connected, as the kernel tells it."""

    pid: int
    uid: int
    gid: int


def peer(connection: socket.socket) -> Peer:
    """Ask the kernel who connected."""
    size = _CREDENTIALS.size
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return Peer(*_CREDENTIALS.unpack(found))


def allowed(users: Iterable[str | int]) -> set[int]:
    """
    Give the numbers of these users now; who does not exist is left out.

    Asked at each connection: a package may make its user after the master has started.
    """
    found = set()
    for user in users:
        if isinstance(user, int):
            found.add(user)
            continue
        try:
            found.add(pwd.getpwnam(user).pw_uid)
        except KeyError:
            continue
    return found
