"""Free ports of the loopback, and the programs that the lab built."""

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


def binary(name: str) -> str:
    """Give the path of a server that the lab built, or skip the test."""
    places = sorted(CACHE.glob(f"servers/{name}-*/{name}"), key=lambda path: path.stat().st_mtime)
    found = (
        str(places[-1])
        if places
        else shutil.which(name, path=f"{CACHE}/build:{os.environ['PATH']}")
    )
    if found is None:
        pytest.skip(f"no {name} in {CACHE}/servers or PATH: `npm run lab` builds it")
    return found


def free_ports(count: int) -> list[int]:
    """Give numbers of free ports, for TCP and UDP alike."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
