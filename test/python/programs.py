"""The programs that the lab built, and free ports of the loopback to run them on."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

CACHE = Path(
    os.environ.get("EOS_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eos"
)


def binary(name: str, built: str | None = None) -> str:
    """Give the path of a program that the lab built; a machine without it fails the test."""
    built = built or name
    places = sorted(CACHE.glob(f"servers/{name}-*/{built}"), key=lambda path: path.stat().st_mtime)
    found = str(places[-1]) if places else shutil.which(built)
    if found is None:
        pytest.fail(f"no {built} in {CACHE}/servers or PATH; `npm test` and `npm run lab` build it")
    return found


def free_ports(count: int) -> list[int]:
    """Give numbers of free ports, for TCP and UDP alike."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
