"""Who listens on which port of this host: read from /proc, no program needed."""

from __future__ import annotations

import re
from pathlib import Path

_LISTENS = "0A"
_UNIT = re.compile(r"/([^/]+\.(?:service|scope|socket))(?:/|$)")
_SOCKET = re.compile(r"socket:\[(\d+)\]")


def found(proc: Path = Path("/proc")) -> dict[str, dict[str, str]]:
    """
    List listening TCP ports.

    :param proc: the proc file system.
    :return: by port (as text), ``{"command", "unit"}``; empty texts where it cannot be told.
    """
    inodes = {inode: port for name in ("tcp", "tcp6") for inode, port in _sockets(proc, name)}
    holders = {port: {"command": "", "unit": ""} for port in inodes.values()}
    for process in proc.iterdir():
        if not process.name.isdigit():
            continue
        for inode in _inodes(process):
            port = inodes.get(inode)
            if port and not holders[port]["command"]:
                holders[port] = {"command": _command(process), "unit": _unit(process)}
    return holders


def _sockets(proc: Path, name: str) -> list[tuple[str, str]]:
    try:
        lines = (proc / "net" / name).read_text("ascii").splitlines()[1:]
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [(row[9], str(int(row[1].rpartition(":")[2], 16))) for row in rows if row[3] == _LISTENS]


def _inodes(process: Path) -> list[str]:
    inodes = []
    try:
        for descriptor in (process / "fd").iterdir():
            match = _SOCKET.fullmatch(str(descriptor.readlink()))
            if match:
                inodes.append(match[1])
    except OSError:
        return inodes
    return inodes


def _command(process: Path) -> str:
    try:
        return (process / "comm").read_text("utf-8").strip()
    except OSError:
        return ""


def _unit(process: Path) -> str:
    try:
        text = (process / "cgroup").read_text("utf-8")
    except OSError:
        return ""
    for line in text.splitlines():
        units = _UNIT.findall(line.split(":", 2)[2])
        if units:
            return str(units[-1])
    return ""
