"""Whom a memory cgroup belongs to, told by its path alone."""

from __future__ import annotations

import re
from typing import NamedTuple

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NOMAD = re.compile(rf"({UUID})\.(.+?)(?:\.scope)?")
DOCKER = re.compile(r"(?:docker-|cri-containerd-|libpod-)?([0-9a-f]{64})(?:\.scope)?")
UNIT = re.compile(r".+\.(?:service|scope)")


class Holder(NamedTuple):
    """What the path of a cgroup says: allocation and task, container, unit; None where nothing."""

    alloc: str | None
    task: str | None
    container: str | None
    unit: str | None


def holder(path: str) -> Holder:
    """
    Read a path from the inside out.

    A unit below an allocation or a container is of the systemd in there, and none of the node.

    :param path: memory cgroup, without what is above the node itself.
    """
    alloc = task = container = unit = slice_ = None
    for name in reversed(path.split("/")):
        if not alloc and (found := NOMAD.fullmatch(name)):
            alloc, task, unit = found[1], found[2], None
        elif not container and (found := DOCKER.fullmatch(name)):
            container, unit = found[1], None
        elif not unit and UNIT.fullmatch(name):
            unit = name
        elif not slice_ and name.endswith(".slice"):
            slice_ = name
    return Holder(alloc, task, container, unit or (None if alloc or container else slice_))


def inside(path: str, root: str | None, container: str | None) -> str | None:
    """
    Give the part of a path that is inside the node; ``None`` when the path is elsewhere.

    :param root: cgroup of the node; ``None`` when it is only known by its container's id.
    :param container: that id.
    """
    if root == "/":
        return path
    if root is not None:
        return path[len(root) :] or "/" if path == root or path.startswith(f"{root}/") else None
    if container is None:
        return None
    names = path.split("/")
    for index, name in enumerate(names):
        if name == container or name == f"docker-{container}.scope":
            return "/" + "/".join(names[index + 1 :])
    return None
