"""Connections that are kept for the next request to the same server, by process."""

from __future__ import annotations

import http.client
import os
import select
import ssl
import threading
import time
from collections.abc import Hashable
from pathlib import Path

IDLE = 20.0
MOST = 4

_lock = threading.Lock()
_idle: dict[Hashable, list[tuple[float, http.client.HTTPConnection]]] = {}
_contexts: dict[Hashable, ssl.SSLContext] = {}


def take(key: Hashable) -> http.client.HTTPConnection | None:
    """
    Give a connection that was kept, and that the server has not ended since.

    A connection belongs to one process: what a child inherits is its parent's.
    """
    with _lock:
        waiting = _idle.get((os.getpid(), key), [])
        while waiting:
            since, connection = waiting.pop()
            if time.monotonic() - since < IDLE and _is_quiet(connection):
                return connection
            connection.close()
    return None


def keep(key: Hashable, connection: http.client.HTTPConnection) -> None:
    """Keep a connection whose answer was read to its end; close it when there are enough."""
    with _lock:
        waiting = _idle.setdefault((os.getpid(), key), [])
        if len(waiting) < MOST:
            waiting.append((time.monotonic(), connection))
            return
    connection.close()


def context(ca_file: str | None) -> ssl.SSLContext:
    """
    Give what verifies servers against a CA; made anew when the CA's file has changed.

    :raises OSError: the file cannot be read.
    """
    found = Path(ca_file).stat() if ca_file else None
    key = (ca_file, found.st_mtime_ns, found.st_ino) if found else None
    made = _contexts.get(key)
    if made is None:
        made = _contexts[key] = ssl.create_default_context(cafile=ca_file)
    return made


def _is_quiet(connection: http.client.HTTPConnection) -> bool:
    """Tell whether nothing came since the last answer: whatever comes now is the server's end."""
    if connection.sock is None:
        return False
    try:
        return not select.select([connection.sock], [], [], 0)[0]
    except (OSError, ValueError):
        return False
